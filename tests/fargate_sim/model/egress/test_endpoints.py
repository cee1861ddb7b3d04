"""Through VPC endpoints: they take over, they have groups and policies of their own, and each serves one service."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

import pytest
from support.vpcs import (
    ANYWHERE,
    DEFAULT,
    ENDPOINT_IP,
    S3_CIDR,
    S3_LIST,
    healthy,
    task,
    with_acl,
    with_endpoint,
    with_gateway_endpoint,
    with_group,
    with_subnet,
    with_table,
)

from fargate_sim.model.egress import VpcFacts, aws, reach
from fargate_sim.model.egress.facts import AclRule, EndpointInterface, GroupRule

DKR = aws("ecr.dkr", "us-east-1", account="123456789012")
API = aws("ecr.api", "us-east-1")
S3 = aws("s3", "us-east-1")


def closed(vpc: VpcFacts) -> VpcFacts:
    """No way to the internet."""
    return with_table(vpc, "rtb-private")


class TestInterfaceEndpoint:
    def test_it_needs_no_route_to_the_internet(self) -> None:
        route = reach(closed(with_endpoint(healthy(), "ecr.dkr")), task(), DKR)
        assert (route.reached, route.via, route.through) == (True, "interface endpoint", "vpce-1")
        assert (route.ip, route.policy) == (ENDPOINT_IP, '{"Statement": []}')

    def test_it_serves_other_subnets_of_the_vpc_too(self) -> None:
        assert reach(closed(with_endpoint(healthy(), "ecr.dkr")), task("subnet-b"), DKR).reached

    def test_it_serves_one_service_only(self) -> None:
        vpc = closed(with_endpoint(healthy(), "ecr.dkr"))
        assert not reach(vpc, task(), API).reached
        assert "has no route for 0.0.0.0/0" in reach(vpc, task(), S3).missing

    def test_it_serves_its_region_only(self) -> None:
        vpc = with_endpoint(healthy(), "logs")
        assert reach(vpc, task(), aws("logs", "eu-west-1")).via == "nat gateway"

    def test_it_takes_over_from_a_nat_gateway_and_then_its_group_decides(self) -> None:
        vpc = with_group(with_endpoint(healthy(), "ecr.dkr"), "sg-endpoints", rules_in=())
        assert reach(healthy(), task(), DKR).reached
        route = reach(vpc, task(), DKR)
        assert route.missing == (
            "security group sg-endpoints of the endpoint vpce-1 lets no TCP 443 in from 10.0.10.7 (sg-1)"
        )
        assert (route.ip, route.via) == (ENDPOINT_IP, "interface endpoint")
        assert reach(vpc, task("subnet-b"), DKR).missing.endswith("from 10.0.11.7 (sg-1)")

    @pytest.mark.parametrize(
        ("rule", "passes"),
        [
            (GroupRule("tcp", 443, 443, groups=("sg-1",)), True),
            (GroupRule("tcp", 443, 443, groups=("sg-9",)), False),
            (GroupRule("tcp", 443, 443, cidrs=("10.0.0.0/16",)), True),
            (GroupRule("tcp", 443, 443, cidrs=("10.0.11.0/24",)), False),
            (GroupRule("tcp", 80, 80, cidrs=(DEFAULT,)), False),
            (ANYWHERE, True),
        ],
    )
    def test_its_groups_must_let_the_task_in(self, rule: GroupRule, passes: bool) -> None:
        vpc = with_group(with_endpoint(healthy(), "ecr.dkr"), "sg-endpoints", rules_in=(rule,))
        assert reach(vpc, task(), DKR).reached is passes

    @pytest.mark.parametrize(
        ("rule", "passes"),
        [
            (GroupRule("tcp", 443, 443, groups=("sg-endpoints",)), True),
            (GroupRule("tcp", 443, 443, cidrs=("10.0.0.0/16",)), True),
            (GroupRule("tcp", 443, 443, cidrs=("10.0.11.0/24",)), False),
            (GroupRule("tcp", 443, 443, prefix_lists=(S3_LIST,)), False),
        ],
    )
    def test_the_tasks_groups_must_let_it_out(self, rule: GroupRule, passes: bool) -> None:
        vpc = with_group(with_endpoint(healthy(), "ecr.dkr"), "sg-1", rules_out=(rule,))
        assert reach(vpc, task(), DKR).reached is passes

    def test_without_private_dns_the_name_goes_the_public_way(self) -> None:
        vpc = with_endpoint(healthy(), "ecr.dkr", private_dns=False)
        assert reach(vpc, task(), DKR).via == "nat gateway"
        assert reach(closed(vpc), task(), DKR).missing.endswith(
            "has no route for 0.0.0.0/0, and private DNS of the endpoint vpce-1 is off"
        )

    def test_private_dns_needs_dns_hostnames(self) -> None:
        vpc = replace(closed(with_endpoint(healthy(), "ecr.dkr")), dns_hostnames=False)
        assert "enableDnsHostnames of vpc-1 is off" in reach(vpc, task(), DKR).missing

    def test_without_dns_support_it_does_not_resolve_either(self) -> None:
        vpc = replace(with_endpoint(healthy(), "ecr.dkr"), dns_support=False)
        assert reach(vpc, task(), DKR).missing.startswith("enableDnsSupport of vpc-1 is off")

    @pytest.mark.parametrize("state", ["pending", "deleted", "failed"])
    def test_it_must_be_available(self, state: str) -> None:
        assert reach(with_endpoint(healthy(), "ecr.dkr", state=state), task(), DKR).via == "nat gateway"

    def test_the_interface_of_the_tasks_zone_is_dialled(self) -> None:
        both = (EndpointInterface("subnet-a", ENDPOINT_IP), EndpointInterface("subnet-b", "10.0.11.200"))
        vpc = with_endpoint(healthy(), "ecr.dkr", interfaces=both)
        assert reach(vpc, task(), DKR).ip == ENDPOINT_IP
        assert reach(vpc, task("subnet-b"), DKR).ip == "10.0.11.200"
        assert reach(vpc, task("subnet-public"), DKR).ip == ENDPOINT_IP


class TestAclsOfAnEndpoint:
    def divided(self) -> VpcFacts:
        """The endpoint is in subnet-b, under a network ACL of its own."""
        vpc = with_endpoint(healthy(), "ecr.dkr", interfaces=(EndpointInterface("subnet-b", "10.0.11.200"),))
        return with_acl(with_subnet(vpc, "subnet-b", acl="acl-b"), "acl-b")

    def test_open_ones_let_everything_through(self) -> None:
        assert reach(self.divided(), task(), DKR).reached

    def test_its_subnet_must_let_the_task_in(self) -> None:
        missing = reach(with_acl(self.divided(), "acl-b", rules_in=()), task(), DKR).missing
        assert missing == (
            "network ACL acl-b of subnet-b (private-b) lets no TCP 443 in from 10.0.10.7: no rule allows it"
        )

    def test_its_subnet_must_let_the_answer_out(self) -> None:
        web = (AclRule(100, allow=True, protocol="tcp", from_port=443, to_port=443),)
        missing = reach(with_acl(self.divided(), "acl-b", rules_out=web), task(), DKR).missing
        assert "acl-b of subnet-b (private-b) lets no TCP 32768-60999 out back to 10.0.10.7" in missing

    def test_the_tasks_subnet_must_let_the_request_out_and_the_answer_in(self) -> None:
        out = reach(with_acl(self.divided(), "acl-1", rules_out=()), task(), DKR)
        back = reach(with_acl(self.divided(), "acl-1", rules_in=()), task(), DKR)
        assert "acl-1 of subnet-a (private-a) lets no TCP 443 out to the endpoint vpce-1" in out.missing
        assert "acl-1 of subnet-a (private-a) lets no TCP 32768-60999 in back" in back.missing

    def test_in_the_same_subnet_none_is_passed(self) -> None:
        vpc = with_acl(with_endpoint(healthy(), "ecr.dkr"), "acl-1", rules_in=(), rules_out=())
        assert reach(vpc, task(), DKR).reached


class TestGatewayEndpoint:
    def test_it_serves_the_subnets_whose_table_it_is_associated_with(self) -> None:
        route = reach(closed_then_associated(), task(), S3)
        assert (route.reached, route.via, route.through) == (True, "gateway endpoint", "vpce-s3")
        assert route.policy == "{}"
        assert ipaddress.IPv4Address(route.ip) in ipaddress.IPv4Network(S3_CIDR)

    def test_it_does_not_serve_another_table(self) -> None:
        vpc = closed(with_gateway_endpoint(healthy(), "rtb-main"))
        assert reach(vpc, task(), S3).missing == (
            "route table rtb-private of subnet subnet-a (private-a) has no route for 0.0.0.0/0, and the gateway "
            "endpoint vpce-s3 is not associated with it"
        )

    def test_it_serves_nothing_but_its_service(self) -> None:
        assert not reach(closed_then_associated(), task(), API).reached

    def test_it_goes_before_a_default_route(self) -> None:
        assert reach(with_gateway_endpoint(healthy(), "rtb-private"), task(), S3).via == "gateway endpoint"

    def test_a_nat_gateway_does_not_use_the_one_of_its_own_subnet(self) -> None:
        route = reach(with_gateway_endpoint(healthy(), "rtb-public"), task(), S3)
        assert (route.reached, route.via, route.policy) == (True, "nat gateway", None)

    def test_it_must_be_there(self) -> None:
        vpc = replace(closed_then_associated(), endpoints={})
        assert "leads to vpce-s3, which is not available" in reach(vpc, task(), S3).missing

    @pytest.mark.parametrize(
        ("rule", "passes"),
        [
            (GroupRule("tcp", 443, 443, prefix_lists=(S3_LIST,)), True),
            (GroupRule("tcp", 443, 443, cidrs=(S3_CIDR,)), True),
            (GroupRule("tcp", 443, 443, cidrs=("10.0.0.0/16",)), False),
            (GroupRule("tcp", 443, 443, groups=("sg-endpoints",)), False),
        ],
    )
    def test_the_tasks_groups_must_let_it_out(self, rule: GroupRule, passes: bool) -> None:
        vpc = with_group(closed_then_associated(), "sg-1", rules_out=(rule,))
        assert reach(vpc, task(), S3).reached is passes

    def test_the_acl_sees_public_addresses(self) -> None:
        inside = (AclRule(100, allow=True, cidr="10.0.0.0/16"),)
        assert (
            "lets no TCP 443 out"
            in reach(with_acl(closed_then_associated(), "acl-1", rules_out=inside), task(), S3).missing
        )
        assert (
            "in back from"
            in reach(with_acl(closed_then_associated(), "acl-1", rules_in=inside), task(), S3).missing
        )


def closed_then_associated() -> VpcFacts:
    """No default route, but the gateway endpoint's."""
    return with_gateway_endpoint(closed(healthy()), "rtb-private")
