"""What starts lacked, and which versions of secrets tasks got, as debriefs tell it."""

from __future__ import annotations

from typing import Any

from labs.history import Entry, History
from labs.starts import knobs, rows, tell

ARN = "arn:aws:secretsmanager:us-east-1:1:secret:db-AbCdEf"
TASKS = ("a", "b", "c")


def history(*lines: tuple[str, str, dict[str, Any]]) -> History:
    """Entries of tasks."""
    return History(
        [Entry(seq, seq, kind, None, {"task": task, **data}) for seq, (kind, task, data) in enumerate(lines)]
    )


def lacked(task: str, missing: str, link: str = "secrets") -> tuple[str, str, dict[str, Any]]:
    """A start that failed."""
    return "task.start_failed", task, {"link": link, "missing": missing}


def got(task: str, version: str) -> tuple[str, str, dict[str, Any]]:
    """A start that did not."""
    return "task.secrets", task, {"secrets": [{"value_from": f"{ARN}:password::", "version": version}]}


def told(found: History) -> list[str]:
    """All that is told of it."""
    known: set[str] = set()
    return [said[0] for entry in found if (said := tell(entry, TASKS, known)) is not None]


def test_nothing_lacked_is_not_told() -> None:
    found = history(got("a", "1" * 32), got("b", "1" * 32))
    assert (rows(found, TASKS), told(found), knobs(found, TASKS)) == ([], [], [])


def test_each_want_is_told_once_whichever_task_it_was() -> None:
    first, second = (f"User: role/{digit * 32} may not" for digit in "12")
    found = history(lacked("a", first), lacked("b", second), lacked("c", "no way", "layers"))
    assert rows(found, TASKS) == [
        ("Starts that ended at the secrets", "2", f"the last: {second}"),
        ("Starts that ended at the layers", "1", "the last: no way"),
    ]
    assert told(found) == [
        f"a task cannot start, secrets: {first}",
        "a task cannot start, layers: no way",
    ]
    assert "execution role" in knobs(found, TASKS)[0]
    assert knobs(history(lacked("c", "no way", "layers")), TASKS) == []


def test_versions_are_told_when_there_is_more_than_one() -> None:
    found = history(got("a", "1" * 32), got("b", "2" * 32), got("c", "2" * 32))
    assert rows(found, TASKS) == [("Versions of db handed out", "2", "to 1, 2 tasks")]
    assert told(found) == ["first task with version 22222222 of db"]


def test_tasks_of_others_are_passed_over() -> None:
    found = history(lacked("z", "a right"), got("z", "1" * 32))
    assert (rows(found, TASKS), told(found), knobs(found, TASKS)) == ([], [], [])
