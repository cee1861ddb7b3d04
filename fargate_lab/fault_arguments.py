"""What `fargate-lab faults` takes."""

from __future__ import annotations

import argparse

ACTIONS = ("list", "export", "revert")


def add(parser: argparse.ArgumentParser) -> None:
    """Give the command its arguments."""
    parser.add_argument(
        "action",
        nargs="?",
        default="list",
        choices=ACTIONS,
        help="export: an experiment of the Chaos Toolkit with one fault; revert: take back what a journal of faults has in force "
        "(default: list)",
    )
    parser.add_argument(
        "what",
        nargs="?",
        metavar="FAULT|FILE",
        help="list, export: the fault; revert: the journal of faults that the experiment wrote",
    )
    parser.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="export: a setting of the fault; can be given several times",
    )
    parser.add_argument(
        "--wait",
        metavar="TIME",
        help="export: how long the fault stays before one looks again, like 90s or 5m (default 10m)",
    )
    parser.add_argument(
        "--requests",
        action="store_true",
        help="export: the steady state is also that targets are healthy and clients answered",
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="export: the file to write (default: standard output)"
    )
