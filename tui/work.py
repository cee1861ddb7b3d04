"""The learner's work on one lab, as the screen keeps it: which step is shown, what passed, what was revealed.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tui.session import Answer, CheckReport, CheckView, LabView, Solution, Step


@dataclass
class Revealed:
    """What the learner has asked to see of a step."""

    hints: list[str] = field(default_factory=list)
    solution: Solution | None = None
    answer: tuple[str, Answer] | None = None


class Work:
    """One open lab. Made anew whenever the lab is opened or reset."""

    def __init__(self, lab: LabView) -> None:
        self.lab = lab
        self.passed = {step.id for step in lab.steps if step.passed}
        self.solved = lab.solved
        self._checks: dict[str, tuple[CheckView, ...]] = {step.id: step.checks for step in lab.steps}
        self._revealed: dict[str, Revealed] = {}
        self._next_command: dict[str, int] = {}
        self.index = self._start()

    def renew(self, lab: LabView) -> None:
        """The same lab, with other steps locked and other hints given. What was done and seen stays."""
        self.lab = lab
        for step in lab.steps:
            if not self._checks.get(step.id):
                self._checks[step.id] = step.checks

    def _start(self) -> int:
        wanted = self.lab.current
        for index, step in enumerate(self.lab.steps):
            if step.id == wanted or (wanted is None and step.id not in self.passed):
                return index
        return 0

    @property
    def step(self) -> Step | None:
        """The step that is shown; None in a lab without steps."""
        return self.lab.steps[self.index] if self.lab.steps else None

    def move(self, by: int) -> bool:
        """Show another step; False at either end."""
        index = self.index + by
        if not 0 <= index < len(self.lab.steps):
            return False
        self.index = index
        return True

    def index_of(self, step_id: str | None) -> int | None:
        """Where a step stands, if it is one of this lab."""
        return next((i for i, s in enumerate(self.lab.steps) if s.id == step_id), None)

    def revealed(self, step_id: str) -> Revealed:
        """What has been revealed of a step, to be read and added to."""
        return self._revealed.setdefault(step_id, Revealed())

    def checks(self, step_id: str) -> tuple[CheckView, ...]:
        """A step's checks as they were last seen."""
        return self._checks.get(step_id, ())

    def take(self, report: CheckReport, *, asked: bool) -> list[Step]:
        """Take in how steps stand; the steps that pass for the first time.

        A step that once passed stays passed while the world moves on (a later step may well undo it),
        unless the learner asks and is told otherwise.
        """
        fresh: list[Step] = []
        for result in report.steps:
            self._checks[result.id] = result.checks
            index = self.index_of(result.id)
            if index is None:
                continue
            if result.passed and result.id not in self.passed:
                fresh.append(self.lab.steps[index])
                self.passed.add(result.id)
            elif asked and not result.passed:
                self.passed.discard(result.id)
        self.solved = report.solved
        return fresh

    def next_command(self) -> tuple[str, int, int] | None:
        """The step's next command to paste, its number and their count; begins again after the last."""
        step = self.step
        if step is None:
            return None
        revealed = self.revealed(step.id).solution
        commands = revealed.commands if revealed and not step.commands else step.commands
        if not commands:
            return None
        at = self._next_command.get(step.id, 0) % len(commands)
        self._next_command[step.id] = at + 1
        return commands[at], at + 1, len(commands)

    def pasted(self, step_id: str) -> int:
        """How many of a step's commands have been pasted."""
        return self._next_command.get(step_id, 0)


def tally(checks: Iterable[CheckView]) -> tuple[int, int]:
    """How many of the checks pass, and how many there are."""
    known = list(checks)
    return sum(check.passed is True for check in known), len(known)
