"""What a VPC is made of, as far as it decides what can be reached from inside. Plain facts, read from the account's EC2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

TargetKind = Literal[
    "local",
    "internet gateway",
    "nat gateway",
    "gateway endpoint",
    "transit gateway",
    "peering connection",
    "virtual private gateway",
    "egress-only internet gateway",
    "carrier gateway",
    "Gateway Load Balancer endpoint",
    "network interface",
    "instance",
    "nothing",
]
"""What a route leads to. ``nothing``: the target is not known any more."""

ANY_PROTOCOL = "-1"
AVAILABLE = "available"


@dataclass(frozen=True)
class GroupRule:
    """A rule of a security group, inbound or outbound. ``protocol`` is ``tcp``, ``udp``, ``icmp`` or ``-1`` for all."""

    protocol: str = ANY_PROTOCOL
    from_port: int = 0
    to_port: int = 65535
    cidrs: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    prefix_lists: tuple[str, ...] = ()


@dataclass(frozen=True)
class SecurityGroupFacts:
    """A security group: what any of its rules allows is allowed, and nothing else."""

    group_id: str
    rules_in: tuple[GroupRule, ...] = ()
    rules_out: tuple[GroupRule, ...] = ()


@dataclass(frozen=True)
class AclRule:
    """A numbered rule of a network ACL. The lowest number that matches decides."""

    number: int
    allow: bool
    protocol: str = ANY_PROTOCOL
    from_port: int = 0
    to_port: int = 65535
    cidr: str = "0.0.0.0/0"


@dataclass(frozen=True)
class AclFacts:
    """A network ACL, its rules in order of their numbers. What no rule matches is denied."""

    acl_id: str
    rules_in: tuple[AclRule, ...] = ()
    rules_out: tuple[AclRule, ...] = ()


@dataclass(frozen=True)
class RouteEntry:
    """A route. ``destination`` is a CIDR or the id of a prefix list."""

    destination: str
    kind: TargetKind
    target: str
    blackhole: bool = False


@dataclass(frozen=True)
class RouteTableFacts:
    """A route table, without its local routes: inside the VPC everything is carried."""

    table_id: str
    routes: tuple[RouteEntry, ...] = ()
    main: bool = False


@dataclass(frozen=True)
class SubnetNetwork:
    """A subnet and what applies in it. ``route_table`` is its own association, None when the VPC's main table applies."""

    subnet_id: str
    cidr: str
    zone: str
    route_table: str | None = None
    acl: str | None = None
    name: str = ""

    @property
    def label(self) -> str:
        """The id, and the name where there is one."""
        return f"{self.subnet_id} ({self.name})" if self.name else self.subnet_id


@dataclass(frozen=True)
class NatFacts:
    """A NAT gateway. ``public`` is its connectivity type, ``public_ip`` the address that it is seen by, "" without one."""

    nat_id: str
    subnet_id: str
    state: str = AVAILABLE
    public: bool = True
    public_ip: str = ""


@dataclass(frozen=True)
class EndpointInterface:
    """The network interface of an interface endpoint in one subnet."""

    subnet_id: str
    private_ip: str


@dataclass(frozen=True)
class EndpointFacts:
    """A VPC endpoint. ``service`` is the last part of its service name, such as ``ecr.api``; ``policy`` a JSON document."""

    endpoint_id: str
    kind: Literal["Interface", "Gateway"]
    service: str
    state: str = AVAILABLE
    private_dns: bool = False
    """Whether the service's own name leads to it from inside the VPC. Means something for interface endpoints only."""
    interfaces: tuple[EndpointInterface, ...] = ()
    security_groups: tuple[str, ...] = ()
    route_tables: tuple[str, ...] = ()
    policy: str | None = None


@dataclass(frozen=True)
class PrefixListFacts:
    """A managed prefix list, AWS's or the account's own."""

    list_id: str
    name: str
    cidrs: tuple[str, ...] = ()


@dataclass(frozen=True)
class VpcFacts:
    """Everything of one VPC that decides what its interfaces reach. Mappings go by id."""

    vpc_id: str
    region: str
    cidrs: tuple[str, ...]
    subnets: Mapping[str, SubnetNetwork] = field(default_factory=dict)
    route_tables: Mapping[str, RouteTableFacts] = field(default_factory=dict)
    internet_gateways: tuple[str, ...] = ()
    """Those that are attached to this VPC."""
    nat_gateways: Mapping[str, NatFacts] = field(default_factory=dict)
    endpoints: Mapping[str, EndpointFacts] = field(default_factory=dict)
    security_groups: Mapping[str, SecurityGroupFacts] = field(default_factory=dict)
    acls: Mapping[str, AclFacts] = field(default_factory=dict)
    prefix_lists: Mapping[str, PrefixListFacts] = field(default_factory=dict)
    dns_support: bool = True
    """The attribute ``enableDnsSupport``."""
    dns_hostnames: bool = True
    """The attribute ``enableDnsHostnames``."""

    def table_of(self, subnet: SubnetNetwork) -> RouteTableFacts | None:
        """The subnet's own route table, else the VPC's main one. Source: VPC user guide, subnet-route-tables."""
        if subnet.route_table is not None and (own := self.route_tables.get(subnet.route_table)) is not None:
            return own
        return next((table for table in self.route_tables.values() if table.main), None)

    def acl_of(self, subnet: SubnetNetwork) -> AclFacts | None:
        """The subnet's network ACL; None when none is known, which then filters nothing."""
        return self.acls.get(subnet.acl) if subnet.acl else None
