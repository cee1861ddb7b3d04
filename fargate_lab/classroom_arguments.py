"""What `fargate-lab classroom` takes."""

from __future__ import annotations

import argparse

PORT = 8700
SEATS = 30


def add(parser: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--name", help='name of a new class (default: "class")')
    which.add_argument("--resume", metavar="NAME", help="go on with a class that was closed or cut short")
    which.add_argument("--list", action="store_true", help="list the classes on this machine, and open none")
    parser.add_argument(
        "--seats", type=int, metavar="N", help=f"seats of a new class, 1 to 200 (default {SEATS})"
    )
    parser.add_argument("--lab", metavar="LAB", help="the lab that the class works on (default core-lab)")
    parser.add_argument(
        "--bind",
        metavar="ADDRESS",
        default="127.0.0.1",
        help="an address of this machine, or 0.0.0.0 for all of them (default: only from here)",
    )
    parser.add_argument(
        "--port",
        type=int,
        default=PORT,
        metavar="N",
        help=f"port of the pages; the worlds take those after it (default {PORT}, 0 for free ones)",
    )
    parser.add_argument(
        "--shards", type=int, metavar="K", help="processes for the worlds (default: one for each core)"
    )
    parser.add_argument(
        "--allow-host",
        dest="allow_hosts",
        action="append",
        default=[],
        metavar="NAME",
        help="a further name of this machine; once for each",
    )
    parser.add_argument("--no-screen", action="store_true", help="without the board in this terminal")
    large = parser.add_argument_group("larger classes, in several rooms behind a proxy")
    large.add_argument(
        "--room",
        default="1",
        metavar="R|auto",
        help="number of a new class's room; auto: $FARGATE_LAB_ROOM, or the number that $HOSTNAME ends in, and one more",
    )
    large.add_argument("--rooms", type=int, default=1, metavar="N", help="how many rooms the class has")
    large.add_argument(
        "--secret",
        default="",
        metavar="HEX",
        help="what the rooms of a class have in common: 64 hexadecimal digits (else $FARGATE_LAB_CLASS_SECRET)",
    )
    large.add_argument(
        "--public", default="", metavar="URL", help="where the pages are, as learners reach them"
    )
    large.add_argument(
        "--public-endpoint",
        default="",
        metavar="URL",
        help="where the AWS endpoint is, as learners' own shells reach it",
    )
