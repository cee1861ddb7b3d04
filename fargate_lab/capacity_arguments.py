"""What `fargate-lab capacity` takes."""

from __future__ import annotations

import argparse

ACTIONS = ("show", "interrupt", "shortage", "restore", "weather", "calm")


def add(parser: argparse.ArgumentParser) -> None:
    """Give the command its arguments."""
    parser.add_argument(
        "action",
        nargs="?",
        default="show",
        choices=ACTIONS,
        help="interrupt: give Spot tasks their notice; shortage, restore: no capacity for new tasks, and its end; "
        "weather, calm: interruptions by chance, and their end (default: show)",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--count", type=int, metavar="N", help="interrupt: how many tasks (default 1)")
    which.add_argument("--share", type=float, metavar="X", help="interrupt: which share of them, up to 1")
    which.add_argument(
        "--task",
        dest="tasks",
        action="append",
        metavar="ID",
        help="interrupt: this one (id, first eight digits or more, or ARN); can be given several times",
    )
    parser.add_argument("--cluster", metavar="NAME", help="interrupt: only tasks of this cluster")
    parser.add_argument("--service", metavar="NAME", help="interrupt: only tasks of this service")
    parser.add_argument(
        "--provider",
        choices=("FARGATE", "FARGATE_SPOT"),
        help="shortage, restore: which capacity (shortage: default FARGATE_SPOT; restore: default both)",
    )
    parser.add_argument(
        "--zone", metavar="ZONE", help="interrupt, shortage, restore: only in this Availability Zone"
    )
    parser.add_argument(
        "--mean", metavar="TIME", help="weather: how long a Spot task lives on average (default 20m)"
    )
