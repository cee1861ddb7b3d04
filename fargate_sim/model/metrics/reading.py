"""Values out of points: statistics by period, and arithmetic over several metrics."""

from __future__ import annotations

from collections.abc import Iterable

from fargate_sim.model.metrics.statistics import Point, merged, statistic


def aggregated(points: Iterable[Point], unit: str | None, begin_ms: int, period_s: int) -> list[Point]:
    """One point for each period that has any, oldest first; periods begin at ``begin_ms``."""
    periods: dict[int, list[Point]] = {}
    for point in points:
        if unit is None or point.unit == unit:
            periods.setdefault((point.at_ms - begin_ms) // (period_s * 1000), []).append(point)
    return [merged(begin_ms + index * period_s * 1000, periods[index]) for index in sorted(periods)]


def values(
    points: Iterable[Point], name: str, unit: str | None, begin_ms: int, period_s: int
) -> dict[int, float]:
    """A statistic by period: moment of the period's beginning to value. Periods without data are left out."""
    return {
        point.at_ms: value
        for point in aggregated(points, unit, begin_ms, period_s)
        if (value := statistic(point, name)) is not None
    }
