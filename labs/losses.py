"""What debriefs tell of requests that were lost with the end of a task. Tasks that end together for one reason make one line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from labs.history import Entry

_TOGETHER_MS = 60_000


@dataclass(slots=True)
class Losses:
    """Tasks that ended within a minute and lost requests for the same cause."""

    at_ms: int
    cause: str
    tasks: int = 0
    lost: int = 0
    unsaved: int = 0

    def __str__(self) -> str:
        """``12 tasks ended with requests, 263 answered but never written down: ...``."""
        who = "a task" if self.tasks == 1 else f"{self.tasks} tasks"
        lost = [f"{self.lost:,} lost"] if self.lost else []
        unsaved = [f"{self.unsaved:,} answered but never written down"] if self.unsaved else []
        return f"{who} ended with requests, {' and '.join([*lost, *unsaved])}: {self.cause}"


def losses_of(entries: Iterable[Entry], tasks: set[str]) -> dict[int, Losses]:
    """Those of the given tasks, by the sequence number of the entry that begins them."""
    found: dict[int, Losses] = {}
    latest: dict[str, Losses] = {}
    for entry in entries:
        data = entry.data
        if entry.kind != "traffic.lost" or data["task"] not in tasks:
            continue
        losses = latest.get(data["cause"])
        if losses is None or entry.at_ms - losses.at_ms > _TOGETHER_MS:
            losses = found[entry.seq] = latest[data["cause"]] = Losses(entry.at_ms, data["cause"])
        losses.tasks += 1
        losses.lost += data["count"]
        losses.unsaved += data["unsaved"]
    return found
