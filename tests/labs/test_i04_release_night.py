"""i04: what the learner finds, that the causes are independent, and what is innocent."""

from __future__ import annotations

import pytest

import solutions.i04_release_night as i04
from labs.endpoint_cloud import EndpointCloud
from labs.loader import find
from labs.runner import LabRunner

I04 = "i04-release-night"
STEPS = ["stabilise", "ground", "move", "farewell", "again"]


@pytest.fixture
def night(cloud: EndpointCloud) -> LabRunner:
    """i04, started."""
    runner = LabRunner(find(I04), cloud)
    runner.start()
    return runner


def passed_steps(runner: LabRunner) -> list[str]:
    """The steps that an explicit check passes."""
    return [step.id for step in runner.check().steps if step.passed]


def test_the_learner_comes_into_a_rollback_after_an_outage(night: LabRunner) -> None:
    cloud = night.cloud
    ecs, report = cloud.client("ecs"), cloud.traffic.report()
    service = ecs.describe_services(cluster="i04", services=["shop"])["services"][0]
    assert service["taskDefinition"].endswith("shop:2")
    assert service["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    said = [event["message"] for event in service["events"]]
    assert any("deployment failed: tasks failed to start." in message for message in said)
    assert any("Capacity is unavailable at this time." in message for message in said)
    assert report["running"]
    assert {error["status"] for error in report["errors"]} >= {503}
    assert report["unsaved_lost"] > 100
    arns = ecs.list_tasks(cluster="i04", serviceName="shop", desiredStatus="STOPPED")["taskArns"]
    codes = {task["stopCode"] for task in ecs.describe_tasks(cluster="i04", tasks=arns)["tasks"]}
    assert codes == {"ServiceSchedulerInitiated", "SpotInterruption", "TaskFailedToStart"}
    assert cloud.capacity.report()["shortages"] == []


def test_waiting_brings_it_to_rest_and_no_further(night: LabRunner) -> None:
    assert night.wait_for("stabilise")
    assert passed_steps(night) == ["stabilise"]
    assert night.answer("stabilise", "4").correct
    assert night.answer("ground", "3").correct
    assert night.answer("move", "4").correct
    assert night.answer("farewell", "3").correct


@pytest.mark.parametrize(
    ("left_out", "fails"),
    [
        ({"items": None}, ["ground", "again"]),
        ({"bounds": None}, ["move"]),
        ({"change": {}}, ["farewell", "again"]),
    ],
)
def test_each_cause_fails_its_own_step_alone_but_for_the_whole_night(
    night: LabRunner, left_out: dict[str, None], fails: list[str]
) -> None:
    i04._repair(night.cloud, **left_out)  # type: ignore[arg-type]
    assert passed_steps(night) == [step for step in STEPS if step not in fails]


def test_the_version_and_the_breaker_are_innocent(night: LabRunner) -> None:
    i04._repair(night.cloud, change={"stopTimeout": 30, "image": "public.ecr.aws/fargate-lab/shop:1.1-batch"})
    off = {"enable": False, "rollback": False}
    i04._update(night.cloud, deploymentConfiguration=i04._bounds(100, 200, off))
    assert night.check().passed


def test_a_service_that_is_gone_is_told(night: LabRunner) -> None:
    cloud = night.cloud
    cloud.client("ecs").delete_service(cluster="i04", service="shop", force=True)
    cloud.clock.settle(3_600_000)
    result = night.check()
    assert not any(check.passed for step in result.steps for check in step.checks)
    assert "there is no service" in result.check("bill").observed
    assert "there is no service" in result.check("same-night").observed


def test_the_names_give_no_cause_away() -> None:
    lab = find(I04)
    shown = [lab.title, lab.summary, *lab.teaches, *(step.title for step in lab.steps)]
    shown += [check.title for step in lab.steps for check in step.checks]
    for word in ("spot", "capacity", "percent", "stoptimeout", "base", "provider"):
        assert word not in " ".join(shown).casefold()


def test_the_solution_explains_itself() -> None:
    assert len((i04.__doc__ or "").split()) > 60
