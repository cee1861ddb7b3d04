"""p01: both variants of the delay, what the checks say on the way, and the debrief."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

import solutions.p01_deregistration_delay as p01
from labs.endpoint_cloud import EndpointCloud
from labs.loader import find
from labs.runner import LabRunner

LONG, SHORT = 4, 7
"""Seeds of worlds with a delay of 300 s and of 5 s. The whole proof is run with the latter (tests/labs/test_proof.py)."""


@pytest.fixture
def at() -> Iterator[Callable[[int], EndpointCloud]]:
    """Gives a fresh world of a seed; the one given before ends."""
    from fargate_lab.inprocess import world_factory  # noqa: PLC0415 - as in conftest

    with ExitStack() as stack:

        def new(seed: int) -> EndpointCloud:
            stack.close()
            return stack.enter_context(world_factory(seed=seed))()

        yield new


def started(cloud: EndpointCloud) -> LabRunner:
    """The lab at its beginning."""
    runner = LabRunner(find("p01-deregistration-delay"), cloud)
    runner.start()
    return runner


def test_each_variant_fails_for_what_it_is(at: Callable[[int], EndpointCloud]) -> None:
    result = started(at(LONG)).check()
    assert result.check("release-loses-nothing").passed
    assert "took 5 min 3" in result.check("stops-in-time").observed
    assert "the delay is 300 s" in result.check("scale-in").observed
    result = started(at(SHORT)).check()
    assert result.check("stops-in-time").passed
    for check in ("release-loses-nothing", "scale-in"):
        assert "delay of 5 s was over" in result.check(check).observed
    assert "describe-target-group-attributes" in result.check("scale-in").hint


def test_what_does_not_depend_on_the_delay_from_before_is_judged_alike_when_it_was_long(
    at: Callable[[int], EndpointCloud],
) -> None:
    for fix in (p01.solve, p01.ALTERNATIVES[-1].apply):
        runner = started(at(LONG))
        fix(runner.cloud)
        assert [c.observed for s in runner.check().steps for c in s.checks if not c.passed] == []
    for wrong in p01.WRONG_FIXES:
        if wrong.fails == "scale-in":
            runner = started(at(LONG))
            wrong.apply(runner.cloud)
            told = runner.check("scale-in").check("scale-in")
            assert not told.passed, wrong.name
            assert wrong.word in told.observed


def test_the_refusal_is_seen_and_nothing_else_is_taken_for_it(at: Callable[[int], EndpointCloud]) -> None:
    runner = started(at(SHORT))
    cloud = runner.cloud
    ecs = cloud.client("ecs")

    def told() -> str:
        return runner.check("refused").check("instance-refused").observed

    assert "no service has been given" in told()
    ecs.update_service(cluster="p01", service="orders", loadBalancers=p01._balancers(p01._group(cloud)))
    assert "ECS took it" in told()
    lonely = cloud.client("elbv2").create_target_group(
        Name="lonely", Protocol="HTTP", Port=8080, VpcId=cloud.env["VPC"], TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    with pytest.raises(ecs.exceptions.InvalidParameterException):
        ecs.update_service(cluster="p01", service="orders", loadBalancers=p01._balancers(lonely))
    assert "does not have an associated load balancer" in told()
    p01._try_instances(cloud)
    result = runner.check("refused").check("instance-refused")
    assert result.passed
    assert "instance, which is incompatible" in result.observed


def test_the_predictions(at: Callable[[int], EndpointCloud]) -> None:
    runner = started(at(SHORT))
    assert runner.answer("fit", "63").correct
    assert not runner.answer("fit", "33").correct
    assert runner.answer("scale-in", "0").correct
    assert runner.answer("refused", "IP").correct


def test_taking_the_fault_back_leaves_a_delay_that_fits(at: Callable[[int], EndpointCloud]) -> None:
    runner = started(at(LONG))
    runner.revert()
    assert runner.check("fit").passed
    assert runner.check("scale-in").passed


def test_the_debrief_tells_what_the_clients_lost_and_how_long_a_task_took_to_leave(
    at: Callable[[int], EndpointCloud],
) -> None:
    runner = started(at(SHORT))
    runner.check("fit")
    told = runner.debrief()
    facts = {fact.label: fact for fact in told.facts}
    failed = int(facts["Requests that failed"].value)
    assert failed > 0
    assert facts["Of these"].value == str(failed)
    assert "delay of 5 s was over" in facts["Of these"].comment
    assert facts["Of these"].comment.endswith("The knob: deregistration_delay.timeout_seconds")
    assert facts["Requests sent"].value in told.headline
    assert facts["Most addresses of leaving tasks"].value == "2"
    assert any("ended with requests" in moment.text for moment in told.timeline)
    assert f"{failed} of the {failed} failed requests" in told.lessons[0]

    runner = started(at(LONG))
    runner.check("fit")
    told = runner.debrief()
    facts = {fact.label: fact for fact in told.facts}
    assert facts["Requests that failed"].value == "0"
    assert facts["Longest stop of a task"].value.startswith("5 min 3")
    assert "5 min of it draining" in facts["Longest stop of a task"].comment
    paid = {row.label: float(row.value.removeprefix("about ").removeprefix("$")) for row in told.costs}
    # Two tasks of 0.25 vCPU and 0.5 GB for five minutes and a half: what the delay of 300 s has cost.
    assert 0.002 < paid["Paid for tasks on their way out"] < paid["Of it, tasks"]
    assert "drains for the whole of it" in told.lessons[0]


def test_a_release_that_is_still_going_on_is_waited_for(at: Callable[[int], EndpointCloud]) -> None:
    runner = started(at(LONG))
    runner.cloud.client("ecs").update_service(cluster="p01", service="orders", forceNewDeployment=True)
    result = runner.check("fit")
    for check in ("release-loses-nothing", "stops-in-time"):
        assert "a deployment is still IN_PROGRESS" in result.check(check).observed
        assert "Wait until the service has settled" in result.check(check).hint


def test_a_service_that_is_gone_is_told(
    at: Callable[[int], EndpointCloud],
) -> None:
    runner = started(at(SHORT))
    cloud = runner.cloud
    cloud.client("ecs").delete_service(cluster=p01.CLUSTER, service=p01.SERVICE, force=True)
    cloud.clock.settle(3_600_000)
    result = runner.check()
    assert not any(check.passed for step in result.steps for check in step.checks)
    assert "there is no service" in result.check("scale-in").observed
