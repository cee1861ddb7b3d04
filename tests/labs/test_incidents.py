"""i01: what the learner finds, that the causes are independent, and what the checks say on the way."""

from __future__ import annotations

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
    assert report["failed"] == 0
    assert report["unsaved_lost"] > 0
    assert {end["exit_code"] for end in report["shutdowns"]} == {137, None}
    assert {end["in_flight_at_signal"] for end in report["shutdowns"]} == {0, None}


def test_waiting_brings_it_to_rest_and_no_further(incident: LabRunner) -> None:
    assert incident.wait_for("stabilise")
    assert passed_steps(incident) == ["stabilise"]
    assert incident.answer("stabilise", "137").correct
    assert incident.answer("keep", "0").correct
    assert incident.answer("quick", "20").correct


def test_each_cause_fails_its_own_step_alone(cloud: EndpointCloud) -> None:
    runner = LabRunner(find(I01), cloud)
    runner.start()
    i01._only_delay(cloud, 45)
    assert passed_steps(runner) == ["stabilise", "quick"]
    runner.reset()
    i01._deploy(cloud, i01.EXEC)
    assert passed_steps(runner) == ["stabilise", "keep"]


def test_the_clients_go_on_after_a_check(incident: LabRunner) -> None:
    demand = incident.cloud.traffic.report()["demand"]
    incident.wait_for("stabilise")
    incident.check()
    report = incident.cloud.traffic.report()
    assert report["running"]
    assert report["demand"] == demand


def test_taking_the_faults_back_leaves_a_lab_that_passes(incident: LabRunner) -> None:
    incident.revert()
    i01._update(incident.cloud, forceNewDeployment=True)
    assert incident.check().passed


def test_a_service_that_is_gone_or_unbalanced_is_told(incident: LabRunner) -> None:
    cloud = incident.cloud
    i01._update(cloud, loadBalancers=[], forceNewDeployment=True)
    result = incident.check()
    for check in ("at-rest", "release-loses-nothing", "gone-in-time"):
        assert "behind no load balancer" in result.check(check).observed
    cloud.client("ecs").delete_service(cluster=i01.CLUSTER, service=i01.SERVICE, force=True)
    cloud.clock.settle(3_600_000)
    result = incident.check()
    assert not any(check.passed for step in result.steps for check in step.checks)
    assert "there is no service" in result.check("at-rest").observed


def test_the_catalogue_gives_no_cause_of_an_incident_away() -> None:
    for lab in load_all():
        if lab.track == "incidents":
            shown = [lab.title, lab.summary, *lab.teaches, *(step.title for step in lab.steps)]
            shown += [check.title for step in lab.steps for check in step.checks]
            for word in ("shell", "sigterm", "pid 1", "deregistration", "delay", "draining", "batch"):
                assert word not in " ".join(shown).casefold()


def test_the_solution_explains_itself() -> None:
    assert len((i01.__doc__ or "").split()) > 60
