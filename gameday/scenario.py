"""What a scenario is: frozen data, read from one file of ``chaos/scenarios`` and never changed.

These dataclasses are the schema of those files: ``gameday.loader`` accepts their fields and nothing else. All
durations are virtual milliseconds; moments count from the start of the game, which is when the stage is set and
its clients have begun.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Indicator = Literal[
    "availability",
    "latency_p95_ms",
    "latency_p99_ms",
    "unsaved",
    "healthy",
    "duplicates",
    "lost",
    "oldest_age_s",
]
"""What an SLO looks at, in each interval that the world measures (docs/journal.md, ``watch.sample``): the share of
answers that were good; a percentile of good answers; requests that were answered and then lost; healthy tasks of the
stage's service; of its queue: orders charged again, orders lost, the age of the oldest."""

ActionKind = Literal["fault", "capacity", "call", "release", "traffic", "queue"]
ExerciseKind = Literal["wait", "release", "scale_out", "scale_in", "stop_task", "interrupt_spot"]


@dataclass(frozen=True, slots=True)
class Slo:
    """One line of the steady state. An interval is good when the indicator is at least, or at most, so much;
    ``objective`` is the share (0 to 1) of the game that must be good, and so the error budget is 1 - objective: of
    requests for ``availability``, of intervals for the others.
    """

    id: str
    title: str
    indicator: Indicator
    objective: float
    at_least: float | None = None
    at_most: float | None = None

    def good(self, value: float) -> bool:
        """Whether an interval with this value is good."""
        return (self.at_least is None or value >= self.at_least) and (
            self.at_most is None or value <= self.at_most
        )


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that must have happened: an SLO that has been broken (or kept) for a while, a kind of journal
    entry with these values, or another injection some time ago. Exactly one of ``slo``, ``happened`` and ``after``.
    """

    slo: str = ""
    state: Literal["broken", "kept"] = "broken"
    happened: str = ""
    match: Mapping[str, Any] = field(default_factory=dict)
    after: str = ""
    for_ms: int = 0


@dataclass(frozen=True, slots=True)
class Trigger:
    """When an injection comes: at a moment, when a condition holds, or (with neither) by the facilitator's hand."""

    at_ms: int | None = None
    when: Condition | None = None

    @property
    def by_hand(self) -> bool:
        """Whether only the facilitator lets it happen."""
        return self.at_ms is None and self.when is None


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the AWS API: the service as boto3 names it, the operation as AWS spells it, its parameters. A text that begins with
    ``$`` is a name of the stage.
    """

    service: str
    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Action:
    """What an injection does. ``settings`` are the fault's; the fields of ``POST /_lab/capacity``, ``/_lab/traffic`` or ``/_lab/queue``;
    or of a release ``image`` (and nothing else). A ``call`` has ``calls`` and, to take them back, ``undo``.
    """

    kind: ActionKind
    fault: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    calls: tuple[Call, ...] = ()
    undo: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Injection:
    """One happening of the timeline. A ``decoy`` hurts nobody and is there to be followed in vain. ``knobs`` are the ids of the knobs
    that are responsible for what it does; ``reads`` the calls (``ecs:DescribeServices``) in which it can be seen first.
    """

    id: str
    title: str
    trigger: Trigger
    action: Action
    tells: str
    decoy: bool = False
    knobs: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnobCall:
    """A changing call that turns a knob: service and operation as in the journal (``ecs``, ``UpdateService``) and, if only some of these
    calls do, names of parameters of which at least one must be there, at any depth.
    """

    service: str
    operation: str
    any_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Knob:
    """Something that could be set otherwise. ``turned_by`` are the calls that touch it. ``right`` sets it as it should have been, at
    the start of the game or right ``after`` an injection: the counterfactual is the recorded session lived through again with these calls,
    and without the injections in ``without``.
    """

    id: str
    title: str
    turned_by: tuple[KnobCall, ...]
    right: tuple[Call, ...] = ()
    after: str = ""
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exercise:
    """Making it happen again, in a fork of the team's world: do this, let the time pass, and the SLOs must hold meanwhile."""

    do: ExerciseKind
    for_ms: int


@dataclass(frozen=True, slots=True)
class Role:
    """Who does what in a team."""

    name: str
    does: str


@dataclass(frozen=True, slots=True)
class Hint:
    """A hint and what it costs, in points."""

    text: str
    cost: int


@dataclass(frozen=True, slots=True)
class Stage:
    """Where it happens: a builder of ``gameday.stages`` and its settings. ``traffic`` and ``queue`` are what clients do from the start
    (fields of ``POST /_lab/traffic`` and ``/_lab/queue``).
    """

    build: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    traffic: Mapping[str, Any] | None = None
    queue: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A game day's script."""

    id: str
    title: str
    minutes: int
    summary: str
    briefing: str
    roles: tuple[Role, ...]
    stage: Stage
    steady_state: tuple[Slo, ...]
    timeline: tuple[Injection, ...]
    knobs: tuple[Knob, ...]
    proof: tuple[Exercise, ...]
    hints: tuple[Hint, ...]
    hint_budget: int
    debrief: tuple[str, ...]
    path: Path

    @property
    def length_ms(self) -> int:
        """When the game ends by itself."""
        return self.minutes * 60_000

    def injection(self, injection_id: str) -> Injection:
        """The injection of that id; KeyError when there is none."""
        for injection in self.timeline:
            if injection.id == injection_id:
                return injection
        raise KeyError(injection_id)

    def knob(self, knob_id: str) -> Knob:
        """The knob of that id; KeyError when there is none."""
        for knob in self.knobs:
            if knob.id == knob_id:
                return knob
        raise KeyError(knob_id)
