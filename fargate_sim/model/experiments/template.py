"""An experiment template: what to do, to what, and when to stop. Field by field as the FIS API has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

ALL, COUNT, PERCENT = "ALL", "COUNT", "PERCENT"
NO_CONDITION, ALARM_CONDITION = "none", "aws:cloudwatch:alarm"
EmptyMode = Literal["fail", "skip"]


@dataclass(frozen=True)
class Selection:
    """How many of those that fit. ``kind``: ALL, COUNT or PERCENT."""

    kind: str
    number: int = 0

    def of(self, found: int) -> int:
        """How many of ``found`` resources: percentages round down. Source: FIS user guide, targets, Selection mode."""
        if self.kind == COUNT:
            # [A] a count above what is there takes all.
            return min(self.number, found)
        return found * self.number // 100 if self.kind == PERCENT else found

    def __str__(self) -> str:
        return ALL if self.kind == ALL else f"{self.kind}({self.number})"


@dataclass(frozen=True)
class Filter:
    """An attribute, its path in Pascal case with dots between the elements, and the values that pass."""

    path: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Target:
    """Which resources: by ARN, or by tags, parameters and filters together."""

    resource_type: str
    selection: Selection
    arns: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    filters: tuple[Filter, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Action:
    """One action. ``parameters`` are as they were given; ``targets`` key to the name of a target."""

    action_id: str
    description: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    targets: Mapping[str, str] = field(default_factory=dict)
    start_after: tuple[str, ...] = ()


@dataclass(frozen=True)
class StopCondition:
    """An alarm's ARN, or (``value`` None) nothing."""

    source: str
    value: str | None = None


@dataclass(frozen=True)
class Plan:
    """What an experiment is made of; a template's may be replaced, an experiment keeps its own."""

    role_arn: str
    targets: Mapping[str, Target]
    actions: Mapping[str, Action]
    stop_conditions: tuple[StopCondition, ...]
    log_group_arn: str | None = None
    """The log group that the experiment's records go to."""
    empty_mode: EmptyMode = "fail"

    @property
    def alarm_arns(self) -> tuple[str, ...]:
        """The alarms that stop the experiment."""
        return tuple(each.value for each in self.stop_conditions if each.value is not None)


@dataclass(eq=False)
class Template:
    """A template. Times are virtual milliseconds."""

    template_id: str
    arn: str
    description: str
    plan: Plan
    created_ms: int
    updated_ms: int
    tags: dict[str, str] = field(default_factory=dict)
