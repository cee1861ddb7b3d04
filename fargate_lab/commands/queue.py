"""`queue`: orders to an SQS queue, and the report of what became of them."""

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
from tui.traffic import rates

_MINUTES_SHOWN = 10


def queue(arguments: argparse.Namespace) -> ExitCode:
    """Start, stop, or tell what became of the orders."""
    return tell(arguments, answers)


def answers(arguments: argparse.Namespace, connect: Callable[[], ControlClient]) -> tuple[str, str]:
    """Do it in the world that `connect` reaches; the answer, and a word of advice that may be empty."""
    example = "fargate-lab queue start --queue orders --rps 2"
    body = start_body(arguments, RATE, needed=("queue", "rps"), example=example)
    control = connect()
    named = {"queue": arguments.queue} if arguments.queue else {}
    if arguments.action == "report":
        report = control.get("/_lab/queue", named)
    else:
        report = control.post("/_lab/queue", {"action": arguments.action, **named, **body})
    if arguments.json:
        return json.dumps(report, indent=2), ""
    if arguments.action == "start":
        (begun,) = report["queues"]
        return f"{_orders(begun)} to {begun['queue']}.", "See what becomes of them: fargate-lab queue"
    return render(report), ""


def render(report: dict[str, Any]) -> str:
    """The report for people."""
    if not report["queues"]:
        return "No queue has been used yet. Begin with: fargate-lab queue start --queue NAME --rps 2"
    return "\n\n".join("\n".join(_lines(each, report["now_ms"])) for each in report["queues"])


def _lines(queue: dict[str, Any], now_ms: int) -> list[str]:
    lines = [queue["queue"] + _role(queue)]
    if queue["demand"] is not None:
        ended = queue["stopped_ms"]
        lasted = talk.duration((now_ms if ended is None else ended) - queue["started_ms"])
        lines.append(
            f"{_orders(queue)}, " + (f"for {lasted}" if ended is None else f"stopped after {lasted}")
        )
    age = (
        ""
        if queue["oldest_age_ms"] is None
        else f"   the oldest is {talk.duration(queue['oldest_age_ms'])} old"
    )
    lines += [
        f"sent {queue['sent']:,}   waiting {queue['visible']:,}   in flight {queue['in_flight']:,}"
        + (f"   delayed {queue['delayed']:,}" if queue["delayed"] else "")
        + (f"   dead-lettered {queue['dead_lettered']:,}" if queue["dead_lettered"] else "")
        + age,
        f"charged {queue['charged']:,}   of these again {queue['duplicates']:,}   never {queue['lost']:,}"
        + (f"   found charged and skipped {queue['skipped']:,}" if queue["skipped"] else ""),
    ]
    if queue["processed"]:
        times = "   ".join(f"p{p} {talk.duration(queue['latency'][f'p{p}_ms'])}" for p in (50, 95, 99))
        lines.append(f"from sent to done   {times}")
    if queue["workers"]:
        in_hand = sum(worker["in_hand"] for worker in queue["workers"])
        lines.append(f"{len(queue['workers'])} workers with {in_hand:,} messages in hand")
    if queue["causes"]:
        lines += ["", "Charged again, by cause"]
    for cause in queue["causes"]:
        lines += [f"{cause['count']:>8,}  {cause['cause']}", f"          what to turn: {cause['knob']}"]
    if queue["duplicated"]:
        latest = queue["duplicated"][-1]
        lines += [
            "",
            f"The latest: order {latest['order']}, charged {latest['times']} times. Look for it in the log.",
        ]
    minutes = [each for each in queue["minutes"] if each["visible"] is not None][-_MINUTES_SHOWN:]
    if minutes:
        lines += ["", f"{'By minute':<16} {'sent':>5} {'done':>6} {'again':>6} {'waiting':>8}  oldest"]
    for each in minutes:
        age = "–" if each["oldest_age_ms"] is None else talk.duration(each["oldest_age_ms"])
        ago = talk.duration(max(0, now_ms - each["at_ms"] - 60_000))
        lines.append(
            f"{ago + ' ago':>16} {each['sent']:>5,} {each['processed']:>6,} {each['duplicates']:>6,} "
            f"{each['visible']:>8,}  {age}"
        )
    return lines


def _role(queue: dict[str, Any]) -> str:
    """Says so when it is a dead-letter queue, where messages only wait and grow old."""
    sources = queue["dead_letter_of"]
    return f", the dead-letter queue of {', '.join(sources)}" if sources else ""


def _orders(queue: dict[str, Any]) -> str:
    demand = queue["demand"]
    return f"{rates(demand)} orders a second ({demand['pattern']})"
