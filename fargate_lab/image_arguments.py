"""What `fargate-lab image` takes."""

from __future__ import annotations

import argparse

ACTIONS = ("list", "show", "push")


def add(parser: argparse.ArgumentParser) -> None:
    """Give the command its arguments."""
    parser.add_argument(
        "action",
        nargs="?",
        default="list",
        choices=ACTIONS,
        help="show: the manifests and digests of an image; push: into a private repository, as docker pull, tag and push do "
        "(default: list what there is)",
    )
    parser.add_argument(
        "reference", nargs="?", metavar="REF", help="show, push: a public image, such as nginx:1.27"
    )
    parser.add_argument(
        "target",
        nargs="?",
        metavar="REPOSITORY[:TAG]",
        help="push: the private repository, by name or URI (tag: default latest)",
    )
