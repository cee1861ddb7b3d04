"""Scaling as the screens and the command line see it: frozen, and worked out as far as it can be.

Parses the answer of `GET /_lab/scaling` (docs/control-api.md, "Scaling"), with the rule of `tui/raw.py`. Times are
virtual milliseconds since the epoch, cooldowns seconds. Imports no Textual: the command line tells a decision with
the same words.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tui.raw import read

Point = tuple[int, float | None]
"""The beginning of a period and the metric's value in it, None where there was no data."""

COMPARISONS = {
    "GreaterThanThreshold": "above",
    "GreaterThanOrEqualToThreshold": "at or above",
    "LessThanThreshold": "below",
    "LessThanOrEqualToThreshold": "at or below",
}
METRICS = {
    "ECSServiceAverageCPUUtilization": "CPU %",
    "ECSServiceAverageMemoryUtilization": "memory %",
    "ALBRequestCountPerTarget": "requests per target",
}
REASONS = {
    "scaled": "scaled",
    "cooldown": "cooldown",
    "at_max": "at the maximum",
    "at_min": "at the minimum",
    "flapping": "would flap",
    "deployment": "deployment",
    "another_policy": "another policy",
    "suspended": "suspended",
    "scale_in_disabled": "scale-in off",
    "already": "already there",
    "not_active": "not active",
}


def metric_words(metric: str) -> str:
    """A metric in words: the predefined ones in ours, any other as AWS has it."""
    return METRICS.get(metric, metric.replace("HighResolution", "").removeprefix("AWS/"))


@dataclass(frozen=True, slots=True)
class Suspended:
    """What a scalable target has been told not to do."""

    inward: bool = False
    outward: bool = False
    scheduled: bool = False

    @property
    def words(self) -> str:
        """What is suspended; empty when nothing is."""
        found = (
            ("scaling in", self.inward),
            ("scaling out", self.outward),
            ("scheduled actions", self.scheduled),
        )
        return ", ".join(words for words, suspended in found if suspended)


@dataclass(frozen=True, slots=True)
class StepAdjustment:
    """One step: bounds as distances from the threshold, None for no bound."""

    begin: float | None = None
    end: float | None = None
    adjustment: int = 0

    def holds(self, distance: float) -> bool:
        """Whether a metric so far beyond the threshold belongs to this step.

        Above the threshold the lower bound belongs to the step and the upper does not; below it is the other way round.
        """
        low = -math.inf if self.begin is None else self.begin
        high = math.inf if self.end is None else self.end
        return low <= distance < high if distance >= 0 else low < distance <= high


@dataclass(frozen=True, slots=True)
class Policy:
    """A scaling policy. `target` is None unless it tracks one."""

    name: str = ""
    kind: str = ""
    metric: str = ""
    resource_label: str = ""
    target: float | None = None
    scale_out_cooldown_s: int | None = None
    scale_in_cooldown_s: int | None = None
    disable_scale_in: bool = False
    cooldown_s: int | None = None
    adjustment: str = ""
    steps: tuple[StepAdjustment, ...] = ()
    alarms: tuple[str, ...] = ()

    def cooldown(self, direction: str) -> int | None:
        """Its cooldown after scaling `out` or `in`, in seconds."""
        tracked = self.scale_in_cooldown_s if direction == "in" else self.scale_out_cooldown_s
        return self.cooldown_s if tracked is None else tracked

    @property
    def words(self) -> str:
        """What it does, in a few words."""
        if self.target is not None:
            return f"{metric_words(self.metric)} at {self.target:g}"
        steps = ", ".join(f"{step.adjustment:+d}" for step in self.steps)
        return f"{metric_words(self.metric) or 'alarm'}, {self.adjustment or 'steps'} {steps}".rstrip()


@dataclass(frozen=True, slots=True)
class ScheduledAction:
    """A change of the bounds at a time."""

    name: str = ""
    schedule: str = ""
    timezone: str = ""
    low: int | None = None
    high: int | None = None
    next_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """A scaling activity, worded as AWS words it."""

    id: str = ""
    at_ms: int = 0
    end_ms: int | None = None
    description: str = ""
    cause: str = ""
    status: str = ""
    message: str = ""
    before: int = 0
    after: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """One time (or `times` like ones in a row) that the scaler thought about a target, and what came of it."""

    at_ms: int = 0
    last_ms: int = 0
    times: int = 1
    policy: str = ""
    alarm: str = ""
    direction: str = ""
    metric: str = ""
    points: tuple[Point, ...] = ()
    threshold: float | None = None
    comparison: str = ""
    target: float | None = None
    before: int = 0
    wanted: int = 0
    after: int = 0
    outcome: str = ""
    reason: str = ""
    why: str = ""

    @property
    def scaled(self) -> bool:
        """Whether the desired count was changed."""
        return self.outcome == "scaled"

    @property
    def value(self) -> float | None:
        """The last value that there was."""
        return next((value for _, value in reversed(self.points) if value is not None), None)

    @property
    def breaching(self) -> int:
        """How many of the points are on the wrong side of the threshold."""
        return breaching(self.points, self.threshold, self.comparison)

    @property
    def reason_words(self) -> str:
        """The reason in a word or two."""
        return REASONS.get(self.reason, self.reason)


def breaching(points: tuple[Point, ...], threshold: float | None, comparison: str) -> int:
    """How many points are on the wrong side of a threshold."""
    if threshold is None:
        return 0
    sides = {
        "GreaterThanThreshold": lambda value: value > threshold,
        "GreaterThanOrEqualToThreshold": lambda value: value >= threshold,
        "LessThanThreshold": lambda value: value < threshold,
        "LessThanOrEqualToThreshold": lambda value: value <= threshold,
    }
    wrong = sides.get(comparison)
    return sum(wrong is not None and value is not None and wrong(value) for _, value in points)


@dataclass(frozen=True, slots=True)
class Minute:
    """What one minute was like; None where nothing is known."""

    at_ms: int = 0
    desired: int | None = None
    running: int | None = None
    cpu: float | None = None
    memory: float | None = None
    requests_per_target: float | None = None
    sent: int = 0
    failed: int = 0
    p50_ms: float | None = None
    p99_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A scalable target: a service whose desired count is moved between `low` and `high`."""

    resource_id: str = ""
    cluster: str = ""
    service: str = ""
    low: int = 0
    high: int = 0
    desired: int = 0
    running: int = 0
    in_rollout: bool = False
    policies: tuple[Policy, ...] = ()
    scheduled_actions: tuple[ScheduledAction, ...] = ()
    activities: tuple[Activity, ...] = ()
    decisions: tuple[Decision, ...] = ()
    series: tuple[Minute, ...] = ()
    suspended: Suspended = Suspended()

    def policy(self, name: str) -> Policy | None:
        """A policy by name."""
        return next((policy for policy in self.policies if policy.name == name), None)

    def tracked(self, metric: str) -> float | None:
        """What a policy on that predefined metric aims at; the lowest if there are several."""
        aims = [p.target for p in self.policies if p.target is not None and p.metric.startswith(metric)]
        return min(aims, default=None)


@dataclass(frozen=True, slots=True)
class Transition:
    """An alarm went from one state to another."""

    at_ms: int = 0
    before: str = ""
    after: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm, and the points that it last looked at."""

    name: str = ""
    state: str = ""
    reason: str = ""
    threshold: float | None = None
    comparison: str = ""
    metric: str = ""
    statistic: str = ""
    period_s: int = 60
    evaluation_periods: int = 1
    datapoints_to_alarm: int = 1
    treat_missing: str = ""
    updated_ms: int = 0
    policy: str = ""
    points: tuple[Point, ...] = ()
    history: tuple[Transition, ...] = ()

    @property
    def breaching(self) -> int:
        """How many of its points are on the wrong side of the threshold."""
        return breaching(self.points, self.threshold, self.comparison)

    @property
    def rule(self) -> str:
        """When it goes into ALARM, in words."""
        side = COMPARISONS.get(self.comparison, self.comparison)
        limit = "?" if self.threshold is None else f"{self.threshold:g}"
        return f"{side} {limit} in {self.datapoints_to_alarm} of {self.evaluation_periods}"

    def state_at(self, at_ms: int) -> str:
        """The state that it was in at a moment."""
        for change in self.history:
            if change.at_ms <= at_ms:
                return change.after
        return self.history[-1].before if self.history else self.state


@dataclass(frozen=True, slots=True)
class Scaling:
    """Everything about scaling in a world."""

    now_ms: int = 0
    targets: tuple[Target, ...] = ()
    alarms: tuple[Alarm, ...] = ()

    @property
    def known(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.targets or self.alarms)

    def target(self, cluster: str, service: str) -> Target | None:
        """The scalable target of a service."""
        return next((t for t in self.targets if (t.cluster, t.service) == (cluster, service)), None)

    def alarm(self, name: str) -> Alarm | None:
        """An alarm by name."""
        return next((alarm for alarm in self.alarms if alarm.name == name), None)

    def alarms_of(self, target: Target) -> Iterator[Alarm]:
        """The alarms that drive a target's policies."""
        names = {name for policy in target.policies for name in policy.alarms}
        return (alarm for alarm in self.alarms if alarm.name in names)


NOTHING = Scaling()


def parse_scaling(raw: Mapping[str, Any]) -> Scaling:
    """A scaling answer."""
    return read(Scaling, raw)
