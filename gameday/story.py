"""What happened to one team, out of its world's journal: injections, measurements, and what the team looked at and changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gameday.indicators import WATCHED, Interval, interval
from gameday.scenario import KnobCall, Scenario, Slo
from labs.errors import LabError
from labs.history import Entry

STARTED, ENDED = "game.started", "game.ended"
INJECTED, HINTED = "game.injected", "game.hint"


@dataclass(frozen=True, slots=True)
class TeamCall:
    """A call that the team made: ``seq`` of its entry, the virtual moment, service and operation as in the journal, its parameters."""

    seq: int
    at_ms: int
    service: str
    operation: str
    reading: bool
    refused: bool
    params: Mapping[str, Any]

    def is_named(self, name: str) -> bool:
        """Whether it is the call ``ecs:DescribeServices``, say."""
        return f"{self.service}:{self.operation}" == name

    def turns(self, knob: KnobCall) -> bool:
        """Whether it turned the knob."""
        if self.reading or self.refused or (self.service, self.operation) != (knob.service, knob.operation):
            return False
        return not knob.any_of or any(_holds(self.params, name) for name in knob.any_of)


@dataclass(frozen=True, slots=True)
class Story:
    """The part of a journal between the game's start and its end. ``injected``: injection to the moment it came."""

    started_ms: int
    ended_ms: int
    names: Mapping[str, str]
    injected: Mapping[str, int]
    calls: tuple[TeamCall, ...]
    intervals: Mapping[str, tuple[Interval, ...]]
    samples: tuple[Entry, ...]
    hints: tuple[int, ...]
    """The costs of the hints that were shown."""

    def reads(self, names: Sequence[str], since_ms: int) -> TeamCall | None:
        """The first look of one of these kinds at or after a moment."""
        return next(
            (
                call
                for call in self.calls
                if call.at_ms >= since_ms and call.reading and any(call.is_named(name) for name in names)
            ),
            None,
        )

    def turned(self, knobs: Sequence[KnobCall], since_ms: int) -> TeamCall | None:
        """The first change of one of these knobs at or after a moment."""
        return next(
            (
                call
                for call in self.calls
                if call.at_ms >= since_ms and any(call.turns(knob) for knob in knobs)
            ),
            None,
        )

    def changes(self) -> tuple[TeamCall, ...]:
        """What the team changed."""
        return tuple(call for call in self.calls if not call.reading and not call.refused)


def story_of(scenario: Scenario, entries: Sequence[Entry]) -> Story:
    """Read a journal. LabError when no game was begun in it."""
    began = next((entry for entry in reversed(entries) if entry.kind == STARTED), None)
    if began is None:
        raise LabError(
            "No game was begun in this world, so there is nothing to score.",
            "Choose a session that was recorded by `fargate-lab gameday host`.",
        )
    ended = next((entry for entry in entries if entry.kind == ENDED and entry.seq > began.seq), None)
    ours = [entry for entry in entries if entry.seq > began.seq and (ended is None or entry.seq <= ended.seq)]
    names = dict(began.data["names"])
    samples = tuple(entry for entry in ours if entry.kind == WATCHED and entry.data["since"] >= began.at_ms)
    return Story(
        began.at_ms,
        ours[-1].at_ms if ours else began.at_ms,
        names,
        {str(entry.data["injection"]): entry.at_ms for entry in ours if entry.kind == INJECTED},
        tuple(_call(entry) for entry in ours if entry.kind == "call" and "actor" not in entry.data),
        {slo.id: measured(slo, samples, names) for slo in scenario.steady_state},
        samples,
        tuple(int(entry.data["cost"]) for entry in ours if entry.kind == HINTED),
    )


def measured(slo: Slo, samples: Sequence[Entry], names: Mapping[str, str]) -> tuple[Interval, ...]:
    """The intervals of an SLO, without those in which there was nothing to measure."""
    found = (interval(slo, entry.at_ms, entry.data, names) for entry in samples)
    return tuple(each for each in found if each.good is not None)


def _call(entry: Entry) -> TeamCall:
    data = entry.data
    return TeamCall(
        entry.seq,
        entry.at_ms,
        str(data["service"]),
        str(data["operation"]),
        bool(data["reading"]),
        int(data["status"]) >= 400,
        data.get("params") or {},
    )


def _holds(value: Any, name: str) -> bool:
    """Whether a name is a key, or the value of a ``Key`` or ``Name``, anywhere in there."""
    if isinstance(value, Mapping):
        if any(str(key).lower() == name.lower() for key in value):
            return True
        if any(str(key).lower() in ("key", "name") and each == name for key, each in value.items()):
            return True
        return any(_holds(each, name) for each in value.values())
    if isinstance(value, list | tuple):
        return any(_holds(each, name) for each in value)
    return False
