"""`board`: the teacher's board of a class, wherever that is open."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Literal, TypeVar

from fargate_lab import files, talk
from fargate_lab.classroom.board_client import BoardClient
from fargate_lab.errors import ExitCode, SurroundingsError, UsageError
from tui.session import SessionError

T = TypeVar("T")

CODE_VARIABLE = "FARGATE_LAB_TEACHER"
FORMS: dict[str, Literal["csv", "xml"]] = {".csv": "csv", ".xml": "xml"}


def board(arguments: argparse.Namespace) -> ExitCode:
    """Open the board, print it, or fetch the grades."""
    form = FORMS.get(Path(arguments.grades).suffix.lower()) if arguments.grades else None
    if arguments.grades and form is None:
        raise UsageError(f"{arguments.grades} ends neither in .csv nor in .xml.", "Choose one by the name.")
    screen = not arguments.json and form is None
    if screen and not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise SurroundingsError("The board needs a terminal.", "Without one: --json, or --grades FILE.")
    client = _through(lambda: BoardClient(arguments.url, _code(arguments)))
    if form is not None:
        files.write_atomically(Path(arguments.grades), _through(lambda: client.grades(form)))
        talk.say(f"Wrote {arguments.grades}.")
    elif arguments.json:
        talk.data(json.dumps(asdict(_through(client.view)), indent=2, ensure_ascii=False))
    else:
        # A wrong address or code is said here, and not on a screen.
        _through(client.view)
        from tui import board as screen_of_board  # noqa: PLC0415 - Textual

        screen_of_board.run(client)
    return ExitCode.OK


def _code(arguments: argparse.Namespace) -> str:
    code = arguments.code or os.environ.get(CODE_VARIABLE, "")
    if not code and sys.stdin.isatty():
        code = getpass.getpass("Teacher's code: ")
    if not code.strip():
        raise UsageError(
            "The teacher's code is missing.", f"Set {CODE_VARIABLE}, or give --code; `classroom` prints it."
        )
    return str(code)


def _through(call: Callable[[], T]) -> T:
    """What the class answers; its refusal as an error of a command."""
    try:
        return call()
    except SessionError as error:
        raise SurroundingsError(error.message, error.hint) from None
