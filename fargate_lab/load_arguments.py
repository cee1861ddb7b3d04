"""What `fargate-lab traffic` and `fargate-lab queue` take: two kinds of load, whose rates are described alike."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from fargate_lab import talk
from fargate_lab.errors import UsageError

RATE = {
    "rps": "rps",
    "pattern": "pattern",
    "to_rps": "to_rps",
    "after": "after_ms",
    "lasting": "for_ms",
}
"""An option's name to the control API's, for every kind of load."""
_DURATIONS = ("after", "lasting", "client_timeout")


def _rates(parser: argparse.ArgumentParser, of_what: str) -> None:
    parser.add_argument("--rps", type=float, metavar="N", help=f"start: {of_what} per second, 0.01 to 5000")
    parser.add_argument(
        "--pattern",
        choices=("poisson", "constant", "step", "spike", "ramp", "wave", "daily"),
        help="start: how they come (default poisson)",
    )
    parser.add_argument(
        "--to-rps",
        type=float,
        metavar="N",
        help="step, spike, ramp, wave: the other rate (default: twice --rps)",
    )
    parser.add_argument(
        "--after", metavar="TIME", help="step, spike, ramp: when it begins, like 90s or 5m (default 1m)"
    )
    parser.add_argument(
        "--for",
        dest="lasting",
        metavar="TIME",
        help="spike, ramp: how long it lasts; wave: from one low to the next (default 1m)",
    )


def _action(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", nargs="?", default="report", choices=("start", "stop", "report"), help="(default: report)"
    )


def add_traffic(parser: argparse.ArgumentParser) -> None:
    """Give `traffic` its arguments."""
    _action(parser)
    _rates(parser, "requests")
    parser.add_argument("--path", metavar="PATH", help="start: what to ask for (default /)")
    parser.add_argument(
        "--long-share", type=float, metavar="X", help="start: share of long requests, 0 to 1 (default 0)"
    )
    parser.add_argument(
        "--long-ms", type=int, metavar="MS", help="start: how long those wait (default 10000)"
    )
    parser.add_argument(
        "--client-timeout", metavar="TIME", help="start: when a client gives up (default 30s)"
    )
    parser.add_argument(
        "--target-group", metavar="ARN", help="start: where to (default: the only one that services use)"
    )


def add_queue(parser: argparse.ArgumentParser) -> None:
    """Give `queue` its arguments."""
    _action(parser)
    parser.add_argument(
        "--queue",
        metavar="NAME",
        help="name or URL of a standard queue (start: must be there; stop, report: default all)",
    )
    _rates(parser, "orders")


def start_body(
    arguments: argparse.Namespace, options: Mapping[str, str], *, needed: Sequence[str], example: str
) -> dict[str, Any]:
    """What was asked of a new load, in the control API's words; empty for another action.

    ``options`` are those of a start; ``needed`` must be there. UsageError for options that do not go with the action.
    """
    command = arguments.module
    given = {name: getattr(arguments, name) for name in options if getattr(arguments, name) is not None}
    if arguments.action != "start":
        if given:
            name = "for" if "lasting" in given else next(iter(given)).replace("_", "-")
            raise UsageError(f"--{name} goes with `{command} start`.", f"See fargate-lab {command} --help.")
        return {}
    for name in needed:
        if getattr(arguments, name) is None:
            raise UsageError(f"`{command} start` needs --{name}.", f"For example: {example}")
    for name in _DURATIONS:
        if name in given:
            given[name] = talk.milliseconds(given[name])
    return {options[name]: value for name, value in given.items()}
