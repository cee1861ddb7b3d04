"""How any container takes its stop signal, for a command line of one's own: the model's PID 1 rules without an image.

Needs what a command line does not show: which shell ``sh`` is, and whether the program has a handler. Every program that is not a
shell, an init or a small tool counts as known and lasting if it is *the* program, else as something that ends at once. The rules
themselves are those of `process` and `pid1`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from fargate_sim.model.images import App, Image
from fargate_sim.model.pid1 import StopBehaviour, shell_gives_way
from fargate_sim.model.process import INITS, RUNS_ANOTHER, SHELLS, SMALL_TOOLS, plan
from fargate_sim.model.shell_script import Script, parse


@dataclass(frozen=True)
class Foretold:
    """``first`` is what PID 1 will be: ``program``, ``shell`` or ``init``. ``killed``: nothing but SIGKILL ends it."""

    first: str
    killed: bool
    exit_code: int
    graceful: bool

    @classmethod
    def of(cls, first: str, stop: StopBehaviour) -> Foretold:
        """From a stop's behaviour."""
        return cls(first, stop.delay_ms is None, stop.exit_code, stop.graceful)


def foretell(
    argv: tuple[str, ...], *, shell: str = "dash", on_stop: str = "drains", program: str | None = None
) -> Foretold | None:
    """What SIGTERM does to a container that runs ``argv``; None when it would end by itself, before any signal.

    ``shell`` is what ``sh`` is: dash, bash, busybox, or ``file`` for any of them with a script file. ``on_stop`` as in `App`.
    ``program`` names the lasting program (default: see `guess_program`).
    """
    app = program or guess_program(argv)
    words = set(_programs(argv))
    image = Image(
        repository="localhost/learner",
        tags=("latest",),
        size_mb=1,
        shell="dash" if shell == "file" else shell,
        tools=frozenset(words - {app}),
        app=App(programs=(app,), on_stop=on_stop) if app else None,
    )
    argv = _plain(argv, shell)
    run = plan(image, argv)
    if run.error is not None or run.lasts_ms is not None:
        return None
    return Foretold.of(_first(argv, shell, app), run.stop)


def guess_program(argv: tuple[str, ...]) -> str | None:
    """The program that a command line is for: the last one that is not a shell, an init or a small tool."""
    found = [name for name in _programs(argv) if name not in SMALL_TOOLS]
    return found[-1] if found else None


def _plain(argv: tuple[str, ...], shell: str) -> tuple[str, ...]:
    """``busybox sh`` is ``sh``; a script file is no ``-c`` script of the shell that it names."""
    head = 0
    if argv and PurePosixPath(argv[0]).name in INITS:
        head = next((i for i, word in enumerate(argv) if i and not word.startswith("-")), len(argv))
    rest = argv[head:]
    if rest[:1] and PurePosixPath(rest[0]).name == "busybox" and len(rest) > 1:
        rest = rest[1:]
    if shell == "file" and rest and PurePosixPath(rest[0]).name in SHELLS:
        rest = ("sh", *rest[1:])
    return (*argv[:head], *rest)


def _script(argv: tuple[str, ...]) -> Script | None:
    """The script of a shell's command line."""
    for i, word in enumerate(argv[:-1]):
        if word in ("-c", "-ec", "-xc", "-lc", "-euc", "-exc") and i:
            return parse(argv[i + 1])
    return None


def _programs(argv: tuple[str, ...]) -> Iterator[str]:
    """The names of the programs of a command line, in order, shells and inits left out."""
    rest = _plain(argv, "")
    while rest and (PurePosixPath(rest[0]).name in INITS or (rest[0].startswith("-") and len(rest) > 1)):
        rest = rest[1:]
    if not rest:
        return
    name = PurePosixPath(rest[0]).name
    if name in SHELLS:
        script = _script(rest)
        for command in script.commands if script else ():
            yield from _programs(command.argv)
    elif name in RUNS_ANOTHER and len(rest) > 1:
        yield from _programs(tuple(word for word in rest[1:] if "=" not in word))
    else:
        yield name


def _first(argv: tuple[str, ...], shell: str, app: str | None) -> str:
    name = PurePosixPath(argv[0]).name
    if name in INITS:
        return "init"
    if name not in SHELLS:
        return "program"
    script = _script(argv)
    if script is None or script.last is None or script.endless:
        return "shell"
    if (
        app is not None
        and app not in _programs(script.last.argv)
        and not any(command.has_exec for command in script.commands)
    ):
        return "shell"
    at = next((command for command in script.commands if command.has_exec), script.last)
    gives_way = shell_gives_way(name if name in ("bash", "dash") else shell, at)
    return "program" if gives_way and (at.has_exec or not script.trap) else "shell"
