"""A VPC in which everything reaches, and words for breaking one thing of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fargate_sim.model.egress import Source, VpcFacts
from fargate_sim.model.egress.facts import (
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
)

DEFAULT = "0.0.0.0/0"
ANYWHERE = GroupRule(cidrs=(DEFAULT,))
ALLOW_ALL = (AclRule(100, allow=True),)
S3_LIST = "pl-s3"
S3_CIDR = "52.216.0.0/15"
ENDPOINT_IP = "10.0.10.200"


def healthy(vpc_id: str = "vpc-1", region: str = "us-east-1") -> VpcFacts:
    """subnet-a and subnet-b lead to a NAT gateway in subnet-public, which leads to an internet gateway.

    ``sg-1`` and ``sg-default`` let everything out; ``sg-endpoints`` lets TCP 443 in from sg-1.
    """
    return VpcFacts(
        vpc_id=vpc_id,
        region=region,
        cidrs=("10.0.0.0/16",),
        subnets={
            "subnet-public": SubnetNetwork(
                "subnet-public", "10.0.0.0/24", f"{region}a", "rtb-public", "acl-1", "public-a"
            ),
            "subnet-a": SubnetNetwork(
                "subnet-a", "10.0.10.0/24", f"{region}a", "rtb-private", "acl-1", "private-a"
            ),
            "subnet-b": SubnetNetwork(
                "subnet-b", "10.0.11.0/24", f"{region}b", "rtb-private", "acl-1", "private-b"
            ),
        },
        route_tables={
            "rtb-main": RouteTableFacts("rtb-main", main=True),
            "rtb-public": RouteTableFacts("rtb-public", (RouteEntry(DEFAULT, "internet gateway", "igw-1"),)),
            "rtb-private": RouteTableFacts("rtb-private", (RouteEntry(DEFAULT, "nat gateway", "nat-1"),)),
        },
        internet_gateways=("igw-1",),
        nat_gateways={"nat-1": NatFacts("nat-1", "subnet-public")},
        security_groups={
            "sg-1": SecurityGroupFacts("sg-1", rules_out=(ANYWHERE,)),
            "sg-default": SecurityGroupFacts("sg-default", rules_out=(ANYWHERE,)),
            "sg-endpoints": SecurityGroupFacts(
                "sg-endpoints", rules_in=(GroupRule("tcp", 443, 443, groups=("sg-1",)),)
            ),
        },
        acls={"acl-1": AclFacts("acl-1", ALLOW_ALL, ALLOW_ALL)},
        prefix_lists={S3_LIST: PrefixListFacts(S3_LIST, f"com.amazonaws.{region}.s3", (S3_CIDR,))},
    )


def task(subnet: str = "subnet-a", **changes: Any) -> Source:
    """A task's interface in a private subnet, without a public address."""
    address = {"subnet-a": "10.0.10.7", "subnet-b": "10.0.11.7", "subnet-public": "10.0.0.7"}.get(
        subnet, "10.0.99.7"
    )
    return replace(Source(subnet, address, ("sg-1",), None), **changes)


def with_table(vpc: VpcFacts, table: str, *routes: RouteEntry) -> VpcFacts:
    """The VPC with other routes in a route table."""
    changed = replace(vpc.route_tables.get(table, RouteTableFacts(table)), routes=routes)
    return replace(vpc, route_tables={**vpc.route_tables, table: changed})


def with_subnet(vpc: VpcFacts, subnet: str, **changes: Any) -> VpcFacts:
    """The VPC with something of a subnet changed."""
    return replace(vpc, subnets={**vpc.subnets, subnet: replace(vpc.subnets[subnet], **changes)})


def with_group(vpc: VpcFacts, group: str, **changes: Any) -> VpcFacts:
    """The VPC with other rules in a security group."""
    changed = replace(vpc.security_groups.get(group, SecurityGroupFacts(group)), **changes)
    return replace(vpc, security_groups={**vpc.security_groups, group: changed})


def with_acl(vpc: VpcFacts, acl: str, **changes: Any) -> VpcFacts:
    """The VPC with other rules in a network ACL; one that is new allows everything else."""
    changed = replace(vpc.acls.get(acl, AclFacts(acl, ALLOW_ALL, ALLOW_ALL)), **changes)
    return replace(vpc, acls={**vpc.acls, acl: changed})


def with_nat(vpc: VpcFacts, **changes: Any) -> VpcFacts:
    """The VPC with something of its NAT gateway changed."""
    return replace(vpc, nat_gateways={"nat-1": replace(vpc.nat_gateways["nat-1"], **changes)})


def with_endpoint(vpc: VpcFacts, service: str, endpoint_id: str = "vpce-1", **changes: Any) -> VpcFacts:
    """The VPC with an interface endpoint in subnet-a, private DNS on, behind sg-endpoints."""
    endpoint = EndpointFacts(
        endpoint_id=endpoint_id,
        kind="Interface",
        service=service,
        private_dns=True,
        interfaces=(EndpointInterface("subnet-a", ENDPOINT_IP),),
        security_groups=("sg-endpoints",),
        policy='{"Statement": []}',
    )
    return replace(vpc, endpoints={**vpc.endpoints, endpoint_id: replace(endpoint, **changes)})


def with_gateway_endpoint(vpc: VpcFacts, *tables: str) -> VpcFacts:
    """The VPC with a gateway endpoint of S3, associated with these route tables."""
    endpoint = EndpointFacts("vpce-s3", "Gateway", "s3", route_tables=tables, policy="{}")
    vpc = replace(vpc, endpoints={**vpc.endpoints, "vpce-s3": endpoint})
    for table in tables:
        route = RouteEntry(S3_LIST, "gateway endpoint", "vpce-s3")
        vpc = with_table(vpc, table, *vpc.route_tables[table].routes, route)
    return vpc
