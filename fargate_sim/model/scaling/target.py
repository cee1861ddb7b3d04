"""Scalable targets and what hangs on them. Source: Application Auto Scaling API reference, RegisterScalableTarget, PutScheduledAction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from fargate_sim.kernel.engine import Happening
from fargate_sim.model.alarms.alarm import AlarmSpec, Reading
from fargate_sim.model.scaling.activities import Activity
from fargate_sim.model.scaling.decisions import Decisions
from fargate_sim.model.scaling.policy import Policy
from fargate_sim.model.schedule_expression import Schedule


class Suspended(NamedTuple):
    """SuspendedState: what is not to happen."""

    scale_in: bool = False
    scale_out: bool = False
    scheduled: bool = False


@dataclass(eq=False)
class ScheduledAction:
    """New bounds at certain times. Times are virtual milliseconds."""

    name: str
    arn: str
    created_ms: int
    expression: str
    schedule: Schedule
    timezone: str | None = None
    minimum: int | None = None
    maximum: int | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    next: Happening | None = None

    def next_after(self, ms: int) -> int | None:
        """Its next time after a moment, within its start and end."""
        after_ms = ms if self.start_ms is None else max(ms, self.start_ms - 1)
        found = self.schedule.next_after(after_ms)
        return None if found is None or (self.end_ms is not None and found > self.end_ms) else found


@dataclass(frozen=True)
class Move:
    """A change of capacity that a policy made, for the cooldowns. ``base`` is the capacity that it reckoned with."""

    activity: Activity
    base: int

    def holds(self, now_ms: int, cooldown_s: int) -> bool:
        """Whether a cooldown of so many seconds, which begins with the end of the activity, is on."""
        end_ms = self.activity.end_ms
        return end_ms is None or now_ms < end_ms + cooldown_s * 1000


class Signal(NamedTuple):
    """An alarm that has called a policy."""

    policy: Policy
    spec: AlarmSpec
    points: tuple[Reading, ...]


@dataclass(eq=False)
class ScalableTarget:
    """The desired count of one service, and who may move it within which bounds."""

    resource_id: str
    cluster: str
    service: str
    arn: str
    created_ms: int
    minimum: int
    maximum: int
    suspended: Suspended = field(default_factory=Suspended)
    tags: dict[str, str] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    actions: dict[str, ScheduledAction] = field(default_factory=dict)
    decisions: Decisions = field(default_factory=Decisions)
    ongoing: Activity | None = None
    """The activity whose end the service has not reached yet."""
    timeout: Happening | None = None
    last_out: Move | None = None
    last_in: Move | None = None
    signals: dict[str, Signal] = field(default_factory=dict)
    """By alarm: what has been said since the last decision."""
    deciding: Happening | None = None
