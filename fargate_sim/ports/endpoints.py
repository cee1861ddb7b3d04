"""VPC endpoints in moto's EC2, by AWS's rules.

moto accepts any service in any subnets, gives an endpoint no default group and its interfaces the groups of nobody, forgets
interfaces and routes when an endpoint is changed, and does not know private DNS. Codes: EC2 API reference, "Error codes for
the Amazon EC2 API"; sentences are [R], from public reports, where no mark stands beside them.
"""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

from fargate_sim.ports.endpoint_checks import (
    INBOUND_ONLY,
    check_groups,
    check_parts,
    check_policy,
    check_private_dns,
    check_subnets,
    check_tables,
    check_type,
    prefix_list,
    service_of,
)
from fargate_sim.ports.endpoint_services import GATEWAY, INTERFACE, kinds, private_name, services
from fargate_sim.ports.refusal import ec2_refusal


def _add_interfaces(endpoint: Any, subnets: Iterable[str]) -> None:
    """One in each subnet, with an address of it. Descriptions and type: public samples of DescribeNetworkInterfaces."""
    backend = endpoint.ec2_backend
    made: list[str] = []
    try:
        for subnet_id in subnets:
            eni = backend.create_network_interface(
                subnet_id,
                None,
                group_ids=list(endpoint.security_group_ids),
                description=f"VPC Endpoint Interface {endpoint.id}",
            )
            eni.interface_type, eni.requester_managed, eni.status = "vpc_endpoint", True, "in-use"
            made.append(eni.id)
    except Exception:
        for eni_id in made:
            backend.enis.pop(eni_id, None)
        raise
    endpoint.network_interface_ids.extend(made)
    endpoint.subnet_ids.extend(subnets)


def _drop_interfaces(endpoint: Any, subnets: Iterable[str] | None = None) -> None:
    """Of these subnets, or all."""
    enis = endpoint.ec2_backend.enis
    gone = [
        eni_id
        for eni_id in endpoint.network_interface_ids
        if eni_id not in enis or subnets is None or enis[eni_id].subnet.id in subnets
    ]
    for eni_id in gone:
        enis.pop(eni_id, None)
        endpoint.network_interface_ids.remove(eni_id)
    endpoint.subnet_ids = [
        each for each in endpoint.subnet_ids if subnets is not None and each not in subnets
    ]


def _add_routes(endpoint: Any, tables: Iterable[str]) -> None:
    for table_id in tables:
        endpoint.ec2_backend.create_route(
            table_id,
            None,
            gateway_id=endpoint.id,
            destination_prefix_list_id=endpoint.destination_prefix_list_id,
            of_an_endpoint=True,
        )
        endpoint.route_table_ids.append(table_id)


def _drop_routes(endpoint: Any, tables: Iterable[str]) -> None:
    for table_id in list(tables):
        table = endpoint.ec2_backend.route_tables.get(table_id)
        if table is not None:
            table._routes.pop(f"{table_id}~{endpoint.destination_prefix_list_id}", None)
        if table_id in endpoint.route_table_ids:
            endpoint.route_table_ids.remove(table_id)


def _name(endpoint: Any) -> None:
    """Its own names, by region and by zone, and the service's where it has taken that over."""
    backend = endpoint.ec2_backend
    if endpoint.vpc_endpoint_type != INTERFACE:
        endpoint.dns_entries = []
        return
    names = private_name(service_of(endpoint), backend.region_name)
    tail = names.removeprefix("*.").replace(".amazonaws.", ".vpce.amazonaws.")
    zones = sorted({backend.get_subnet(each).availability_zone for each in endpoint.subnet_ids})
    entries = [f"{endpoint.own_name}.{tail}", *(f"{endpoint.own_name}-{zone}.{tail}" for zone in zones)]
    if endpoint.private_dns_enabled:
        entries.append(names)
    endpoint.dns_entries = [{"dns_name": each, "hosted_zone_id": endpoint.zone_id} for each in entries]


def _create(
    backend: Any,
    *,
    vpc_id: str,
    service_name: str,
    endpoint_type: str | None,
    policy_document: str | None,
    route_table_ids: list[str] | None = None,
    subnet_ids: list[str] | None = None,
    security_group_ids: list[str] | None = None,
    client_token: str | None = None,
    tags: dict[str, str] | None = None,
    private_dns_enabled: bool | None = None,
    dns_options: dict[str, Any] | None = None,
) -> Any:
    """An endpoint, complete. What is refused leaves nothing behind."""
    from moto.ec2.models.vpcs import VPCEndPoint
    from moto.ec2.utils import random_resource_id, random_vpc_ep_id

    backend.get_vpc(vpc_id)
    kind = endpoint_type or GATEWAY
    subnets, groups, tables = (
        list(dict.fromkeys(each or ())) for each in (subnet_ids, security_group_ids, route_table_ids)
    )
    check_type(backend, service_name, kind)
    check_parts(kind, subnets, groups, tables)
    check_policy(policy_document)
    check_subnets(backend, vpc_id, subnets)
    check_groups(backend, vpc_id, groups)
    listed = prefix_list(backend, service_name) if kind == GATEWAY else ""
    check_tables(backend, vpc_id, tables, listed)
    service = service_name.partition(f".{backend.region_name}.")[2]
    options = {"DnsRecordIpType": "ipv4" if kind == INTERFACE else "service-defined", **(dns_options or {})}
    private = kind == INTERFACE and bool(private_dns_enabled)
    if private:
        if len(kinds(service_name, backend.region_name)) > 1:
            # [R] The default where a service has gateway endpoints too.
            options.setdefault(INBOUND_ONLY, True)
        check_private_dns(backend, vpc_id, service, options, but="")
    elif options.get(INBOUND_ONLY) and kind != INTERFACE:
        raise ec2_refusal(
            "InvalidParameter", f"DnsOptions {INBOUND_ONLY} is applicable only to Interface VPC Endpoints."
        )
    if kind == INTERFACE and not groups:
        groups = [str(backend.get_default_security_group(vpc_id).id)]
    endpoint = VPCEndPoint(
        backend,
        random_vpc_ep_id(),
        vpc_id,
        service_name,
        kind,
        policy_document,
        [],
        subnet_ids=[],
        client_token=client_token,
        security_group_ids=groups,
        tags=tags,
        private_dns_enabled=private,
        destination_prefix_list_id=listed or None,
    )
    endpoint.own_name = f"{endpoint.id}-{random_resource_id(8)}"
    endpoint.zone_id = f"Z{random_resource_id(13).upper()}"
    endpoint.dns_options = options
    endpoint.ip_address_type = "ipv4"
    endpoint.requester_managed = False
    _add_interfaces(endpoint, subnets)
    backend.vpc_end_points[endpoint.id] = endpoint
    _add_routes(endpoint, tables)
    _name(endpoint)
    return endpoint


def _modify(backend: Any, endpoint_id: str, change: dict[str, Any]) -> None:
    """ModifyVpcEndpoint; ``change`` has the request's parameters. What is refused changes nothing."""
    endpoint = backend.get_vpc_end_point(endpoint_id)
    kind, vpc_id = endpoint.vpc_endpoint_type, endpoint.vpc_id
    added = {
        name: [each for each in dict.fromkeys(change.get(f"Add{name}") or ()) if each not in have]
        for name, have in (
            ("SubnetIds", endpoint.subnet_ids),
            ("SecurityGroupIds", endpoint.security_group_ids),
            ("RouteTableIds", endpoint.route_table_ids),
        )
    }
    removed = {name: list(change.get(f"Remove{name}") or ()) for name in added}
    subnets = [each for each in endpoint.subnet_ids if each not in removed["SubnetIds"]]
    groups = [each for each in endpoint.security_group_ids if each not in removed["SecurityGroupIds"]]
    check_parts(
        kind,
        *([*added[name], *removed[name]] for name in ("SubnetIds", "SecurityGroupIds", "RouteTableIds")),
    )
    check_policy(change.get("PolicyDocument"))
    check_subnets(backend, vpc_id, [*subnets, *added["SubnetIds"]])
    check_groups(backend, vpc_id, added["SecurityGroupIds"])
    check_tables(backend, vpc_id, added["RouteTableIds"], endpoint.destination_prefix_list_id)
    groups += added["SecurityGroupIds"]
    if kind == INTERFACE and not groups:
        # [A] that the last one cannot be taken away, and the sentence
        raise ec2_refusal(
            "InvalidParameter", f"The VPC endpoint {endpoint_id} must have at least one security group."
        )
    options = {**endpoint.dns_options, **(change.get("DnsOptions") or {})}
    wanted = change.get("PrivateDnsEnabled")
    private = endpoint.private_dns_enabled if wanted is None else bool(wanted) and kind == INTERFACE
    if private and (not endpoint.private_dns_enabled or options != endpoint.dns_options):
        if len(kinds(endpoint.service_name, backend.region_name)) > 1:
            options.setdefault(INBOUND_ONLY, True)
        check_private_dns(backend, vpc_id, service_of(endpoint), options, but=endpoint_id)

    added_there = added["SubnetIds"]
    endpoint.security_group_ids = groups
    _add_interfaces(endpoint, added_there)
    _drop_interfaces(endpoint, removed["SubnetIds"])
    for eni_id in endpoint.network_interface_ids:
        backend.enis[eni_id]._group_set = [backend.get_security_group_from_id(each) for each in groups]
    _drop_routes(endpoint, removed["RouteTableIds"])
    _add_routes(endpoint, added["RouteTableIds"])
    endpoint.private_dns_enabled, endpoint.dns_options = private, options
    if change.get("ResetPolicy"):
        endpoint.policy_document = json.dumps(endpoint.DEFAULT_POLICY)
    endpoint.policy_document = change.get("PolicyDocument") or endpoint.policy_document
    _name(endpoint)


def _text(policy: Any) -> str | None:
    """A policy as text: a template may have it as an object."""
    return policy if policy is None or isinstance(policy, str) else json.dumps(policy)


def _change_to(endpoint: Any, wanted: dict[str, Any]) -> None:
    """Make of an endpoint what a changed template says. [A] Its VPC, service and type stay."""
    change: dict[str, Any] = {"PolicyDocument": _text(wanted.get("PolicyDocument"))}
    change["ResetPolicy"] = change["PolicyDocument"] is None
    if endpoint.vpc_endpoint_type == INTERFACE:
        change["PrivateDnsEnabled"] = str(wanted.get("PrivateDnsEnabled")).lower() == "true"
    for name, have in (
        ("SubnetIds", endpoint.subnet_ids),
        ("SecurityGroupIds", endpoint.security_group_ids),
        ("RouteTableIds", endpoint.route_table_ids),
    ):
        given = wanted.get(name)
        if given is not None:
            change[f"Add{name}"] = [each for each in given if each not in have]
            change[f"Remove{name}"] = [each for each in have if each not in given]
    _modify(endpoint.ec2_backend, endpoint.id, change)


def _groups_of(interface: Any) -> list[str]:
    return [each.id for each in interface.group_set]


def _delete(backend: Any, endpoint_ids: Iterable[str]) -> list[dict[str, Any]]:
    """What could not be deleted. AWS shows ``deleting`` for a while; here an endpoint is gone at once [A]."""
    unknown: list[dict[str, Any]] = []
    for endpoint_id in endpoint_ids:
        endpoint = backend.vpc_end_points.pop(endpoint_id, None)
        if endpoint is None:
            error = {
                "Code": "InvalidVpcEndpointId.NotFound",
                "Message": f"The Vpc Endpoint Id '{endpoint_id}' does not exist",
            }
            unknown.append({"ResourceId": endpoint_id, "Error": error})
            continue
        _drop_interfaces(endpoint)
        _drop_routes(endpoint, endpoint.route_table_ids)
        endpoint.state = "deleted"
    return unknown


@cache
def mend_ec2() -> None:
    """From now on moto's VPC endpoints are made, changed and deleted as AWS's."""
    from moto.core.responses import ActionResult
    from moto.ec2.models.security_groups import SecurityGroupBackend
    from moto.ec2.models.vpcs import VPCBackend, VPCEndPoint
    from moto.ec2.responses.vpcs import VPCs
    from moto.ec2.utils import add_tag_specification

    filter_value = VPCEndPoint.get_filter_value
    drop_group = SecurityGroupBackend.delete_security_group

    def create_vpc_endpoint(self: Any) -> Any:
        made = _create(
            self.ec2_backend,
            vpc_id=self._get_param("VpcId"),
            service_name=self._get_param("ServiceName"),
            endpoint_type=self._get_param("VpcEndpointType"),
            policy_document=self._get_param("PolicyDocument"),
            route_table_ids=self._get_param("RouteTableIds", []),
            subnet_ids=self._get_param("SubnetIds", []),
            security_group_ids=self._get_param("SecurityGroupIds", []),
            client_token=self._get_param("ClientToken"),
            tags=add_tag_specification(self._get_param("TagSpecifications", [])),
            # [C] CreateVpcEndpoint: true is the default
            private_dns_enabled=self._get_bool_param("PrivateDnsEnabled", if_none=True),
            dns_options=self._get_param("DnsOptions"),
        )
        return ActionResult({"VpcEndpoint": made})

    def modify_vpc_endpoint(self: Any) -> Any:
        names = ("SubnetIds", "SecurityGroupIds", "RouteTableIds")
        change = {
            f"{verb}{name}": self._get_param(f"{verb}{name}", [])
            for verb in ("Add", "Remove")
            for name in names
        }
        change |= {name: self._get_param(name) for name in ("PolicyDocument", "DnsOptions")}
        change |= {name: self._get_bool_param(name) for name in ("ResetPolicy", "PrivateDnsEnabled")}
        _modify(self.ec2_backend, self._get_param("VpcEndpointId"), change)
        return ActionResult({"Return": True})

    def delete_vpc_endpoints(self: Any) -> Any:
        return ActionResult(
            {"Unsuccessful": _delete(self.ec2_backend, self._get_param("VpcEndpointIds", []))}
        )

    def create_by_template(self: Any, **wanted: Any) -> Any:
        """A template may have the policy as an object, and texts where the API has truth values."""
        policy, private = wanted.pop("policy_document", None), wanted.pop("private_dns_enabled", None)
        return _create(
            self, policy_document=_text(policy), private_dns_enabled=str(private).lower() == "true", **wanted
        )

    def update_by_template(
        _cls: Any,
        original_resource: Any,
        new_resource_name: str,  # noqa: ARG001 - moto names it
        cloudformation_json: Any,
        account_id: str,  # noqa: ARG001 - likewise
        region_name: str,  # noqa: ARG001 - likewise
    ) -> Any:
        _change_to(original_resource, cloudformation_json["Properties"])
        return original_resource

    def delete_by_template(self: Any, _account_id: str, _region: str) -> None:
        _delete(self.ec2_backend, [self.id])

    def get_filter_value(self: Any, filter_name: str, method_name: str | None = None) -> Any:
        known = {"service-name": "service_name", "vpc-id": "vpc_id", "vpc-endpoint-id": "id"}
        if filter_name in known:
            return getattr(self, known[filter_name])
        return filter_value(self, filter_name, method_name)

    def delete_security_group(self: Any, name: str | None = None, group_id: str | None = None) -> None:
        in_use = any(group_id in each.security_group_ids for each in self.vpc_end_points.values())
        if group_id and (in_use or any(group_id in _groups_of(each) for each in self.enis.values())):
            raise ec2_refusal("DependencyViolation", f"resource {group_id} has a dependent object")
        drop_group(self, name, group_id)

    def list_services(_account_id: str, region: str) -> list[dict[str, Any]]:
        return list(services(region))

    VPCs.create_vpc_endpoint = create_vpc_endpoint
    VPCs.modify_vpc_endpoint = modify_vpc_endpoint
    VPCs.delete_vpc_endpoints = delete_vpc_endpoints
    VPCBackend.create_vpc_endpoint = create_by_template
    VPCEndPoint.update_from_cloudformation_json = classmethod(update_by_template)
    VPCEndPoint.delete = delete_by_template
    VPCEndPoint.get_filter_value = get_filter_value
    SecurityGroupBackend.delete_security_group = delete_security_group
    VPCBackend._collect_default_endpoint_services = staticmethod(list_services)
