"""How tasks left: the longest stop, what of it was draining, the addresses held meanwhile."""

from __future__ import annotations

from labs.history import Entry, History
from labs.leaving import Leaving, leaving_of


def history(*lines: tuple[int, str, str]) -> History:
    return History(
        [Entry(seq, at_ms, kind, None, {"task": task}) for seq, (at_ms, kind, task) in enumerate(lines)]
    )


def stop(
    task: str, told_ms: int, drain_ms: int, delay_ms: int, stopped_ms: int
) -> list[tuple[int, str, str]]:
    return [
        (told_ms, "task.stop_requested", task),
        (drain_ms, "target.draining", task),
        (drain_ms + delay_ms, "target.unused", task),
        (stopped_ms - 1, "address.released", task),
        (stopped_ms, "task.stopped", task),
    ]


def test_nobody_left() -> None:
    assert leaving_of(history((0, "task.address", "a")), ["a"]) == Leaving(0, 0, 0, 0, 0)


def test_the_longest_stop_and_the_addresses_of_those_who_left_together() -> None:
    lines = [(0, "task.address", "a"), (0, "task.address", "b"), (0, "task.address", "c")]
    lines += stop("a", 100, 110, 30, 200) + stop("b", 120, 130, 300, 500)
    found = leaving_of(history(*sorted(lines)), ["a", "b", "c"])
    assert (found.stopped, found.longest_ms, found.draining_ms) == (2, 380, 300)
    assert (found.addresses, found.held_ms) == (2, 99 + 379)


def test_an_address_that_is_still_held_counts_up_to_the_last_entry() -> None:
    found = leaving_of(
        history((0, "task.address", "a"), (10, "task.stop_requested", "a"), (70, "target.draining", "a")),
        ["a"],
    )
    assert (found.stopped, found.addresses, found.held_ms) == (0, 1, 60)


def test_tasks_of_others_and_ends_that_nobody_asked_for_are_left_out() -> None:
    lines = [(0, "task.address", "a"), (0, "task.address", "x")]
    lines += [*stop("x", 10, 20, 300, 400), (50, "address.released", "a"), (60, "task.stopped", "a")]
    assert leaving_of(history(*sorted(lines)), ["a"]) == Leaving(0, 0, 0, 0, 0)
