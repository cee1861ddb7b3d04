"""No command: the interactive lab in this terminal."""

from __future__ import annotations

import argparse
import sys

from fargate_lab.errors import ExitCode, SurroundingsError


def open_screen(_arguments: argparse.Namespace) -> ExitCode:
    """Open the TUI. Needs a terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise SurroundingsError(
            "The interactive lab needs a terminal.",
            "Without one: `fargate-lab play core-lab`, or `fargate-lab serve` and the commands in --help.",
        )
    if not sys.stderr.isatty():
        # Textual draws on stderr: redirected, the screen would stay empty.
        raise SurroundingsError(
            "The interactive lab draws on stderr, which is redirected.", "Leave out the `2>`."
        )
    # The first frame comes before anything that the labs need: boto3, the offline cloud.
    from fargate_lab.session import Session  # noqa: PLC0415
    from tui import app  # noqa: PLC0415

    session = Session()
    try:
        app.run(session)
    finally:
        session.close()
    return ExitCode.OK
