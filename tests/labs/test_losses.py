"""Tasks that end together and lose requests for one reason make one line of a debrief."""

from __future__ import annotations

from labs.history import Entry
from labs.losses import losses_of


def lost(
    seq: int, at_ms: int, task: str, count: int, unsaved: int, *, cause: str = "Nobody waited."
) -> Entry:
    data = {"task": task, "count": count, "unsaved": unsaved, "cause": cause, "knob": "a knob"}
    return Entry(seq, at_ms, "traffic.lost", None, data)


def test_what_ends_within_a_minute_for_one_cause_is_one_line() -> None:
    found = losses_of(
        [
            lost(1, 0, "a", 2, 20),
            lost(2, 500, "b", 0, 1_000, cause="Nobody wrote."),
            lost(3, 60_000, "c", 1, 5),
            lost(4, 60_001, "a", 1, 0),
            lost(5, 60_002, "stranger", 9, 9),
        ],
        {"a", "b", "c"},
    )
    assert {seq: str(each) for seq, each in found.items()} == {
        1: "2 tasks ended with requests, 3 lost and 25 answered but never written down: Nobody waited.",
        2: "a task ended with requests, 1,000 answered but never written down: Nobody wrote.",
        4: "a task ended with requests, 1 lost: Nobody waited.",
    }
