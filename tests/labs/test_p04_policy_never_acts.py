"""p04: both variants of the label, what the checks say on the way, and the ways that work in one of them only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

import solutions.p04_policy_never_acts as p04
from labs.endpoint_cloud import EndpointCloud
from labs.loader import find
from labs.runner import LabRunner

BALANCER, REPLACED = 1, 7
"""Seeds of worlds whose label has another load balancer, and another target group. The whole proof is run with the latter
(tests/labs/test_proof.py).
"""


@pytest.fixture
def at() -> Iterator[Callable[[int], LabRunner]]:
    """Gives the lab at its beginning in a fresh world of a seed; the one given before ends."""
    from fargate_lab.inprocess import world_factory  # noqa: PLC0415 - as in conftest

    with ExitStack() as stack:

        def new(seed: int) -> LabRunner:
            stack.close()
            runner = LabRunner(find("p04-policy-never-acts"), stack.enter_context(world_factory(seed=seed))())
            runner.start()
            return runner

        yield new


def states(cloud: EndpointCloud) -> set[str]:
    """Of all alarms."""
    return {alarm["StateValue"] for alarm in cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]}


@pytest.mark.parametrize("seed", [BALANCER, REPLACED])
def test_the_learner_finds_a_silent_policy_and_clients_that_wait(
    at: Callable[[int], LabRunner], seed: int
) -> None:
    runner = at(seed)
    cloud = runner.cloud
    service = cloud.client("ecs").describe_services(cluster="p04", services=["quotes"])["services"][0]
    assert (service["desiredCount"], service["runningCount"]) == (2, 2)
    assert service["deployments"][0]["rolloutState"] == "COMPLETED"
    assert states(cloud) == {"INSUFFICIENT_DATA"}
    scaling = cloud.client("application-autoscaling")
    activities = scaling.describe_scaling_activities(
        ServiceNamespace="ecs", ResourceId="service/p04/quotes", IncludeNotScaledActivities=True
    )
    assert activities["ScalingActivities"] == []
    minutes = cloud.traffic.report()["minutes"]
    assert minutes[1]["p99_ms"] < 4_000
    assert all(minute["failed"] > 300 for minute in minutes[-2:])
    told = runner.check("hear").check("hears").observed
    assert "has had no datapoint since 09:0" in told
    assert (
        "no request went through load balancer app/backoffice-alb"
        if seed == BALANCER
        else "to targetgroup/quotes/"
    ) in told
    assert "behind app/quotes-alb/" in told


def test_every_right_fix_works_with_the_other_balancer_too(at: Callable[[int], LabRunner]) -> None:
    for fix in (p04.solve, *(fix.apply for fix in p04.ALTERNATIVES)):
        runner = at(BALANCER)
        fix(runner.cloud)
        assert [c.observed for s in runner.check().steps for c in s.checks if not c.passed] == []


def test_wrong_fixes_fail_with_the_other_balancer_too(at: Callable[[int], LabRunner]) -> None:
    for wrong in p04.WRONG_FIXES:
        if wrong.fails == "hears":
            runner = at(BALANCER)
            wrong.apply(runner.cloud)
            told = runner.check("hear").check("hears")
            assert not told.passed, wrong.name
            assert wrong.word in told.observed
            assert states(runner.cloud) <= {"INSUFFICIENT_DATA", "ALARM"}


def test_half_the_target_value_is_told_to_change_nothing(at: Callable[[int], LabRunner]) -> None:
    runner = at(BALANCER)
    p04._lower_target(runner.cloud)
    assert "change nothing for an alarm that sees nothing" in runner.check("hear").check("hears").observed


def test_the_service_may_go_back_to_where_the_label_points(at: Callable[[int], LabRunner]) -> None:
    runner = at(REPLACED)
    p04.move_to_the_label(runner.cloud)
    assert [c.observed for s in runner.check().steps for c in s.checks if not c.passed] == []


def test_the_metric_may_be_worked_out_from_others(at: Callable[[int], LabRunner]) -> None:
    runner = at(BALANCER)

    def query(name: str, metric: str, statistic: str) -> dict[str, Any]:
        dimensions = p04._dimensions(runner.cloud)
        asked = {"Namespace": "AWS/ApplicationELB", "MetricName": metric, "Dimensions": dimensions}
        return {"Id": name, "MetricStat": {"Metric": asked, "Stat": statistic}, "ReturnData": False}

    each = {"Id": "each", "Expression": "sent / hosts", "ReturnData": True}
    queries = [query("sent", "RequestCount", "Sum"), query("hosts", "HealthyHostCount", "Average"), each]
    p04._track(runner.cloud, p04.POLICY, p04.TARGET, CustomizedMetricSpecification={"Metrics": queries})
    result = runner.check()
    assert [c.observed for s in result.steps for c in s.checks if not c.passed] == []
    assert "AlarmHigh of policy requests (an expression) was at" in result.check("hears").observed


def test_an_alarm_of_somebodys_own_may_call_on_a_percentile(at: Callable[[int], LabRunner]) -> None:
    runner = at(BALANCER)
    p04._forget(runner.cloud)
    cloud = runner.cloud
    assert "no scaling policy" in runner.check("hear").check("hears").observed
    arn = cloud.client("application-autoscaling").put_scaling_policy(
        **p04.IDENTITY,
        PolicyName="slow",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
        },
    )["PolicyARN"]
    assert "no alarm calls the policies" in runner.check("hear").check("hears").observed
    cloud.client("cloudwatch").put_metric_alarm(
        AlarmName="quotes-slow",
        Namespace="AWS/ApplicationELB",
        MetricName="TargetResponseTime",
        Dimensions=p04._dimensions(cloud),
        ExtendedStatistic="p99",
        Period=60,
        EvaluationPeriods=2,
        Threshold=2.0,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[arn],
    )
    told = runner.check("hear").check("hears")
    assert told.passed
    assert "quotes-slow of policy slow (TargetResponseTime) was at" in told.observed


def test_taking_the_fault_back_solves_it(at: Callable[[int], LabRunner]) -> None:
    for seed in (BALANCER, REPLACED):
        runner = at(seed)
        runner.revert()
        assert runner.check("ride").passed


def test_a_service_without_a_policy_and_one_without_clients_are_told(at: Callable[[int], LabRunner]) -> None:
    runner = at(BALANCER)
    runner.cloud.traffic.stop()
    assert "No client sends anything just now" in runner.check("hear").check("hears").observed
    p04._forget(runner.cloud)
    assert "has no scaling policy" in runner.check("hear").check("hears").observed
    cloud = runner.cloud
    cloud.client("ecs").delete_service(cluster="p04", service="quotes", force=True)
    cloud.clock.settle(3_600_000)
    result = runner.check()
    assert not any(check.passed for step in result.steps for check in step.checks)
    assert "there is no service" in result.check("hears").observed


def test_the_predictions(at: Callable[[int], LabRunner]) -> None:
    runner = at(BALANCER)
    assert runner.answer("hear", "360").correct
    assert not runner.answer("hear", "720").correct
    assert runner.answer("ride", "3").correct
