"""An experiment and its actions: plain state. What changes it stands in experiments.py.

Sources: API model of FIS (statuses); the examples of the ``aws fis`` commands (sentences).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from fargate_sim.kernel.engine import Happening
from fargate_sim.model.experiments.template import Action, Plan

PENDING, INITIATING, RUNNING = "pending", "initiating", "running"
COMPLETED, STOPPING, STOPPED, FAILED = "completed", "stopping", "stopped", "failed"
CANCELLED, SKIPPED = "cancelled", "skipped"
ENDED = frozenset({COMPLETED, STOPPED, FAILED, CANCELLED, SKIPPED})

ActionsMode = Literal["run-all", "skip-all"]

CONFIGURATION, AUTHORIZATION, INVALID_TARGET = "ConfigurationFailure", "AuthorizationFailure", "InvalidTarget"
"""Codes of errors. Source: FIS user guide, troubleshooting."""


@dataclass(frozen=True)
class State:
    """A status and AWS's sentence about it."""

    status: str
    reason: str = ""


@dataclass(frozen=True)
class Failure:
    """Why an experiment has failed. ``location``: the part of the template."""

    code: str
    reason: str
    location: str


class FailedError(Exception):
    """An action or the resolution of a target has failed."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(eq=False)
class ActionRun:
    """One action of one experiment. Times are virtual milliseconds."""

    name: str
    action: Action
    state: State = State(PENDING, "Initial state")
    started_ms: int | None = None
    ended_ms: int | None = None
    undo: Callable[[], None] | None = None
    """Ends what it does, while it does something."""
    end: Happening | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing comes after its state."""
        return self.state.status in ENDED


@dataclass(eq=False)
class Experiment:
    """A run of a template. Times are virtual milliseconds."""

    experiment_id: str
    arn: str
    template_id: str
    plan: Plan
    actions_mode: ActionsMode
    runs: dict[str, ActionRun]
    created_ms: int
    state: State = State(PENDING, "Experiment is pending.")  # [A] the sentence
    failure: Failure | None = None
    started_ms: int | None = None
    ended_ms: int | None = None
    resolved: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Target to the ARNs that it means."""
    tags: dict[str, str] = field(default_factory=dict)
    stopped_because: str = ""
    """The sentence of its end, once it is stopping."""
    next: Happening | None = None

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.state.status in ENDED

    @property
    def active(self) -> bool:
        """Whether it still does something, or is about to."""
        return self.state.status in (PENDING, INITIATING, RUNNING)
