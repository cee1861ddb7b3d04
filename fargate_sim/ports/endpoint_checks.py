"""What a VPC endpoint must be like: refusals of CreateVpcEndpoint and ModifyVpcEndpoint.

Codes: EC2 API reference, "Error codes for the Amazon EC2 API"; sentences are [R], from public reports, where no mark stands
beside them.
"""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fargate_sim.ports.endpoint_services import GATEWAY, INTERFACE, kinds, private_name
from fargate_sim.ports.policies import flaw
from fargate_sim.ports.refusal import ec2_refusal

INBOUND_ONLY = "PrivateDnsOnlyForInboundResolverEndpoint"
"""The part of DnsOptions that leaves a service's name inside the VPC to its gateway endpoint."""


def service_of(endpoint: Any) -> str:
    """The last part of the name of an endpoint's service."""
    return str(endpoint.service_name).partition(f".{endpoint.ec2_backend.region_name}.")[2]


def check_type(backend: Any, service_name: str, kind: str) -> None:
    """That there is such a service, and that it has endpoints of this kind."""
    from moto.ec2.exceptions import InvalidServiceName

    known = kinds(service_name, backend.region_name)
    if not known:
        raise InvalidServiceName(service_name)
    if kind not in known:
        raise ec2_refusal(
            "InvalidParameter",
            f"Endpoint type ({kind}) does not match available service types ([{', '.join(known)}]).",
        )


def check_parts(kind: str, subnets: Iterable[str], groups: Iterable[str], tables: Iterable[str]) -> None:
    """That a kind of endpoint is given nothing that belongs to the other."""
    if kind == INTERFACE and list(tables):
        raise ec2_refusal(
            "InvalidParameter", "Route table IDs are only supported for Gateway type VPC Endpoint."
        )
    if kind == GATEWAY and list(subnets):
        # [A] this sentence and the next, formed after the one above
        raise ec2_refusal(
            "InvalidParameter", "Subnet IDs are only supported for Interface type VPC Endpoint."
        )
    if kind == GATEWAY and list(groups):
        raise ec2_refusal(
            "InvalidParameter", "Security group IDs are only supported for Interface type VPC Endpoint."
        )


def check_policy(document: str | None) -> None:
    """That a policy is one of a resource."""
    if why := flaw(document or None, "resource"):
        # [A] wording assumed
        raise ec2_refusal("InvalidPolicyDocument", f"The policy document is not valid: {why}.")


def check_subnets(backend: Any, vpc_id: str, subnets: Iterable[str]) -> None:
    """That the subnets are of the VPC and each in another zone."""
    zones: set[str] = set()
    for subnet_id in subnets:
        subnet = backend.get_subnet(subnet_id)
        if subnet.vpc_id != vpc_id:
            # [A] sentence
            raise ec2_refusal(
                "InvalidParameter", f"The subnet {subnet_id} does not belong to the VPC {vpc_id}."
            )
        if subnet.availability_zone in zones:
            raise ec2_refusal(
                "DuplicateSubnetsInSameZone",
                f"Found another VPC endpoint subnet in the availability zone of {subnet_id}. VPC endpoint subnets "
                "should be in different availability zones supported by the VPC endpoint service.",
            )
        zones.add(subnet.availability_zone)


def check_groups(backend: Any, vpc_id: str, groups: Iterable[str]) -> None:
    """That the groups are there, and of the VPC."""
    from moto.ec2.exceptions import InvalidSecurityGroupNotFoundError

    for group_id in groups:
        group = backend.get_security_group_from_id(group_id)
        if group is None:
            raise InvalidSecurityGroupNotFoundError(group_id)
        if group.vpc_id != vpc_id:
            # [A] sentence
            raise ec2_refusal(
                "InvalidParameter", f"Security group {group_id} does not belong to the VPC {vpc_id}."
            )


def check_tables(backend: Any, vpc_id: str, tables: Iterable[str], prefix_list: str) -> None:
    """That the route tables are of the VPC and have no route of the service yet."""
    for table_id in tables:
        table = backend.get_route_table(table_id)
        if table.vpc_id != vpc_id:
            # [A] sentence
            raise ec2_refusal(
                "InvalidParameter", f"Route table {table_id} does not belong to the VPC {vpc_id}."
            )
        if f"{table_id}~{prefix_list}" in table._routes:
            raise ec2_refusal(
                "RouteAlreadyExists",
                f"route table {table_id} already has a route with destination-prefix-list-id {prefix_list}",
            )


def check_private_dns(backend: Any, vpc_id: str, service: str, options: dict[str, Any], but: str) -> None:
    """That an endpoint may take its service's name over."""
    vpc = backend.get_vpc(vpc_id)
    if not all(str(each).lower() == "true" for each in (vpc.enable_dns_support, vpc.enable_dns_hostnames)):
        raise ec2_refusal(
            "InvalidParameter",
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true "
            f"for {vpc_id}",
        )
    region = backend.region_name
    others = [each for each in backend.vpc_end_points.values() if each.vpc_id == vpc_id and each.id != but]
    if options.get(INBOUND_ONLY) and not any(
        service_of(each) == service and each.vpc_endpoint_type == GATEWAY for each in others
    ):
        raise ec2_refusal(
            "InvalidParameter",
            f"To set {INBOUND_ONLY} to true, the VPC {vpc_id} must have a Gateway endpoint for the service.",
        )
    if any(service_of(each) == service and each.private_dns_enabled for each in others):
        name = private_name(service, region).removeprefix("*.")
        raise ec2_refusal(
            "InvalidParameter",
            f"private-dns-enabled cannot be set because there is already a conflicting DNS domain for {name} in the "
            f"VPC {vpc_id}",
        )


def prefix_list(backend: Any, service_name: str) -> str:
    """The id of the prefix list of a service, "" when it has none."""
    for each in backend.managed_prefix_lists.values():
        if each.prefix_list_name == service_name:
            return str(each.id)
    return ""
