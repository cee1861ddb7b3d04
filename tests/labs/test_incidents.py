"""i01: what the learner finds, that the causes are independent, and what the checks say on the way."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import pytest

import solutions.i01_payments as i01
from labs.endpoint_cloud import EndpointCloud
from labs.loader import find, load_all
from labs.runner import LabRunner

I01 = "i01-payments"


@pytest.fixture
def incident(cloud: EndpointCloud) -> LabRunner:
    """i01, started."""
    runner = LabRunner(find(I01), cloud)
    runner.start()
    return runner


def passed_steps(runner: LabRunner) -> list[str]:
    """The steps that an explicit check passes."""
    return [step.id for step in runner.check().steps if step.passed]


CAUSES: dict[str, Callable[[EndpointCloud], None]] = {
    "keep": lambda cloud: i01._deploy(cloud, i01.EXEC),
    "quick": lambda cloud: i01._only_delay(cloud, 45),
    "peak": lambda cloud: i01._requests(cloud, 110),
}
"""What repairs the cause behind a step, and nothing else."""


def test_the_learner_comes_into_a_rollback_with_clients_paying(incident: LabRunner) -> None:
    cloud = incident.cloud
    service = cloud.client("ecs").describe_services(cluster=i01.CLUSTER, services=[i01.SERVICE])["services"][
        0
    ]
    rollouts = {
        item["taskDefinition"].rsplit("/", 1)[-1]: item["rolloutState"] for item in service["deployments"]
    }
    assert rollouts == {"payments:2": "IN_PROGRESS", "payments:3": "COMPLETED"}
    report = cloud.traffic.report()
    assert report["running"]
    assert report["unsaved_lost"] > 0
    assert [cause["kind"] for cause in report["causes"]] == ["client"]
    assert report["failed"] > 1000
    medians = [minute["p50_ms"] for minute in report["minutes"] if minute["p50_ms"] is not None]
    assert max(medians[:10]) < 2_000
    assert max(medians) > 20_000
    assert all(end["stopped_ms"] - end["stop_requested_ms"] > 300_000 for end in report["shutdowns"][:4])
    assert {end["exit_code"] for end in report["shutdowns"]} == {137, None}
    assert {end["in_flight_at_signal"] for end in report["shutdowns"]} == {0, None}


def test_waiting_brings_it_to_rest_and_no_further(incident: LabRunner) -> None:
    assert incident.wait_for("stabilise")
    assert passed_steps(incident) == ["stabilise"]
    assert incident.answer("stabilise", "137").correct
    assert incident.answer("keep", "0").correct
    assert incident.answer("quick", "20").correct
    assert incident.answer("peak", "3").correct


def test_nothing_has_been_scaled_and_nothing_would_be(incident: LabRunner) -> None:
    history = incident.cloud.history
    assert not list(history.of("scaling.activity"))
    alarms = incident.cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
    states = {alarm["ComparisonOperator"]: alarm["StateValue"] for alarm in alarms}
    assert states == {"GreaterThanThreshold": "OK", "LessThanThreshold": "ALARM"}


@pytest.mark.parametrize("repaired", [set(some) for count in (1, 2) for some in combinations(CAUSES, count)])
def test_each_cause_fails_its_own_step_alone(incident: LabRunner, repaired: set[str]) -> None:
    for step, repair in CAUSES.items():
        if step in repaired:
            repair(incident.cloud)
    i01.settle(incident.cloud)
    passed = passed_steps(incident)
    assert passed == ["stabilise", *(step for step in CAUSES if step in repaired)]


def test_a_larger_task_sheds_as_many(incident: LabRunner) -> None:
    i01._but_the_scaler(incident.cloud)
    before = incident.check("peak").check("holds-the-peak").observed
    i01._and_larger(incident.cloud)
    after = incident.check("peak").check("holds-the-peak").observed
    failed = [
        int(said.split(" requests, ")[1].split(" failed")[0].replace(",", "")) for said in (before, after)
    ]
    assert failed[1] > failed[0] * 0.9
    assert "instead of 256 and 512: scaling the task up does not help" in after


def test_a_release_under_load_holds_the_scaler_and_lets_it_go(incident: LabRunner) -> None:
    for repair in CAUSES.values():
        repair(incident.cloud)
    i01.settle(incident.cloud)
    scaling = incident.cloud.client("application-autoscaling")
    scaling.register_scalable_target(**i01.SCALED, SuspendedState={"ScheduledScalingSuspended": True})
    assert incident.check("keep").passed
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert target["SuspendedState"] == {
        "DynamicScalingInSuspended": False,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": True,
    }


def test_the_clients_go_on_after_a_check(incident: LabRunner) -> None:
    demand = incident.cloud.traffic.report()["demand"]
    incident.wait_for("stabilise")
    incident.check()
    report = incident.cloud.traffic.report()
    assert report["running"]
    assert report["demand"] == demand


def test_taking_the_faults_back_leaves_what_the_service_was_built_with(incident: LabRunner) -> None:
    incident.revert()
    i01._update(incident.cloud, forceNewDeployment=True)
    assert passed_steps(incident) == ["stabilise", "keep", "quick"]


def test_a_service_that_is_gone_or_unbalanced_is_told(incident: LabRunner) -> None:
    cloud = incident.cloud
    i01._update(cloud, loadBalancers=[], forceNewDeployment=True)
    result = incident.check()
    for check in ("at-rest", "release-loses-nothing", "gone-in-time", "holds-the-peak"):
        assert "behind no load balancer" in result.check(check).observed
    cloud.client("ecs").delete_service(cluster=i01.CLUSTER, service=i01.SERVICE, force=True)
    cloud.clock.settle(3_600_000)
    result = incident.check()
    assert not any(check.passed for step in result.steps for check in step.checks)
    assert "there is no service" in result.check("at-rest").observed


CAUSES_SAID = (
    "shell",
    "sigterm",
    "pid 1",
    "deregistration",
    "delay",
    "draining",
    "batch",
    "scaler",
    "autoscaling",
    "waiting",
    "target",
    "secret",
    "permission",
    "encrypt",
    "kms",
    "json",
    "rotat",
    "role",
    "password",
)


def test_the_catalogue_gives_no_cause_of_an_incident_away() -> None:
    for lab in load_all():
        if lab.track == "incidents":
            shown = [lab.title, lab.summary, *lab.teaches, *(step.title for step in lab.steps)]
            shown += [check.title for step in lab.steps for check in step.checks]
            for word in CAUSES_SAID:
                assert word not in " ".join(shown).casefold()


def test_the_solution_explains_itself() -> None:
    assert len((i01.__doc__ or "").split()) > 60
