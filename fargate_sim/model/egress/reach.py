"""Whether a task's network interface reaches a host: name, security groups, network ACLs, route, gateway, one after the other.

The first thing on the way that does not let the connection through is what is told. Rules and their marks:

- [C] Without enableDnsSupport no name resolves (VPC user guide, AmazonDNS-concepts).
- [C] An interface endpoint with private DNS answers for the service's name in the whole VPC, whatever routes there are;
  private DNS needs both DNS attributes (PrivateLink guide, create-interface-endpoint). [A] With several interfaces the one
  in the task's Availability Zone is dialled, else the first by subnet.
- [C] Security groups are stateful, network ACLs are not and apply between subnets only (VPC user guide).
- [C] A gateway endpoint serves the subnets whose route table it is associated with (PrivateLink guide, gateway-endpoints).
- [C] An internet gateway needs a public address at the interface, a NAT gateway a public subnet of its own (VPC user guide,
  VPC_Internet_Gateway, nat-gateway-basics).
- [A] Inside the VPC the local route carries everything: more specific routes to a middlebox are not looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Literal, NoReturn

from fargate_sim.model.egress.addresses import draw, number
from fargate_sim.model.egress.ends import Destination, Source
from fargate_sim.model.egress.facts import (
    AVAILABLE,
    EndpointFacts,
    EndpointInterface,
    NatFacts,
    RouteEntry,
    RouteTableFacts,
    SubnetNetwork,
    VpcFacts,
)
from fargate_sim.model.egress.filters import NAT_PORTS, TASK_PORTS, Ports, acl_refusal, group_allows
from fargate_sim.model.egress.routes import most_specific

Via = Literal["interface endpoint", "gateway endpoint", "nat gateway", "internet gateway"]

DNS = "VPC user guide, AmazonDNS-concepts: DNS attributes in your VPC"
PRIVATE_DNS = "PrivateLink guide, create-interface-endpoint"
GATEWAY = "PrivateLink guide, gateway-endpoints"
GROUPS = "VPC user guide, vpc-security-groups"
ACLS = "VPC user guide, custom-network-acl"
ROUTES = "VPC user guide, RouteTables_priority"
NAT = "VPC user guide, nat-gateway-basics"
INTERNET = "VPC user guide, VPC_Internet_Gateway"
SUBNETS = "VPC user guide, subnet-route-tables"


@dataclass(frozen=True)
class Route:
    """How far a connection gets.

    ``ip`` is the address that was dialled, "" when the name does not resolve. ``policy`` is the VPC endpoint's policy
    document, which the caller evaluates. ``hops`` has a sentence for each thing passed. ``missing`` is "" when the
    destination is reached, else one sentence about what is not there; ``rule`` is where AWS documents it.
    """

    reached: bool
    via: Via | None
    through: str | None
    ip: str
    policy: str | None
    hops: tuple[str, ...]
    missing: str
    rule: str


def reach(vpc: VpcFacts, source: Source, destination: Destination) -> Route:
    """What becomes of a TCP connection from a task's network interface to a host. Pure: the same facts, the same route."""
    walk = _Walk(vpc, source, destination)
    try:
        walk.go()
    except _Broken as end:
        return replace(walk.route(), reached=False, missing=str(end), rule=end.rule)
    return walk.route()


def serving(vpc: VpcFacts, kind: str, destination: Destination) -> Iterator[EndpointFacts]:
    """The VPC's endpoints of a kind for a destination, by id. An endpoint serves the services of its own region."""
    if destination.service is None or f".{vpc.region}." not in destination.host:
        return
    for endpoint_id in sorted(vpc.endpoints):
        endpoint = vpc.endpoints[endpoint_id]
        if endpoint.kind == kind and endpoint.service == destination.service and endpoint.state == AVAILABLE:
            yield endpoint


def public_address(vpc: VpcFacts, destination: Destination) -> str:
    """What the name resolves to on the internet: of AWS's prefix list where the service has one, else by chance, but for ever.

    The public ranges of other services are not modelled [A]: a security group that names them lets nothing through here.
    """
    name = f"com.amazonaws.{vpc.region}.{destination.service}"
    listed = next((each.cidrs for each in vpc.prefix_lists.values() if each.name == name), ())
    return draw(destination.host, listed if f".{vpc.region}." in destination.host else ())


class _Broken(Exception):  # noqa: N818 - an end of the way, not an error
    def __init__(self, missing: str, rule: str) -> None:
        super().__init__(missing)
        self.rule = rule


def _stop(missing: str, rule: str) -> NoReturn:
    raise _Broken(missing, rule)


class _Walk:
    """One connection on its way."""

    def __init__(self, vpc: VpcFacts, source: Source, destination: Destination) -> None:
        self.vpc = vpc
        self.source = source
        self.destination = destination
        self.address = number(source.private_ip)
        self.hops: list[str] = []
        self.via: Via | None = None
        self.through: str | None = None
        self.ip = ""
        self.policy: str | None = None
        self.rule = ""

    def route(self) -> Route:
        return Route(
            True, self.via, self.through, self.ip, self.policy, tuple(self.hops), missing="", rule=self.rule
        )

    def go(self) -> None:
        vpc, host = self.vpc, self.destination.host
        subnet = vpc.subnets.get(self.source.subnet_id)
        if subnet is None:
            _stop(f"subnet {self.source.subnet_id} is not a subnet of {vpc.vpc_id}", SUBNETS)
        if not vpc.dns_support:
            _stop(f"enableDnsSupport of {vpc.vpc_id} is off, so {host} does not resolve", DNS)
        endpoint = next(
            (
                each
                for each in serving(vpc, "Interface", self.destination)
                if each.private_dns and each.interfaces and vpc.dns_hostnames
            ),
            None,
        )
        if endpoint is not None:
            self._by_interface_endpoint(subnet, endpoint)
        else:
            self._by_the_public_address(subnet)

    def _by_interface_endpoint(self, subnet: SubnetNetwork, endpoint: EndpointFacts) -> None:
        interface, there = self._interface(subnet, endpoint)
        self.ip = interface.private_ip
        self.via, self.through, self.policy = "interface endpoint", endpoint.endpoint_id, endpoint.policy
        self.rule = PRIVATE_DNS
        where = f"the endpoint {endpoint.endpoint_id} at {self.ip}"
        self.hops.append(
            f"private DNS of {endpoint.endpoint_id} resolves {self.destination.host} to {self.ip}, "
            f"its interface in {there.label}"
        )
        target = number(self.ip)
        self._group_out(target, where, endpoint.security_groups)
        port = self.destination.port
        groups = endpoint.security_groups
        if not any(
            group_allows(
                self.vpc,
                self.vpc.security_groups[each].rules_in,
                port,
                self.address,
                self.source.security_groups,
            )
            for each in groups
            if each in self.vpc.security_groups
        ):
            _stop(
                f"{_groups(groups)} of the endpoint {endpoint.endpoint_id} {_lets(groups)} no TCP {port} in from "
                f"{self.source.private_ip} ({', '.join(self.source.security_groups)})",
                PRIVATE_DNS,
            )
        self.hops.append(
            f"{_groups(groups)} of {endpoint.endpoint_id} {_lets(groups)} TCP {port} in from the task"
        )
        if there.subnet_id != subnet.subnet_id:
            # Network ACLs stand at the border of a subnet.
            self._acl(subnet, "out", (port, port), target, f"to {where}")
            self._acl(there, "in", (port, port), self.address, f"from {self.source.private_ip}")
            self._acl(there, "out", TASK_PORTS, self.address, f"back to {self.source.private_ip}")
            self._acl(subnet, "in", TASK_PORTS, target, f"back from {where}")
        self.hops.append(f"the local route of {self.vpc.vpc_id} leads there")

    def _interface(
        self, subnet: SubnetNetwork, endpoint: EndpointFacts
    ) -> tuple[EndpointInterface, SubnetNetwork]:
        found = [
            (each, self.vpc.subnets[each.subnet_id])
            for each in sorted(endpoint.interfaces, key=lambda each: each.subnet_id)
            if each.subnet_id in self.vpc.subnets
        ]
        if not found:
            _stop(f"the endpoint {endpoint.endpoint_id} has no interface in {self.vpc.vpc_id}", PRIVATE_DNS)
        return next((each for each in found if each[1].zone == subnet.zone), found[0])

    def _by_the_public_address(self, subnet: SubnetNetwork) -> None:
        self.ip = public_address(self.vpc, self.destination)
        target = number(self.ip)
        port = self.destination.port
        self.hops += self._passed_over()
        self.hops.append(f"{self.destination.host} resolves to the public address {self.ip}")
        where = f"{self.ip} ({self.destination.host})"
        self._group_out(target, where)
        self._acl(subnet, "out", (port, port), target, f"to {where}")
        table = self.vpc.table_of(subnet)
        if table is None:
            _stop(f"{subnet.label} has no route table, and {self.vpc.vpc_id} no main one", SUBNETS)
        route = most_specific(self.vpc, table, target)
        if route is None:
            _stop(self._no_route(subnet, table), ROUTES)
        at = f"route {route.destination} of {table.table_id}, the route table of {subnet.label},"
        if route.blackhole:
            _stop(f"{at} leads to {route.target}, which is not there or not attached (blackhole)", ROUTES)
        self.hops.append(f"{at} leads to {route.target}")
        self._through(subnet, route, at, target)
        self._acl(subnet, "in", TASK_PORTS, target, f"back from {where}")

    def _no_route(self, subnet: SubnetNetwork, table: RouteTableFacts) -> str:
        own = "" if subnet.route_table == table.table_id else "main "
        said = f"{own}route table {table.table_id} of subnet {subnet.label} has no route for 0.0.0.0/0"
        gateway = next(serving(self.vpc, "Gateway", self.destination), None)
        reasons = [f"the gateway endpoint {gateway.endpoint_id} is not associated with it"] if gateway else []
        return ", and ".join((said, *reasons, *self._passed_over()))

    def _passed_over(self) -> list[str]:
        """Why the service's interface endpoints do not answer for its name."""
        return [
            f"enableDnsHostnames of {self.vpc.vpc_id} is off, which private DNS of {each.endpoint_id} needs"
            if each.private_dns
            else f"private DNS of the endpoint {each.endpoint_id} is off"
            for each in serving(self.vpc, "Interface", self.destination)
        ]

    def _through(self, subnet: SubnetNetwork, route: RouteEntry, at: str, target: int) -> None:
        if route.kind == "gateway endpoint":
            endpoint = self.vpc.endpoints.get(route.target)
            if endpoint is None or endpoint.state != AVAILABLE:
                _stop(f"{at} leads to {route.target}, which is not available", GATEWAY)
            self.via, self.through, self.policy = "gateway endpoint", route.target, endpoint.policy
            self.rule = GATEWAY
        elif route.kind == "internet gateway":
            self._attached(route.target, at)
            if self.source.public_ip is None:
                _stop(
                    f"the task's interface in {subnet.label} has no public IP address, "
                    f"without which the internet gateway {route.target} lets nothing out",
                    INTERNET,
                )
            self.via, self.through, self.rule = "internet gateway", route.target, INTERNET
        elif route.kind == "nat gateway":
            self._nat(subnet, route, at, target)
        elif route.kind == "nothing":
            _stop(f"{at} leads nowhere", ROUTES)
        else:
            _stop(f"{at} leads to the {route.kind} {route.target}, which is not modelled here", ROUTES)

    def _attached(self, gateway: str, at: str) -> None:
        if gateway not in self.vpc.internet_gateways:
            _stop(
                f"{at} leads to the internet gateway {gateway}, which is not attached to {self.vpc.vpc_id}",
                INTERNET,
            )

    def _nat(self, subnet: SubnetNetwork, route: RouteEntry, at: str, target: int) -> None:
        nat = self.vpc.nat_gateways.get(route.target)
        if nat is None or nat.state != AVAILABLE:
            state = nat.state if nat else "not there"
            _stop(f"{at} leads to the NAT gateway {route.target}, which is {state}", NAT)
        if not nat.public:
            _stop(
                f"the NAT gateway {nat.nat_id} has private connectivity: it leads to other private networks, "
                "not to the internet",
                NAT,
            )
        there = self.vpc.subnets.get(nat.subnet_id)
        if there is None:
            _stop(f"the NAT gateway {nat.nat_id} is in {nat.subnet_id}, which is not there", NAT)
        self._nat_to_the_internet(nat, there, target)
        port = self.destination.port
        if there.subnet_id != subnet.subnet_id:
            self._acl(there, "in", (port, port), self.address, f"from {self.source.private_ip}")
            self._acl(there, "out", TASK_PORTS, self.address, f"back to {self.source.private_ip}")
        self._acl(there, "out", (port, port), target, f"to {self.ip}")
        self._acl(there, "in", NAT_PORTS, target, f"back from {self.ip}")
        self.via, self.through, self.rule = "nat gateway", nat.nat_id, NAT

    def _nat_to_the_internet(self, nat: NatFacts, there: SubnetNetwork, target: int) -> None:
        table = self.vpc.table_of(there)
        onward = most_specific(self.vpc, _without_endpoints(table), target) if table else None
        name = f"the NAT gateway {nat.nat_id} is in {there.label}, whose route table {table.table_id if table else '-'}"
        if onward is None:
            _stop(f"{name} has no route for 0.0.0.0/0 to an internet gateway", NAT)
        if onward.kind != "internet gateway":
            _stop(f"{name} leads {onward.destination} to {onward.target}, not to an internet gateway", NAT)
        if onward.blackhole or onward.target not in self.vpc.internet_gateways:
            _stop(f"{name} leads to {onward.target}, which is not attached to {self.vpc.vpc_id}", INTERNET)
        self.hops.append(f"{nat.nat_id} in {there.label} goes on by the internet gateway {onward.target}")

    def _group_out(self, target: int, where: str, peers: Collection[str] = ()) -> None:
        groups, port = self.source.security_groups, self.destination.port
        known = [self.vpc.security_groups[each] for each in groups if each in self.vpc.security_groups]
        if not any(group_allows(self.vpc, each.rules_out, port, target, peers) for each in known):
            _stop(f"{_groups(groups)} of the task {_lets(groups)} no TCP {port} out to {where}", GROUPS)
        self.hops.append(f"{_groups(groups)} of the task {_lets(groups)} TCP {port} out to {where}")

    def _acl(
        self, subnet: SubnetNetwork, direction: Literal["in", "out"], ports: Ports, peer: int, what: str
    ) -> None:
        acl = self.vpc.acl_of(subnet)
        if acl is None:
            return
        if why := acl_refusal(acl.rules_in if direction == "in" else acl.rules_out, ports, peer):
            said = f"{ports[0]}-{ports[1]}" if ports[0] != ports[1] else str(ports[0])
            _stop(
                f"network ACL {acl.acl_id} of {subnet.label} lets no TCP {said} {direction} {what}: {why}",
                ACLS,
            )


def _without_endpoints(table: RouteTableFacts) -> RouteTableFacts:
    """A NAT gateway cannot send traffic over VPC endpoints. [C] nat-gateway-basics; [A] that it passes their routes over."""
    return replace(table, routes=tuple(each for each in table.routes if each.kind != "gateway endpoint"))


def _groups(groups: Collection[str]) -> str:
    if not groups:
        return "no security group"
    return f"security group{'s' if len(groups) > 1 else ''} {', '.join(groups)}"


def _lets(groups: Collection[str]) -> str:
    return "let" if len(groups) > 1 else "lets"
