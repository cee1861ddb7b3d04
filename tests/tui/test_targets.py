"""What the load balancer says of the tasks."""

from __future__ import annotations

from typing import Any

from tui_worlds import steady, task

from tui.snapshot import Snapshot, parse_snapshot
from tui.widgets.tasktable import columns_for, head, row


def world(*tasks: dict[str, Any]) -> Snapshot:
    return parse_snapshot({**steady(), "tasks": list(tasks)})


def line(snapshot: Snapshot, index: int, width: int = 140) -> str:
    return row(snapshot.tasks[index], snapshot, 0, columns_for(snapshot, width), width).plain


def test_the_column_is_there_only_when_a_task_is_a_target() -> None:
    without = world(task(1))
    with_one = world(task(1), task(2, target={"state": "healthy", "description": None}))
    assert "Target" not in head(columns_for(without, 140), 140).plain
    assert "Target" in head(columns_for(with_one, 140), 140).plain
    assert "–" in line(with_one, 0)
    assert "healthy" in line(with_one, 1)


def test_an_unhealthy_target_says_why() -> None:
    sick = {"state": "unhealthy", "description": "Health checks failed with these codes: [404]"}
    snapshot = world(task(1, target=sick))
    assert "codes: [404]" in line(snapshot, 0, 180)
    assert snapshot.tasks[0].target == "unhealthy"


def test_a_target_in_an_unknown_shape_is_no_target() -> None:
    assert world(task(1, target="healthy")).tasks[0].target == ""


def test_a_container_that_was_killed_says_for_what() -> None:
    ended = {
        "exit_code": 137,
        "stop_code": "EssentialContainerExited",
        "stopped_reason": "Essential container in task exited",
        "container_reason": "OutOfMemoryError: Container killed due to memory usage",
    }
    snapshot = world(
        task(1, 1, "STOPPED", **ended), task(2, 1, "STOPPED", **{**ended, "container_reason": None})
    )
    assert "exit 137: OutOfMemoryError: Container killed" in line(snapshot, 0, 180)
    assert "exit 137: Essential container in task exited" in line(snapshot, 1, 180)


def test_the_capacity_is_there_only_when_a_task_has_a_provider() -> None:
    without = world(task(1))
    with_some = world(task(1, provider="FARGATE_SPOT"), task(2, provider="FARGATE"), task(3))
    assert "Capacity" not in head(columns_for(without, 140), 140).plain
    assert "Capacity" not in head(columns_for(with_some, 70), 70).plain
    assert "Capacity" in head(columns_for(with_some, 140), 140).plain
    assert "Spot" in line(with_some, 0)
    assert "on demand" in line(with_some, 1)
    assert "Spot" not in line(with_some, 2)
