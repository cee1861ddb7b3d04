"""p12: what the learner finds, and what a storm does before and after."""

from __future__ import annotations

import pytest

import solutions.p12_spot_tasks_vanish as p12
from labs.endpoint_cloud import EndpointCloud
from labs.loader import find
from labs.runner import LabRunner

P12 = "p12-spot-tasks-vanish"


@pytest.fixture
def noon(cloud: EndpointCloud) -> LabRunner:
    """p12, started."""
    runner = LabRunner(find(P12), cloud)
    runner.start()
    return runner


def test_the_learner_finds_interrupted_tasks_lost_baskets_and_refused_requests(noon: LabRunner) -> None:
    ecs, report = noon.cloud.client("ecs"), noon.cloud.traffic.report()
    arns = ecs.list_tasks(cluster="p12", serviceName="baskets", desiredStatus="STOPPED")["taskArns"]
    gone = [
        task
        for task in ecs.describe_tasks(cluster="p12", tasks=arns)["tasks"]
        if task["stopCode"] == "SpotInterruption"
    ]
    assert len(gone) == 12
    assert {task["capacityProviderName"] for task in gone} == {"FARGATE_SPOT"}
    assert {task["stoppedReason"] for task in gone} == {"Your Spot Task was interrupted."}
    assert {task["containers"][0]["exitCode"] for task in gone} == {137}
    assert report["running"]
    assert report["unsaved_lost"] > 100
    assert 503 in {error["status"] for error in report["errors"]}
    service = ecs.describe_services(cluster="p12", services=["baskets"])["services"][0]
    assert (service["runningCount"], len(service["deployments"])) == (12, 1)


def test_the_predictions(noon: LabRunner) -> None:
    p12.solve(noon.cloud)
    shown = noon.cloud.capacity.report()["spot_tasks"]
    assert noon.answer("floor", str(len(shown))).correct
    taken = noon.cloud.capacity.interrupt(count=1)
    noon.cloud.clock.advance(180_000)
    end = next(each for each in noon.cloud.traffic.report()["shutdowns"] if each["task"] == taken[0])
    left_s = 120 - (end["exited_ms"] - end["stop_requested_ms"]) / 1000
    assert noon.answer("farewell", f"{left_s:.0f}").correct
    assert not end["killed"]


def test_a_shortage_of_the_learners_own_is_left_as_it_was(noon: LabRunner) -> None:
    p12.solve(noon.cloud)
    noon.cloud.capacity.shortage("FARGATE_SPOT", "us-east-1a")
    assert noon.check().passed
    shortages = noon.cloud.capacity.report()["shortages"]
    assert [(each["provider"], each["zone"]) for each in shortages] == [("FARGATE_SPOT", "us-east-1a")]
    assert noon.cloud.traffic.report()["running"]


def test_a_service_without_spot_tasks_cannot_be_tried(noon: LabRunner) -> None:
    p12._deploy(noon.cloud, p12.EXEC, ())
    result = noon.check()
    assert "no task runs on FARGATE_SPOT" in result.check("floor").observed
    assert "0 of 12 tasks on FARGATE_SPOT" in result.check("mostly-spot").observed
    assert noon.cloud.capacity.report()["shortages"] == []


def test_the_debrief_tells_of_what_was_taken(noon: LabRunner) -> None:
    p12.solve(noon.cloud)
    assert noon.check().passed
    debrief = noon.debrief()
    facts = {fact.label: (fact.value, fact.comment) for fact in debrief.facts}
    assert facts["Tasks that Spot took back"] == ("20", "12 of them had to be killed; checks included")
    told = [moment.text for moment in debrief.timeline]
    assert "Spot gave 12 tasks two minutes' notice" in told
    assert "Spot gave 8 tasks two minutes' notice" in told
    assert "no FARGATE_SPOT capacity for new tasks from now on, in every zone" in told
    assert "FARGATE_SPOT capacity is there again, in every zone" in told


def test_the_solution_explains_itself() -> None:
    assert len((p12.__doc__ or "").split()) > 60
