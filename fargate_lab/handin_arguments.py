"""What `fargate-lab hand-in` and `verify-result` take."""

from __future__ import annotations

import argparse


def hand_in(parser: argparse.ArgumentParser) -> None:
    """The learner's."""
    parser.add_argument("labs", metavar="LAB", nargs="*", help="the labs (default: all that were started)")
    parser.add_argument(
        "--name", required=True, metavar="NAME", help="who you are, as your teacher knows you"
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="where to write it (default: <name>.fargate-lab-result, here)"
    )


def verify_result(parser: argparse.ArgumentParser) -> None:
    """The teacher's."""
    parser.add_argument("files", metavar="FILE", nargs="+", help="what was handed in")
    parser.add_argument(
        "--known",
        metavar="FILE.json",
        help="bind names to keys at their first use, and refuse a name that comes with another; made when it is not there",
    )
    parser.add_argument(
        "--csv", metavar="FILE", help="write the grades as CSV, too; - for standard output alone"
    )
    parser.add_argument(
        "--junit", metavar="FILE", help="write them as JUnit XML, too; - for standard output alone"
    )
