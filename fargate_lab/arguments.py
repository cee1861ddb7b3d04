"""The command line's words: what each command is called, takes, and which function it runs.

Imports nothing heavy. The table is the only list of commands; `docs/cli.md` is compared with it by a test.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from fargate_lab import (
    __version__,
    bundle_arguments,
    classroom_arguments,
    fault_arguments,
    gameday_arguments,
    handin_arguments,
    pid1_arguments,
    world_arguments,
)
from fargate_lab.command_parser import Commands, Help, Parser, command, speed

_WORLDS_LAB = "the lab (else the one of the running world)"
_EXIT = "exit codes: 0 ok, 1 a check failed, 2 usage or bad file, 3 environment, 130 interrupted"


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The words as a namespace with `module` and `function` (below `fargate_lab.commands`). Raises
    UsageError.
    """
    return build_parser().parse_args(list(words))


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = Parser(
        prog="fargate-lab",
        description="Learn Amazon ECS on Fargate by breaking it. Without a command: the interactive lab.",
        epilog=_EXIT,
        formatter_class=Help,
        allow_abbrev=False,
    )
    parser.add_argument("-V", "--version", action="version", version=f"fargate-lab {__version__}")
    parser.set_defaults(module="screen", function="open_screen")
    commands = parser.add_subparsers(metavar="COMMAND", parser_class=Parser)
    _catalogue_commands(commands)
    world_arguments.add(commands)
    _lab_commands(commands)
    _pid1_command(commands)
    fault_arguments.add(
        command(
            commands,
            "faults",
            "faults.faults",
            "list the faults, make an experiment of the Chaos Toolkit of one, or take back what such an experiment left",
            json="list, revert: as JSON",
        )
    )
    _injection_commands(commands)
    _gameday_command(commands)
    classroom_arguments.add(
        command(
            commands,
            "classroom",
            "classroom.classroom",
            "hold a class: every learner gets the lab in a browser, and you a board",
        )
    )
    bundle_arguments.add(
        command(
            commands,
            "bundle",
            "bundle.bundle",
            "make one folder that installs and runs fargate-lab without internet",
        )
    )
    _board_command(commands)
    _handin_commands(commands)
    _author_commands(commands)
    return parser


def command_parsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parser of each command, by name, in the order of the help."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def _catalogue_commands(commands: Commands) -> None:
    listed = command(
        commands,
        "list",
        "catalogue.list_labs",
        "list the labs by track, how long each takes, what it teaches, and your progress",
        json="as JSON",
    )
    listed.add_argument(
        "--teaches", action="store_true", help="all that each lab teaches, not its first lesson alone"
    )
    show = command(
        commands, "show", "catalogue.show_lab", "show a lab: its steps and its guide", json="as JSON"
    )
    show.add_argument("lab", metavar="LAB", nargs="?", help=_WORLDS_LAB)


def _injection_commands(commands: Commands) -> None:
    inject = command(
        commands,
        "inject",
        "faults.inject",
        "inject a fault into a service of the running world that carries the tag fargate-lab",
        world=True,
        json="how it is taken back, as JSON",
    )
    inject.add_argument("fault", metavar="FAULT", help="its name: fargate-lab faults lists them")
    inject.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of the fault; can be given several times",
    )
    revert = command(
        commands,
        "revert",
        "faults.revert",
        "take back a fault in the running world, or all that are in force, the latest first",
        world=True,
        json="as JSON",
    )
    revert.add_argument("fault", metavar="FAULT", nargs="?", help="its name (default: everything in force)")


def _lab_commands(commands: Commands) -> None:
    start = command(
        commands, "start", "lab.start", "set a lab up in the running world", world=True, json="as JSON"
    )
    start.add_argument("lab", metavar="LAB")
    check = command(
        commands,
        "check",
        "lab.check",
        "grade a lab or one step of it; exit 1 when something does not pass",
        world=True,
    )
    check.add_argument("lab", metavar="LAB", nargs="?", help=_WORLDS_LAB)
    check.add_argument("step", metavar="STEP", nargs="?", help="one step only")
    check.add_argument(
        "--no-drills", action="store_true", help="leave out checks that make a failure happen again"
    )
    form = check.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON")
    form.add_argument("--junit", metavar="FILE", help="write a JUnit XML report; - for stdout")
    hint = command(commands, "hint", "lab.hint", "show the next hint of a step", world=True)
    hint.add_argument("lab", metavar="LAB", nargs="?", help=_WORLDS_LAB)
    hint.add_argument(
        "step", metavar="STEP", nargs="?", help="the step (default: the first that does not pass)"
    )
    hint.add_argument(
        "--level",
        type=int,
        metavar="N",
        help="1 is a nudge, 3 nearly the answer (default: one more than last)",
    )
    solve = command(
        commands, "solve", "lab.solve", "apply the lab's reference solution to the running world", world=True
    )
    solve.add_argument("lab", metavar="LAB", nargs="?", help=_WORLDS_LAB)
    reset = command(
        commands, "reset", "lab.reset", "a new world, and the lab from its first step", world=True
    )
    reset.add_argument("lab", metavar="LAB")
    reset.add_argument("--seed", type=int, metavar="S", help="another seed than the world has now")
    play = command(
        commands,
        "play",
        "lab.play",
        "watch a lab being done, with its reference commands, in a world of its own",
    )
    play.add_argument("lab", metavar="LAB")
    play.add_argument(
        "--speed",
        type=speed,
        default=60.0,
        metavar="X|max",
        help="virtual seconds per second (default 60); max waits for nothing",
    )
    play.add_argument("--seed", type=int, default=1, metavar="S", help="seed of the world (default 1)")


def _pid1_command(commands: Commands) -> None:
    pid1 = command(
        commands,
        "pid1",
        "pid1.pid1",
        "run a command line as a real PID 1, stop it as ECS does, and compare with the model; exit 1 when the stop is not clean",
        json="as JSON",
    )
    pid1.usage = "fargate-lab pid1 [options] [--shell-form | --] COMMAND ..."
    pid1_arguments.add(pid1)


def _gameday_command(commands: Commands) -> None:
    gameday = command(
        commands,
        "gameday",
        "gameday.list_scenarios",
        "game days for teams: list, show and check scenarios, and see what one would do",
    )
    gameday_arguments.add(gameday, Parser)


def _board_command(commands: Commands) -> None:
    board = command(
        commands,
        "board",
        "board.board",
        "open the teacher's board of a class in this terminal, or print it, or fetch the grades",
    )
    board.add_argument(
        "url",
        metavar="URL",
        nargs="?",
        default="http://127.0.0.1:8700",
        help="the address of the class, as `classroom` prints it (default http://127.0.0.1:8700)",
    )
    board.add_argument(
        "--code",
        metavar="CODE",
        help="the teacher's code (else $FARGATE_LAB_TEACHER, which other users of the machine cannot see; else it is asked for)",
    )
    form = board.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the board as JSON")
    form.add_argument(
        "--grades", metavar="FILE", help="write the grades: FILE.csv for spreadsheets, FILE.xml as JUnit XML"
    )


def _handin_commands(commands: Commands) -> None:
    handin_arguments.hand_in(
        command(
            commands,
            "hand-in",
            "handin.hand_in",
            "write one signed file with what you have done, for your teacher",
        )
    )
    handin_arguments.verify_result(
        command(
            commands,
            "verify-result",
            "handin.verify_result",
            "live through what was handed in and grade it anew; exit 1 when a claim does not hold, 2 when a file cannot be used",
            json="as JSON",
        )
    )


def _author_commands(commands: Commands) -> None:
    verify = command(
        commands,
        "verify",
        "author.verify",
        "prove labs: unsolved at first, right fixes pass, wrong ones fail; exit 1 otherwise",
        json="as JSON",
    )
    verify.add_argument("labs", metavar="LAB", nargs="*", help="the labs (default: all)")
    verify.add_argument("--seed", type=int, default=1, metavar="S", help="seed of the worlds (default 1)")
    doctor = command(
        commands,
        "doctor",
        "author.doctor",
        "look at the surroundings and say what to do; exit 3 when something is missing",
    )
    doctor.add_argument("--json", action="store_true", help="as JSON")
