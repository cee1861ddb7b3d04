"""Lending the terminal to a shell."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tui.session import ShellCommand


def hand_over(shell: ShellCommand) -> None:
    """Run an interactive shell on this terminal until it ends."""
    if shell.greeting:
        print(shell.greeting, flush=True)
    cwd = shell.cwd if Path(shell.cwd).is_dir() else None
    # The learner's own shell, on the learner's own terminal.
    subprocess.run(list(shell.argv), env=dict(shell.env), cwd=cwd, check=False)  # noqa: S603
