"""A seat's session: an ordinary one, that stands in a room, obeys what the teacher has set, and writes down what happens.

What is locked is refused here, whatever a screen offers. The log is written beside the progress, as it changes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fargate_lab.classroom.folder import ClassFolder, Seat
from fargate_lab.classroom.policy import Policy
from fargate_lab.classroom.seatlog import SeatEntry, SeatLog
from fargate_lab.errors import UsageError
from fargate_lab.progress import ProgressStore
from fargate_lab.session import Session, through_the_door
from tui import seat
from tui import session as door

if TYPE_CHECKING:
    from fargate_lab.ground import Ground
    from fargate_lab.session import OpenLab
    from labs.catalogue import Lab

LOCKED = "This step is not open yet."
OPENS = "It opens when the teacher opens it."
_HINT_LEVELS = {"none": 0, "first": 1}


class SeatStore(ProgressStore):
    """The seat's progress, which tells its log what is reached and what is shown."""

    def __init__(self, log: SeatLog) -> None:
        super().__init__()
        self._log = log

    def step_passed(self, lab: str, step: str, now_ms: int, evidence: list[dict[str, str]]) -> None:
        super().step_passed(lab, step, now_ms, evidence)
        self._log.passed(lab, step)

    def solved(self, lab: str, now_ms: int) -> None:
        super().solved(lab, now_ms)
        self._log.solved(lab)

    def hint_shown(self, lab: str, step: str, level: int) -> None:
        super().hint_shown(lab, step, level)
        self._log.hint(lab, step, level)

    def solution_shown(self, lab: str, step: str) -> None:
        super().solution_shown(lab, step)
        self._log.solution(lab, step)


def standing(entries: Sequence[SeatEntry], lab: str) -> set[str]:
    """The steps of a lab that have passed, as a seat's log has it: since the lab was begun, or begun anew."""
    passed: set[str] = set()
    for entry in entries:
        if entry.data.get("lab") != lab:
            continue
        if entry.kind == "passed":
            passed.add(str(entry.data["step"]))
        elif entry.kind == "reset" or (entry.kind == "opened" and not entry.data["resumed"]):
            passed.clear()
    return passed


class SeatSession(Session):
    """See `tui.seat.SeatDoor`."""

    def __init__(self, folder: ClassFolder, place: Seat, ground: Ground) -> None:
        self._folder = folder
        self._place = place
        self._log = place.log
        super().__init__(ground=ground, store=SeatStore(place.log))

    # What the class works on.

    @through_the_door
    def wanted(self) -> str:
        return self._policy.lab

    @through_the_door
    def view(self) -> door.LabView | None:
        return None if self._open is None else self._view(resumed=True)

    @through_the_door
    def said(self) -> list[str]:
        entries, _ = self._log.read()
        return [str(entry.data.get("text", "")) for entry in entries if entry.kind == "message"]

    @through_the_door
    def unread(self) -> Mapping[int, str]:
        entries, _ = self._log.read()
        unread = dict(enumerate(str(each.data.get("text", "")) for each in entries if each.kind == "message"))
        for entry in entries:
            if entry.kind == "put_away":
                for place in entry.data["places"]:
                    unread.pop(place, None)
        return unread

    @through_the_door
    def put_away(self, places: Collection[int]) -> None:
        self._log.put_away(places)

    @through_the_door
    def catalogue(self) -> list[door.LabCard]:
        wanted = self._policy.lab
        return [card for card in super().catalogue() if not wanted or card.id == wanted]

    @through_the_door
    def open(self, lab_id: str, progress: door.Progress) -> door.LabView:
        wanted = self._policy.lab
        if wanted and lab_id != wanted:
            raise UsageError(
                f"The class works on {wanted}, and not on {lab_id}.", "The teacher chooses the lab."
            )
        return super().open(lab_id, progress)

    # What is open of a lab.

    @through_the_door
    def check(
        self, step_id: str | None, *, drills: bool, progress: door.Progress | None = None
    ) -> door.CheckReport:
        self._open_only(step_id)
        report = super().check(step_id, drills=drills, progress=progress)
        if drills:
            for step in report.steps:
                failing = [(each.id, each.observed) for each in step.checks if each.passed is False]
                self._log.checked(self._lab.id, step.id, passed=step.passed, failing=failing)
        return replace(
            report, steps=tuple(replace(each, checks=self._told(each.checks)) for each in report.steps)
        )

    @through_the_door
    def hint(self, step_id: str, level: int) -> str:
        self._open_only(step_id)
        if level > self._hints:
            raise UsageError("The teacher gives no such hint.", "Ask the teacher.")
        return super().hint(step_id, level)

    @through_the_door
    def solution(self, step_id: str) -> door.Solution:
        self._open_only(step_id)
        if not self._policy.solutions:
            raise UsageError("The teacher keeps the solutions.", "Hints may be open: H.")
        return super().solution(step_id)

    @through_the_door
    def answer(self, step_id: str, value: str) -> door.Answer:
        self._open_only(step_id)
        answer = super().answer(step_id, value)
        self._log.answered(self._lab.id, step_id, correct=answer.correct)
        return answer

    @through_the_door
    def reset_step(self, step_id: str, progress: door.Progress) -> door.LabView:
        """The steps before are performed; one that had not passed is thereby shown its solution."""
        self._open_only(step_id)
        attempt = self._here().attempt
        ids = [step.id for step in attempt.lab.steps]
        shown = [each for each in ids[: ids.index(step_id)] if each not in attempt.record.steps]
        if shown and not self._policy.solutions:
            raise UsageError(
                f"Steps before {step_id} have not passed, and their solutions are not open.",
                "Work on them first, or reset the whole lab.",
            )
        view = super().reset_step(step_id, progress)
        for each in shown:
            attempt.solution_shown(each)
        return view

    @through_the_door
    def play(self) -> Iterator[door.PlayEvent]:
        if "play" in self._closed(self._lab):
            raise UsageError(
                "The lab cannot be watched here.", "Its solutions, or some of its steps, are not open."
            )
        return self._shown(super().play())

    @through_the_door
    def run_command(self, line: str) -> Iterator[door.CommandEvent]:
        return self._logged(line, super().run_command(line))

    @through_the_door
    def shell_command(self) -> door.ShellCommand:
        return self._here().console.handover("")

    # Behind the door.

    @property
    def _policy(self) -> Policy:
        return self._folder.policy.of(self._place.id)

    @property
    def _lab(self) -> Lab:
        return self._here().attempt.lab

    @property
    def _hints(self) -> int:
        from labs.catalogue import HINT_LEVELS  # noqa: PLC0415 - the first frame waits for this module

        return _HINT_LEVELS.get(self._policy.hints, HINT_LEVELS)

    def _locked(self, lab: Lab) -> Sequence[str]:
        open_steps = self._policy.steps
        return [] if open_steps is None else [step.id for step in lab.steps[open_steps:]]

    def _closed(self, lab: Lab) -> frozenset[str]:
        closed = {"shell"}
        if not self._policy.solutions:
            closed |= {"solution", "play"}
        if self._locked(lab):
            closed.add("play")
        return frozenset(closed)

    def _open_only(self, step_id: str | None) -> None:
        locked = self._locked(self._lab)
        if (step_id is None and locked) or step_id in locked:
            raise UsageError(LOCKED if step_id else "Some steps are not open yet.", OPENS)

    def _enter(self, lab: Lab, progress: door.Progress, *, fresh: bool = False) -> door.LabView:
        view = super()._enter(lab, progress, fresh=fresh)
        self._log.opened(lab.id, resumed=view.resumed)
        self._make_good(lab)
        return view

    def _make_good(self, lab: Lab) -> None:
        """Bring the log up to the progress: somebody may have been killed between the one and the other."""
        entries, _ = self._log.read()
        logged = standing(entries, lab.id)
        reached = set(self._store.lab(lab.id).steps)
        if logged - reached:
            self._log.reset(lab.id, None)
            logged = set()
        for step in lab.steps:
            if step.id in reached - logged:
                self._log.passed(lab.id, step.id)

    def _anew(self, current: OpenLab, step_id: str | None) -> None:
        super()._anew(current, step_id)
        self._log.reset(current.attempt.lab.id, step_id)

    def _told(self, checks: tuple[door.CheckView, ...]) -> tuple[door.CheckView, ...]:
        """Checks as this seat sees them: what they found, and where to look only if there are hints at all."""
        return checks if self._hints else tuple(replace(each, hint="") for each in checks)

    def _view(self, *, resumed: bool, current: str | None = None) -> door.LabView:
        view = super()._view(resumed=resumed, current=current)
        lab = self._lab
        locked = self._locked(lab)
        hints = self._hints
        steps = tuple(
            replace(step, locked=True, guide="", commands=(), question=None, checks=(), hints=0)
            if step.id in locked
            else replace(step, hints=min(step.hints, hints), checks=self._told(step.checks))
            for step in view.steps
        )
        return replace(view, steps=steps, closed=self._closed(lab))

    def _shown(self, events: Iterator[door.PlayEvent]) -> Iterator[door.PlayEvent]:
        """The events of a narrated run; whoever watches a step has seen its solution."""
        attempt = self._here().attempt
        seen: set[str] = set()
        for event in events:
            if event.step is not None and event.step not in seen:
                seen.add(event.step)
                attempt.solution_shown(event.step)
            yield event

    def _logged(self, line: str, events: Iterator[door.CommandEvent]) -> Iterator[door.CommandEvent]:
        for event in events:
            if isinstance(event, door.Finished):
                self._log.command(line, event.exit_code)
            yield event


def keeps_the_protocol(session: SeatSession) -> seat.SeatDoor:
    """Lets the type checker prove that a seat's session is what its screens expect."""
    return session
