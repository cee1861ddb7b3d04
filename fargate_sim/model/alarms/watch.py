"""The datapoints that an alarm looks at, period by period.

A minute of ours that has been published never changes, so each is worked out once. What the account has put itself is asked for anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fargate_sim.model.alarms.alarm import AlarmSpec, Query, Reading
from fargate_sim.model.alarms.evaluation import PERIODS_BEYOND
from fargate_sim.model.metrics import Metric, Point
from fargate_sim.model.metrics.math import Series, UnknownIdError, evaluate
from fargate_sim.model.metrics.metrics import NAMESPACES
from fargate_sim.model.metrics.reading import values
from fargate_sim.model.metrics.steps import MINUTE_MS

if TYPE_CHECKING:
    from fargate_sim.model.world import World


class Watch:
    """Reads the metrics of one alarm, evaluation after evaluation."""

    def __init__(self, world: World, spec: AlarmSpec) -> None:
        self._world = world
        self.queries = spec.queries or (_plain(spec),)
        self._queries = {query.query_id: query for query in self.queries}
        self._watched = next(query for query in self._queries.values() if query.returns)
        self.period_s = max(query.period_s for query in self._queries.values())
        self._periods = spec.evaluation_periods + PERIODS_BEYOND
        self._known: dict[Metric, dict[int, Point]] = {}
        self._known_until: dict[Metric, int] = {}

    def readings(self) -> list[Reading]:
        """The periods of the evaluation range up to the last published minute, oldest first. ``Traffic.settle`` first."""
        end_ms = self._world.metrics.published_ms
        begin_ms = end_ms - self._periods * self.period_s * 1000
        grid = range(begin_ms, end_ms, self.period_s * 1000)
        found = self._series(self._watched, grid, {})
        return [(at_ms, found.values.get(at_ms)) for at_ms in grid]

    def _series(self, query: Query, grid: range, found: dict[str, Series]) -> Series:
        """What a query gives; ``found`` keeps what others have given, since expressions may need one another many times over."""
        if query.query_id not in found:
            found[query.query_id] = self._worked_out(query, grid, found)
        return found[query.query_id]

    def _worked_out(self, query: Query, grid: range, found: dict[str, Series]) -> Series:
        if query.metric is not None:
            points = self._points(query.metric, grid.start, grid.stop)
            return Series(values(points, query.statistic, query.unit, grid.start, self.period_s), grid)

        def other(query_id: str) -> Series:
            if query_id not in self._queries or query_id == query.query_id:
                raise UnknownIdError(query_id)
            return self._series(self._queries[query_id], grid, found)

        return evaluate(query.expression or "", other)

    def _points(self, metric: Metric, since_ms: int, until_ms: int) -> list[Point]:
        if metric.namespace not in NAMESPACES:
            return self._world.surroundings.stored_points(metric, since_ms, until_ms)
        known = self._known.setdefault(metric, {})
        since = max(since_ms, self._known_until.get(metric, since_ms))
        for point in self._world.metrics.points(
            metric.namespace, metric.name, dict(metric.dimensions), since, until_ms, settled=True
        ):
            known[point.at_ms] = point
        self._known_until[metric] = until_ms
        for at_ms in [each for each in known if each < since_ms]:
            del known[at_ms]
        return list(known.values())


def _plain(spec: AlarmSpec) -> Query:
    """The one metric of an alarm without metric math."""
    return Query("m1", spec.metric, spec.statistic, spec.period_s, spec.unit)


def whole_minutes(period_s: int) -> bool:
    """Whether a period can be evaluated here: minutes are the finest points that there are."""
    return period_s > 0 and period_s * 1000 % MINUTE_MS == 0
