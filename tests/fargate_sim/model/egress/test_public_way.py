"""To the internet, and to AWS's public addresses: each hop broken, and what is said of it."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

import pytest
from support.vpcs import (
    ALLOW_ALL,
    DEFAULT,
    healthy,
    task,
    with_acl,
    with_group,
    with_nat,
    with_subnet,
    with_table,
)

from fargate_sim.model.egress import Destination, aws, reach
from fargate_sim.model.egress.facts import AclRule, GroupRule, NatFacts, RouteEntry, TargetKind

HUB = Destination("registry-1.docker.io")
LOGS = aws("logs", "us-east-1")
TO_IGW = RouteEntry(DEFAULT, "internet gateway", "igw-1")
TO_NAT = RouteEntry(DEFAULT, "nat gateway", "nat-1")


@pytest.mark.parametrize("destination", [HUB, LOGS])
def test_a_private_subnet_reaches_the_internet_through_its_nat_gateway(destination: Destination) -> None:
    route = reach(healthy(), task(), destination)
    assert (route.reached, route.via, route.through) == (True, "nat gateway", "nat-1")
    assert route.missing == ""
    assert route.policy is None
    assert (
        "route 0.0.0.0/0 of rtb-private, the route table of subnet-a (private-a), leads to nat-1"
        in route.hops
    )


def test_a_public_subnet_reaches_it_with_a_public_address() -> None:
    route = reach(healthy(), task("subnet-public", public_ip="203.0.113.9"), HUB)
    assert (route.reached, route.via, route.through) == (True, "internet gateway", "igw-1")


def test_a_public_subnet_does_not_reach_it_without_one() -> None:
    route = reach(healthy(), task("subnet-public"), HUB)
    assert not route.reached
    assert route.missing == (
        "the task's interface in subnet-public (public-a) has no public IP address, without which the internet gateway "
        "igw-1 lets nothing out"
    )


def test_a_public_address_is_of_no_use_in_a_private_subnet() -> None:
    vpc = with_table(healthy(), "rtb-private")
    route = reach(vpc, task(public_ip="203.0.113.9"), HUB)
    assert (
        route.missing == "route table rtb-private of subnet subnet-a (private-a) has no route for 0.0.0.0/0"
    )
    assert (route.via, route.through) == (None, None)


def test_a_public_address_does_no_harm_behind_a_nat_gateway() -> None:
    assert reach(healthy(), task(public_ip="203.0.113.9"), HUB).via == "nat gateway"


def test_a_subnet_without_an_association_goes_by_the_main_table() -> None:
    vpc = with_subnet(healthy(), "subnet-a", route_table=None)
    assert reach(vpc, task(), HUB).missing.startswith(
        "main route table rtb-main of subnet subnet-a (private-a) has no route for 0.0.0.0/0"
    )
    assert reach(with_table(vpc, "rtb-main", TO_NAT), task(), HUB).reached


def test_a_more_specific_blackhole_takes_the_packet() -> None:
    ip = reach(healthy(), task(), HUB).ip
    near = str(ipaddress.IPv4Network(f"{ip}/28", strict=False))
    vpc = with_table(
        healthy(), "rtb-private", TO_NAT, RouteEntry(near, "nat gateway", "nat-gone", blackhole=True)
    )
    route = reach(vpc, task(), HUB)
    assert not route.reached
    assert f"route {near} of rtb-private" in route.missing
    assert "nat-gone" in route.missing


def test_a_more_specific_route_that_works_goes_before_a_blackhole() -> None:
    ip = reach(healthy(), task(), HUB).ip
    blackhole = RouteEntry(DEFAULT, "nat gateway", "nat-gone", blackhole=True)
    vpc = with_table(healthy(), "rtb-private", blackhole, RouteEntry(f"{ip}/32", "nat gateway", "nat-1"))
    assert reach(vpc, task(), HUB).reached


@pytest.mark.parametrize(
    "kind",
    ["transit gateway", "peering connection", "virtual private gateway", "network interface", "instance"],
)
def test_a_target_that_is_not_modelled_is_named(kind: TargetKind) -> None:
    route = reach(with_table(healthy(), "rtb-private", RouteEntry(DEFAULT, kind, "x-1")), task(), HUB)
    assert not route.reached
    assert route.missing.endswith(f"leads to the {kind} x-1, which is not modelled here")


def test_an_internet_gateway_must_be_attached() -> None:
    vpc = replace(healthy(), internet_gateways=())
    public = reach(vpc, task("subnet-public", public_ip="203.0.113.9"), HUB)
    assert "internet gateway igw-1, which is not attached to vpc-1" in public.missing
    assert "igw-1, which is not attached to vpc-1" in reach(vpc, task(), HUB).missing


class TestNatGateway:
    @pytest.mark.parametrize("state", ["pending", "failed", "deleting", "deleted"])
    def test_it_must_be_available(self, state: str) -> None:
        assert (
            f"NAT gateway nat-1, which is {state}"
            in reach(with_nat(healthy(), state=state), task(), HUB).missing
        )

    def test_one_that_is_gone_is_said_to_be(self) -> None:
        vpc = replace(healthy(), nat_gateways={})
        assert "NAT gateway nat-1, which is not there" in reach(vpc, task(), HUB).missing

    def test_one_with_private_connectivity_does_not_lead_to_the_internet(self) -> None:
        assert (
            "nat-1 has private connectivity" in reach(with_nat(healthy(), public=False), task(), HUB).missing
        )

    def test_one_in_a_private_subnet_leads_nowhere(self) -> None:
        vpc = with_nat(healthy(), subnet_id="subnet-b")
        assert reach(vpc, task(), HUB).missing == (
            "the NAT gateway nat-1 is in subnet-b (private-b), whose route table rtb-private leads 0.0.0.0/0 to nat-1, "
            "not to an internet gateway"
        )

    def test_one_in_a_subnet_without_a_default_route_leads_nowhere(self) -> None:
        vpc = with_table(healthy(), "rtb-public")
        assert "has no route for 0.0.0.0/0 to an internet gateway" in reach(vpc, task(), HUB).missing

    def test_a_second_one_repairs_the_subnet_that_is_routed_to_it(self) -> None:
        broken = with_nat(healthy(), state="deleted")
        nats = {**broken.nat_gateways, "nat-2": NatFacts("nat-2", "subnet-public")}
        vpc = with_table(
            replace(broken, nat_gateways=nats), "rtb-private", RouteEntry(DEFAULT, "nat gateway", "nat-2")
        )
        assert reach(vpc, task(), HUB).through == "nat-2"

    def test_the_acl_of_its_subnet_must_let_the_task_in(self) -> None:
        vpc = with_acl(with_subnet(healthy(), "subnet-public", acl="acl-2"), "acl-2", rules_in=())
        missing = reach(vpc, task(), HUB).missing
        assert missing.startswith(
            "network ACL acl-2 of subnet-public (public-a) lets no TCP 443 in from 10.0.10.7"
        )

    def test_answers_to_it_come_to_more_ports_than_to_a_task(self) -> None:
        vpc = with_subnet(healthy(), "subnet-public", acl="acl-2")
        web = AclRule(90, allow=True, protocol="tcp", from_port=443, to_port=443)
        linux = AclRule(100, allow=True, protocol="tcp", from_port=32768, to_port=61000)
        everything = AclRule(100, allow=True, protocol="tcp", from_port=1024, to_port=65535)
        assert (
            "TCP 1024-65535 in back"
            in reach(with_acl(vpc, "acl-2", rules_in=(web, linux)), task(), HUB).missing
        )
        assert reach(with_acl(vpc, "acl-2", rules_in=(web, everything)), task(), HUB).reached


class TestFilters:
    def test_a_group_without_outbound_rules_lets_nothing_out(self) -> None:
        route = reach(with_group(healthy(), "sg-1", rules_out=()), task(), HUB)
        assert (
            route.missing
            == f"security group sg-1 of the task lets no TCP 443 out to {route.ip} (registry-1.docker.io)"
        )
        assert route.rule == "VPC user guide, vpc-security-groups"

    def test_any_of_several_groups_is_enough(self) -> None:
        vpc = with_group(healthy(), "sg-1", rules_out=())
        assert reach(vpc, task(security_groups=("sg-1", "sg-default")), HUB).reached

    @pytest.mark.parametrize(
        ("rule", "passes"),
        [
            (GroupRule("tcp", 443, 443, cidrs=(DEFAULT,)), True),
            (GroupRule("tcp", 0, 65535, cidrs=(DEFAULT,)), True),
            (GroupRule("tcp", 80, 80, cidrs=(DEFAULT,)), False),
            (GroupRule("udp", 443, 443, cidrs=(DEFAULT,)), False),
            (GroupRule("tcp", 443, 443, cidrs=("10.0.0.0/16",)), False),
            (GroupRule("tcp", 443, 443, groups=("sg-1",)), False),
            (GroupRule("tcp", 443, 443, cidrs=("::/0",)), False),
        ],
    )
    def test_protocol_port_and_peer_must_match(self, rule: GroupRule, passes: bool) -> None:
        assert reach(with_group(healthy(), "sg-1", rules_out=(rule,)), task(), HUB).reached is passes

    def test_another_port_is_looked_at_as_asked(self) -> None:
        vpc = with_group(healthy(), "sg-1", rules_out=(GroupRule("tcp", 443, 443, cidrs=(DEFAULT,)),))
        assert "no TCP 5000 out" in reach(vpc, task(), Destination("registry.example", port=5000)).missing

    def test_an_acl_that_drops_the_answer_breaks_the_connection(self) -> None:
        only_web = (AclRule(100, allow=True, protocol="tcp", from_port=443, to_port=443),)
        vpc = with_acl(with_subnet(healthy(), "subnet-a", acl="acl-2"), "acl-2", rules_in=only_web)
        route = reach(vpc, task(), HUB)
        assert route.missing == (
            f"network ACL acl-2 of subnet-a (private-a) lets no TCP 32768-60999 in back from {route.ip} "
            "(registry-1.docker.io): no rule allows it"
        )

    def test_the_lowest_number_that_matches_decides(self) -> None:
        deny = AclRule(90, allow=False, protocol="tcp", from_port=443, to_port=443)
        vpc = with_acl(healthy(), "acl-1", rules_out=(deny, *ALLOW_ALL))
        assert reach(vpc, task(), HUB).missing.endswith("rule 90 denies it")
        late = (*ALLOW_ALL, replace(deny, number=110))
        assert reach(with_acl(healthy(), "acl-1", rules_out=late), task(), HUB).reached

    def test_two_rules_together_cover_a_range(self) -> None:
        halves = (
            AclRule(100, allow=True, protocol="tcp", from_port=1024, to_port=40000),
            AclRule(110, allow=True, protocol="tcp", from_port=40001, to_port=65535),
        )
        vpc = with_acl(with_subnet(healthy(), "subnet-a", acl="acl-2"), "acl-2", rules_in=halves)
        assert reach(vpc, task(), HUB).reached
        assert not reach(with_acl(vpc, "acl-2", rules_in=halves[1:]), task(), HUB).reached

    def test_a_denial_of_one_port_of_the_range_counts(self) -> None:
        deny = AclRule(90, allow=False, protocol="tcp", from_port=33000, to_port=33000)
        vpc = with_acl(with_subnet(healthy(), "subnet-a", acl="acl-2"), "acl-2", rules_in=(deny, *ALLOW_ALL))
        assert reach(vpc, task(), HUB).missing.endswith("rule 90 denies it")


def test_without_dns_support_nothing_resolves() -> None:
    route = reach(replace(healthy(), dns_support=False), task(), HUB)
    assert route.missing == "enableDnsSupport of vpc-1 is off, so registry-1.docker.io does not resolve"
    assert route.ip == ""


def test_a_subnet_of_another_vpc_reaches_nothing() -> None:
    assert reach(healthy(), task("subnet-z"), HUB).missing == "subnet subnet-z is not a subnet of vpc-1"


def test_a_host_has_one_address_which_belongs_to_nobody() -> None:
    first, again = reach(healthy(), task(), HUB), reach(healthy("vpc-2"), task("subnet-b"), HUB)
    assert first.ip == again.ip != reach(healthy(), task(), LOGS).ip
    assert any(
        ipaddress.IPv4Address(first.ip) in ipaddress.IPv4Network(each)
        for each in ("192.0.2.0/24", "198.51.100.0/24")
    )


@pytest.mark.parametrize(
    ("service", "region", "host"),
    [
        ("ecr.api", "eu-west-1", "api.ecr.eu-west-1.amazonaws.com"),
        ("ecr.dkr", "eu-west-1", "123456789012.dkr.ecr.eu-west-1.amazonaws.com"),
        ("s3", "eu-west-1", "s3.eu-west-1.amazonaws.com"),
        ("secretsmanager", "us-east-1", "secretsmanager.us-east-1.amazonaws.com"),
        ("kinesis-firehose", "us-east-1", "firehose.us-east-1.amazonaws.com"),
        ("sqs", "cn-north-1", "sqs.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_services_have_their_hosts(service: str, region: str, host: str) -> None:
    assert aws(service, region, account="123456789012") == Destination(host, service)


def test_a_registry_has_an_account() -> None:
    with pytest.raises(ValueError, match="account id"):
        aws("ecr.dkr", "us-east-1")
