"""`capacity`: interruptions of Spot tasks, shortages of capacity, and what of it there is now."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from fargate_lab import talk
from fargate_lab.commands.answering import tell
from fargate_lab.errors import ExitCode, UsageError
from labs.control import ControlClient

_TAKES = {
    "show": (),
    "interrupt": ("count", "share", "tasks", "cluster", "service", "zone"),
    "shortage": ("provider", "zone"),
    "restore": ("provider", "zone"),
    "weather": ("mean",),
    "calm": (),
}
_DEFAULT_MEAN = "20m"


def capacity(arguments: argparse.Namespace) -> ExitCode:
    """Change it, or tell how things are."""
    return tell(arguments, answers)


def answers(arguments: argparse.Namespace, connect: Callable[[], ControlClient]) -> tuple[str, str]:
    """Do it in the world that `connect` reaches; the answer, and a word of advice that may be empty."""
    body = _body(arguments)
    control = connect()
    if arguments.action == "show":
        report = control.get("/_lab/capacity")
    else:
        report = control.post("/_lab/capacity", {"action": arguments.action, **body})
    if arguments.json:
        return json.dumps(report, indent=2), ""
    if arguments.action == "interrupt":
        ids = report["interrupted"]
        tasks = "1 task on FARGATE_SPOT has" if len(ids) == 1 else f"{len(ids)} tasks on FARGATE_SPOT have"
        lines = [f"{tasks} two minutes' notice:", *(f"  {task}" for task in ids)]
        return "\n".join(lines), "See what becomes of them: aws ecs describe-tasks, fargate-lab traffic"
    return render(report), ""


def _body(arguments: argparse.Namespace) -> dict[str, Any]:
    """What was asked for. UsageError for options that do not go with the action."""
    action = arguments.action
    names = {name for takes in _TAKES.values() for name in takes}
    given = {name: getattr(arguments, name) for name in sorted(names) if getattr(arguments, name) is not None}
    wrong = [name for name in given if name not in _TAKES[action]]
    if wrong:
        raise UsageError(
            f"--{wrong[0].removesuffix('s')} does not go with `capacity {action}`.",
            "See fargate-lab capacity --help.",
        )
    if action == "shortage":
        given.setdefault("provider", "FARGATE_SPOT")
    if action == "weather":
        mean_ms = talk.milliseconds(given.pop("mean", _DEFAULT_MEAN))
        given["mean_minutes"] = mean_ms / 60_000
    return given


def render(report: dict[str, Any]) -> str:
    """How things are, for people."""
    lines = []
    for shortage in report["shortages"]:
        lasts = talk.duration(report["now_ms"] - shortage["since_ms"])
        where = f"in {shortage['zone']}" if shortage["zone"] else "in any zone"
        lines.append(f"No {shortage['provider']} capacity {where} for new tasks, for {lasts}.")
    if not lines:
        lines.append("There is capacity for new tasks.")
    weather = report["weather"]
    if weather is None:
        lines.append("The Spot weather is calm.")
    else:
        lasts = talk.duration(weather["mean_minutes"] * 60_000)
        lines.append(f"The Spot weather is rough: a task lives for {lasts} on average.")
    lines.append(f"Interruptions so far: {report['interruptions']}.")
    tasks = report["spot_tasks"]
    lines.append(f"Running on FARGATE_SPOT: {len(tasks)}.")
    for task in tasks:
        age = talk.duration(report["now_ms"] - task["started_ms"])
        lines.append(f"  {task['task']}  {task['az']}  {task['service'] or '–'}  for {age}")
    return "\n".join(lines)
