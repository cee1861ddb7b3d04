"""What a seat's log amounts to: which lab is open there, what has passed, what is being tried, for how long.

Pure: entries go in one after the other, and no clock is asked. Durations are seconds of this machine's time in which the lab was open
there. Of a pause between two things that somebody did, `BREAK_S` counts at most, and nothing once the screen has gone: a night between
two lessons is no work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fargate_lab.classroom.seatlog import SeatEntry

BREAK_S = 15 * 60.0

_NOBODY_ACTED = frozenset({"message", "released", "reset"})
"""What may be written at a seat without anything being done there."""


@dataclass
class LabStory:
    """One lab at one seat. `steps` are the ids of its steps, in order."""

    steps: Sequence[str]
    worked_s: float = 0.0
    passed: set[str] = field(default_factory=set)
    """In this run, so not what was reset."""
    earned: dict[str, float | None] = field(default_factory=dict)
    """Steps that passed in any run, and how long the first time took (None: not known, it was not their turn). Nothing takes that away."""
    since_s: float = 0.0
    """When, in seconds worked, the current step became that."""
    tries: dict[str, int] = field(default_factory=dict)
    """Checks that failed since a step last passed or was begun anew."""
    failing: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """The checks that failed last, as (id, what was observed), of steps whose last check failed."""
    hints: dict[str, int] = field(default_factory=dict)
    """The highest level shown."""
    solutions: set[str] = field(default_factory=set)
    """Steps whose answer was shown."""

    @property
    def current(self) -> str | None:
        """The first step that has not passed; None when all have, or when there are none."""
        return next((step for step in self.steps if step not in self.passed), None)

    def take(self, entry: SeatEntry) -> None:
        """Something happened in this lab."""
        before = self.current
        self._take(entry.kind, entry.data)
        if self.current != before:
            self.since_s = self.worked_s

    def _take(self, kind: str, data: Mapping[str, Any]) -> None:
        step = str(data.get("step") or "")
        if kind == "passed" or (kind == "checked" and data.get("passed") is True):
            self._pass(step)
        elif kind == "checked" and step not in self.passed:
            # What has passed stays so while the world moves on: a later step may well undo it.
            self.tries[step] = self.tries.get(step, 0) + 1
            self.failing[step] = _checks(data.get("failing"))
        elif kind == "solved":
            for each in self.steps:
                self._pass(each)
        elif kind == "hint":
            level = data.get("level")
            self.hints[step] = max(self.hints.get(step, 0), level if isinstance(level, int) else 1)
        elif kind == "solution":
            self.solutions.add(step)
        elif kind == "reset":
            self._begin_anew(step)

    def release(self, before: object) -> None:
        """Steps were opened or locked; `before` that, so many were open."""
        current = self.current
        if isinstance(before, int) and current is not None and self.steps.index(current) >= before:
            # To wait for a step that is locked is no work on it.
            self.since_s = self.worked_s

    def _pass(self, step: str) -> None:
        if step in self.steps and step not in self.passed:
            self.earned.setdefault(step, self.worked_s - self.since_s if step == self.current else None)
            self.passed.add(step)
        self.tries.pop(step, None)
        self.failing.pop(step, None)

    def _begin_anew(self, step: str) -> None:
        at = self.steps.index(step) if step in self.steps else 0
        for each in self.steps[at:]:
            self.passed.discard(each)
            self.tries.pop(each, None)
            self.failing.pop(each, None)
        self.since_s = self.worked_s


class SeatStory:
    """One seat. `steps_of` gives the steps' ids of every lab that is known."""

    def __init__(self, steps_of: Mapping[str, Sequence[str]]) -> None:
        self._steps_of = steps_of
        self.lab = ""
        """The lab that is open there; empty before there was one."""
        self.labs: dict[str, LabStory] = {}
        self.first: datetime | None = None
        self.last: datetime | None = None
        """When somebody first and last did something there."""
        self.last_command = ""
        self._counted_s = 0.0
        """How much of the pause since `last` is in `worked_s` already."""
        self._away = False
        """Whether the screen has gone since."""

    def take(self, entry: SeatEntry) -> None:
        """The next entry of the log."""
        data = entry.data
        if entry.kind in _NOBODY_ACTED or data.get("on") is False:
            self._pass_time(entry.at)
            self._away = self._away or data.get("on") is False
        else:
            self._act(entry.at)
        if entry.kind == "command":
            code = data.get("code")
            ended = f"  (exit {code})" if isinstance(code, int) and code else ""
            self.last_command = f"{data.get('line', '')}{ended}"
        if entry.kind == "released":
            for story in self.labs.values():
                story.release(data.get("before"))
        lab = data.get("lab")
        if not isinstance(lab, str) or lab not in self._steps_of:
            return
        if lab not in self.labs:
            self.labs[lab] = LabStory(self._steps_of[lab])
        if entry.kind == "opened":
            self.lab = lab
        else:
            self.labs[lab].take(entry)

    def idle_s(self, now: datetime) -> float | None:
        """How long nothing has been done there; None when nothing ever was."""
        return None if self.last is None else max(0.0, (now - self.last).total_seconds())

    def on_step_s(self, now: datetime) -> float:
        """How long the current step of the open lab has been that."""
        story = self.labs.get(self.lab)
        if story is None:
            return 0.0
        return story.worked_s - story.since_s + self._uncounted_s(now)

    def _uncounted_s(self, now: datetime) -> float:
        return 0.0 if self._away else max(0.0, min(BREAK_S, self.idle_s(now) or 0.0) - self._counted_s)

    def _pass_time(self, at: datetime) -> None:
        more = self._uncounted_s(at)
        self._counted_s += more
        if self.lab:
            self.labs[self.lab].worked_s += more

    def _act(self, at: datetime) -> None:
        self._pass_time(at)
        self._counted_s = 0.0
        self._away = False
        self.first = self.first or at
        self.last = at if self.last is None else max(at, self.last)


def _checks(found: Any) -> tuple[tuple[str, str], ...]:
    """Checks that failed, out of a line of a log."""
    if not isinstance(found, list):
        return ()
    return tuple((str(each[0]), str(each[1])) for each in found if isinstance(each, list) and len(each) == 2)
