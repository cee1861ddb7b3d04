"""The record of calls. Sums are kept of all of them, single events of the latest management events.

Memory: a sum for each role, action, resource and error, with the calls of its latest seconds; the latest 5,000 events.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from fargate_sim.kernel.engine import Engine
from fargate_sim.kernel.seeds import Seeds, uuid

EVENTS_KEPT = 5000
SECONDS_KEPT = 3600
"""For so many seconds in which it was called a sum knows how often in each."""

TASKS_KEPT = 500
"""A sum knows the tasks that called last."""
_STREAM = ":log-stream:"


@dataclass(frozen=True)
class Called:
    """A call in the name of a role. ``action`` is ``s3:GetObject``; ``task`` and ``container`` are None when no task is concerned.

    ``sts:AssumeRole`` on the role itself is the call by which ECS takes it. ``error`` is AWS's error code, ``message`` its sentence,
    ``endpoint`` the id of the VPC endpoint that the call went through.
    """

    role_arn: str
    session: str
    action: str
    resource: str
    task: str | None
    container: str | None
    by: Literal["execution", "task"]
    error: str | None
    message: str
    data_event: bool
    source_ip: str
    endpoint: str | None


@dataclass(frozen=True)
class Event:
    """One management event."""

    event_id: str
    at_ms: int
    called: Called


@dataclass(frozen=True)
class Usage:
    """How often a role called an action on a resource with one outcome, when first and last, and for which tasks.

    ``message`` is the sentence of the last error, empty without one.
    """

    role_arn: str
    by: str
    action: str
    resource: str
    error: str | None
    count: int
    first_ms: int
    last_ms: int
    tasks: tuple[str, ...]
    message: str


@dataclass
class _Second:
    """The calls of a second in which there were some."""

    first_ms: int
    last_ms: int
    count: int


@dataclass
class _Sum:
    first_ms: int
    last_ms: int = 0
    count: int = 0
    message: str = ""
    tasks: dict[str, int] = field(default_factory=dict)
    """Task to when it called last, the latest last."""
    seconds: deque[_Second] = field(default_factory=lambda: deque(maxlen=SECONDS_KEPT))

    def add(self, called: Called, at_ms: int, times: int) -> None:
        self.count += times
        self.last_ms = at_ms
        self.message = called.message
        if called.task is not None:
            self.tasks.pop(called.task, None)
            self.tasks[called.task] = at_ms
            if len(self.tasks) > TASKS_KEPT:
                del self.tasks[next(iter(self.tasks))]
        if self.seconds and self.seconds[-1].first_ms // 1000 == at_ms // 1000:
            self.seconds[-1].count += times
            self.seconds[-1].last_ms = at_ms
        else:
            self.seconds.append(_Second(at_ms, at_ms, times))

    def since(self, since_ms: int) -> tuple[int, int]:
        """(count, first moment) from a moment on. A second counts whole; so does what is older than the seconds that are kept."""
        kept = [each for each in self.seconds if each.last_ms >= since_ms]
        if len(kept) == len(self.seconds):
            return self.count, self.first_ms
        return sum(each.count for each in kept), kept[0].first_ms


_Key = tuple[str, str, str, str, str | None]


def _summed(resource: str) -> str:
    """What calls are summed up by: each task has a log stream of its own, so those of a group are one."""
    group, stream, _ = resource.partition(_STREAM)
    return f"{group}{stream}*" if stream else resource


class Trail:
    """The calls of a world's roles."""

    def __init__(self, engine: Engine, seeds: Seeds) -> None:
        self._engine = engine
        self._seeds = seeds
        self._sums: dict[_Key, _Sum] = {}
        self.events: deque[Event] = deque(maxlen=EVENTS_KEPT)
        """Management events, oldest first; data events are summed up only."""

    def record(self, called: Called, times: int = 1) -> None:
        """Note a call at the virtual now; ``times``: so many alike. ValueError when that is not above 0."""
        if times < 1:
            raise ValueError(f"a call is made at least once, not {times} times")
        now_ms = self._engine.now_ms
        key = (called.role_arn, called.by, called.action, _summed(called.resource), called.error)
        kept = self._sums.get(key)
        if kept is None:
            kept = self._sums[key] = _Sum(first_ms=now_ms)
        kept.add(called, now_ms, times)
        if not called.data_event:
            ids = self._seeds.stream("trail")
            self.events.extend(Event(uuid(ids), now_ms, called) for _ in range(min(times, EVENTS_KEPT)))

    def usage(self, role_arn: str | None = None, since_ms: int | None = None) -> list[Usage]:
        """What was called, of one role or of all, in order of the first call; since a moment: what was called then or later."""
        found = []
        for (role, by, action, resource, error), kept in self._sums.items():
            if (role_arn is not None and role != role_arn) or (
                since_ms is not None and kept.last_ms < since_ms
            ):
                continue
            count, first_ms = (kept.count, kept.first_ms) if since_ms is None else kept.since(since_ms)
            tasks = tuple(
                task for task, last_ms in kept.tasks.items() if since_ms is None or last_ms >= since_ms
            )
            message = kept.message if error else ""
            found.append(
                Usage(role, by, action, resource, error, count, first_ms, kept.last_ms, tasks, message)
            )
        return found
