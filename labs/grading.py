"""Grading: run a lab's checks against a world and say what was found.

A drill changes the world, so it runs only when ``drills`` is true. Otherwise its last result stands, as long
as no call has changed anything since: a repaired service that is touched again has to prove itself again.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from labs.catalogue import Check, Lab, Question, Step
from labs.checking import CheckContext, CheckFunction, Evidence
from labs.cloud import Cloud
from labs.errors import LabError

LAB_CHECKED = "lab.checked"
NOT_TRIED = "not tried yet"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found. ``ran`` is false for a drill whose result is not known."""

    id: str
    passed: bool
    expected: str
    observed: str
    hint: str
    ran: bool = True

    def to_dict(self) -> dict[str, Any]:
        """The shape of ``check --json``."""
        return {
            "id": self.id,
            "passed": self.passed,
            "expected": self.expected,
            "observed": self.observed,
            "hint": self.hint,
        }


@dataclass(frozen=True, slots=True)
class StepResult:
    """A step passes when all of its checks do."""

    id: str
    checks: tuple[CheckResult, ...]

    @property
    def passed(self) -> bool:
        """Whether all checks passed."""
        return all(check.passed for check in self.checks)


@dataclass(frozen=True, slots=True)
class LabResult:
    """The steps that were graded: all of the lab's, or the one asked for. ``score`` is the percentage of
    checks that passed.
    """

    lab: str
    steps: tuple[StepResult, ...]

    @property
    def passed(self) -> bool:
        """Whether all graded steps passed."""
        return all(step.passed for step in self.steps)

    @property
    def score(self) -> int:
        """0 to 100."""
        checks = [check for step in self.steps for check in step.checks]
        return 100 * sum(check.passed for check in checks) // len(checks)

    def check(self, check_id: str) -> CheckResult:
        """The result of one check."""
        return next(check for step in self.steps for check in step.checks if check.id == check_id)

    def to_dict(self) -> dict[str, Any]:
        """The shape of ``check --json``."""
        return {
            "lab": self.lab,
            "passed": self.passed,
            "score": self.score,
            "steps": [
                {"id": step.id, "passed": step.passed, "checks": [check.to_dict() for check in step.checks]}
                for step in self.steps
            ],
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """The verdict on a prediction, with the right answer and why."""

    correct: bool
    expected: str
    why: str


def grade(lab: Lab, cloud: Cloud, step: str | None = None, *, drills: bool = True) -> LabResult:
    """Grade the whole lab or one step."""
    chosen = [lab.step(step)] if step else lab.steps
    ctx = CheckContext(lab, cloud)
    remembered = {} if drills else _remembered_drills(ctx)
    # A drill measures moments and minutes: however fast the clock runs for the learner, it finds what a proof would find.
    with cloud.clock.hold() if drills else nullcontext():
        return LabResult(lab.id, tuple(_grade_step(ctx, item, drills, remembered) for item in chosen))


def _grade_step(
    ctx: CheckContext, step: Step, drills: bool, remembered: Mapping[str, CheckResult]
) -> StepResult:
    results: list[CheckResult] = []
    for check in step.checks:
        if check.drill and not drills:
            results.append(remembered.get(check.id) or _not_tried(ctx, check))
        else:
            results.append(_run(ctx, check))
    return StepResult(step.id, tuple(results))


def _run(ctx: CheckContext, check: Check) -> CheckResult:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  boto3 is slow to import

    try:
        evidence = _function(ctx.lab, check.call)(ctx)
    except ClientError as error:
        said = error.response["Error"]
        evidence = Evidence(
            False,
            check.title,
            f"{error.operation_name} was refused: {said.get('Code')}: {said.get('Message')}",
        )
    except BotoCoreError as error:
        evidence = Evidence(False, check.title, f"AWS could not be asked: {error}")
    if evidence.passed:
        return CheckResult(check.id, True, evidence.expected, evidence.observed, "")
    hint = evidence.hint or check.hint
    if evidence.where:
        hint = f"{hint} Look at: {evidence.where}"
    return CheckResult(check.id, False, evidence.expected, evidence.observed, hint.strip())


def _not_tried(ctx: CheckContext, check: Check) -> CheckResult:
    hint = f"This check makes it happen again and measures. Ask for it: `fargate-lab check {ctx.lab.id}`."
    return CheckResult(check.id, False, check.title, NOT_TRIED, hint, ran=False)


def _remembered_drills(ctx: CheckContext) -> dict[str, CheckResult]:
    """Drill results from earlier checks, dropped by every later call that changed something."""
    found: dict[str, CheckResult] = {}
    for entry in ctx.history:
        if entry.kind == "call" and not entry.data.get("reading") and entry.data.get("error") is None:
            found.clear()
        elif entry.kind == LAB_CHECKED and entry.data.get("lab") == ctx.lab.id:
            found.update({result["id"]: CheckResult(**result) for result in entry.data.get("drills", ())})
    return found


def drill_results(lab: Lab, result: LabResult) -> list[dict[str, Any]]:
    """The results of drills that ran, in the form that ``lab.checked`` remembers."""
    drills = {check.id for step in lab.steps for check in step.checks if check.drill}
    return [
        check.to_dict() for step in result.steps for check in step.checks if check.id in drills and check.ran
    ]


def answer(lab: Lab, cloud: Cloud, step_id: str, given: str) -> Answer:
    """Judge a prediction; LabError when the step asks nothing or ``given`` is no number where one is asked
    for.
    """
    question = lab.step(step_id).question
    if question is None:
        raise LabError(f"The step {step_id} of {lab.id} asks nothing.")
    right = _right_answer(lab, cloud, question)
    if isinstance(right, str):
        return Answer(given.strip().casefold() == right.casefold(), right, question.why)
    try:
        number = float(given.strip())
    except ValueError:
        raise LabError(f"{given!r} is not a number.", "Answer with a plain number, such as 3.") from None
    return Answer(abs(number - right) <= question.tolerance, f"{right:g}", question.why)


def _right_answer(lab: Lab, cloud: Cloud, question: Question) -> str | float:
    value = question.value
    if question.call is not None:
        value = getattr(importlib.import_module(lab.module("checks")), question.call)(
            CheckContext(lab, cloud)
        )
    return value if isinstance(value, str) else float(value or 0)


def _function(lab: Lab, call: str) -> CheckFunction:
    function: CheckFunction = getattr(importlib.import_module(lab.module("checks")), call)
    return function
