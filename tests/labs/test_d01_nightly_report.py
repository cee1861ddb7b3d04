"""The nightly report: what a check says of the clocks, at any time of the year, and of a world that is busy."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from labs.checking import CheckContext
from labs.d01_nightly_report import checks, nights
from labs.endpoint_cloud import EndpointCloud
from labs.loader import find
from labs.runner import LabRunner
from solutions import d01_nightly_report as solution


@pytest.fixture
def ctx(cloud: EndpointCloud) -> CheckContext:
    lab = find("d01-nightly-report")
    LabRunner(lab, cloud).start()
    return CheckContext(lab, cloud)


class _Clock:
    def __init__(self, month: int) -> None:
        self.now_ms = round(datetime.datetime(2026, month, 15, tzinfo=datetime.UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("month", "day", "turn"),
    [(1, "29 March", "later"), (7, "25 October", "earlier"), (11, "28 March", "later")],
)
def test_utc_is_an_hour_off_after_the_next_change(
    ctx: CheckContext, monkeypatch: pytest.MonkeyPatch, month: int, day: str, turn: str
) -> None:
    monkeypatch.setattr(CheckContext, "clock", _Clock(month))
    evidence = checks.clocks_change(ctx)
    assert not evidence.passed
    assert evidence.expected.endswith(f"change on {day}")
    assert evidence.observed == f"nightly-report keeps UTC: from then on it runs an hour {turn} there"


@pytest.mark.parametrize(
    ("changes", "observed"),
    [
        ({"ScheduleExpressionTimezone": "America/New_York"}, "keeps America/New_York"),
        ({"ScheduleExpression": "rate(1 day)"}, "knows no clock"),
        ({"State": "DISABLED"}, "no schedule that is switched on"),
        ({"ScheduleExpressionTimezone": "Europe/Rome"}, "it goes along"),
    ],
)
def test_what_follows_the_clocks_of_berlin(ctx: CheckContext, changes: dict[str, Any], observed: str) -> None:
    solution._update(ctx.cloud, **changes)
    evidence = checks.clocks_change(ctx)
    assert observed in evidence.observed
    assert evidence.passed == (observed == "it goes along")


def test_a_spoilt_night_leaves_the_schedule_as_it_was(ctx: CheckContext) -> None:
    scheduler, ecs = ctx.client("scheduler"), ctx.client("ecs")
    solution.solve(ctx.cloud)
    before = scheduler.get_schedule(Name="nightly-report")
    revisions = ecs.list_task_definitions(familyPrefix="nightly-report")["taskDefinitionArns"]
    night = nights.fail_once(ctx, {("default", "nightly-report")}, nights.CRASH)
    assert [run.exit_codes for run in night.runs] == [(3,)]
    after = scheduler.get_schedule(Name="nightly-report")
    unlike = {"ResponseMetadata", "LastModificationDate"}
    assert {k: v for k, v in after.items() if k not in unlike} == {
        k: v for k, v in before.items() if k not in unlike
    }
    assert ecs.list_task_definitions(familyPrefix="nightly-report")["taskDefinitionArns"] == revisions


def test_no_nights_pass_while_clients_send_requests(
    ctx: CheckContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(ctx.cloud.traffic), "report", lambda *_args, **_kwargs: {"running": True})
    now_ms = ctx.clock.now_ms
    evidence = checks.written(ctx)
    assert "fargate-lab traffic stop" in evidence.observed
    assert ctx.clock.now_ms == now_ms


def test_the_debrief_tells_of_runs_and_of_those_who_were_told(ctx: CheckContext) -> None:
    runner = LabRunner(ctx.lab, ctx.cloud)
    solution.solve(ctx.cloud)
    solution._tell(ctx.cloud, {}, name="nowhere", arn="arn:aws:sqs:us-east-1:123456789012:nowhere")
    solution._update(ctx.cloud, Target=_broken(ctx, "cluster/none"))
    nights.live(ctx, 1)
    solution._update(ctx.cloud, Target=_broken(ctx, "cluster/d01"))
    nights.live(ctx, 1)
    nights.fail_once(ctx, {("default", "nightly-report")}, nights.CANNOT_START)
    debrief = runner.debrief()
    assert debrief.headline == (
        "The report that nobody misses: 7 runs, 5 failed (exit code 2: 3, never ran: 2), 1 call of a schedule refused"
    )
    facts = {fact.label: (fact.value, fact.comment) for fact in debrief.facts}
    assert facts["Calls of schedules"] == ("8", "1 refused for good, checks included")
    assert facts["Runs"] == ("7", "tasks that no service keeps, checks included")
    assert facts["Runs that ended well"][0] == "2"
    assert facts["Runs that failed"] == ("5", "exit code 2: 3, never ran: 2")
    assert facts["Tasks that the service started"] == ("1", "1 ever ran")
    told = [(moment.text, moment.tone) for moment in debrief.timeline]
    assert ("schedule nightly-report: ECS accepted 1 task", "plain") in told
    assert ("a task of nightly-report:1 ended with exit code 2", "bad") in told
    assert ("schedule nightly-report: ClusterNotFoundException, it gave up", "bad") in told
    assert ("a task of nightly-report:1 ended with exit code 0", "good") in told
    assert ("rule nowhere: nowhere was not reached: the queue does not exist", "bad") in told
    assert any(text.startswith("a task of nightly-report:2 never ran: CannotPull") for text, _ in told)


def _broken(ctx: CheckContext, cluster: str) -> dict[str, Any]:
    """The schedule's target in another cluster."""
    target = dict(ctx.client("scheduler").get_schedule(Name="nightly-report")["Target"])
    return {**target, "Arn": target["Arn"].partition(":cluster/")[0] + f":{cluster}"}
