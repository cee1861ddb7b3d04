"""Schedules on the virtual clock: when their targets are called, and what becomes of calls that fail."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.worlds import START_MS, Scenario

from fargate_sim.model.schedule_expression import parse
from fargate_sim.model.schedules import Invocation, Outcome, ScheduleSpec
from fargate_sim.model.world import World

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
DEAD = "arn:aws:sqs:us-east-1:123456789012:dead"


def spec(expression: str = "rate(1 hour)", timezone: str = "UTC", **more: Any) -> ScheduleSpec:
    return ScheduleSpec(
        name=more.pop("name", "report"),
        group="default",
        arn="arn:schedule",
        when=parse(expression, timezone, more.get("start_ms", START_MS)),
        expression=expression,
        timezone=timezone,
        one_time=expression.startswith("at"),
        target={"Arn": "arn:target"},
        **more,
    )


class Called(Scenario):
    """A world whose targets note that they were called."""

    def __init__(self, *specs: ScheduleSpec, answers: Sequence[Outcome] = (), seed: int = 1) -> None:
        super().__init__(seed)
        self.calls: list[tuple[int, int, int]] = []
        """(when, due, attempt)"""
        self.answers = list(answers)
        self.world.schedules.perform = self.perform
        self.world.schedules.replace(specs)

    def perform(self, world: World, invocation: Invocation) -> Outcome:
        self.calls.append((world.engine.now_ms, invocation.due_ms, invocation.attempt))
        return self.answers.pop(0) if self.answers else Outcome('{"asked": 1}')

    @property
    def due_hours(self) -> list[float]:
        return [(due - START_MS) / HOUR for _, due, _ in self.calls]


BUSY = Outcome("{}", "ECS.RunTaskFailure", "RESOURCE:FARGATE", again=True)
WRONG = Outcome('{"cluster": "gone"}', "ClusterNotFoundException", "Cluster not found.")


def test_a_rate_comes_again_and_again_within_its_minute() -> None:
    world = Called(spec())
    world.seconds(3.9 * 3600)
    assert world.due_hours == [1, 2, 3]
    assert all(0 <= at - due < MINUTE for at, due, _ in world.calls)


def test_local_time_follows_daylight_saving() -> None:
    # 2026-03-29 in Berlin: the clock goes from 02:00 to 03:00.
    world = Called(spec("cron(30 3 * * ? *)", "Europe/Berlin"), spec("cron(30 3 * * ? *)", name="utc"))
    world.seconds(90 * 24 * 3600)
    local = [due for _, due, _ in world.calls if due % DAY != 3.5 * HOUR]
    hours = {due % DAY / HOUR for due in local}
    assert hours == {2.5, 1.5}
    assert len(local) == 90


@pytest.mark.parametrize(("month", "runs"), [(3, 30), (10, 31)])
def test_an_hour_that_a_night_does_not_have_is_left_out_and_one_that_it_has_twice_is_one(
    month: int, runs: int
) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    begin, end = (round(datetime(2026, at, 1, tzinfo=berlin).timestamp()) for at in (month, month + 1))
    world = Called(spec("cron(30 2 * * ? *)", "Europe/Berlin"))
    world.seconds(end - START_MS // 1000)
    assert sum(due >= begin * 1000 for _, due, _ in world.calls) == runs


@pytest.mark.parametrize(("delete", "deleted"), [(True, [("default", "report")]), (False, [])])
def test_once(delete: bool, deleted: list[tuple[str, str]]) -> None:
    world = Called(spec("at(2026-01-01T12:00:00)", "Europe/Berlin", delete_afterwards=delete))
    world.seconds(24 * 3600)
    assert world.due_hours == [2]
    assert world.account.deleted_schedules == deleted
    assert len(world.entries("schedule.deleted")) == len(deleted)


def test_a_past_moment_and_a_switched_off_schedule_never_come() -> None:
    world = Called(spec("at(2025-12-31T12:00:00)"), spec(name="off", enabled=False))
    assert world.engine.next_at() is None


def test_start_and_end() -> None:
    world = Called(
        spec(
            "cron(0 * * * ? *)",
            start_ms=START_MS + 2 * HOUR,
            end_ms=START_MS + 4 * HOUR,
            delete_afterwards=True,
        )
    )
    world.seconds(24 * 3600)
    assert world.due_hours == [2, 3, 4]
    assert world.account.deleted_schedules == [("default", "report")]


def test_a_flexible_window_spreads_the_calls_the_same_way_for_a_seed() -> None:
    def delays(seed: int) -> list[int]:
        world = Called(spec(window_ms=15 * MINUTE), seed=seed)
        world.seconds(12.9 * 3600)
        return [at - due for at, due, _ in world.calls]

    assert delays(3) == delays(3) != delays(4)
    assert all(0 <= delay < 15 * MINUTE for delay in delays(3))
    assert max(delays(3)) > MINUTE


def test_a_change_counts_at_once_and_what_is_unchanged_goes_on() -> None:
    world = Called(spec(), spec("rate(2 hours)", name="other"))
    world.seconds(1.9 * 3600)
    world.world.schedules.replace([spec("cron(0 15 * * ? *)"), spec("rate(2 hours)", name="other")])
    world.seconds(3600 * 5)
    assert world.due_hours == [1, 2, 4, 6, 6]
    world.world.schedules.replace([])
    assert world.engine.next_at() is None


def test_a_call_that_may_go_better_is_tried_again_with_growing_gaps() -> None:
    world = Called(spec("at(2026-01-01T10:00:00)"), answers=[BUSY] * 5)
    world.seconds(24 * 3600)
    moments = [at for at, _, _ in world.calls]
    assert [(later - earlier) // MINUTE for earlier, later in itertools.pairwise(moments)] == [
        1,
        2,
        4,
        8,
        8,
    ]
    assert [attempt for _, _, attempt in world.calls] == [1, 2, 3, 4, 5, 6]
    failed = world.entries("schedule.failed")
    assert [entry.data["retry_at"] for entry in failed] == moments[1:]
    assert world.entries("schedule.fired")[-1].data["error"] is None


@pytest.mark.parametrize(
    ("policy", "attempts", "exhausted"),
    [
        ({"retry_attempts": 2}, 3, "MaximumRetryAttempts"),
        ({"retry_attempts": 0}, 1, "MaximumRetryAttempts"),
        ({"max_age_ms": 4 * MINUTE}, 3, "MaximumEventAgeInSeconds"),
    ],
)
def test_a_dead_letter_says_what_was_exhausted(policy: dict[str, int], attempts: int, exhausted: str) -> None:
    world = Called(spec("at(2026-01-01T10:00:00)", dead_letter_arn=DEAD, **policy), answers=[BUSY] * 99)
    world.seconds(24 * 3600)
    assert len(world.calls) == attempts
    ((queue, body, attributes),) = world.account.messages
    assert (queue, body) == (DEAD, "{}")
    assert attributes["EXHAUSTED_RETRY_CONDITION"] == exhausted
    assert attributes["RETRY_ATTEMPTS"] == str(attempts - 1)
    assert attributes["SCHEDULED_TIME"] == "2026-01-01T10:00:00Z"
    assert world.entries("schedule.failed")[-1].data["exhausted"] == exhausted


def test_the_default_policy_gives_up_after_a_day() -> None:
    world = Called(spec("at(2026-01-01T10:00:00)"), answers=[BUSY] * 999)
    world.seconds(72 * 3600)
    assert 150 < len(world.calls) <= 186
    assert world.calls[-1][0] - world.calls[0][0] <= DAY
    assert world.account.messages == []


def test_what_is_wrong_in_itself_is_not_tried_again() -> None:
    world = Called(spec("at(2026-01-01T10:00:00)", dead_letter_arn=DEAD), answers=[WRONG])
    world.seconds(3600 * 3)
    assert len(world.calls) == 1
    ((_, body, attributes),) = world.account.messages
    assert body == '{"cluster": "gone"}'
    assert attributes["ERROR_CODE"] == "ClusterNotFoundException"
    assert "EXHAUSTED_RETRY_CONDITION" not in attributes


def test_a_dead_letter_without_a_queue_is_lost_and_the_history_says_so() -> None:
    world = Called(
        spec("at(2026-01-01T10:00:00)", dead_letter_arn="arn:aws:sqs:us-east-1:123456789012:none"),
        answers=[WRONG],
    )
    world.seconds(3600 * 3)
    (entry,) = world.entries("schedule.failed")
    assert entry.data["dead_letter_lost"] == "the queue does not exist"


def test_nobody_waits_for_a_schedule() -> None:
    assert Called(spec()).world.settled


@settings(max_examples=30)
@given(st.integers(1, 90), st.sampled_from([None, 5 * MINUTE]), st.integers(0, 9))
def test_between_two_moments_every_due_moment_is_called_once(
    minutes: int, window_ms: int | None, seed: int
) -> None:
    unit = "minute" if minutes == 1 else "minutes"
    world = Called(replace(spec(f"rate({minutes} {unit})"), window_ms=window_ms), seed=seed)
    world.seconds(5 * 3600)
    dues = [due for _, due, _ in world.calls]
    complete = (5 * HOUR - (window_ms or MINUTE)) // (minutes * MINUTE)
    assert sorted(set(dues)) == sorted(dues)
    assert len(dues) >= complete
    assert set(dues) >= {START_MS + n * minutes * MINUTE for n in range(1, complete + 1)}
