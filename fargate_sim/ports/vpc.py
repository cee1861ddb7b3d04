"""What a VPC of moto's EC2 is made of, for ``fargate_sim.model.egress``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from fargate_sim.model.egress.facts import (
    ANY_PROTOCOL,
    AclFacts,
    AclRule,
    EndpointFacts,
    EndpointInterface,
    GroupRule,
    NatFacts,
    PrefixListFacts,
    RouteEntry,
    RouteTableFacts,
    SecurityGroupFacts,
    SubnetNetwork,
    TargetKind,
    VpcFacts,
)
from fargate_sim.ports import routing

_PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "all": ANY_PROTOCOL, "": ANY_PROTOCOL}
_TARGETS: tuple[tuple[str, TargetKind], ...] = (
    ("nat_gateway_id", "nat gateway"),
    ("transit_gateway_id", "transit gateway"),
    ("vpc_peering_connection_id", "peering connection"),
    ("egress_only_internet_gateway_id", "egress-only internet gateway"),
    ("carrier_gateway_id", "carrier gateway"),
    ("instance_id", "instance"),
    ("network_interface_id", "network interface"),
)
_GATEWAYS: tuple[tuple[str, TargetKind], ...] = (
    ("igw-", "internet gateway"),
    ("vgw-", "virtual private gateway"),
    ("vpce-", "gateway endpoint"),
)


def facts(ec2: Any, vpc_id: str) -> VpcFacts | None:
    """The VPC as it is now, or None when there is none of that id."""
    vpc = ec2.vpcs.get(vpc_id)
    if vpc is None:
        return None
    own_tables = {
        subnet: table.id for table in ec2.route_tables.values() for subnet in table._associations.values()
    }
    acls = {
        association.subnet_id: acl.id
        for acl in ec2.network_acls.values()
        for association in acl._associations.values()
    }
    return VpcFacts(
        vpc_id=vpc_id,
        region=ec2.region_name,
        cidrs=tuple(
            each["cidr_block"]
            for each in vpc.get_cidr_block_association_set()
            if each["cidr_block_state"]["state"] == "associated"
        ),
        subnets={
            subnet.id: SubnetNetwork(
                subnet_id=subnet.id,
                cidr=subnet.cidr_block,
                zone=subnet.availability_zone,
                route_table=own_tables.get(subnet.id),
                acl=acls.get(subnet.id),
                name=name_of(subnet),
            )
            for zone in ec2.subnets.values()
            for subnet in zone.values()
            if subnet.vpc_id == vpc_id and subnet.cidr_block
        },
        route_tables={
            table.id: RouteTableFacts(
                table.id, tuple(_routes(table)), main=table.main_association_id is not None
            )
            for table in ec2.route_tables.values()
            if table.vpc_id == vpc_id
        },
        internet_gateways=tuple(
            gateway.id
            for gateway in ec2.internet_gateways.values()
            if gateway.vpc is not None and gateway.vpc.id == vpc_id
        ),
        nat_gateways={
            gateway.id: NatFacts(
                gateway.id,
                gateway.subnet_id,
                gateway.state,
                public=gateway.connectivity_type != "private",
                public_ip=gateway._eni.public_ip or "",
            )
            for gateway in ec2.nat_gateways.values()
            if gateway.vpc_id == vpc_id
        },
        endpoints={
            endpoint.id: _endpoint(ec2, endpoint)
            for endpoint in ec2.vpc_end_points.values()
            if endpoint.vpc_id == vpc_id and endpoint.vpc_endpoint_type in ("Interface", "Gateway")
        },
        security_groups={
            group.id: SecurityGroupFacts(
                group.id,
                tuple(_group_rule(rule) for rule in group.ingress_rules),
                tuple(_group_rule(rule) for rule in group.egress_rules),
            )
            for group in ec2.groups[vpc_id].values()
        },
        acls={
            acl.id: AclFacts(
                acl.id, tuple(_acl_rules(acl, egress=False)), tuple(_acl_rules(acl, egress=True))
            )
            for acl in ec2.network_acls.values()
            if acl.vpc_id == vpc_id
        },
        prefix_lists={
            each.id: PrefixListFacts(
                each.id, each.prefix_list_name, tuple(entry["Cidr"] for entry in _entries(each))
            )
            for each in ec2.managed_prefix_lists.values()
            if each.state != "delete-complete"
        },
        dns_support=_on(vpc.enable_dns_support),
        dns_hostnames=_on(vpc.enable_dns_hostnames),
    )


def name_of(resource: Any) -> str:
    """The tag ``Name``, "" without one."""
    return next((str(tag["value"]) for tag in resource.get_tags() if tag["key"] == "Name"), "")


def _on(value: Any) -> bool:
    """An attribute of a VPC: CloudFormation gives moto a text."""
    return str(value).lower() == "true"


def _entries(prefix_list: Any) -> list[dict[str, str]]:
    """The newest version's; AWS's own lists have no version number."""
    versions = prefix_list.entries
    return list(versions[max(versions, key=int)] or ()) if versions else []


def _routes(table: Any) -> Iterator[RouteEntry]:
    for route in table.routes:
        destination = route.destination_prefix_list_id or route.destination_cidr_block
        if route.local or not destination:
            continue
        kind, target = _target(route)
        yield RouteEntry(destination, kind, target, blackhole=routing.state(route) == routing.BLACKHOLE)


def _target(route: Any) -> tuple[TargetKind, str]:
    if route.vpc_endpoint_id:
        return "Gateway Load Balancer endpoint", str(route.vpc_endpoint_id)
    gateway = str(route.gateway_id or "")
    for prefix, kind in _GATEWAYS:
        if gateway.startswith(prefix):
            return kind, gateway
    for attribute, kind in _TARGETS:
        if target := getattr(route, attribute):
            return kind, str(target)
    return "nothing", ""


def _endpoint(ec2: Any, endpoint: Any) -> EndpointFacts:
    kind: Literal["Interface", "Gateway"] = (
        "Gateway" if endpoint.vpc_endpoint_type == "Gateway" else "Interface"
    )
    interfaces = [ec2.enis[each] for each in endpoint.network_interface_ids if each in ec2.enis]
    options = getattr(endpoint, "dns_options", None) or {}
    return EndpointFacts(
        endpoint_id=endpoint.id,
        kind=kind,
        service=str(endpoint.service_name).partition(f".{ec2.region_name}.")[2],
        state=str(endpoint.state).lower(),
        # Private DNS only for inbound resolver endpoints answers nobody inside the VPC.
        private_dns=_on(endpoint.private_dns_enabled)
        and not _on(options.get("PrivateDnsOnlyForInboundResolverEndpoint")),
        interfaces=tuple(EndpointInterface(each.subnet.id, each.private_ip_address) for each in interfaces),
        security_groups=tuple(endpoint.security_group_ids or ()),
        route_tables=tuple(endpoint.route_table_ids or ()),
        policy=endpoint.policy_document,
    )


def _protocol(protocol: Any) -> str:
    named = str(protocol if protocol is not None else "").lower()
    return _PROTOCOLS.get(named, named)


def _port(value: Any, otherwise: int) -> int:
    """A bound of a range; AWS's -1 and moto's None mean all."""
    return otherwise if value is None or int(value) < 0 else int(value)


def _group_rule(rule: Any) -> GroupRule:
    cidr = (rule.ip_range or {}).get("CidrIp")
    group = (rule.source_group or {}).get("GroupId")
    return GroupRule(
        protocol=_protocol(rule.ip_protocol),
        from_port=_port(rule.from_port, 0),
        to_port=_port(rule.to_port, 65535),
        cidrs=(cidr,) if cidr else (),
        groups=(group,) if group else (),
        prefix_lists=(rule.prefix_list_id,) if rule.prefix_list_id else (),
    )


def _acl_rules(acl: Any, *, egress: bool) -> Iterator[AclRule]:
    entries = [each for each in acl.network_acl_entries if _on(each.egress) is egress and each.cidr_block]
    for entry in sorted(entries, key=lambda each: int(each.rule_number)):
        yield AclRule(
            number=int(entry.rule_number),
            allow=entry.rule_action == "allow",
            protocol=_protocol(entry.protocol),
            from_port=_port(entry.port_range_from, 0),
            to_port=_port(entry.port_range_to, 65535),
            cidr=entry.cidr_block,
        )
