"""What `fargate-lab queue` takes."""

from __future__ import annotations

import argparse


def add(parser: argparse.ArgumentParser) -> None:
    """Give the command its arguments."""
    parser.add_argument(
        "action", nargs="?", default="report", choices=("start", "stop", "report"), help="(default: report)"
    )
    parser.add_argument(
        "--queue",
        metavar="NAME",
        help="name or URL of a standard queue (start: must be there; stop, report: default all)",
    )
    parser.add_argument("--rps", type=float, metavar="N", help="start: orders per second, 0.01 to 5000")
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
