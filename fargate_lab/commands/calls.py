"""`calls`: what the roles of the running world have called, and what they were refused."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fargate_lab.commands.answering import tell
from fargate_lab.commands.tables import table
from fargate_lab.errors import ExitCode
from labs.control import ControlClient
from tui.text import one_line, time_of_day

_HEAD = ("action", "resource", "times", "first", "last", "outcome")
_AS = {"execution": "as execution role", "task": "as task role"}


def calls(arguments: argparse.Namespace) -> ExitCode:
    """Tell it."""
    return tell(arguments, answers)


def answers(arguments: argparse.Namespace, connect: Callable[[], ControlClient]) -> tuple[str, str]:
    """The calls of the world that `connect` reaches, and no advice."""
    query = {"role": arguments.role} if arguments.role else {}
    report = connect().get("/_lab/calls", query)
    if arguments.json:
        return json.dumps(report, indent=2), ""
    found: Sequence[Mapping[str, Any]] = report["calls"]
    if not found:
        whose = f"The role {one_line(arguments.role)} has" if arguments.role else "No role has"
        return f"{whose} called nothing." if arguments.role else f"{whose} called anything.", ""
    lines: list[str] = []
    for role, by in dict.fromkeys((each["role"], each["by"]) for each in found):
        own = [each for each in found if (each["role"], each["by"]) == (role, by)]
        lines += [f"{one_line(role)}, {_AS[by]}:", *table([_HEAD, *map(_row, own)])]
        lines += [f"  {one_line(each['message'])}" for each in own if each["message"]] + [""]
    return "\n".join(lines[:-1]), ""


def _row(call: Mapping[str, Any]) -> list[str]:
    return [
        one_line(call["action"]),
        one_line(call["resource"]),
        f"{call['count']:,}",
        time_of_day(call["first_ms"]),
        time_of_day(call["last_ms"]),
        one_line(call["error"] or "ok"),
    ]
