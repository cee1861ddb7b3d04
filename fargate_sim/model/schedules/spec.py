"""A schedule as somebody wrote it down, one invocation of its target, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fargate_sim.model.schedule_expression import Schedule


@dataclass(frozen=True)
class ScheduleSpec:
    """A schedule. Times are virtual milliseconds; ``target`` is as CreateSchedule had it."""

    name: str
    group: str
    arn: str
    when: Schedule = field(compare=False)
    expression: str
    timezone: str
    one_time: bool
    """``at``: start and end dates count for nothing. Source: API model of EventBridge Scheduler, StartDate."""
    target: Mapping[str, Any]
    enabled: bool = True
    start_ms: int | None = None
    end_ms: int | None = None
    window_ms: int | None = None
    """The flexible time window; None: off."""
    delete_afterwards: bool = False
    retry_attempts: int = 185
    max_age_ms: int = 86_400_000
    dead_letter_arn: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Group and name: unique in an account and region."""
        return (self.group, self.name)

    def next_after(self, ms: int) -> int | None:
        """The first moment later than ``ms`` at which it is due; None when it is over."""
        if self.one_time:
            return self.when.next_after(ms)
        due_ms = self.when.next_after(max(ms, (self.start_ms or 0) - 1))
        return None if due_ms is None or (self.end_ms is not None and due_ms > self.end_ms) else due_ms


@dataclass
class Invocation:
    """One call of a target, tried once or several times."""

    spec: ScheduleSpec
    execution_id: str
    due_ms: int
    """The moment that the expression names."""
    first_ms: int
    """When the target was called for the first time."""
    attempt: int = 1
    facts: dict[str, Any] = field(default_factory=dict)
    """The data of the latest journal entry of the invocation; whoever carries it out adds what came of it."""


@dataclass(frozen=True)
class Outcome:
    """What a target answered. ``error`` None: it accepted the call, which is all that a schedule ever learns."""

    request: str
    """The request, as JSON: the body of a dead letter."""
    error: str | None = None
    message: str = ""
    again: bool = False
    """Whether another attempt may go better."""
