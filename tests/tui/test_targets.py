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
