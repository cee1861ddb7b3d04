"""What a policy's numbers make of a capacity.

Sources: Application Auto Scaling user guide, target-tracking-scaling-policy-overview (proportional, rounded to the safe side; the
formula itself is [A]) and step-scaling-policy-overview (bounds, adjustment types, rounding); its API reference, StepAdjustment.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

CHANGE = "ChangeInCapacity"
PERCENT = "PercentChangeInCapacity"
EXACT = "ExactCapacity"
_BEYOND_ALL = 2.0**31
"""More than any capacity. A metric of one's own may be as large as a number can be."""


class Step(NamedTuple):
    """One step: between two distances of the metric from the alarm's threshold (None: no end), how much to adjust."""

    lower: float | None
    upper: float | None
    adjustment: int

    def holds(self, distance: float, *, above: bool) -> bool:
        """Whether the distance is in the step. Above the threshold the lower bound belongs to it, below the upper one."""
        if above:
            return (self.lower is None or distance >= self.lower) and (
                self.upper is None or distance < self.upper
            )
        return (self.lower is None or distance > self.lower) and (
            self.upper is None or distance <= self.upper
        )


def tracked(capacity: int, metric: float, target: float) -> int:
    """The capacity at which a metric that falls with it would be at its target, rounded up. [A] formula"""
    return math.ceil(round(max(0.0, min(capacity * metric / target, _BEYOND_ALL)), 9))


def step_for(steps: Iterable[Step], distance: float, *, above: bool) -> Step | None:
    """The step that a distance from the threshold falls into."""
    return next((step for step in steps if step.holds(distance, above=above)), None)


def adjusted(kind: str, capacity: int, adjustment: int, minimum: int = 0) -> int:
    """The capacity after an adjustment. ``minimum`` is MinAdjustmentMagnitude and counts for percentages."""
    if kind == EXACT:
        return adjustment
    if kind == CHANGE:
        return max(0, capacity + adjustment)
    change = percent_change(capacity, adjustment)
    if change and abs(change) < minimum:
        change = int(math.copysign(minimum, change))
    return max(0, capacity + change)


def percent_change(capacity: int, percent: int) -> int:
    """So many percent of a capacity, rounded towards zero, but never to zero."""
    share = capacity * percent / 100
    if 0 < share < 1:
        return 1
    if -1 < share < 0:
        return -1
    return math.trunc(share)


def aggregated(values: Sequence[float], how: str) -> float:
    """Several points as one: MetricAggregationType."""
    if how == "Minimum":
        return min(values)
    if how == "Maximum":
        return max(values)
    return sum(values) / len(values)


def bounds_problem(steps: Sequence[Step]) -> str | None:
    """What is wrong with the bounds of a policy's steps, as a sentence; None when they are right. [A] texts, [C] rules"""
    for step in steps:
        if step.lower is None and step.upper is None:
            return "The lower and upper bounds of a step adjustment can not both be null."
        if step.lower is not None and step.upper is not None and step.lower >= step.upper:
            return "The upper bound of a step adjustment must be greater than its lower bound."
    ordered = sorted(steps, key=lambda step: -math.inf if step.lower is None else step.lower)
    if sum(step.lower is None for step in steps) > 1:
        return "At most one step adjustment can have no lower bound."
    if sum(step.upper is None for step in steps) > 1:
        return "At most one step adjustment can have no upper bound."
    for step, following in pairwise(ordered):
        if step.upper is None or following.lower is None or step.upper > following.lower:
            return "Step adjustment intervals can not overlap."
        if step.upper < following.lower:
            return "There can not be a gap between step adjustment intervals."
    if ordered[0].lower is not None and ordered[0].lower < 0:
        return "If a step has a negative lower bound, another must have no lower bound."
    if ordered[-1].upper is not None and ordered[-1].upper > 0:
        return "If a step has a positive upper bound, another must have no upper bound."
    return None
