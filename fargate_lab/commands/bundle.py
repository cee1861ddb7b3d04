"""`bundle`: one folder that installs and runs with no internet."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fargate_lab.bundle import make, platforms
from fargate_lab.errors import ExitCode


def bundle(arguments: argparse.Namespace) -> ExitCode:
    """Make it or renew it; stdout gets its folder."""
    targets = platforms.choose(arguments.platform, arguments.python)
    # The seats of a classroom run the `aws` command as well.
    without = {*arguments.without, *(["classroom"] if "aws" in arguments.without else [])}
    extras = [each for each in make.EXTRAS if each not in without]
    made = make.make(Path(arguments.folder), targets, extras, _say)
    fetched = f"{made.fetched} wheels fetched" if made.fetched else "nothing had to be fetched"
    _say(
        f"Bundle {made.id} is there: {made.size / 1e6:.0f} MB, {fetched}. README.txt in it says how it is started."
    )
    print(made.folder)
    return ExitCode.OK


def _say(line: str) -> None:
    print(f"fargate-lab: {line}", file=sys.stderr, flush=True)
