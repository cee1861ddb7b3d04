"""What clients lived through in a run, added up over all its loads: from the history, and for the last load, which may
still run, from the traffic report.

The history keeps of an earlier load its totals (``traffic.stopped``) and what was lost with the end of a task
(``traffic.lost``, with the cause of most of it). The report of the last load knows every cause.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labs.history import Entry, History

_KINDS = ("traffic.started", "traffic.stopped", "traffic.lost")


@dataclass(frozen=True, slots=True)
class Loss:
    """Requests that failed for one cause, and the knob that is responsible."""

    count: int
    cause: str
    knob: str


@dataclass(frozen=True, slots=True)
class Clients:
    """All loads of a run. ``unsaved`` requests were answered and then lost with a program that had not written
    them down. ``losses`` has the largest first; what failed in an earlier load while no task ended has no cause
    there.
    """

    loads: int
    sent: int
    failed: int
    unsaved: int
    losses: tuple[Loss, ...]


@dataclass(slots=True)
class _Load:
    sent: int = 0
    failed: int = 0
    unsaved: int = 0
    losses: list[Loss] = field(default_factory=list)


def clients_of(history: History, report: Mapping[str, Any]) -> Clients:
    """Add it up. ``report`` is the traffic report of this world, now."""
    loads: list[_Load] = []
    for entry in history.of(*_KINDS):
        if entry.kind == "traffic.started":
            loads.append(_Load())
        elif loads:
            _add(loads[-1], entry)
    if loads and report.get("target_group") is not None:
        causes = [Loss(item["count"], item["cause"], item["knob"]) for item in report["causes"]]
        loads[-1] = _Load(report["sent"], report["failed"], report["unsaved_lost"], causes)
    counts: dict[tuple[str, str], int] = {}
    for load in loads:
        for loss in load.losses:
            counts[loss.cause, loss.knob] = counts.get((loss.cause, loss.knob), 0) + loss.count
    losses = [Loss(count, cause, knob) for (cause, knob), count in counts.items()]
    return Clients(
        len(loads),
        sum(load.sent for load in loads),
        # A request in flight when its load was stopped may have been lost later.
        sum(max(load.failed, sum(loss.count for loss in load.losses)) for load in loads),
        sum(load.unsaved for load in loads),
        tuple(sorted(losses, key=lambda loss: (-loss.count, loss.cause))),
    )


def _add(load: _Load, entry: Entry) -> None:
    data = entry.data
    if entry.kind == "traffic.stopped":
        load.sent, load.failed = data["sent"], data["failed"]
        return
    load.unsaved += data["unsaved"]
    if data["count"]:
        load.losses.append(Loss(data["count"], data["cause"], data["knob"]))
