"""p11, twice: what the checks, the predictions and the debrief say on the way, and fixes beyond those of the proof."""

from __future__ import annotations

from typing import Any

import pytest

import solutions.p11_memory_leak as leak
import solutions.p11_out_of_memory as cap
from labs.endpoint_cloud import EndpointCloud
from labs.loader import find
from labs.runner import LabRunner

LEAK, CAP = "p11-memory-leak", "p11-out-of-memory"


def started(cloud: EndpointCloud, lab_id: str) -> LabRunner:
    runner = LabRunner(find(lab_id), cloud)
    runner.start()
    return runner


def failed(runner: LabRunner) -> set[str]:
    return {check.id for step in runner.check().steps for check in step.checks if not check.passed}


@pytest.mark.parametrize(
    ("lab", "step", "right", "wrong"),
    [
        (CAP, "fit", "512", "1024"),
        (CAP, "prove", "1024", "2048"),
        (LEAK, "measure", "35", "17"),
        (LEAK, "prove", "86", "17"),
    ],
)
def test_the_predictions(cloud: EndpointCloud, lab: str, step: str, right: str, wrong: str) -> None:
    runner = started(cloud, lab)
    assert runner.answer(step, right).correct
    assert not runner.answer(step, wrong).correct


def test_the_learner_arrives_when_tasks_have_been_killed(cloud: EndpointCloud) -> None:
    for lab in (CAP, LEAK):
        began = cloud.history.next_seq
        started(cloud, lab)
        ends = [
            entry.data for entry in cloud.history.since(began).of("container.exited") if entry.data["reason"]
        ]
        assert {end["reason"] for end in ends} == {"OutOfMemoryError: Container killed due to memory usage"}
        cloud.traffic.stop()


def test_services_that_are_gone_are_told(cloud: EndpointCloud) -> None:
    for lab, solution in ((CAP, cap), (LEAK, leak)):
        runner = started(cloud, lab)
        cloud.client("ecs").delete_service(cluster=solution.CLUSTER, service=solution.SERVICE, force=True)
        cloud.clock.settle(3_600_000)
        result = runner.check()
        assert not any(check.passed for step in result.steps for check in step.checks)
        assert "there is no service" in result.check("capacity").observed
        cloud.traffic.stop()


def test_a_pinned_digest_of_a_build_that_does_not_leak_is_right(cloud: EndpointCloud) -> None:
    runner = started(cloud, LEAK)
    leak.solve(cloud)
    ecs = cloud.client("ecs")
    (arn, *_) = ecs.list_tasks(cluster="p11", serviceName="reports")["taskArns"]
    digest = ecs.describe_tasks(cluster="p11", tasks=[arn])["tasks"][0]["containers"][0]["imageDigest"]
    leak._deploy(cloud, image=f"{leak.IMAGE}@{digest}")
    assert failed(runner) == set()


def test_the_checks_measure_what_the_clients_of_the_lab_live_through(cloud: EndpointCloud) -> None:
    runner = started(cloud, LEAK)
    before = cloud.traffic.report()["demand"]
    result = runner.check()
    said = result.check("stays-level").observed
    assert "memory still grows by 1,3" in said
    assert "MiB an hour" in said
    assert "the next kill, at 512 MiB, comes in about" in said
    assert "killed for memory" in result.check("nothing-lost").observed
    again = cloud.traffic.report()
    assert (again["running"], again["demand"]) == (True, before)


def test_a_bigger_task_only_moves_the_moment_and_says_by_how_much(cloud: EndpointCloud) -> None:
    hours: dict[str, Any] = {}
    for size in ("1024", "2048"):
        cloud.reset()
        runner = started(cloud, LEAK)
        leak._deploy(cloud, {"cpu": "256", "memory": size})
        hours[size] = runner.check().check("stays-level").observed
    assert "1,024 MiB take longer to fill; they do fill" in hours["1024"]
    assert hours["1024"] != hours["2048"]


def test_aws_refuses_a_pair_that_does_not_exist_and_nothing_is_better_for_it(cloud: EndpointCloud) -> None:
    runner = started(cloud, CAP)
    with pytest.raises(Exception, match="No Fargate configuration exists for given values"):
        cap._deploy(cloud, ("512", "512"))
    assert {"capacity", "fits", "steady"} <= failed(runner)


def test_the_debrief_has_the_kills(cloud: EndpointCloud) -> None:
    runner = started(cloud, LEAK)
    runner.solve()
    told = runner.debrief().to_markdown()
    assert "**Tasks killed for memory:** 2" in told
    assert "first container killed for its memory: OutOfMemoryError" in told
    assert "`memory` of the task definition" in told


def test_the_solutions_explain_themselves() -> None:
    for module in (cap, leak):
        assert len((module.__doc__ or "").split()) > 60
