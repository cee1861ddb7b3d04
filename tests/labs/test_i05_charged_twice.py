"""i05: what the learner finds, that each cause fails a step of its own, and what only looks like a cause."""

from __future__ import annotations

import json

import pytest

import solutions.i05_charged_twice as i05
from fargate_lab.commands import queue
from fargate_lab.inprocess import world_factory
from labs import queues
from labs.checking import CheckContext
from labs.debrief import debrief
from labs.endpoint_cloud import EndpointCloud
from labs.loader import find
from labs.runner import LabRunner

LAB = "i05-charged-twice"


@pytest.fixture
def incident(cloud: EndpointCloud) -> LabRunner:
    """i05, started."""
    runner = LabRunner(find(LAB), cloud)
    runner.start()
    return runner


def passed_steps(runner: LabRunner) -> list[str]:
    """The steps that an explicit check passes."""
    return [step.id for step in runner.check().steps if step.passed]


def test_the_learner_finds_orders_charged_twice_for_two_reasons_and_no_backlog(incident: LabRunner) -> None:
    report = incident.cloud.queue.report("orders")
    assert report is not None
    assert report["running"]
    assert {cause["kind"] for cause in report["causes"]} == {"slow", "visibility"}
    assert report["visible"] < 20
    assert report["lost"] == 0
    assert incident.answer("stop", "137").correct
    assert incident.answer("once", "20").correct
    assert incident.answer("crash", "100").correct


def test_every_duplicate_can_be_found_in_the_log(incident: LabRunner) -> None:
    report = incident.cloud.queue.report("orders")
    assert report is not None
    found = incident.cloud.client("logs").filter_log_events(
        logGroupName=incident.cloud.env["LOG_GROUP"], filterPattern="charged", limit=10_000
    )["events"]
    latest = report["duplicated"][-1]
    lines = [event for event in found if event["message"].endswith(f"charged order {latest['order']}")]
    assert len(lines) == latest["times"]
    assert {line["logStreamName"].split("/")[-1] for line in lines} >= {latest["task"], latest["first_task"]}


def test_what_is_in_the_dead_letter_queue_has_a_good_explanation(incident: LabRunner) -> None:
    sqs = incident.cloud.client("sqs")
    url = sqs.get_queue_url(QueueName="orders-dead")["QueueUrl"]
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert [json.loads(each["Body"])["order"] for each in messages][:2] == ["TEST-1", "TEST-2"]


def test_the_report_says_which_queue_holds_the_dead_letters(incident: LabRunner) -> None:
    told = queue.render(incident.cloud.control.get("/_lab/queue"))
    assert "orders-dead, the dead-letter queue of orders\n" in told
    assert told.startswith("orders\n3 orders a second (poisson), for ")


def test_each_cause_fails_its_own_step_alone(cloud: EndpointCloud) -> None:
    runner = LabRunner(find(LAB), cloud)
    for fix, passed in (
        (i05._only_stop, ["stop"]),
        (i05._only_visibility, ["once"]),
        (i05._only_build, ["crash"]),
    ):
        if runner.started:
            runner.reset()
        else:
            runner.start()
        fix(cloud)
        assert passed_steps(runner) == passed


def test_orders_come_as_before_after_a_check(incident: LabRunner) -> None:
    before = incident.cloud.queue.report("orders")
    incident.check("once")
    after = incident.cloud.queue.report("orders")
    assert before is not None
    assert after is not None
    assert (after["running"], after["demand"]) == (True, before["demand"])


def test_orders_come_again_when_a_check_raises(incident: LabRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    before = incident.cloud.queue.report("orders")

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("in the middle of a drill")

    monkeypatch.setattr(queues, "want", fail)
    with pytest.raises(RuntimeError, match="in the middle"):
        incident.check("stop")
    after = incident.cloud.queue.report("orders")
    assert before is not None
    assert after is not None
    assert (after["running"], after["demand"]) == (True, before["demand"])
    service = CheckContext(incident.lab, incident.cloud).service()
    assert service is not None
    assert service["desiredCount"] == 8


def test_a_kill_that_is_refused_leaves_the_learners_revision(
    incident: LabRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("in the middle of a kill")

    ctx = CheckContext(incident.lab, incident.cloud)
    service = ctx.service()
    assert service is not None
    monkeypatch.setattr(ctx.client("ecs"), "list_tasks", lambda **_: fail(None))
    with pytest.raises(RuntimeError, match="a kill"):
        queues.kill_all(ctx, service, times=1, every_ms=1_000)
    after = ctx.service()
    assert after is not None
    assert after["taskDefinition"] == service["taskDefinition"]


@pytest.mark.parametrize("drill_had_begun", [False, True])
def test_orders_come_again_after_a_check_that_was_killed(incident: LabRunner, drill_had_begun: bool) -> None:
    """Its program had no time to put anything back; the next check does."""
    ctx = CheckContext(incident.lab, incident.cloud)
    before = incident.cloud.queue.report("orders")
    assert before is not None
    queues._pause(ctx)
    if drill_had_begun:
        incident.cloud.queue.start("orders", {"rps": 1})
    incident.check("once")
    after = incident.cloud.queue.report("orders")
    assert after is not None
    assert (after["running"], after["demand"]) == (True, before["demand"])


def test_orders_of_the_learners_own_count_after_a_check_that_was_killed(incident: LabRunner) -> None:
    queues._pause(CheckContext(incident.lab, incident.cloud))
    incident.cloud.queue.start("orders", {"rps": 1})
    incident.cloud.queue.stop("orders")
    incident.cloud.queue.start("orders", {"rps": 2})
    incident.check("once")
    after = incident.cloud.queue.report("orders")
    assert after is not None
    assert after["running"]
    assert after["demand"]["rps"] == 2


def test_no_orders_come_after_a_check_when_the_learner_has_stopped_them(incident: LabRunner) -> None:
    incident.cloud.queue.stop("orders")
    incident.check("once")
    after = incident.cloud.queue.report("orders")
    assert after is not None
    assert not after["running"]


@pytest.mark.parametrize("seed", [11, 12])
def test_too_little_time_to_stop_shows_in_every_world(seed: int) -> None:
    with world_factory(seed) as new_cloud:
        runner = LabRunner(find(LAB), new_cloud())
        runner.start()
        (stop,) = runner.check("stop").steps
    assert [check.id for check in stop.checks if not check.passed] == [
        "release-cuts-nothing",
        "scale-in-cuts-nothing",
    ]


def test_without_the_queue_the_check_says_so(incident: LabRunner) -> None:
    sqs = incident.cloud.client("sqs")
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="orders")["QueueUrl"])
    result = incident.check("once")
    assert "there is no queue orders" in result.check("one-pair-of-hands").observed


def test_the_debrief_tells_of_the_orders(incident: LabRunner) -> None:
    told = debrief(incident.lab, incident.cloud)
    text = told.to_markdown()
    for words in (
        "**Orders sent:**",
        "of these again",
        "first order charged again",
        "first task that ended with",
        "orders charged again is VisibilityTimeout of the queue",
    ):
        assert words in text
