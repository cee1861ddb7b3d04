"""`why`: the causal chain of a task, deployment, target, request or alarm, from the world's journal or from a file."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from fargate_lab import talk
from fargate_lab.commands.answering import tell
from fargate_lab.errors import ExitCode, UsageError
from labs.control import ControlClient, scaling
from labs.endpoint_cloud import EndpointCloud
from labs.errors import ControlError
from labs.why import FAILURES, Chain, explain
from labs.why.saved import explain_saved
from labs.why.saved.document import LARGEST
from labs.why.words import Part, lines

_WIDEST = 120
_STYLES: dict[Part, str] = {"title": "1", "verdict": "1", "heading": "1", "source": "2"}


def why(arguments: argparse.Namespace) -> ExitCode:
    """Tell it."""
    if arguments.file is None:
        return tell(arguments, answers)
    chain = explain_saved(arguments.file, _read(arguments.file), arguments.resource or "")
    talk.data(_told(chain, arguments))
    return ExitCode.OK


def answers(arguments: argparse.Namespace, connect: Callable[[], ControlClient]) -> tuple[str, str]:
    """The chain, from the world that `connect` reaches, and no advice."""
    if not arguments.resource:
        raise UsageError(
            "`why` needs a RESOURCE, or --file FILE.",
            "For example: fargate-lab why CLUSTER/SERVICE, or a task's id, ecs-svc/..., 10.0.10.5:8080, requests",
        )
    return _told(ask(connect(), arguments.resource), arguments), ""


def ask(control: ControlClient, resource: str) -> Chain:
    """The chain of a resource in the world that `control` talks to. UnknownResourceError when there is none."""
    history = EndpointCloud(control).history
    traffic = control.get("/_lab/traffic", {"failures": FAILURES, "seconds": 0, "minutes": 0})
    try:
        alarms = scaling(control, 0)
    except ControlError:
        alarms = None  # The journal has what has happened; only an alarm that never changed is missing.
    return explain(history, resource, traffic, alarms)


def _told(chain: Chain, arguments: argparse.Namespace) -> str:
    if arguments.json:
        return json.dumps(chain.to_dict(), indent=2)
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    width = min(_WIDEST, shutil.get_terminal_size((100, 24)).columns)
    return "\n".join(_styled(part, text, coloured) for part, text in lines(chain.to_dict(), width))


def _styled(part: Part, text: str, coloured: bool) -> str:
    style = _STYLES.get(part) if coloured else None
    return f"\x1b[{style}m{text}\x1b[0m" if style else text


def _read(name: str) -> bytes:
    """The file, or stdin for `-`. UsageError when it cannot be read."""
    try:
        if name == "-":
            return sys.stdin.buffer.read(LARGEST + 1)
        with Path(name).open("rb") as file:
            return file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{name} cannot be read: {getattr(error, 'strerror', None) or error}.",
            "Name a file, or - for stdin.",
        ) from None
