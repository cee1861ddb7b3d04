"""What `fargate-lab bundle` takes. The words are checked by the command: what there is, `packaging` must be asked."""

from __future__ import annotations

import argparse


def add(parser: argparse.ArgumentParser) -> None:
    """Give the command its arguments."""
    parser.add_argument(
        "folder", metavar="DIR", help="a folder that is new, empty, or a bundle, which is renewed"
    )
    parser.add_argument(
        "--platform",
        action="append",
        default=[],
        metavar="NAME",
        help="for which machines: linux-x86_64, linux-arm64, macos-x86_64, macos-arm64, windows-x86_64, or all; can be given several times "
        "(default: machines like this one)",
    )
    parser.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="X.Y",
        help="for which Python, 3.11 to 3.14; can be given several times (default: all of them)",
    )
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        choices=("aws", "classroom"),
        help="leave out the `aws` command and with it the classroom, which needs it; or the classroom alone",
    )
