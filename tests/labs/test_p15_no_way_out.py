"""p15: both variants of the network, what the checks say of ways that lead nowhere, and what the debrief says of the one that does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import solutions.p15_no_way_out as p15
from labs.endpoint_cloud import EndpointCloud
from labs.loader import find
from labs.runner import LabRunner
from labs.ways import WayOut

LAB = find("p15-no-way-out")
ENABLED, DISABLED = 7, 2
"""A seed of each variant, by what it says of public addresses. The proof of all labs has the first."""
FORMS = (
    "endpoints, but none for S3",
    "a public IP in the private subnets",
    "a route to the internet gateway, and no public IP",
    "one of the two subnets repaired",
)


@contextmanager
def started(seed: int) -> Iterator[LabRunner]:
    """The lab at its beginning in the world of a seed."""
    from fargate_lab.inprocess import world_factory  # noqa: PLC0415 - most tests need no second seed

    with world_factory(seed=seed) as new:
        runner = LabRunner(LAB, new())
        runner.start()
        yield runner


def service(cloud: EndpointCloud | Any) -> dict[str, Any]:
    """The service now."""
    return dict(cloud.client("ecs").describe_services(cluster="p15", services=["catalog"])["services"][0])


@pytest.mark.parametrize(("seed", "public"), [(ENABLED, "ENABLED"), (DISABLED, "DISABLED")])
def test_with_and_without_public_addresses_nothing_starts(seed: int, public: str) -> None:
    with started(seed) as runner:
        found = service(runner.cloud)
        assert found["runningCount"] == 0
        assert found["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == public
        ecs = runner.cloud.client("ecs")
        stopped = ecs.list_tasks(cluster="p15", desiredStatus="STOPPED")["taskArns"]
        for task in ecs.describe_tasks(cluster="p15", tasks=stopped)["tasks"]:
            assert task["stopCode"] == "TaskFailedToStart"
            assert "GetAuthorizationToken" in task["stoppedReason"]


def test_the_other_variant_is_solved_by_every_right_fix() -> None:
    fixes: list[Callable[[Any], Any]] = [p15.solve, *(fix.apply for fix in p15.ALTERNATIVES)]
    for fix in fixes:
        with started(DISABLED) as runner:
            fix(runner.cloud)
            assert [c.observed for s in runner.check().steps for c in s.checks if not c.passed] == []


@pytest.mark.parametrize("name", FORMS)
def test_a_way_that_leads_nowhere_is_told_in_the_other_variant_too(name: str) -> None:
    (wrong,) = (fix for fix in p15.WRONG_FIXES if fix.name == name)
    with started(DISABLED) as runner:
        wrong.apply(runner.cloud)
        result = runner.check().check(wrong.fails)
        assert not result.passed
        assert wrong.word in result.observed


def test_links_repaired_one_by_one_show_the_next_one_each_time(cloud: EndpointCloud) -> None:
    runner = LabRunner(LAB, cloud)
    runner.start()
    told = [runner.check("way-out").check("every-subnet").observed]
    group = p15._doors(cloud)
    ec2 = cloud.client("ec2")
    for name in p15.INTERFACES:
        ec2.create_vpc_endpoint(
            VpcId=cloud.env["VPC"],
            ServiceName=p15._name(cloud, name),
            VpcEndpointType="Interface",
            SubnetIds=p15.lab_subnets(cloud, p15.CLUSTER),
            SecurityGroupIds=[group],
            PrivateDnsEnabled=True,
        )
        told.append(runner.check("way-out").check("every-subnet").observed)
    links = (
        "the registry authorisation (ecr.api)",
        "the manifest (ecr.dkr)",
        "the logs (logs)",
        "the layers (s3)",
    )
    for link, observed in zip(links, told, strict=True):
        assert link in observed


def test_nat_and_endpoints_together_are_told_and_priced_together(cloud: EndpointCloud) -> None:
    runner = LabRunner(LAB, cloud)
    runner.start()
    p15._route(cloud, NatGatewayId=p15._nat(cloud))
    p15._endpoints(cloud, ("ecr.api", "ecr.dkr"), layers=False)
    observed = runner.check("way-out").check("every-subnet").observed
    assert "by the NAT gateway nat-" in observed
    assert "the interface endpoints ecr.api, ecr.dkr" in observed
    assert "$0.09 an hour, $65.70 a month" in observed


def test_an_interface_endpoint_of_s3_is_named_and_priced(cloud: EndpointCloud) -> None:
    runner = LabRunner(LAB, cloud)
    runner.start()
    p15._endpoints(cloud, (*p15.INTERFACES, "s3"), layers=False)
    observed = runner.check("way-out").check("every-subnet").observed
    assert "the interface endpoints ecr.api, ecr.dkr, logs, s3: $0.08 an hour" in observed


def test_endpoints_in_one_zone_are_weighed(cloud: EndpointCloud) -> None:
    runner = LabRunner(LAB, cloud)
    runner.start()
    p15._endpoints(cloud, subnets=p15.lab_subnets(cloud, p15.CLUSTER)[:1])
    observed = runner.check("way-out").check("every-subnet").observed
    assert "$0.03 an hour" in observed
    assert "An endpoint in one zone serves the other as well" in observed


def test_the_debrief_tells_where_starts_ended_by_which_way_tasks_got_out_and_its_price(
    cloud: EndpointCloud,
) -> None:
    runner = LabRunner(LAB, cloud)
    runner.start()
    p15._by_nat(cloud)
    assert runner.check().passed
    debrief = runner.debrief()
    facts = {fact.label: fact for fact in debrief.facts}
    assert "has no route for 0.0.0.0/0" in facts["Starts that ended at the registry authorisation"].comment
    assert facts["The way out in the end"].value.startswith("the NAT gateway nat-")
    assert facts["What that way costs"].value == "$0.05 an hour, $36.50 a month"
    assert "Runs" not in facts  # the tasks that the check started are none
    assert "run" not in debrief.headline
    assert not any("exit code" in moment.text for moment in debrief.timeline)


def test_a_way_is_named_and_weighed_by_what_it_is_made_of() -> None:
    prices = {
        "items": [
            {"kind": kind, "price": price}
            for kind, price in (("nat", 0.045), ("endpoint", 0.01), ("public_ip", 0.005))
        ]
    }
    public = WayOut(addresses=3)
    assert public.price(prices) == "$0.015 an hour, $10.95 a month"
    assert "readiness review" in public.trade_off
    two = WayOut(nats=("nat-1", "nat-2"))
    assert two.price(prices) == "$0.10 an hour, $73.00 a month"
    assert "each zone has its own" in two.trade_off
    endpoints = WayOut(endpoints={"vpce-1": ("logs", 2)}, gateways=("vpce-2",))
    assert str(endpoints) == "the interface endpoints logs and the gateway endpoint vpce-2 (S3)"
    assert endpoints.price_of == "2 endpoint network interfaces, one for each endpoint and zone"


def test_a_service_that_is_gone_is_told(cloud: EndpointCloud) -> None:
    runner = LabRunner(LAB, cloud)
    runner.start()
    cloud.client("ecs").delete_service(cluster="p15", service="catalog", force=True)
    cloud.clock.settle(3_600_000)
    result = runner.check()
    for step in result.steps:
        for check in step.checks:
            assert not check.passed
            assert "there is no service" in check.observed


def test_the_predictions(cloud: EndpointCloud) -> None:
    runner = LabRunner(LAB, cloud)
    runner.start()
    assert runner.answer("way-out", "logs").correct
    assert runner.answer("prove", "6").correct
    assert not runner.answer("prove", "3").correct
