"""What a signal from inside a task does: to whom it comes, and what becomes of the container.

Sources: pkill(1) (a signal goes to every process of the name); pid_namespaces(7) (with a shared namespace no container's first process is
PID 1, so default actions apply to all); the shells' habits as in ``pid1``. When a container's first process ends, so does the container.
[A] A program takes a SIGTERM from inside as it takes its stop signal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from fargate_sim.model import task as states
from fargate_sim.model.pid1 import SIGKILL_EXIT, StopBehaviour, shell_gives_way
from fargate_sim.model.process import INITS, RUNS_ANOTHER, SHELLS, effective_argv, plan
from fargate_sim.model.shell_script import Script, SimpleCommand, parse

if TYPE_CHECKING:
    from fargate_sim.model.images import Image
    from fargate_sim.model.task import Container

SIGTERM, SIGKILL = "SIGTERM", "SIGKILL"
SIGNALS = (SIGTERM, SIGKILL)
_INIT = "docker-init"
"""The process that ``initProcessEnabled`` puts first. [A] its name"""


@dataclass(frozen=True)
class Process:
    """One process of a container. ``leaves``: the exit code of the process above it when it has ended with some code; None: that one."""

    name: str
    argv: tuple[str, ...]
    leaves: int | None = None


def struck(container: Container, name: str, signal: str) -> StopBehaviour | None:
    """What becomes of a container in which a signal goes to the processes of a name; None: it has none of that name."""
    image, run = container.image, container.run
    if container.status != states.RUNNING or image is None or run is None:
        return None
    spec = container.spec
    chain = tree(image, effective_argv(image, spec.entrypoint, container.command or spec.command))
    if spec.init:
        chain = (Process(_INIT, ()), *chain)
    place = next((place for place, process in enumerate(chain) if process.name == name), None)
    if place is None:
        return None
    if signal == SIGKILL:
        blow = StopBehaviour(0, SIGKILL_EXIT)
    elif place == 0:
        return run.stop
    else:
        blow = plan(image, chain[place].argv, is_pid1=False).stop
    for process in reversed(chain[:place]):
        # The process above goes on when its child has ended, and ends with the child's code or with one of its own.
        if process.leaves is not None:
            blow = replace(blow, exit_code=process.leaves)
    return blow


def tree(image: Image, argv: tuple[str, ...]) -> tuple[Process, ...]:
    """The processes of a container from its first one down to the program that it is at."""
    if not argv:
        return ()
    name = PurePosixPath(argv[0]).name
    if argv[0] in image.exec_scripts or name in image.exec_scripts:
        return tree(image, argv[1:])
    if name in INITS:
        rest = argv[1:]
        while rest and rest[0].startswith("-"):
            rest = rest[1:]
        return (Process(name, argv), *tree(image, rest))
    if name in RUNS_ANOTHER:
        rest_at = [i for i, word in enumerate(argv) if i and "=" not in word and not word.startswith("-")]
        return tree(image, argv[rest_at[0] :]) if rest_at else (Process(name, argv),)
    place = next((i for i, word in enumerate(argv) if i and re.fullmatch(r"-\w*c", word)), None)
    if name in SHELLS and place is not None and place + 1 < len(argv):
        return _of_script(image, name, argv, parse(argv[place + 1]))
    return (Process(name, argv),)


def _of_script(image: Image, name: str, argv: tuple[str, ...], script: Script) -> tuple[Process, ...]:
    at = _lasting(image, script)
    if at is None:
        return (Process(name, argv),)
    below = tree(image, at.argv)
    shell = name if name in ("bash", "dash") else image.shell
    last = script.last
    if (at is last or at.has_exec) and not script.trap and shell_gives_way(shell, at):
        return below
    leaves = None if last is None or at is last or last.argv[0] == "wait" else _status(last)
    return (Process(name, argv, leaves), *below)


def _lasting(image: Image, script: Script) -> SimpleCommand | None:
    """The command that a script is at for as long as it is let: the first that does not end."""
    for command in script.commands:
        run = plan(image, command.argv, is_pid1=False)
        if run.error is None and (run.lasts_ms is None or run.app is not None):
            return command
    return script.last


def _status(command: SimpleCommand) -> int:
    """The status of a script's last command, behind the one that was killed. [A] It succeeds."""
    word = command.argv[1] if command.argv[0] == "exit" and len(command.argv) > 1 else "0"
    return int(word) % 256 if word.isdigit() else SIGKILL_EXIT
