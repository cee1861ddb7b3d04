"""Routes, NAT gateways and network ACLs in moto's EC2, where they are not like AWS's.

In moto every route is active for ever, a route can lead to something that does not exist, a second association of a subnet
is silently none, and a NAT gateway is always there at once. Error codes: EC2 API reference, "Error codes for the Amazon EC2
API"; sentences are [R], from public reports, where nothing is said.
"""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

from functools import cache, partial
from inspect import signature
from typing import Any

from fargate_sim.ports.refusal import ec2_refusal

ACTIVE = "active"
BLACKHOLE = "blackhole"
_NAT_THERE = ("pending", "available")


def state(route: Any) -> str:
    """``blackhole`` when what a route leads to is not there or not attached. [C] API model, Route.State"""
    backend, vpc_id = route.route_table.ec2_backend, route.route_table.vpc_id
    there = True
    if route.local:
        return ACTIVE
    if route.nat_gateway is not None:
        there = route.nat_gateway.state in _NAT_THERE
    elif route.gateway is not None:
        gateway = str(route.gateway.id)
        if gateway.startswith("igw-"):
            known = backend.internet_gateways.get(gateway)
            there = known is not None and known.vpc is not None and known.vpc.id == vpc_id
        elif gateway.startswith("vpce-"):
            there = gateway in backend.vpc_end_points
    elif route.interface is not None:
        there = route.interface.id in backend.enis
    return ACTIVE if there else BLACKHOLE


def _check_target(backend: Any, table: Any, targets: dict[str, Any]) -> None:
    """That a new route leads to something of this VPC."""
    gateway, nat = targets.get("gateway_id"), targets.get("nat_gateway_id")
    if not any(targets.values()):
        # [A] code and sentence
        raise ec2_refusal("MissingParameter", "The request must contain exactly one target of the route.")
    if nat is not None:
        known = backend.nat_gateways.get(nat)
        if known is None or known.state not in _NAT_THERE:
            raise ec2_refusal("InvalidNatGatewayID.NotFound", f"The natGateway ID '{nat}' does not exist")
        if known.vpc_id != table.vpc_id:
            raise _networks_differ(table.id, f"nat gateway {nat}")  # [A] wording of the second half
    if gateway is not None and gateway.startswith("igw-"):
        vpc = backend.get_internet_gateway(gateway).vpc
        if vpc is None or vpc.id != table.vpc_id:
            raise _networks_differ(table.id, f"network gateway {gateway}")
    if gateway is not None and gateway.startswith("vpce-"):
        # [C] A gateway endpoint's route comes and goes with the association. [A] sentence
        raise ec2_refusal(
            "InvalidParameterValue",
            f"The route of VPC endpoint {gateway} cannot be set here: associate the route table with the endpoint.",
        )


def _targets(given: dict[str, Any]) -> dict[str, Any]:
    """What a request names as the target of a route, of its parameters."""
    destinations = ("route_table_id", "destination_prefix_list_id")
    return {name: value for name, value in given.items() if name.endswith("_id") and name not in destinations}


def _networks_differ(table: str, target: str) -> Exception:
    return ec2_refusal(
        "InvalidParameterValue", f"route table {table} and {target} belong to different networks"
    )


def _mend_routes() -> None:
    from moto.ec2.models.route_tables import Route, RouteBackend, RouteTable

    create, replace, delete = RouteBackend.create_route, RouteBackend.replace_route, RouteBackend.delete_route
    replaced = signature(replace)
    associate, drop_table = RouteBackend.associate_route_table, RouteBackend.delete_route_table

    def create_route(self: Any, route_table_id: str, *args: Any, **kwargs: Any) -> Any:
        if not kwargs.get("local") and not kwargs.pop("of_an_endpoint", False):
            _check_target(self, self.get_route_table(route_table_id), _targets(kwargs))
        return create(self, route_table_id, *args, **kwargs)

    def replace_route(self: Any, route_table_id: str, *args: Any, **kwargs: Any) -> Any:
        given = replaced.bind(self, route_table_id, *args, **kwargs).arguments
        table = self.get_route_table(route_table_id)
        destinations = [
            given[name]
            for name in (
                "destination_prefix_list_id",
                "destination_ipv6_cidr_block",
                "destination_cidr_block",
            )
            if given.get(name)
        ]
        before = _route_to(table, destinations[0]) if destinations else None
        if before is not None and _of_an_endpoint(before):
            raise _kept_by_the_endpoint(before)
        _check_target(self, table, _targets(given))
        return replace(self, route_table_id, *args, **kwargs)

    def delete_route(self: Any, route_table_id: str, *destinations: Any, **kwargs: Any) -> Any:
        of_the_vpc = kwargs.pop("of_the_vpc", False)
        named = [each for each in (*destinations, *kwargs.values()) if each]
        found = _route_to(self.get_route_table(route_table_id), str(named[-1])) if named else None
        if found is not None and not of_the_vpc:
            if found.local:
                raise ec2_refusal(
                    "InvalidParameterValue",
                    f"cannot remove local route {named[-1]} in route table {route_table_id}",
                )
            if _of_an_endpoint(found):
                raise _kept_by_the_endpoint(found)
        return delete(self, route_table_id, *destinations, **kwargs)

    def associate_route_table(
        self: Any, route_table_id: str, gateway_id: str | None = None, subnet_id: str | None = None
    ) -> Any:
        for table in self.route_tables.values():
            if subnet_id and subnet_id in table._associations.values() and table.id != route_table_id:
                raise ec2_refusal(
                    "Resource.AlreadyAssociated",
                    f"the specified association for route table {route_table_id} conflicts with an existing association",
                )
        return associate(self, route_table_id, gateway_id, subnet_id)

    def delete_route_table(self: Any, route_table_id: str) -> None:
        drop_table(self, route_table_id)
        for endpoint in self.vpc_end_points.values():
            if route_table_id in endpoint.route_table_ids:
                endpoint.route_table_ids.remove(route_table_id)

    filtered = RouteTable.get_filter_value

    def get_filter_value(self: Any, filter_name: str, method_name: str | None = None) -> Any:
        if filter_name == "route.state":
            return [state(each) for each in self.routes]
        if filter_name == "route.destination-prefix-list-id":
            return [
                each.destination_prefix_list_id for each in self.routes if each.destination_prefix_list_id
            ]
        return filtered(self, filter_name, method_name)

    RouteTable.get_filter_value = get_filter_value
    RouteBackend.create_route = create_route
    RouteBackend.replace_route = replace_route
    RouteBackend.delete_route = delete_route
    RouteBackend.associate_route_table = associate_route_table
    RouteBackend.delete_route_table = delete_route_table
    Route.state = property(state)


def _route_to(table: Any, destination: str) -> Any:
    return table._routes.get(f"{table.id}~{destination}")


def _of_an_endpoint(route: Any) -> bool:
    return route.gateway is not None and str(route.gateway.id).startswith("vpce-")


def _kept_by_the_endpoint(route: Any) -> Exception:
    return ec2_refusal(
        "InvalidParameterValue",
        f"cannot remove VPC endpoint route {route.gateway.id} in route table {route.route_table.id}",
    )


def _mend_nat_gateways() -> None:
    from moto.core.utils import utcnow
    from moto.ec2.models.nat_gateways import NatGatewayBackend

    create, delete = NatGatewayBackend.create_nat_gateway, NatGatewayBackend.delete_nat_gateway
    describe = NatGatewayBackend.describe_nat_gateways

    def create_nat_gateway(
        self: Any,
        subnet_id: str,
        allocation_id: str | None,
        tags: Any = None,
        connectivity_type: str | None = None,
    ) -> Any:
        kind = connectivity_type or "public"
        if kind == "public" and not allocation_id:
            raise ec2_refusal(
                "MissingParameter",
                "The request must include the AllocationId parameter. Add the required parameter and retry the request.",
            )
        if kind == "private" and allocation_id:
            # [C] that it is refused, API model of CreateNatGateway; [A] code and sentence
            raise ec2_refusal(
                "InvalidParameter", "An Elastic IP address cannot be given to a private NAT gateway."
            )
        why = _cannot_become(self, subnet_id, allocation_id) if kind == "public" else None
        made = create(self, subnet_id, None if why else allocation_id, tags, kind)
        if why:
            # [C] API model, NatGateway.FailureCode: it is made, and fails. It takes no address.
            made.failure_code, made.failure_message = why
            made.state, made.delete_time = "failed", utcnow()
            self.enis.pop(made._eni.id, None)
        return made

    def delete_nat_gateway(self: Any, nat_gateway_id: str) -> Any:
        known = _nat(self, nat_gateway_id)
        if known.state == "deleted":
            return known
        known.state = "deleting"
        for address in self.addresses:
            if address.eni is not None and address.eni.id == known._eni.id:
                self.disassociate_address(address=address.public_ip)
        known.delete_time = utcnow()
        return delete(self, nat_gateway_id)

    def describe_nat_gateways(self: Any, filters: Any, nat_gateway_ids: Any) -> Any:
        for each in nat_gateway_ids or ():
            _nat(self, each)
        return describe(self, filters, nat_gateway_ids)

    NatGatewayBackend.create_nat_gateway = create_nat_gateway
    NatGatewayBackend.delete_nat_gateway = delete_nat_gateway
    NatGatewayBackend.describe_nat_gateways = describe_nat_gateways


def _nat(backend: Any, nat_gateway_id: str) -> Any:
    if (known := backend.nat_gateways.get(nat_gateway_id)) is None:
        raise ec2_refusal("NatGatewayNotFound", f"The Nat Gateway {nat_gateway_id} was not found")
    return known


def _cannot_become(backend: Any, subnet_id: str, allocation_id: str | None) -> tuple[str, str] | None:
    """Why a public NAT gateway fails. Codes and sentences: API model, NatGateway.FailureMessage."""
    vpc_id = backend.get_subnet(subnet_id).vpc_id
    gateways = backend.internet_gateways.values()
    if not any(each.vpc is not None and each.vpc.id == vpc_id for each in gateways):
        return "Gateway.NotAttached", f"Network {vpc_id} has no Internet gateway attached"
    address = next((each for each in backend.addresses if each.allocation_id == allocation_id), None)
    if address is None:
        return (
            "InvalidAllocationID.NotFound",
            f"Elastic IP address {allocation_id} could not be associated with this NAT gateway",
        )
    if address.association_id or address.eni or address.instance:
        return "Resource.AlreadyAssociated", f"Elastic IP address {allocation_id} is already associated"
    return None


def _mend_addresses() -> None:
    from moto.ec2.models.elastic_ip_addresses import ElasticAddressBackend

    release, disassociate = ElasticAddressBackend.release_address, ElasticAddressBackend.disassociate_address

    def held(backend: Any, named: dict[str, str | None]) -> Any:
        """The address that a request names, when a NAT gateway has it."""
        enis = {each._eni.id for each in backend.nat_gateways.values() if each.state in _NAT_THERE}
        for address in backend.addresses:
            if address.eni is not None and address.eni.id in enis:
                known = (address.public_ip, address.allocation_id, address.association_id)
                if any(value in known for value in named.values() if value):
                    return address
        return None

    def release_address(self: Any, address: str | None = None, allocation_id: str | None = None) -> None:
        if (found := held(self, {"address": address, "allocation": allocation_id})) is not None:
            # [C] code; the sentence is that of an address in a subnet
            raise ec2_refusal("InvalidIPAddress.InUse", f"Address {found.public_ip} is in use.")
        release(self, address, allocation_id)

    def disassociate_address(
        self: Any, address: str | None = None, association_id: str | None = None
    ) -> None:
        if held(self, {"address": address, "association": association_id}) is not None:
            # [A] that, and how, it is refused
            raise ec2_refusal("AuthFailure", "You do not have permission to access the specified resource.")
        disassociate(self, address, association_id)

    ElasticAddressBackend.release_address = release_address
    ElasticAddressBackend.disassociate_address = disassociate_address


def _mend_internet_gateways() -> None:
    from moto.ec2.models.internet_gateways import InternetGatewayBackend

    detach = InternetGatewayBackend.detach_internet_gateway

    def detach_internet_gateway(self: Any, internet_gateway_id: str, vpc_id: str) -> None:
        if any(eni.subnet.vpc_id == vpc_id and eni.public_ip for eni in self.enis.values()):
            raise ec2_refusal(
                "DependencyViolation",
                f"Network {vpc_id} has some mapped public address(es). Please unmap those public address(es) before "
                "detaching the gateway.",
            )
        detach(self, internet_gateway_id, vpc_id)

    InternetGatewayBackend.detach_internet_gateway = detach_internet_gateway


def _mend_network_acls() -> None:
    from moto.ec2.exceptions import InvalidAssociationIdError
    from moto.ec2.models.network_acls import NetworkAclBackend

    delete, move = (
        NetworkAclBackend.delete_network_acl_entry,
        NetworkAclBackend.replace_network_acl_association,
    )

    def delete_network_acl_entry(self: Any, network_acl_id: str, rule_number: Any, egress: Any) -> Any:
        entries = self.get_network_acl(network_acl_id).network_acl_entries
        if not any(each.egress == egress and each.rule_number == rule_number for each in entries):
            raise ec2_refusal(
                "InvalidNetworkAclEntry.NotFound",
                f"The network acl entry identified by {rule_number} does not exist",  # [A]
            )
        return delete(self, network_acl_id, rule_number, egress)

    def replace_network_acl_association(self: Any, association_id: str, network_acl_id: str) -> Any:
        self.get_network_acl(network_acl_id)
        if not any(association_id in acl._associations for acl in self.network_acls.values()):
            raise InvalidAssociationIdError(association_id)
        return move(self, association_id, network_acl_id)

    NetworkAclBackend.delete_network_acl_entry = delete_network_acl_entry
    NetworkAclBackend.replace_network_acl_association = replace_network_acl_association


def _mend_vpcs() -> None:
    from moto.ec2.models.vpcs import VPCBackend

    disassociate = VPCBackend.disassociate_vpc_cidr_block

    def disassociate_vpc_cidr_block(self: Any, association_id: str) -> Any:
        # It takes the block's local routes along, which nobody else may.
        original = self.delete_route
        self.delete_route = partial(original, of_the_vpc=True)
        try:
            return disassociate(self, association_id)
        finally:
            del self.delete_route

    drop = VPCBackend.delete_vpc

    def delete_vpc(self: Any, vpc_id: str) -> Any:
        # [C] DeleteVpc: what is attached to it or lives in it has to go first.
        attached = any(
            each.vpc is not None and each.vpc.id == vpc_id for each in self.internet_gateways.values()
        )
        if attached or any(each.vpc_id == vpc_id for each in self.vpc_end_points.values()):
            message = f"The vpc '{vpc_id}' has dependencies and cannot be deleted."
            raise ec2_refusal("DependencyViolation", message)
        return drop(self, vpc_id)

    VPCBackend.disassociate_vpc_cidr_block = disassociate_vpc_cidr_block
    VPCBackend.delete_vpc = delete_vpc


@cache
def mend_ec2() -> None:
    """From now on what decides which way a packet goes is in moto's EC2 as it would be in AWS's."""
    _mend_routes()
    _mend_nat_gateways()
    _mend_addresses()
    _mend_internet_gateways()
    _mend_network_acls()
    _mend_vpcs()
