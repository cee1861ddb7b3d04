"""How a command gets its parser, and words become values."""

from __future__ import annotations

import argparse
from typing import TypeAlias

from fargate_lab.errors import UsageError

Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


class Parser(argparse.ArgumentParser):
    """Reports a wrong word as a `UsageError`, in one line and a hint."""

    def error(self, message: str) -> None:  # type: ignore[override]
        raise UsageError(f"{message[:1].upper()}{message[1:]}.", f"See {self.prog} --help.")


class Help(argparse.HelpFormatter):
    """Room for the names, and the same width in any terminal, so that the reference in the docs is stable."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=100)


def command(
    commands: Commands,
    name: str,
    where: str,
    about: str,
    *,
    world: bool = False,
    json: str = "",
) -> argparse.ArgumentParser:
    """One command, run by the function `where` ("module.function"); `world` adds --endpoint, `json`
    describes --json.
    """
    parser = commands.add_parser(
        name,
        help=about,
        description=about[:1].upper() + about[1:] + ".",
        formatter_class=Help,
        allow_abbrev=False,
    )
    module, _, function = where.partition(".")
    parser.set_defaults(module=module, function=function)
    if world:
        parser.add_argument(
            "--endpoint",
            metavar="URL",
            help="the world to talk to (else $FARGATE_LAB_ENDPOINT, else the one running)",
        )
    if json:
        parser.add_argument("--json", action="store_true", help=json)
    return parser


def port(word: str) -> int:
    if not word.isdigit() or int(word) > 65535:
        raise argparse.ArgumentTypeError(f"{word!r} is not a port (0 to 65535)")
    return int(word)


def loopback(word: str) -> str:
    # The names that the endpoint answers to (docs/control-api.md); it is no server for a network.
    if word not in ("127.0.0.1", "localhost", "::1"):
        raise argparse.ArgumentTypeError(f"{word!r} is no loopback address (127.0.0.1, localhost or ::1)")
    return word


def minutes(word: str) -> int:
    if not word.isdigit() or int(word) > 180:
        raise argparse.ArgumentTypeError(f"{word!r} is not a number of minutes (0 to 180)")
    return int(word)


def speed(word: str) -> float | str:
    """A speed of the clock, as the command line has it."""
    if word == "max":
        return word
    try:
        value = float(word)
    except ValueError:
        value = 0.0
    if not 0.1 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"{word!r} is not a speed (0.1 to 3600, or max)")
    return value
