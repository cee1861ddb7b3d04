"""Parsing what the control API gives."""

from __future__ import annotations

import pytest
import tui_worlds

from tui.snapshot import EMPTY, parse_clock, parse_snapshot


def test_a_snapshot_is_read_field_by_field() -> None:
    world = parse_snapshot(tui_worlds.failing())
    service = world.services[0]
    assert (service.desired, service.running, service.pending, service.floor, service.ceiling) == (
        2,
        2,
        2,
        2,
        4,
    )
    assert service.breaker
    assert service.rollback
    assert service.rolling is service.deployments[0]
    assert (service.deployments[0].breaker_count, service.deployments[0].breaker_threshold) == (1, 3)
    assert [task.phase for task in world.tasks] == ["starting", "starting", "running", "running", "stopped"]
    assert world.tasks[-1].stopped_reason == tui_worlds.PULL_ERROR
    assert world.subnet_name(world.tasks[0].subnet) == "private-a"
    assert world.clock.next_ms == world.clock.now_ms + 12_000


@pytest.mark.parametrize(
    "raw", [{}, {"services": None, "tasks": {}, "subnets": [1, None], "clock": 3, "version": "x"}]
)
def test_what_is_missing_or_wrong_is_empty(raw: dict[str, object]) -> None:
    world = parse_snapshot(raw)
    assert (world.services, world.tasks, world.subnets) == ((), (), ())
    assert world.focus is None
    assert EMPTY.focus is None


def test_unknown_fields_are_ignored() -> None:
    raw = tui_worlds.steady() | {"weather": "fine"}
    raw["tasks"][0]["mood"] = "good"
    raw["services"][0]["desired"] = True
    world = parse_snapshot(raw)
    assert len(world.tasks) == 2
    assert world.services[0].desired == 0  # a boolean is no count


@pytest.mark.parametrize(
    ("speed", "parsed"), [(10, 10.0), (0.5, 0.5), ("max", None), (None, 1.0), ("fast", 1.0)]
)
def test_speed(speed: object, parsed: float | None) -> None:
    assert parse_clock({"speed": speed, "mode": "paused"}).speed == parsed


def test_a_task_told_to_stop_is_stopping_even_while_its_last_status_is_running() -> None:
    row = tui_worlds.task(1, desired_status="STOPPED")
    assert parse_snapshot({"tasks": [row]}).tasks[0].phase == "stopping"


@pytest.mark.parametrize(
    ("more", "failed"),
    [
        ({"stop_code": "TaskFailedToStart"}, True),
        ({"stop_code": "EssentialContainerExited", "exit_code": 0}, True),
        ({"stop_code": "ServiceSchedulerInitiated", "exit_code": 0}, False),
        ({"stop_code": "ServiceSchedulerInitiated", "exit_code": 137}, True),
        ({"stop_code": "UserInitiated"}, False),
        ({"stop_code": "ServiceSchedulerInitiated", "health": "UNHEALTHY"}, True),
    ],
)
def test_a_task_that_was_told_to_stop_has_not_failed(more: dict[str, object], failed: bool) -> None:
    row = tui_worlds.task(1, 1, "STOPPED", **more)
    assert parse_snapshot({"tasks": [row]}).tasks[0].failed is failed


def test_the_service_in_focus_is_the_one_that_moves() -> None:
    calm = tui_worlds.service([tui_worlds.deployment(1, "COMPLETED")], [], name="calm")
    moving = tui_worlds.service([tui_worlds.deployment(2, "IN_PROGRESS")], [], name="moving", steady=False)
    focus = parse_snapshot({"services": [calm, moving]}).focus
    assert focus is not None
    assert focus.name == "moving"


def test_the_service_in_focus_is_the_largest_when_nothing_moves() -> None:
    small = tui_worlds.service([tui_worlds.deployment(1, "COMPLETED")], [], name="small")
    large = tui_worlds.service([tui_worlds.deployment(2, "COMPLETED")], [], name="large") | {"desired": 9}
    focus = parse_snapshot({"services": [small, large]}).focus
    assert focus is not None
    assert focus.name == "large"


@pytest.mark.parametrize(("raw", "count"), [({"queues": 2}, 2), ({}, 0), ({"queues": "x"}, 0)])
def test_how_many_queues_have_been_used(raw: dict[str, object], count: int) -> None:
    assert parse_snapshot(raw).queues == count
