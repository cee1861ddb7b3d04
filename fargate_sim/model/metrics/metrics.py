"""The metrics of a world, by the names that AWS gives them. Nothing is written down minute by minute: points are worked out of the
histories when somebody asks, so a world at rest costs nothing, and a world that was lived through again has the same points.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from fargate_sim.model.metrics.hosts import NAMESPACE as BALANCING
from fargate_sim.model.metrics.hosts import HostHistory
from fargate_sim.model.metrics.queues import NAMESPACE as QUEUES
from fargate_sim.model.metrics.queues import QueueHistory
from fargate_sim.model.metrics.statistics import Point
from fargate_sim.model.metrics.steps import KEPT_MS, MINUTE_MS
from fargate_sim.model.metrics.tasks import ECS, INSIGHTS, TaskHistory

if TYPE_CHECKING:
    from fargate_sim.model.world import World

NAMESPACES = frozenset({ECS, INSIGHTS, BALANCING, QUEUES})
_RECENT = 60


class Metric(NamedTuple):
    """A metric that has points. ``dimensions`` are (name, value) pairs."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]


class Datum(NamedTuple):
    """Something that the account has put itself, with PutMetricData."""

    metric: Metric
    point: Point


class Metrics:
    """Answers for the namespaces ``AWS/ECS``, ``ECS/ContainerInsights``, ``AWS/ApplicationELB`` and ``AWS/SQS``."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.tasks = TaskHistory(world)
        self.hosts = HostHistory(world)
        self.queues = QueueHistory(world)

    @property
    def published_ms(self) -> int:
        """The end of the last minute whose points have been published."""
        return (self._world.engine.now_ms - self._world.timing.metric_publish) // MINUTE_MS * MINUTE_MS

    def points(
        self,
        namespace: str,
        name: str,
        dimensions: Mapping[str, str],
        since_ms: int,
        until_ms: int,
        *,
        settled: bool = False,
    ) -> list[Point]:
        """The published points of the minutes that begin from ``since_ms`` to before ``until_ms``, oldest first.

        A minute without data has no point; a metric that does not exist has none either. A day is kept. ``settled``: the traffic's
        books have been brought up to now, which takes longer than reading a metric.
        """
        if not settled:
            self._world.traffic.settle()
        first, after = self._window(since_ms, until_ms)
        return list(self._points(namespace, name, dimensions, first, after))

    def _window(self, since_ms: int, until_ms: int) -> tuple[int, int]:
        earliest_ms = max(since_ms, self._world.engine.now_ms - KEPT_MS, 0)
        return -(-earliest_ms // MINUTE_MS), -(-min(until_ms, self.published_ms) // MINUTE_MS)

    def _points(
        self, namespace: str, name: str, dimensions: Mapping[str, str], first: int, after: int
    ) -> Iterator[Point]:
        if namespace == BALANCING:
            return self.hosts.points(name, dimensions, first, after)
        if namespace == QUEUES:
            return self.queues.points(name, dimensions, first, after)
        return self.tasks.points(namespace, name, dimensions, first, after)

    def listing(self, since_ms: int = 0) -> list[Metric]:
        """The metrics that have a point since a moment, as far as points are kept."""
        self._world.traffic.settle()
        first, after = self._window(since_ms, self.published_ms)
        recent = max(first, after - _RECENT)
        return [
            Metric(namespace, name, tuple(dimensions.items()))
            for source in (self.tasks, self.hosts, self.queues)
            for namespace, name, dimensions in source.listing()
            if any(
                next(self._points(namespace, name, dimensions, since, after), None) is not None
                for since in (recent, first)  # the last hour mostly tells, and is quick
            )
        ]
