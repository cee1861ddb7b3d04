"""Statistic sets: what is known of the samples of one period, and the statistics that follow.

Sources: CloudWatch user guide, "CloudWatch statistics definitions"; API GetMetricStatistics for when a percentile can be had of a
statistic set. That a percentile is the nearest rank is [A].
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

_PERCENTILE = re.compile(r"p(100|\d{1,2}(?:\.\d{1,10})?)$")


@dataclass(frozen=True, slots=True)
class Point:
    """The samples of a period that begins at ``at_ms`` (virtual milliseconds).

    ``values`` has the samples themselves, (value, how many) in ascending order, or None where only the set is known.
    """

    at_ms: int
    sample_count: float
    sum: float
    minimum: float
    maximum: float
    unit: str
    values: tuple[tuple[float, float], ...] | None = None


def sampled(at_ms: int, unit: str, values: dict[float, float]) -> Point:
    """A point of samples: value to how many."""
    ordered = tuple(sorted(values.items()))
    return Point(
        at_ms,
        sum(weight for _, weight in ordered),
        sum(value * weight for value, weight in ordered),
        ordered[0][0],
        ordered[-1][0],
        unit,
        ordered,
    )


def counted(at_ms: int, count: int) -> Point:
    """A point of things that were counted one by one: Minimum, Maximum and Average are 1."""
    return Point(at_ms, count, count, 1, 1, "Count", ((1, count),))


def merged(at_ms: int, points: Iterable[Point]) -> Point:
    """One point for the samples of several; ValueError when there is none."""
    parts = list(points)
    if not parts:
        raise ValueError("no points, no statistics")
    values: dict[float, float] | None = {}
    for part in parts:
        known = _values(part)
        if known is None or values is None:
            values = None
            continue
        for value, weight in known:
            values[value] = values.get(value, 0) + weight
    return Point(
        at_ms,
        sum(part.sample_count for part in parts),
        sum(part.sum for part in parts),
        min(part.minimum for part in parts),
        max(part.maximum for part in parts),
        parts[0].unit,
        None if values is None else tuple(sorted(values.items())),
    )


def _values(point: Point) -> tuple[tuple[float, float], ...] | None:
    """The samples; those of a set of one, or of equals, are known, too."""
    if point.values is None and (point.sample_count == 1 or point.minimum == point.maximum):
        return ((point.minimum, point.sample_count),)
    return point.values


def is_statistic(name: str) -> bool:
    """Whether ``statistic`` knows it."""
    return name in _PLAIN or _PERCENTILE.match(name) is not None


_PLAIN = frozenset({"SampleCount", "Sum", "Average", "Minimum", "Maximum"})


def statistic(point: Point, name: str) -> float | None:
    """A statistic by CloudWatch's name, percentiles as ``p99`` or ``p99.9``; None when the samples do not tell.

    ValueError for a name that ``is_statistic`` does not know.
    """
    percentile = _PERCENTILE.match(name)
    if percentile:
        return _percentile(point, float(percentile.group(1)))
    if name not in _PLAIN:
        raise ValueError(f"{name!r} is no statistic that is modelled")
    return {
        "SampleCount": point.sample_count,
        "Sum": point.sum,
        "Average": point.sum / point.sample_count if point.sample_count else None,
        "Minimum": point.minimum,
        "Maximum": point.maximum,
    }[name]


def _percentile(point: Point, percent: float) -> float | None:
    values = _values(point)
    if not values:
        return None
    rank = max(1, math.ceil(round(point.sample_count * percent / 100, 9)))
    seen = 0.0
    for value, weight in values:
        seen += weight
        if seen >= rank:
            return value
    return values[-1][0]
