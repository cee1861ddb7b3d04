"""Running a lab in a world: set the stage, break it, check, hint, solve, put back. Each is written into the
world's history.

A ``LabRunner`` keeps nothing of its own: what it needs to know later (which faults are in force, which drills
passed) it reads from the history, so a lab goes on after a restart of the program.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from chaos.undo import Undo
from labs.catalogue import FaultUse, Lab
from labs.cloud import MINUTE_MS, Cloud
from labs.costs import began_ms
from labs.debrief import Debrief, debrief
from labs.errors import LabError
from labs.grading import LAB_CHECKED, Answer, LabResult, answer, drill_results, grade
from labs.history import LAB_STARTED
from labs.injected import SETTLE_LIMIT_MS, Injected

STEP_LIMIT_MS = 60 * MINUTE_MS


def solution_of(lab: Lab) -> ModuleType:
    """The lab's module of ``solutions``; LabError when there is none."""
    name = f"solutions.{lab.folder.name}"
    module = _module(name)
    if module is None:
        raise LabError(f"The lab {lab.id} has no solution.", f"It belongs into {name.replace('.', '/')}.py.")
    return module


def _module(name: str) -> ModuleType | None:
    return importlib.import_module(name) if importlib.util.find_spec(name) else None


class LabRunner:
    """One lab in one world."""

    def __init__(self, lab: Lab, cloud: Cloud) -> None:
        self.lab = lab
        self.cloud = cloud
        self._injected = Injected(cloud, self._note, lambda: cloud.history.since_start(lab.id))

    @property
    def started(self) -> bool:
        """Whether the lab was started in this world."""
        return any(entry.data.get("lab") == self.lab.id for entry in self.cloud.history.of(LAB_STARTED))

    def start(self) -> None:
        """Note the start, set the stage, inject the lab's faults, set going what is under way when the learner
        arrives. LabError when the lab was started in this world before.
        """
        if self.started:
            raise LabError(
                f"The lab {self.lab.id} has already been started in this world.",
                f"For a fresh beginning: `fargate-lab reset {self.lab.id}`.",
            )
        self._note(LAB_STARTED, {"title": self.lab.title})
        setup = _module(self.lab.module("setup"))
        if setup is not None:
            setup.set_up(self.cloud)
        for use in self.lab.faults:
            self.inject(use.fault, self._settings(use))
            if use.settle:
                self.cloud.clock.settle(SETTLE_LIMIT_MS)
        if setup is not None and hasattr(setup, "set_going"):
            setup.set_going(self.cloud)
        self._note("lab.ready", {})

    def cost(self) -> Mapping[str, Any]:
        """What this would have cost on AWS since the lab was started."""
        return self.cloud.cost(began_ms(self.cloud.history, self.lab.id))

    def reset(self) -> None:
        """A new world, and the lab from its beginning."""
        self.cloud.reset()
        self.start()

    def check(self, step: str | None = None, *, drills: bool = True) -> LabResult:
        """Grade. An explicit check (``drills``) is noted; an automatic one leaves no trace."""
        result = grade(self.lab, self.cloud, step, drills=drills)
        if drills:
            self._note(
                LAB_CHECKED,
                {
                    "step": step,
                    "passed": result.passed,
                    "score": result.score,
                    "drills": drill_results(self.lab, result),
                },
            )
        return result

    def wait_for(self, step: str, limit_ms: int = STEP_LIMIT_MS) -> bool:
        """Let virtual time pass, happening by happening, until a step's checks pass; False when they do not
        within ``limit_ms``.

        Drills are not run and count as passed.
        """
        until_ms = self.cloud.clock.now_ms + limit_ms
        while True:
            result = grade(self.lab, self.cloud, step, drills=False)
            if all(check.passed or not check.ran for item in result.steps for check in item.checks):
                return True
            if self.cloud.clock.now_ms >= until_ms or not self.cloud.clock.next():
                return False

    def hint(self, step: str, level: int) -> str:
        """The hint of that level, 1 to 3."""
        hints = self.lab.step(step).hints
        if not 1 <= level <= len(hints):
            raise LabError(f"There is no hint of level {level}.", f"Choose 1 to {len(hints)}.")
        self._note("lab.hint_shown", {"step": step, "level": level})
        return hints[level - 1].text

    def answer(self, step: str, given: str) -> Answer:
        """Judge a prediction and note it."""
        verdict = answer(self.lab, self.cloud, step, given)
        self._note("lab.answered", {"step": step, "given": given, "correct": verdict.correct})
        return verdict

    def solve(self) -> None:
        """Apply the reference solution to whatever is there. LabError when too much has gone for that."""
        from botocore.exceptions import ClientError  # noqa: PLC0415  boto3 is slow to import

        self._note("lab.solution_used", {})
        try:
            self.solution().solve(self.cloud)
        except ClientError as error:
            said = error.response["Error"]
            raise LabError(
                f"The solution stopped at {error.operation_name}: {said.get('Code')}: {said.get('Message')}",
                f"Something it builds on has gone. Begin anew: `fargate-lab reset {self.lab.id}`.",
            ) from error

    def solution(self) -> ModuleType:
        """The lab's module of ``solutions``."""
        return solution_of(self.lab)

    def inject(self, fault: str, settings: Mapping[str, Any]) -> Undo:
        """Inject a fault; its undo is in the history before anything changes."""
        return self._injected.inject(fault, settings)

    def faults_in_force(self) -> list[Undo]:
        """What was injected since the lab's start and not taken back, oldest first."""
        return self._injected.in_force()

    def revert(self, fault: str | None = None) -> list[Undo]:
        """Take back the last injection of a fault, or everything in force, latest first; what was taken back."""
        return self._injected.revert(fault)

    def debrief(self) -> Debrief:
        """What happened in this run."""
        return debrief(self.lab, self.cloud)

    def _settings(self, use: FaultUse) -> dict[str, Any]:
        env = self.cloud.env
        return {
            name: env[value[1:]] if isinstance(value, str) and value.startswith("$") else value
            for name, value in use.settings.items()
        }

    def _note(self, kind: str, data: Mapping[str, Any]) -> None:
        self.cloud.note(kind, {"lab": self.lab.id, **data})
