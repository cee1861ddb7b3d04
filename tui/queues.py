"""Queues as the screens see them: frozen, and already counted.

Parses the answer of `GET /_lab/queue` (docs/control-api.md, "Queues"), with the rule of `tui/raw.py`. Times are virtual
milliseconds since the epoch, ages and latencies milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tui.raw import integer, mappings, read


@dataclass(frozen=True, slots=True)
class Demand:
    """How orders come: so many a second, by a pattern that may lead to `to_rps`."""

    rps: float = 0.0
    pattern: str = ""
    to_rps: float | None = None


@dataclass(frozen=True, slots=True)
class Minute:
    """What happened in one minute, and how the queue stood at its end; None where nothing is known, or not yet."""

    at_ms: int = 0
    sent: int = 0
    charged: int = 0
    duplicates: int = 0
    visible: int | None = None
    in_flight: int | None = None
    oldest_age_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """Why orders were charged again, in a sentence, and what to turn."""

    count: int = 0
    cause: str = ""
    knob: str = ""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An order that was charged again."""

    order: str = ""
    at_ms: int = 0
    times: int = 0
    task: str = ""
    first_task: str = ""


@dataclass(frozen=True, slots=True)
class Worker:
    """A program at work on the queue."""

    task: str = ""
    in_hand: int = 0
    processed: int = 0
    stopping: bool = False


@dataclass(frozen=True, slots=True)
class Latency:
    """From sent to done; None before anything was done."""

    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue that has been used. `started_ms` is None when no orders were ever sent to it."""

    queue: str = ""
    dead_letter_of: tuple[str, ...] = ()
    """The queues whose messages come here when they have been received too often."""
    now_ms: int = 0
    running: bool = False
    demand: Demand = Demand()
    started_ms: int | None = None
    stopped_ms: int | None = None
    sent: int = 0
    visible: int = 0
    in_flight: int = 0
    delayed: int = 0
    oldest_age_ms: int | None = None
    processed: int = 0
    charged: int = 0
    duplicates: int = 0
    skipped: int = 0
    dead_lettered: int = 0
    lost: int = 0
    latency: Latency = Latency()
    causes: tuple[Cause, ...] = ()
    duplicated: tuple[Duplicate, ...] = ()
    """Oldest first."""
    workers: tuple[Worker, ...] = ()
    minutes: tuple[Minute, ...] = ()
    """Oldest first, the one that lasts included."""


@dataclass(frozen=True, slots=True)
class Queues:
    """The queues of a world that have been used; those that orders come to are first."""

    queues: tuple[Queue, ...] = ()

    @property
    def known(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.queues)

    def named(self, name: str) -> Queue | None:
        """A queue by its name."""
        return next((queue for queue in self.queues if queue.queue == name), None)


NOTHING = Queues()


def parse_queues(raw: Mapping[str, Any]) -> Queues:
    """A queue answer."""
    now = {"now_ms": integer(raw, "now_ms")}
    found = [read(Queue, {**each, **now}) for each in mappings(raw, "queues")]
    return Queues(tuple(sorted(found, key=lambda queue: queue.started_ms is None)))
