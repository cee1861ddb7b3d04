"""`traffic`: load on a service, and the report of what its clients lived through."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from fargate_lab import talk, worlds
from fargate_lab.errors import ExitCode, UsageError
from labs.control import ControlClient
from tui.traffic import parse_shutdown

_ENDS_SHOWN = 10
_OPTIONS = {
    "rps": "rps",
    "pattern": "pattern",
    "to_rps": "to_rps",
    "after": "after_ms",
    "lasting": "for_ms",
    "path": "path",
    "long_share": "long_share",
    "long_ms": "long_ms",
    "client_timeout": "client_timeout_ms",
    "target_group": "target_group",
}
_DURATIONS = ("after", "lasting", "client_timeout")
_BY = {"elb": "the load balancer", "target": "the program"}


def traffic(arguments: argparse.Namespace) -> ExitCode:
    """Start, stop, or tell what came of it."""
    answer, advice = answers(arguments, lambda: worlds.connect(arguments.endpoint))
    talk.data(answer)
    if advice:
        talk.say(advice)
    return ExitCode.OK


def answers(arguments: argparse.Namespace, connect: Callable[[], ControlClient]) -> tuple[str, str]:
    """Do it in the world that `connect` reaches; the answer, and a word of advice that may be empty."""
    body = _start_body(arguments)
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


def _start_body(arguments: argparse.Namespace) -> dict[str, Any]:
    """What was asked of a new load. UsageError for options that do not go with the action."""
    given = {name: getattr(arguments, name) for name in _OPTIONS if getattr(arguments, name) is not None}
    if arguments.action != "start":
        if given:
            name = "for" if "lasting" in given else next(iter(given)).replace("_", "-")
            raise UsageError(f"--{name} goes with `traffic start`.", "See fargate-lab traffic --help.")
        return {}
    if "rps" not in given:
        raise UsageError(
            "`traffic start` needs --rps.",
            "For example: fargate-lab traffic start --rps 50 --long-share 0.05",
        )
    for name in _DURATIONS:
        if name in given:
            given[name] = talk.milliseconds(given[name])
    return {_OPTIONS[name]: value for name, value in given.items()}


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
    pattern = demand["pattern"] + (f" to {demand['to_rps']:g}" if demand.get("to_rps") else "")
    return f"{demand['rps']:g} requests a second ({pattern}){more}"


def _short(arn: str) -> str:
    parts = arn.split("/")
    return parts[1] if len(parts) > 2 else arn


def _ms(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3g} ms" if value < 1000 else talk.duration(value)
