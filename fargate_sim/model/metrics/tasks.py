"""What is remembered of tasks for the metrics of ECS, and those metrics.

Sources: ECS developer guide, cloudwatch-metrics, service_utilization (used / reserved x 100; one sample a task and minute, so SampleCount
counts running tasks) and cluster_utilization (cluster metrics only for EC2); CloudWatch user guide, Container-Insights-metrics-ECS. That a
task reports for a minute at whose end its containers are up, and the idle draw, are [A].
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING

from fargate_sim.model import task as states
from fargate_sim.model.disturbances.cpu import average
from fargate_sim.model.metrics.statistics import Point, sampled
from fargate_sim.model.metrics.steps import KEPT_MS, MINUTE_MS, Steps

if TYPE_CHECKING:
    from fargate_sim.model.memory import Footprint
    from fargate_sim.model.service import Service
    from fargate_sim.model.task import Task
    from fargate_sim.model.world import World

ECS = "AWS/ECS"
INSIGHTS = "ECS/ContainerInsights"
CLUSTER, SERVICE, FAMILY = "ClusterName", "ServiceName", "TaskDefinitionFamily"

IDLE_CPU_UNITS = 1.0
"""What a running container uses without any request, in CPU units (1024 to a vCPU). [A]"""
_OBSERVED = ("enabled", "enhanced")


@dataclass(eq=False, slots=True)
class Life:
    """What is remembered of one task, for a day after its end. Times are virtual milliseconds."""

    task_id: str
    service: str | None
    family: str
    cpu_units: int
    memory_mib: int
    created_ms: int
    busy_us: Mapping[int, int]
    stress: Sequence[tuple[int, float]] = ()
    """The share of its CPU that others than its programs keep busy, by its changes."""
    idle_units: float = 0
    footprints: list[Footprint] = field(default_factory=list)
    started_ms: int | None = None
    left_ms: int | None = None
    """When it was told to end."""
    ended_ms: int | None = None
    """When its containers had ended."""

    @property
    def down_ms(self) -> int | None:
        """When the last of its processes had ended, which ECS may notice later; None while one is there."""
        ends = [each.ended_ms for each in self.footprints if each.ended_ms is not None]
        return max(ends) if ends and len(ends) == len(self.footprints) else self.ended_ms

    def cpu_percent(self, minute: int) -> float:
        """Of its CPU, how much it used of the part of the minute in which it was up."""
        begin_ms = max(minute * MINUTE_MS, self.started_ms or 0)
        alive_us = ((minute + 1) * MINUTE_MS - begin_ms) * 1000
        busy = self.busy_us.get(minute, 0) / alive_us
        if self.stress:
            busy += average(self.stress, begin_ms, (minute + 1) * MINUTE_MS)
        return min(100.0, 100 * (busy + self.idle_units / self.cpu_units))

    def used_mib(self, minute: int) -> float:
        """What its processes kept in memory at the end of a minute; nobody is seen above the task's memory."""
        end_ms = (minute + 1) * MINUTE_MS
        used = sum(each.past_mib(end_ms) for each in self.footprints if each.lives(end_ms))
        return min(used, self.memory_mib)

    def memory_percent(self, minute: int) -> float:
        """Of its memory, how much it used."""
        return 100 * self.used_mib(minute) / self.memory_mib


Measure = Callable[[Life, int], float]
PER_TASK: dict[tuple[str, str], tuple[str, Measure]] = {
    (ECS, "CPUUtilization"): ("Percent", Life.cpu_percent),
    (ECS, "MemoryUtilization"): ("Percent", Life.memory_percent),
    (INSIGHTS, "CpuUtilized"): ("None", lambda life, minute: life.cpu_percent(minute) * life.cpu_units / 100),
    (INSIGHTS, "CpuReserved"): ("None", lambda life, _minute: life.cpu_units),
    (INSIGHTS, "MemoryUtilized"): ("Megabytes", Life.used_mib),
    (INSIGHTS, "MemoryReserved"): ("Megabytes", lambda life, _minute: life.memory_mib),
}
COUNTS = ("RunningTaskCount", "PendingTaskCount", "DesiredTaskCount")


class TaskHistory:
    """The lives of the tasks of a world, desired counts, and which clusters Container Insights observes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._live: dict[str, dict[str, Life]] = {}
        self._past: dict[str, deque[Life]] = {}
        self._desired: dict[tuple[str, str], Steps[int]] = {}
        self._insights: dict[str, Steps[str]] = {}

    # -- occasions -------------------------------------------------------------------------------

    def launched(self, task: Task) -> None:
        """A task begins."""
        definition = task.task_definition
        self._live.setdefault(task.cluster, {})[task.task_id] = Life(
            task.task_id,
            task.service.name if task.service else None,
            definition.family,
            definition.cpu_units,
            definition.memory_mib,
            task.created_ms,
            task.busy_us,
            task.stress,
        )

    def running(self, task: Task) -> None:
        """It is RUNNING."""
        life = self._live[task.cluster][task.task_id]
        life.started_ms = self._world.engine.now_ms
        for container in task.containers:
            if container.status == states.RUNNING and container.footprint is not None:
                life.idle_units += IDLE_CPU_UNITS
                life.footprints.append(container.footprint)

    def leaving(self, task: Task) -> None:
        """It is told to end."""
        self._live[task.cluster][task.task_id].left_ms = self._world.engine.now_ms

    def ended(self, task: Task) -> None:
        """All its containers have ended, or never were."""
        now_ms = self._world.engine.now_ms
        life = self._live[task.cluster].pop(task.task_id)
        life.ended_ms = now_ms
        past = self._past.setdefault(task.cluster, deque())
        past.append(life)
        while past and (past[0].ended_ms or 0) < now_ms - KEPT_MS - 5 * MINUTE_MS:
            past.popleft()

    def desired(self, service: Service) -> None:
        """A service wants another number of tasks."""
        steps = self._desired.setdefault((service.cluster, service.name), Steps())
        steps.set(self._world.engine.now_ms, service.desired)

    def observed(self, cluster: str, setting: str) -> None:
        """The cluster's Container Insights setting."""
        self._insights.setdefault(cluster, Steps()).set(self._world.engine.now_ms, setting)

    # -- metrics ---------------------------------------------------------------------------------

    def _lives(self, dimensions: Mapping[str, str], since_ms: int, until_ms: int) -> list[Life]:
        """The tasks that the dimensions name and that were there in a time."""
        cluster, service, family = (dimensions.get(name) for name in (CLUSTER, SERVICE, FAMILY))
        return [
            life
            for lives in (self._past.get(cluster or "", ()), self._live.get(cluster or "", {}).values())
            for life in lives
            if (service is None or life.service == service)
            and (family is None or life.family == family)
            and life.created_ms < until_ms
            and (life.ended_ms is None or life.ended_ms >= since_ms)
        ]

    def points(
        self, namespace: str, name: str, dimensions: Mapping[str, str], first: int, after: int
    ) -> Iterator[Point]:
        """The points of the minutes (since the epoch) from ``first`` to before ``after``, in their order."""
        shape = frozenset(dimensions)
        if (namespace, name) in PER_TASK and shape in SHAPES[namespace]:
            measured = self._measured(namespace, name, dimensions, first, after)
            yield from self._while_observed(namespace, dimensions, measured)
        elif namespace == INSIGHTS and name in COUNTS and shape == SERVICE_SHAPE:
            yield from self._while_observed(
                namespace, dimensions, self._count(name, dimensions, first, after)
            )

    def _while_observed(
        self, namespace: str, dimensions: Mapping[str, str], points: Iterator[Point]
    ) -> Iterator[Point]:
        steps = self._insights.get(dimensions[CLUSTER])
        for point in points:
            if namespace == ECS or (steps and steps.at(point.at_ms + MINUTE_MS - 1) in _OBSERVED):
                yield point

    def _measured(
        self, namespace: str, name: str, dimensions: Mapping[str, str], first: int, after: int
    ) -> Iterator[Point]:
        unit, measure = PER_TASK[namespace, name]
        found: dict[int, dict[float, float]] = {}
        for life in self._lives(dimensions, first * MINUTE_MS, after * MINUTE_MS):
            if life.started_ms is None:
                continue
            down_ms = life.down_ms
            last = after if down_ms is None else min(after, down_ms // MINUTE_MS)
            for minute in range(max(first, life.started_ms // MINUTE_MS), last):
                value = measure(life, minute)
                values = found.setdefault(minute, {})
                values[value] = values.get(value, 0) + 1
        for minute in sorted(found):
            yield sampled(minute * MINUTE_MS, unit, found[minute])

    def _count(self, name: str, dimensions: Mapping[str, str], first: int, after: int) -> Iterator[Point]:
        """One sample a minute, at its end; only for a service with running tasks."""
        lives = self._lives(dimensions, first * MINUTE_MS, after * MINUTE_MS)
        steps = self._desired.get((dimensions[CLUSTER], dimensions[SERVICE]))
        running = _at_ends(first, after, ((life.started_ms, life.left_ms) for life in lives))
        pending = _at_ends(
            first, after, ((life.created_ms, life.started_ms or life.left_ms) for life in lives)
        )
        for minute in range(first, after):
            if not running[minute - first]:
                continue
            if name == "RunningTaskCount":
                value = running[minute - first]
            elif name == "PendingTaskCount":
                value = pending[minute - first]
            else:
                value = (steps.at((minute + 1) * MINUTE_MS - 1) if steps else None) or 0
            yield sampled(minute * MINUTE_MS, "Count", {float(value): 1})

    def counts(self, cluster: str, service: str, first: int, after: int) -> list[tuple[int | None, int]]:
        """(desired, running) of a service at the ends of the minutes from ``first`` to before ``after``; desired is None before it
        was there. For our own screens: no setting of the cluster matters."""
        lives = self._lives({CLUSTER: cluster, SERVICE: service}, first * MINUTE_MS, after * MINUTE_MS)
        running = _at_ends(first, after, ((life.started_ms, life.left_ms or life.ended_ms) for life in lives))
        steps = self._desired.get((cluster, service))
        return [
            (steps.at((minute + 1) * MINUTE_MS - 1) if steps else None, running[minute - first])
            for minute in range(first, after)
        ]

    def listing(self) -> Iterator[tuple[str, str, dict[str, str]]]:
        """(namespace, name, dimensions) of everything that may have points."""
        for cluster in dict.fromkeys((*self._past, *self._live)):
            lives = [*self._past.get(cluster, ()), *self._live.get(cluster, {}).values()]
            services = dict.fromkeys(life.service for life in lives if life.service)
            families = dict.fromkeys(life.family for life in lives)
            of_services = [{CLUSTER: cluster, SERVICE: service} for service in services]
            of_families = [{CLUSTER: cluster, FAMILY: family} for family in families]
            setting = self._insights.get(cluster)
            observed = setting is not None and any(value in _OBSERVED for value in setting.all())
            for namespace, name in PER_TASK:
                if namespace == INSIGHTS and not observed:
                    continue
                shown = of_services if namespace == ECS else [{CLUSTER: cluster}, *of_services, *of_families]
                yield from ((namespace, name, dimensions) for dimensions in shown)
            if observed:
                yield from ((INSIGHTS, name, dimensions) for name in COUNTS for dimensions in of_services)


def _at_ends(first: int, after: int, lasting: Iterable[tuple[int | None, int | None]]) -> list[int]:
    """How many things were there at the end of each minute, given the beginning and end (or None) of each."""
    changes = [0] * (max(after - first, 0) + 1)
    for begin_ms, end_ms in lasting:
        if begin_ms is None:
            continue
        begin = max(begin_ms // MINUTE_MS, first)
        end = after if end_ms is None else min(end_ms // MINUTE_MS, after)
        if begin < end:
            changes[begin - first] += 1
            changes[end - first] -= 1
    return list(accumulate(changes))


SERVICE_SHAPE = frozenset({CLUSTER, SERVICE})
SHAPES = {
    ECS: (SERVICE_SHAPE,),
    INSIGHTS: (SERVICE_SHAPE, frozenset({CLUSTER}), frozenset({CLUSTER, FAMILY})),
}
"""The sets of dimensions of what is measured per task."""
