"""How tasks left in a run, from its history: how long their stops took, and the addresses that they held meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from labs.history import History


@dataclass(frozen=True, slots=True)
class Leaving:
    """Of the tasks that were told to stop: how many have stopped, the longest stop and how much of it was draining,
    the most addresses held at once by tasks on their way out, and for how long in all. Durations are virtual
    milliseconds.
    """

    stopped: int
    longest_ms: int
    draining_ms: int
    addresses: int
    held_ms: int


def leaving_of(history: History, tasks: Iterable[str]) -> Leaving:
    """For these tasks; an address that is still held counts up to the last entry."""
    ours = set(tasks)
    told: dict[str, int] = {}
    draining: dict[str, int] = {}
    drained: dict[str, int] = {}
    stops: list[tuple[int, int]] = []
    with_address: set[str] = set()
    held: dict[str, int] = {}
    most = total = now_ms = 0
    for entry in history:
        now_ms = entry.at_ms
        task = entry.data.get("task")
        if task not in ours:
            continue
        match entry.kind:
            case "task.address":
                with_address.add(task)
            case "task.stop_requested" if task not in told:
                told[task] = now_ms
                if task in with_address:
                    held[task] = now_ms
                    most = max(most, len(held))
            case "target.draining":
                draining.setdefault(task, now_ms)
            case "target.unused" if task in draining:
                drained[task] = now_ms - draining[task]
            case "address.released":
                with_address.discard(task)
                total += now_ms - held.pop(task, now_ms)
            case "task.stopped" if task in told:
                stops.append((now_ms - told[task], drained.get(task, 0)))
    total += sum(now_ms - since_ms for since_ms in held.values())
    longest_ms, draining_ms = max(stops, default=(0, 0))
    return Leaving(len(stops), longest_ms, draining_ms, most, total)
