"""The record of roles' calls."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.policies import ROLE

from fargate_sim.kernel.engine import Engine
from fargate_sim.kernel.seeds import Seeds
from fargate_sim.model.trail import Called, Trail
from fargate_sim.model.trail.trail import EVENTS_KEPT, SECONDS_KEPT, TASKS_KEPT

CALL = Called(
    role_arn=ROLE,
    session="0123456789abcdef",
    action="secretsmanager:GetSecretValue",
    resource="arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf",
    task="t1",
    container=None,
    by="execution",
    error=None,
    message="",
    data_event=False,
    source_ip="10.0.10.5",
    endpoint=None,
)
GET = replace(CALL, action="s3:GetObject", resource="arn:aws:s3:::b/k", by="task", data_event=True)


def make(seed: int = 1) -> tuple[Engine, Trail]:
    engine = Engine(1_000_000)
    return engine, Trail(engine, Seeds(seed))


def test_calls_alike_are_summed_up() -> None:
    engine, trail = make()
    trail.record(CALL)
    engine.run_until(1_005_000)
    trail.record(replace(CALL, task="t2"), times=3)
    (usage,) = trail.usage()
    assert (usage.count, usage.first_ms, usage.last_ms) == (4, 1_000_000, 1_005_000)
    assert usage.tasks == ("t1", "t2")


def test_outcomes_are_told_apart_with_the_latest_sentence() -> None:
    _, trail = make()
    for sentence in ("", "first", "second"):
        trail.record(replace(CALL, error="AccessDeniedException" if sentence else None, message=sentence))
    assert [(each.error, each.count, each.message) for each in trail.usage()] == [
        (None, 1, ""),
        ("AccessDeniedException", 2, "second"),
    ]


def test_one_role_only() -> None:
    _, trail = make()
    other = ROLE + "-other"
    trail.record(CALL)
    trail.record(replace(CALL, role_arn=other))
    assert [each.role_arn for each in trail.usage(other)] == [other]
    assert trail.usage("arn:none") == []


def test_since_a_moment() -> None:
    engine, trail = make()
    trail.record(CALL)
    trail.record(GET)
    engine.run_until(1_010_000)
    trail.record(replace(GET, task="t2"), times=5)
    (usage,) = trail.usage(since_ms=1_000_001)
    assert (usage.action, usage.count, usage.first_ms, usage.tasks) == ("s3:GetObject", 5, 1_010_000, ("t2",))
    assert [each.count for each in trail.usage(since_ms=0)] == [1, 6]
    assert trail.usage(since_ms=1_010_001) == []


def test_single_events_are_management_events_only() -> None:
    _, trail = make()
    trail.record(GET, times=1000)
    trail.record(CALL, times=2)
    assert [event.called for event in trail.events] == [CALL, CALL]
    assert len({event.event_id for event in trail.events}) == 2


def test_nothing_is_drawn_before_the_first_event() -> None:
    seeds = Seeds(1)
    trail = Trail(Engine(0), seeds)
    trail.record(GET)
    trail.usage()
    assert seeds._streams == {}


def test_ids_follow_from_the_seed() -> None:
    ids = []
    for seed in (1, 1, 2):
        _, trail = make(seed)
        trail.record(CALL)
        ids.append(trail.events[0].event_id)
    assert ids[0] == ids[1] != ids[2]


def test_memory_is_bounded_and_sums_stay_complete() -> None:
    engine, trail = make()
    trail.record(CALL, times=10**9)
    assert len(trail.events) == EVENTS_KEPT
    for second in range(1, SECONDS_KEPT + 100):
        engine.run_until(1_000_000 + 1000 * second)
        trail.record(GET)
    usage = trail.usage()
    assert [each.count for each in usage] == [10**9, SECONDS_KEPT + 99]
    (last,) = trail.usage(since_ms=engine.now_ms - 9_000)
    assert last.count == 10


@pytest.mark.parametrize("times", [0, -1])
def test_a_call_is_made_at_least_once(times: int) -> None:
    _, trail = make()
    with pytest.raises(ValueError, match="at least once"):
        trail.record(CALL, times)


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 9)), min_size=1), st.integers(0, 40_000))
def test_a_span_has_all_its_calls_and_no_second_more(calls: list[tuple[int, int]], since: int) -> None:
    engine, trail = make()
    made: list[tuple[int, int]] = []
    for wait_ms, times in calls:
        engine.run_until(engine.now_ms + wait_ms)
        trail.record(GET, times)
        made.append((engine.now_ms, times))
    since_ms = 1_000_000 + since
    within = sum(times for at_ms, times in made if at_ms >= since_ms)
    whole = sum(times for at_ms, times in made if at_ms // 1000 >= since_ms // 1000)
    counted = sum(each.count for each in trail.usage(since_ms=since_ms))
    assert within <= counted <= whole
    assert (counted == 0) == (within == 0)


def test_the_log_streams_of_a_group_are_one() -> None:
    _, trail = make()
    group = "arn:aws:logs:us-east-1:123456789012:log-group:/ecs/web"
    for task in range(2000):
        stream = f"{group}:log-stream:web/web/{task}"
        trail.record(replace(CALL, action="logs:CreateLogStream", resource=stream, task=f"t{task}"))
    (usage,) = trail.usage()
    assert (usage.resource, usage.count) == (f"{group}:log-stream:*", 2000)
    assert len(usage.tasks) == TASKS_KEPT
    assert usage.tasks[-1] == "t1999"
