"""What holds for any VPC: allowing more never breaks, taking a way away never opens one, and remembering changes nothing."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from support.vpcs import (
    ANYWHERE,
    DEFAULT,
    S3_CIDR,
    S3_LIST,
    healthy,
    with_acl,
    with_endpoint,
    with_gateway_endpoint,
    with_group,
    with_subnet,
    with_table,
)

from fargate_sim.model.egress import Destination, Reachability, Source, VpcFacts, aws, reach
from fargate_sim.model.egress.facts import AclRule, GroupRule

CIDRS = st.sampled_from(
    [DEFAULT, "10.0.0.0/16", "10.0.10.0/24", "10.0.10.0/30", "10.0.11.128/25", S3_CIDR, "::/0"]
)
PORTS = st.sampled_from([(443, 443), (0, 65535), (1024, 65535), (32768, 61000), (80, 80)])
PROTOCOLS = st.sampled_from(["tcp", "udp", "-1"])
DESTINATIONS = st.sampled_from(
    [
        aws("ecr.dkr", "us-east-1", account="1" * 12),
        aws("s3", "us-east-1"),
        Destination("registry-1.docker.io"),
    ]
)


@st.composite
def group_rules(draw: st.DrawFn) -> tuple[GroupRule, ...]:
    return tuple(
        GroupRule(
            draw(PROTOCOLS),
            *draw(PORTS),
            cidrs=tuple(draw(st.lists(CIDRS, max_size=2))),
            groups=tuple(draw(st.lists(st.sampled_from(["sg-1", "sg-endpoints"]), max_size=1))),
            prefix_lists=tuple(draw(st.lists(st.just(S3_LIST), max_size=1))),
        )
        for _ in range(draw(st.integers(0, 2)))
    )


@st.composite
def acl_rules(draw: st.DrawFn) -> tuple[AclRule, ...]:
    return tuple(
        AclRule(100 * place, draw(st.booleans()), draw(PROTOCOLS), *draw(PORTS), draw(CIDRS))
        for place in range(1, 1 + draw(st.integers(0, 3)))
    )


@st.composite
def vpcs(draw: st.DrawFn) -> VpcFacts:
    vpc = healthy()
    if draw(st.booleans()):
        vpc = with_table(vpc, "rtb-private")
    if draw(st.booleans()):
        vpc = with_endpoint(vpc, "ecr.dkr", private_dns=draw(st.booleans()))
    if draw(st.booleans()):
        vpc = with_gateway_endpoint(vpc, draw(st.sampled_from(["rtb-private", "rtb-public"])))
    if draw(st.booleans()):
        vpc = with_group(vpc, "sg-1", rules_out=draw(group_rules()))
    if draw(st.booleans()):
        vpc = with_group(vpc, "sg-endpoints", rules_in=draw(group_rules()))
    if draw(st.booleans()):
        acl = draw(st.sampled_from(["acl-1", "acl-2"]))
        vpc = with_acl(vpc, acl, rules_in=draw(acl_rules()), rules_out=draw(acl_rules()))
        vpc = with_subnet(vpc, draw(st.sampled_from(sorted(vpc.subnets))), acl=acl)
    return replace(vpc, dns_support=draw(st.integers(0, 9)) > 0, dns_hostnames=draw(st.integers(0, 9)) > 0)


@st.composite
def sources(draw: st.DrawFn) -> Source:
    subnet, third = draw(st.sampled_from([("subnet-public", 0), ("subnet-a", 10), ("subnet-b", 11)]))
    groups = draw(st.sampled_from([("sg-1",), ("sg-endpoints",), ("sg-1", "sg-endpoints"), ()]))
    public = draw(st.sampled_from([None, "203.0.113.9"]))
    return Source(subnet, f"10.0.{third}.{draw(st.integers(1, 254))}", groups, public)


@given(vpcs(), sources(), DESTINATIONS, st.sampled_from(["sg-1", "sg-endpoints"]), group_rules())
def test_another_rule_of_a_security_group_never_breaks(
    vpc: VpcFacts, source: Source, destination: Destination, group: str, more: tuple[GroupRule, ...]
) -> None:
    before = vpc.security_groups[group]
    wider = with_group(vpc, group, rules_in=(*before.rules_in, *more), rules_out=(*before.rules_out, *more))
    assert reach(wider, source, destination).reached >= reach(vpc, source, destination).reached


@given(vpcs(), sources(), DESTINATIONS, st.integers(1, 400), st.tuples(CIDRS, PORTS))
def test_another_allowing_rule_of_a_network_acl_never_breaks(
    vpc: VpcFacts, source: Source, destination: Destination, at: int, what: tuple[str, tuple[int, int]]
) -> None:
    cidr, ports = what
    more = AclRule(at, True, "tcp", *ports, cidr)
    wider = vpc
    for acl_id, acl in vpc.acls.items():
        widened = {
            name: tuple(sorted((*getattr(acl, name), more), key=lambda rule: rule.number))
            for name in ("rules_in", "rules_out")
        }
        wider = with_acl(wider, acl_id, **widened)
    assert reach(wider, source, destination).reached >= reach(vpc, source, destination).reached


@given(vpcs(), sources(), DESTINATIONS, st.sampled_from(["rtb-private", "rtb-public"]), st.integers(0, 3))
def test_removing_a_route_that_works_never_repairs(
    vpc: VpcFacts, source: Source, destination: Destination, table: str, which: int
) -> None:
    routes = vpc.route_tables[table].routes
    fewer = with_table(vpc, table, *(route for place, route in enumerate(routes) if place != which))
    assert reach(fewer, source, destination).reached <= reach(vpc, source, destination).reached


@given(vpcs(), sources(), DESTINATIONS)
def test_what_is_not_reached_is_said_in_one_sentence(
    vpc: VpcFacts, source: Source, destination: Destination
) -> None:
    route = reach(vpc, source, destination)
    assert route.reached == (not route.missing)
    assert route.rule
    assert not route.missing.endswith(".")
    if route.reached:
        assert route.via
        assert route.through
        assert route.ip
        assert route.hops


@given(vpcs(), st.lists(sources(), min_size=2, max_size=12), DESTINATIONS)
def test_what_is_remembered_is_what_would_be_worked_out(
    vpc: VpcFacts, several: list[Source], destination: Destination
) -> None:
    remembered = Reachability(vpc)
    for source in several:
        assert remembered.route(source, destination) == reach(vpc, source, destination)


@given(vpcs(), DESTINATIONS, st.integers(1, 254), st.integers(1, 254))
def test_neighbours_are_remembered_to_the_letter(
    vpc: VpcFacts, destination: Destination, one: int, other: int
) -> None:
    remembered = Reachability(vpc)
    for last in (one, other):
        source = Source("subnet-a", f"10.0.10.{last}", ("sg-1",), None)
        assert remembered.route(source, destination) == reach(vpc, source, destination)


def test_a_service_of_thousands_is_worked_out_once() -> None:
    vpc = with_group(healthy(), "sg-endpoints", rules_in=(ANYWHERE,))
    remembered = Reachability(vpc)
    destination = aws("logs", "us-east-1")
    routes = [
        remembered.route(Source("subnet-a", f"10.0.10.{last}", ("sg-1",), None), destination)
        for last in range(4, 254)
    ]
    assert all(route is routes[0] for route in routes)
