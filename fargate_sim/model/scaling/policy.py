"""Scaling policies: what they follow, and how far they go. Source: Application Auto Scaling API reference, PutScalingPolicy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fargate_sim.model.alarms import Query
from fargate_sim.model.metrics import Metric
from fargate_sim.model.scaling.arithmetic import Step

TRACKING = "TargetTrackingScaling"
STEPPING = "StepScaling"
CPU = "ECSServiceAverageCPUUtilization"
MEMORY = "ECSServiceAverageMemoryUtilization"
REQUESTS = "ALBRequestCountPerTarget"
PREDEFINED = (CPU, MEMORY, REQUESTS)

DEFAULT_COOLDOWN_S = 300
"""Of both kinds of policies, for ECS. Source: TargetTrackingScalingPolicyConfiguration, StepScalingPolicyConfiguration."""


@dataclass(frozen=True)
class Followed:
    """What a target tracking policy follows: a predefined metric, one metric, or an expression over several."""

    predefined: str | None = None
    resource_label: str | None = None
    metric: Metric | None = None
    statistic: str = "Average"
    unit: str | None = None
    queries: tuple[Query, ...] = ()

    @property
    def label(self) -> str:
        """Its name for people: the predefined one, ``namespace name``, or ``expression``."""
        if self.predefined:
            return self.predefined
        if self.metric is not None:
            return f"{self.metric.namespace} {self.metric.name}"
        return "expression"


@dataclass(frozen=True)
class Tracking:
    """The settings of a target tracking policy. Cooldowns in seconds, None: the default."""

    target: float
    followed: Followed
    scale_out_cooldown_s: int | None = None
    scale_in_cooldown_s: int | None = None
    disable_scale_in: bool = False


@dataclass(frozen=True)
class Stepping:
    """The settings of a step scaling policy."""

    adjustment: str
    steps: tuple[Step, ...]
    minimum: int = 0
    cooldown_s: int | None = None
    aggregation: str = "Average"


Settings = Tracking | Stepping


@dataclass(eq=False)
class Policy:
    """A policy of one scalable target. ``document`` is its configuration in AWS's spelling, for the API."""

    name: str
    arn: str
    created_ms: int
    settings: Settings
    document: dict[str, Any] = field(default_factory=dict)
    created_by: str = ""
    """Ends the ARN by which the alarms of target tracking call the policy. [R] public exports of such alarms"""
    alarms: list[str] = field(default_factory=list)
    """Names of the alarms that were made for it: none for step scaling."""

    @property
    def kind(self) -> str:
        """PolicyType."""
        return TRACKING if isinstance(self.settings, Tracking) else STEPPING

    @property
    def action(self) -> str:
        """What its alarms have as their action."""
        return f"{self.arn}:createdBy/{self.created_by}" if self.created_by else self.arn

    @property
    def scales_in(self) -> bool:
        """Whether it is a target tracking policy with a say in scaling in."""
        return isinstance(self.settings, Tracking) and not self.settings.disable_scale_in

    def cooldown_s(self, direction: str) -> int:
        """How long it waits after a scaling activity before the next one in a direction (``out``, ``in``)."""
        settings = self.settings
        if isinstance(settings, Stepping):
            given = settings.cooldown_s
        elif direction == "out":
            given = settings.scale_out_cooldown_s
        else:
            given = settings.scale_in_cooldown_s
        return DEFAULT_COOLDOWN_S if given is None else given
