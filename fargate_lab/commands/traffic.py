"""`traffic`: load on a service, and the report of what its clients lived through."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from fargate_lab import talk
from fargate_lab.commands.answering import tell
from fargate_lab.errors import ExitCode
from fargate_lab.load_arguments import RATE, start_body
from labs.control import ControlClient
from tui.traffic import parse_shutdown, rates

_ENDS_SHOWN = 10
_OPTIONS = {
    **RATE,
    "path": "path",
    "long_share": "long_share",
    "long_ms": "long_ms",
    "client_timeout": "client_timeout_ms",
    "target_group": "target_group",
}
_BY = {"elb": "the load balancer", "target": "the program"}


def traffic(arguments: argparse.Namespace) -> ExitCode:
    """Start, stop, or tell what came of it."""
    return tell(arguments, answers)


def answers(arguments: argparse.Namespace, connect: Callable[[], ControlClient]) -> tuple[str, str]:
    """Do it in the world that `connect` reaches; the answer, and a word of advice that may be empty."""
    example = "fargate-lab traffic start --rps 50 --long-share 0.05"
    body = start_body(arguments, _OPTIONS, needed=("rps",), example=example)
    control = connect()
    if arguments.action == "report":
        report = control.get("/_lab/traffic")
    else:
        report = control.post("/_lab/traffic", {"action": arguments.action, **body})
    if arguments.json:
        return json.dumps(report, indent=2), ""
    if arguments.action == "start":
        begun = f"{_load(report['demand'])} to {_short(report['target_group'])}."
        return begun, "See what comes of it: fargate-lab traffic"
    return render(report), ""


def render(report: dict[str, Any]) -> str:
    """The report for people."""
    if report["target_group"] is None:
        return "No traffic yet. Begin with: fargate-lab traffic start --rps 50"
    ended = report["stopped_ms"]
    lasted = talk.duration((ended or report["now_ms"]) - report["started_ms"])
    share = 100 * report["failed"] / report["sent"] if report["sent"] else 0
    lines = [
        f"{_load(report['demand'])} to {_short(report['target_group'])}, "
        + (f"stopped after {lasted}" if ended is not None else f"running for {lasted}"),
        f"sent {report['sent']:,}   answered {report['ok']:,}   failed {report['failed']:,} ({share:.3g} %)   "
        f"in flight {report['in_flight']:,}",
        "answered within   " + "   ".join(f"p{p} {_ms(report['latency'][f'p{p}_ms'])}" for p in (50, 95, 99)),
    ]
    if report["unsaved_lost"]:
        lines.append(
            f"answered, but lost with the program that had not written them down: {report['unsaved_lost']:,}"
        )
    if report["causes"]:
        lines += ["", "Failed, by cause"]
    for cause in report["causes"]:
        phases = ", ".join(f"{count:,} while {phase}" for phase, count in cause["phases"].items())
        lines += [
            f"{cause['count']:>8,}  {cause['status']} from {_BY[cause['by']]}"
            + (f"; task: {phases}" if phases else ""),
            f"          {cause['cause']}",
            f"          what to turn: {cause['knob']}",
        ]
    ends = report["shutdowns"]
    # Those that lost something first: the others only show how it should be.
    shown = sorted(ends, key=lambda end: not (end["lost"] or end["unsaved"]))[:_ENDS_SHOWN]
    if shown:
        lines += ["", "Ends of tasks" + (f" ({len(shown)} of {len(ends)})" if len(ends) > len(shown) else "")]
    for end in shown:
        lines += _end(end)
    return "\n".join(lines)


def _end(end: dict[str, Any]) -> list[str]:
    """One task's end, moment by moment."""
    lost = f"lost {end['lost']:,}" + (f", {end['unsaved']:,} not written down" if end["unsaved"] else "")
    moments = parse_shutdown(end).moments
    return [f"  {end['task'][:8]}  {lost}"] + [
        f"    {'+' + talk.duration(each.at_ms - moments[0].at_ms):>14}  {each.words}" for each in moments
    ]


def _load(demand: dict[str, Any]) -> str:
    more = ""
    if demand["long_share"]:
        more = f", {demand['long_share']:.3g} of them long ({talk.duration(demand['long_ms'])})"
    return f"{rates(demand)} requests a second ({demand['pattern']}){more}"


def _short(arn: str) -> str:
    parts = arn.split("/")
    return parts[1] if len(parts) > 2 else arn


def _ms(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3g} ms" if value < 1000 else talk.duration(value)
