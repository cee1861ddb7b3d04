"""What the processes of a task keep in memory, and the moment at which that is too much.

Sources: API model of ECS, ContainerDefinition.memory (a container that exceeds it is killed) and memoryReservation (a soft limit: nobody is
killed for it); ECS developer guide, fargate-tasks-services (the task's memory is the limit of its containers together) and
out-of-memory (what it says then). There is no swap: on Fargate a task has none. [A] The program grows to its working set evenly while it
boots, and keeps it; what it leaks comes on top, with every request that it takes and with every hour. [A] When the containers
of a task together exceed its memory, the largest is killed, and all of a container is killed, whatever runs in it.

The traffic is carried lazily, so growth by requests is looked at in happenings of its own: not before the requests that can come could
have used up what is left, then at least a second apart. [A] A kill is thus up to a second late. Growth by the clock is known, and killed
for at its millisecond. Nothing here depends on who reads what, or when.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from fargate_sim.model import task as states
from fargate_sim.model.metrics.steps import Steps

if TYPE_CHECKING:
    from fargate_sim.model.images import App
    from fargate_sim.model.task import Container, Task
    from fargate_sim.model.world import World

PLAIN_PROCESS_MIB = 4
"""Working set of a process that is no program of the catalogue: a shell, a sleep. [A]"""
LEAST_BETWEEN_LOOKS_MS = 1_000
_HOUR_MS = 3_600_000
_SPREAD = 4
"""Requests come by chance: so many standard deviations more than expected are allowed for between two looks."""


@dataclass(eq=False, slots=True)
class Footprint:
    """The memory of one process, in MiB. Times are virtual milliseconds."""

    started_ms: int
    working_mib: float = PLAIN_PROCESS_MIB
    boot_ms: int = 0
    hourly_mib: float = 0.0
    request_mib: float = 0.0
    requests: int = 0
    """How many it has taken, as far as they are counted."""
    counted: Steps[int] | None = None
    """The same at the ends of minutes, of a program that leaks with requests."""
    ended_ms: int | None = None
    excess_of_mib: int | None = None
    """The limit that it was killed for."""

    @classmethod
    def of(cls, app: App | None, started_ms: int) -> Footprint:
        """That of a program of the catalogue, or of some other process."""
        if app is None:
            return cls(started_ms)
        request_mib = app.leak_kib_per_request / 1024
        counted: Steps[int] | None = Steps() if request_mib else None
        return cls(
            started_ms,
            app.memory_mib,
            app.boot_ms,
            app.leak_mib_per_hour,
            request_mib,
            counted=counted,
        )

    @property
    def booted_ms(self) -> int:
        """When it has its working set."""
        return self.started_ms + self.boot_ms

    def used_mib(self, at_ms: int, requests: int) -> float:
        """At a moment, after so many requests."""
        leaked = requests * self.request_mib
        if at_ms < self.booted_ms:
            return self.working_mib * (at_ms - self.started_ms) / self.boot_ms + leaked
        return self.working_mib + self.hourly_mib * (at_ms - self.booted_ms) / _HOUR_MS + leaked

    def lives(self, at_ms: int) -> bool:
        """Whether the process is there at a moment after its start."""
        return self.ended_ms is None or self.ended_ms > at_ms

    def past_mib(self, at_ms: int) -> float:
        """At the end of a minute that is over."""
        return self.used_mib(at_ms, (self.counted.at(at_ms) or 0) if self.counted is not None else 0)

    @property
    def leaks(self) -> bool:
        """Whether it grows beyond its working set."""
        return bool(self.hourly_mib or self.request_mib)

    def grows_mib(self, at_ms: int) -> float:
        """How much it grows in a millisecond by the clock alone."""
        return self.working_mib / self.boot_ms if at_ms < self.booted_ms else self.hourly_mib / _HOUR_MS


class MemoryWatch:
    """Looks after the memory of all tasks; ``kill`` ends a container that has too much."""

    def __init__(self, world: World, kill: Callable[[Task, Container], None]) -> None:
        self._world = world
        self._engine = world.engine
        self._kill = kill

    def starting(self, task: Task, container: Container) -> None:
        """A container's process begins."""
        container.footprint = Footprint.of(container.run.app if container.run else None, self._engine.now_ms)
        self.watch(task)

    def ended(self, container: Container) -> None:
        """A container's process has ended."""
        if container.footprint is not None:
            container.footprint.ended_ms = self._engine.now_ms

    def load_changed(self, group: str) -> None:
        """A load begins on a target group."""
        for task in dict.fromkeys(target.task for target in self._world.balancing.health.of(group)):
            self.watch(task)

    def watch(self, task: Task) -> None:
        """Work out anew when the task has to be looked at, if ever."""
        self._engine.cancel(task.memory_look)
        at_ms = self._next_look(task)
        task.memory_look = (
            None if at_ms is None else self._engine.at(at_ms, partial(self._look, task), cause=task.cause)
        )

    def _look(self, task: Task) -> None:
        self._world.traffic.count(task)
        while (excess := self._excess(task)) is not None:
            container, limit_mib = excess
            if container.footprint is not None:
                container.footprint.excess_of_mib = limit_mib
            self._kill(task, container)
        self.watch(task)

    # -- who has how much --------------------------------------------------------------------------

    @staticmethod
    def _running(task: Task) -> list[tuple[Container, Footprint]]:
        return [
            (container, container.footprint)
            for container in task.containers
            if container.status == states.RUNNING and container.footprint is not None
        ]

    @classmethod
    def _limits(cls, task: Task) -> list[tuple[int, list[tuple[Container, Footprint]]]]:
        """Each hard limit of the task in MiB, with those who have to keep within it together."""
        running = cls._running(task)
        limits = [(each[0].spec.memory_mib, [each]) for each in running if each[0].spec.memory_mib]
        if task.task_definition.memory_mib and running:
            limits.append((task.task_definition.memory_mib, running))
        return limits

    def _excess(self, task: Task) -> tuple[Container, int] | None:
        """Who has to go now, and the limit."""
        now_ms = self._engine.now_ms
        for limit_mib, group in self._limits(task):
            used = [footprint.used_mib(now_ms, footprint.requests) for _, footprint in group]
            if sum(used) > limit_mib:
                return group[used.index(max(used))][0], limit_mib
        return None

    # -- when to look ------------------------------------------------------------------------------

    def _next_look(self, task: Task) -> int | None:
        limits = [
            (limit_mib, [footprint for _, footprint in group]) for limit_mib, group in self._limits(task)
        ]
        limits = [(limit_mib, group) for limit_mib, group in limits if not _fits(group, limit_mib)]
        if not limits:
            return None
        self._world.traffic.count(task)
        now_ms = self._engine.now_ms
        peak = self._world.traffic.peak_towards(task) / 1000
        found: list[int] = []
        for limit_mib, footprints in limits:
            by_clock = _crossing(footprints, limit_mib, now_ms)
            if by_clock is not None:
                found.append(math.floor(by_clock) + 1)
            by_request = peak * max(footprint.request_mib for footprint in footprints)
            if by_request:
                at_latest = _crossing(footprints, limit_mib, now_ms, by_request)
                if at_latest is not None:
                    safe_ms = _safe(at_latest - now_ms, peak)
                    found.append(now_ms + max(int(safe_ms), LEAST_BETWEEN_LOOKS_MS))
        return max(min(found), now_ms) if found else None


def _fits(footprints: Sequence[Footprint], limit_mib: float) -> bool:
    """Whether some processes keep within a limit for ever."""
    return (
        not any(each.leaks for each in footprints)
        and sum(each.working_mib for each in footprints) <= limit_mib
    )


def _crossing(
    footprints: Sequence[Footprint], limit_mib: float, now_ms: int, by_request: float = 0.0
) -> float | None:
    """When some processes together reach a limit, if ``by_request`` MiB a millisecond come on top of what the clock brings."""
    used = sum(each.used_mib(now_ms, each.requests) for each in footprints)
    at_ms = now_ms
    for edge_ms in sorted({each.booted_ms for each in footprints if each.booted_ms > now_ms}):
        slope = by_request + sum(each.grows_mib(at_ms) for each in footprints)
        if used + slope * (edge_ms - at_ms) > limit_mib:
            return at_ms + (limit_mib - used) / slope
        used, at_ms = used + slope * (edge_ms - at_ms), edge_ms
    slope = by_request + sum(each.grows_mib(at_ms) for each in footprints)
    if used > limit_mib:
        return at_ms
    return at_ms + (limit_mib - used) / slope if slope else None


def _safe(time_ms: float, rate: float) -> float:
    """How much of a time may pass until requests, ``rate`` a millisecond by chance, may have come as often as in all of it."""
    expected = rate * time_ms
    if expected <= 0:
        return 0.0
    spread = _SPREAD / 2
    return time_ms * (math.sqrt(expected + spread**2) - spread) ** 2 / expected
