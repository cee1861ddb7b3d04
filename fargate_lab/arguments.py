"""The command line's words: what each command is called, takes, and which function it runs.

Imports nothing heavy. The table is the only list of commands; `docs/cli.md` is compared with it by a test.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TypeAlias

from fargate_lab import (
    __version__,
    bundle_arguments,
    capacity_arguments,
    classroom_arguments,
    fault_arguments,
    gameday_arguments,
    handin_arguments,
    image_arguments,
    load_arguments,
    pid1_arguments,
)
from fargate_lab.errors import UsageError

Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"
_WORLDS_LAB = "the lab (else the one of the running world)"
_EXIT = "exit codes: 0 ok, 1 a check failed, 2 usage or bad file, 3 environment, 130 interrupted"


class _Parser(argparse.ArgumentParser):
    """Reports a wrong word as a `UsageError`, in one line and a hint."""

    def error(self, message: str) -> None:  # type: ignore[override]
        raise UsageError(f"{message[:1].upper()}{message[1:]}.", f"See {self.prog} --help.")


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The words as a namespace with `module` and `function` (below `fargate_lab.commands`). Raises
    UsageError.
    """
    return build_parser().parse_args(list(words))


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = _Parser(
        prog="fargate-lab",
        description="Learn Amazon ECS on Fargate by breaking it. Without a command: the interactive lab.",
        epilog=_EXIT,
        formatter_class=_Help,
        allow_abbrev=False,
    )
    parser.add_argument("-V", "--version", action="version", version=f"fargate-lab {__version__}")
    parser.set_defaults(module="screen", function="open_screen")
    commands = parser.add_subparsers(metavar="COMMAND", parser_class=_Parser)
    _catalogue_commands(commands)
    _world_commands(commands)
    _lab_commands(commands)
    _pid1_command(commands)
    fault_arguments.add(
        _command(
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
        _command(
            commands,
            "classroom",
            "classroom.classroom",
            "hold a class: every learner gets the lab in a browser, and you a board",
        )
    )
    bundle_arguments.add(
        _command(
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


class _Help(argparse.HelpFormatter):
    """Room for the names, and the same width in any terminal, so that the reference in the docs is stable."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=100)


def _command(
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
        formatter_class=_Help,
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


def _catalogue_commands(commands: Commands) -> None:
    listed = _command(
        commands,
        "list",
        "catalogue.list_labs",
        "list the labs by track, how long each takes, what it teaches, and your progress",
        json="as JSON",
    )
    listed.add_argument(
        "--teaches", action="store_true", help="all that each lab teaches, not its first lesson alone"
    )
    show = _command(
        commands, "show", "catalogue.show_lab", "show a lab: its steps and its guide", json="as JSON"
    )
    show.add_argument("lab", metavar="LAB", nargs="?", help=_WORLDS_LAB)


def _world_commands(commands: Commands) -> None:
    serve = _command(
        commands,
        "serve",
        "world.serve",
        'run the offline cloud until Ctrl-C; prints the exports, then "ready"',
    )
    serve.add_argument("--port", type=_port, default=0, metavar="N", help="TCP port (default: a free one)")
    serve.add_argument(
        "--bind",
        type=_loopback,
        default="127.0.0.1",
        metavar="ADDRESS",
        help="loopback address (default 127.0.0.1)",
    )
    serve.add_argument(
        "--speed",
        type=speed,
        default=10.0,
        metavar="X|max",
        help="virtual seconds per second, 0.1 to 3600 (default 10)",
    )
    serve.add_argument(
        "--seed", type=int, default=None, metavar="S", help="seed of a new world (default: another each time)"
    )
    serve.add_argument("--lab", metavar="LAB", help="set this lab up, or go on where it was left")
    again = serve.add_mutually_exclusive_group()
    again.add_argument("--fresh", action="store_true", help="with --lab: begin the lab anew")
    again.add_argument("--resume", action="store_true", help="without --lab: go on with the last world")
    env = _command(
        commands,
        "env",
        "world.print_env",
        "print what points aws, boto3 and Terraform at the running world",
        world=True,
    )
    env.add_argument(
        "--shell",
        choices=("sh", "fish", "powershell", "json"),
        help="for which shell (default: the one you use)",
    )
    shell = _command(
        commands, "shell", "world.open_shell", "open a shell that talks to the running world", world=True
    )
    shell.add_argument("-c", dest="line", metavar="LINE", help="run this line and exit with its exit code")
    clock = _command(
        commands, "clock", "world.clock", "read or move the virtual clock", world=True, json="as JSON"
    )
    clock.add_argument(
        "action",
        nargs="?",
        default="read",
        choices=("read", "pause", "run", "speed", "advance", "next", "settle", "rewind"),
        help="next: jump to the next happening; settle: until nothing is on its way; rewind: put the world back (default: read)",
    )
    clock.add_argument(
        "value",
        nargs="?",
        metavar="VALUE",
        help="speed: 0.1 to 3600 or max; advance, settle, rewind: 90s, 5m, 2h, 1d",
    )

    load_arguments.add_traffic(
        _command(
            commands,
            "traffic",
            "traffic.traffic",
            "send requests through a load balancer to a service, and see which failed, when and why",
            world=True,
            json="the whole report as JSON",
        )
    )
    load_arguments.add_queue(
        _command(
            commands,
            "queue",
            "queue.queue",
            "send orders to an SQS queue, and see which were charged, charged again, or never",
            world=True,
            json="the whole report as JSON",
        )
    )
    scaling = _command(
        commands,
        "scaling",
        "scaling.scaling",
        "tell how services scale: policies, alarms, and why each decision was taken or not",
        world=True,
        json="everything as JSON",
    )
    scaling.add_argument(
        "--minutes",
        type=_minutes,
        default=60,
        metavar="N",
        help="how far back the minutes go, 0 to 180 (default 60)",
    )
    capacity_arguments.add(
        _command(
            commands,
            "capacity",
            "capacity.capacity",
            "take Spot tasks or capacity away, as AWS does, and give it back",
            world=True,
            json="as JSON",
        )
    )
    _cost_command(commands)
    image_arguments.add(
        _command(
            commands,
            "image",
            "image.image",
            "list the images that can be pulled, show one, or push one into a private repository",
            world=True,
            json="as JSON",
        )
    )
    _calls_command(commands)
    _why_command(commands)
    _fork_commands(commands)


def _fork_commands(commands: Commands) -> None:
    fork = _command(
        commands,
        "fork",
        "fork.fork",
        'start another world beside the running one, as that was a while ago; prints the exports, then "ready"',
        world=True,
    )
    whatif = _command(
        commands,
        "whatif",
        "fork.whatif",
        "live through the last minutes again with other commands, and compare with what was",
        world=True,
        json="both timelines as JSON",
    )
    for each in (fork, whatif):
        each.add_argument(
            "--back", metavar="TIME", default="5m", help="how long ago: 90s, 5m, 2h (default 5m)"
        )
    fork.add_argument("--port", type=_port, default=0, metavar="N", help="TCP port (default: a free one)")
    whatif.add_argument(
        "commands",
        metavar="COMMAND",
        nargs="*",
        help="a whole `aws` command in quotes, to be run then; several are run one after the other",
    )


def _injection_commands(commands: Commands) -> None:
    inject = _command(
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
    revert = _command(
        commands,
        "revert",
        "faults.revert",
        "take back a fault in the running world, or all that are in force, the latest first",
        world=True,
        json="as JSON",
    )
    revert.add_argument("fault", metavar="FAULT", nargs="?", help="its name (default: everything in force)")


def _cost_command(commands: Commands) -> None:
    cost = _command(
        commands,
        "cost",
        "cost.cost",
        "estimate what the world would have cost on AWS, item by item",
        world=True,
        json="the whole report as JSON",
    )
    cost.add_argument(
        "--since",
        metavar="LAB|MS",
        help="from the start of a lab, or from a moment in milliseconds since the epoch (default: all)",
    )


def _calls_command(commands: Commands) -> None:
    calls = _command(
        commands,
        "calls",
        "calls.calls",
        "list what execution and task roles have called, and what they were refused",
        world=True,
        json="the whole report as JSON",
    )
    calls.add_argument("role", metavar="ROLE", nargs="?", help="only this role (name or ARN; default: all)")


def _why_command(commands: Commands) -> None:
    why = _command(
        commands,
        "why",
        "why.why",
        "explain a task, deployment, target, request or alarm: from its cause to its end, each fact with its source",
        world=True,
        json="the chain as JSON",
    )
    why.add_argument(
        "resource",
        metavar="RESOURCE",
        nargs="?",
        help="a task (id, unique prefix, ARN), a service, ecs-svc/..., IP or IP:PORT, a target group, "
        "the id of a failed request, requests, an alarm",
    )
    why.add_argument(
        "--file",
        metavar="FILE",
        help="explain saved JSON of `aws ... describe-*` instead of the world; - for stdin",
    )


def _lab_commands(commands: Commands) -> None:
    start = _command(
        commands, "start", "lab.start", "set a lab up in the running world", world=True, json="as JSON"
    )
    start.add_argument("lab", metavar="LAB")
    check = _command(
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
    hint = _command(commands, "hint", "lab.hint", "show the next hint of a step", world=True)
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
    solve = _command(
        commands, "solve", "lab.solve", "apply the lab's reference solution to the running world", world=True
    )
    solve.add_argument("lab", metavar="LAB", nargs="?", help=_WORLDS_LAB)
    reset = _command(
        commands, "reset", "lab.reset", "a new world, and the lab from its first step", world=True
    )
    reset.add_argument("lab", metavar="LAB")
    reset.add_argument("--seed", type=int, metavar="S", help="another seed than the world has now")
    play = _command(
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
    pid1 = _command(
        commands,
        "pid1",
        "pid1.pid1",
        "run a command line as a real PID 1, stop it as ECS does, and compare with the model; exit 1 when the stop is not clean",
        json="as JSON",
    )
    pid1.usage = "fargate-lab pid1 [options] [--shell-form | --] COMMAND ..."
    pid1_arguments.add(pid1)


def _gameday_command(commands: Commands) -> None:
    gameday = _command(
        commands,
        "gameday",
        "gameday.list_scenarios",
        "game days for teams: list, show and check scenarios, and see what one would do",
    )
    gameday_arguments.add(gameday, _Parser)


def _board_command(commands: Commands) -> None:
    board = _command(
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
        _command(
            commands,
            "hand-in",
            "handin.hand_in",
            "write one signed file with what you have done, for your teacher",
        )
    )
    handin_arguments.verify_result(
        _command(
            commands,
            "verify-result",
            "handin.verify_result",
            "live through what was handed in and grade it anew; exit 1 when a claim does not hold, 2 when a file cannot be used",
            json="as JSON",
        )
    )


def _author_commands(commands: Commands) -> None:
    verify = _command(
        commands,
        "verify",
        "author.verify",
        "prove labs: unsolved at first, right fixes pass, wrong ones fail; exit 1 otherwise",
        json="as JSON",
    )
    verify.add_argument("labs", metavar="LAB", nargs="*", help="the labs (default: all)")
    verify.add_argument("--seed", type=int, default=1, metavar="S", help="seed of the worlds (default 1)")
    doctor = _command(
        commands,
        "doctor",
        "author.doctor",
        "look at the surroundings and say what to do; exit 3 when something is missing",
    )
    doctor.add_argument("--json", action="store_true", help="as JSON")


def _port(word: str) -> int:
    if not word.isdigit() or int(word) > 65535:
        raise argparse.ArgumentTypeError(f"{word!r} is not a port (0 to 65535)")
    return int(word)


def _loopback(word: str) -> str:
    # The names that the endpoint answers to (docs/control-api.md); it is no server for a network.
    if word not in ("127.0.0.1", "localhost", "::1"):
        raise argparse.ArgumentTypeError(f"{word!r} is no loopback address (127.0.0.1, localhost or ::1)")
    return word


def _minutes(word: str) -> int:
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
