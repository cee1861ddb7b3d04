"""`cost`: what the running world would have cost on AWS."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Callable

from fargate_lab.commands.answering import tell
from fargate_lab.errors import ExitCode, UsageError
from labs import loader
from labs.control import ControlClient
from labs.history import LAB_STARTED
from tui.cost import parse_costs, remarks, summary, table

_WIDTH = 100


def cost(arguments: argparse.Namespace) -> ExitCode:
    """Tell it."""
    return tell(arguments, answers)


def answers(arguments: argparse.Namespace, connect: Callable[[], ControlClient]) -> tuple[str, str]:
    """The estimate of the world that `connect` reaches, and no advice."""
    lab = _lab(arguments.since)
    control = connect()
    query: dict[str, str | int] = {}
    if lab is not None:
        query["since"] = _began_ms(control, lab)
    elif arguments.since is not None:
        query["since"] = int(arguments.since)
    report = control.get("/_lab/cost", query)
    if arguments.json:
        return json.dumps(report, indent=2), ""
    costs = parse_costs(report)
    lines = [summary(costs)]
    if rows := table(costs):
        lines += ["", *rows, ""]
    for remark in remarks(costs):
        lines += textwrap.wrap(remark, _WIDTH)
    return "\n".join(lines), ""


def _lab(since: str | None) -> str | None:
    """The id of the lab that `--since` names; None when it is a moment or not there. LabError for a lab that there is not."""
    if since is None or (since.isascii() and since.isdigit()):
        return None
    return loader.find(since).id


def _began_ms(control: ControlClient, lab: str) -> int:
    """When the lab was started in this world."""
    entries = control.get("/_lab/journal", {"kind": LAB_STARTED})["entries"]
    began = [int(entry["at"]) for entry in entries if entry["data"].get("lab") == lab]
    if not began:
        raise UsageError(f"{lab} was not started in this world.", "Leave --since out, or name another lab.")
    return began[-1]
