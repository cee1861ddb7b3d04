"""What the screens are shown, made from what the labs hold: pure functions from lab data to `tui.session`
data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fargate_lab.attempt import Attempt
from fargate_lab.progress import LabRecord
from labs import catalogue
from labs.catalogue import HINT_LEVELS, Lab
from labs.grading import LabResult
from labs.grading import StepResult as GradedStep
from tui import session as door


def card(lab: Lab, record: LabRecord) -> door.LabCard:
    """A lab in the catalogue."""
    return door.LabCard(
        id=lab.id,
        title=lab.title,
        track=lab.track,
        minutes=lab.minutes,
        summary=lab.summary,
        teaches=lab.teaches,
        status=record.status,
        steps_done=sum(step.id in record.steps for step in lab.steps),
        steps_total=len(lab.steps),
    )


def latency_goal(lab: Lab) -> float | None:
    """What the lab asks of the 99th percentile, in milliseconds, when its ``names`` have ``slo_ms``."""
    goal = lab.names.get("slo_ms")
    return float(goal) if isinstance(goal, int | float) and not isinstance(goal, bool) else None


def step(known: catalogue.Step, record: LabRecord) -> door.Step:
    """A step of the guide, as far as this learner has come."""
    question = None
    if known.question is not None:
        question = door.Question(known.question.ask, given=record.answers.get(known.id))
    return door.Step(
        id=known.id,
        title=known.title,
        goal=known.goal,
        guide=known.guide,
        commands=known.commands,
        hints=HINT_LEVELS,
        question=question,
        passed=known.id in record.steps,
        checks=tuple(door.CheckView(check.id, check.title) for check in known.checks),
    )


def report(attempt: Attempt, result: LabResult) -> door.CheckReport:
    """What a check found. The lab is solved when every step passes: those graded now, and the others as
    remembered.
    """
    lab = attempt.lab
    titles = {check.id: check.title for step in lab.steps for check in step.checks}
    passing = set(attempt.record.steps) - {step.id for step in result.steps if not step.passed}
    solved = all(step.id in passing for step in lab.steps)
    score = result.score / 100 if len(result.steps) == len(lab.steps) else len(passing) / len(lab.steps)
    return door.CheckReport(tuple(_graded(step, titles) for step in result.steps), solved, score)


def _graded(step: GradedStep, titles: Mapping[str, str]) -> door.StepResult:
    return door.StepResult(
        step.id,
        step.passed,
        tuple(
            door.CheckView(
                check.id,
                titles[check.id],
                check.passed if check.ran else None,
                check.expected,
                check.observed if check.ran else "",
                check.hint,
            )
            for check in step.checks
        ),
    )


def names(snapshot: Mapping[str, Any]) -> dict[str, list[str]]:
    """What exists, by the words of the CLI's options."""
    services, tasks = snapshot["services"], snapshot["tasks"]
    definitions = [item["task_definition"] for item in (*services, *tasks)]
    return {
        "cluster": [item["name"] for item in snapshot["clusters"]],
        "service": [item["name"] for item in services],
        "service-name": [item["name"] for item in services],
        "task": [item["id"] for item in tasks],
        "task-definition": list(dict.fromkeys(definitions)),
        "subnet-id": [item["id"] for item in snapshot["subnets"]],
        "network-interface-id": [item["eni"] for item in tasks if item["eni"]],
    }
