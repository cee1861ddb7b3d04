"""What a container's command line does: how long it runs, what it serves, how it ends, how it takes a stop signal.

Derived from entrypoint, command and image, never flagged. Programs that the catalogue does not know end as they would in the real image
when nothing else is there: an unknown program is not found, an interpreter without a script ends at once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath

from fargate_sim.model import pid1
from fargate_sim.model.images import App, Image
from fargate_sim.model.pid1 import StopBehaviour
from fargate_sim.model.shell_script import Script, SimpleCommand, parse

SHELLS = frozenset({"sh", "bash", "ash", "dash"})
INITS = frozenset({"tini", "dumb-init", "docker-init"})
_INSTANT = {
    "true": 0,
    "umask": 0,
    "ulimit": 0,
    "false": 1,
    "echo": 0,
    "env": 0,
    "printenv": 0,
    "date": 0,
    "hostname": 0,
    "ls": 0,
    "cat": 0,
    "id": 0,
}
_INSTANT |= {
    "printf": 0,
    "mkdir": 0,
    "touch": 0,
    "cd": 0,
    "export": 0,
    "set": 0,
    ":": 0,
    "rm": 0,
    "cp": 0,
    "chmod": 0,
    "whoami": 0,
    "[": 0,
    "[[": 0,
    "test": 0,
    "kill": 0,
}
SMALL_TOOLS = frozenset(_INSTANT) | {
    "exit",
    "wait",
    "trap",
    "source",
    ".",
    "shift",
    "test",
    "[",
    "read",
}
"""What ends at once, whatever the image."""
RUNS_ANOTHER = frozenset({"env", "nohup", "command", "nice", "setsid"})
"""Programs that become the program that follows them."""
_INTERPRETERS = frozenset({"python", "python3", "node"})
_FINGERPRINT = re.compile(r"\{sha:([A-Z][A-Z0-9_]*)\}")
_STEP_MS = 100
"""How long a command takes that does next to nothing. [A]"""


@dataclass(frozen=True)
class Run:
    """A container's process. ``lasts_ms`` None: until it is stopped. ``error``: the container cannot even be created."""

    lasts_ms: int | None
    exit_code: int
    app: App | None
    stop: StopBehaviour
    error: str | None = None
    output: tuple[str, ...] = ()
    last_words: tuple[str, ...] = ()
    """What it says when it ends by itself."""


def effective_argv(
    image: Image, entrypoint: tuple[str, ...] | None, command: tuple[str, ...] | None
) -> tuple[str, ...]:
    """Docker's rule: an entrypoint of one's own drops the image's command."""
    if entrypoint:
        return (*entrypoint, *(command or ()))
    return (*image.entrypoint, *(command or image.command))


def plan(image: Image, argv: tuple[str, ...], *, is_pid1: bool = True) -> Run:
    """Follow a command line to what it runs."""
    if not argv:
        return _not_found("")
    name = PurePosixPath(argv[0]).name
    if argv[0] in image.exec_scripts or name in image.exec_scripts:
        return plan(image, argv[1:], is_pid1=is_pid1)
    if name in INITS:
        rest = argv[1:]
        while rest and rest[0].startswith("-"):
            rest = rest[1:]
        return plan(image, rest, is_pid1=False)
    if name in SHELLS:
        return _shell(image, name, argv, is_pid1=is_pid1)
    return _program(image, name, argv, is_pid1=is_pid1)


def _program(image: Image, name: str, argv: tuple[str, ...], *, is_pid1: bool) -> Run:
    if name in RUNS_ANOTHER:
        rest = [i for i, word in enumerate(argv) if i and "=" not in word and not word.startswith("-")]
        if rest:
            return plan(image, argv[rest[0] :], is_pid1=is_pid1)
    app = image.app
    if app is not None and name in app.programs:
        return _app(app, name, argv, pid1.program_stop(app, is_pid1=is_pid1))
    unhandled = pid1.program_stop(None, is_pid1=is_pid1)
    if name == "sleep":
        return Run(_seconds(argv[1:]), 0, None, unhandled)
    if name == "tail" and "-f" in argv:
        return Run(None, 0, None, unhandled)
    if name == "exit":
        return Run(0, int(argv[1]) % 256 if len(argv) > 1 and argv[1].isdigit() else 0, None, unhandled)
    if name in _INSTANT:
        output = (" ".join(argv[1:]),) if name in ("echo", "printf") else ()
        return Run(_STEP_MS, _INSTANT[name], None, unhandled, output=output)
    if name in _INTERPRETERS and _has_interpreter(image, name):
        return _interpreter(name, argv, unhandled)
    if name in image.tools:
        return Run(_STEP_MS, 0, None, unhandled)
    return _not_found(argv[0])


def _app(app: App, name: str, argv: tuple[str, ...], stop: StopBehaviour) -> Run:
    if any(word in app.once for word in argv[1:]):
        return Run(_STEP_MS, 0, None, stop)
    given = {word.partition("=")[0] for word in argv[1:]}
    missing = [argument for argument in app.needs if argument not in given]
    if missing:
        text = f"{name}: error: the following arguments are required: {', '.join(missing)}"
        return Run(app.boot_ms, 2, None, stop, output=(text,))
    lasts_ms = app.boot_ms + app.batch_ms if app.batch_ms else None
    return Run(lasts_ms, 0, app, stop, output=app.started_lines, last_words=app.finished_lines)


def _shell(image: Image, name: str, argv: tuple[str, ...], *, is_pid1: bool) -> Run:
    if image.shell == "none" or (name == "bash" and image.shell == "busybox"):
        return _not_found(argv[0])
    if "-c" not in argv[1:-1] and not any(re.fullmatch(r"-\w*c", word) for word in argv[1:-1]):
        # An interactive shell without a terminal reads end-of-file and ends; a script file would have to be in the image.
        script_file = argv[1:2]
        return (
            Run(_STEP_MS, 127, None, pid1.DIES_AT_ONCE, output=(f"{name}: {script_file[0]}: not found",))
            if script_file and not script_file[0].startswith("-")
            else Run(_STEP_MS, 0, None, pid1.DIES_AT_ONCE)
        )
    position = next(i for i, word in enumerate(argv) if i and re.fullmatch(r"-\w*c", word))
    script = parse(argv[position + 1])
    shell = name if name in ("bash", "dash") else image.shell
    return _script(image, script, shell, is_pid1=is_pid1)


def _script(image: Image, script: Script, shell: str, *, is_pid1: bool) -> Run:
    """Run the commands one after the other until one does not end."""
    if script.endless:
        nobody = pid1.DIES_AT_ONCE
        stop = pid1.script_stop(script, shell, None, in_its_place=nobody, child=nobody, is_pid1=is_pid1)
        return Run(None, 0, None, stop)
    elapsed_ms = background_ms = code = 0
    lasts_for_ever = False
    output: list[str] = []
    last_words: tuple[str, ...] = ()
    app: App | None = None
    foreground: SimpleCommand | None = None
    child = in_its_place = pid1.DIES_AT_ONCE
    for command in script.commands:
        foreground = command
        if (command.conditional == "&&" and code) or (command.conditional == "||" and not code):
            continue
        if command.argv[0] == "wait":
            lasts_for_ever = app is not None and not app.batch_ms
            if lasts_for_ever:
                break
            elapsed_ms, background_ms = elapsed_ms + background_ms, 0
            continue
        run = plan(image, command.argv, is_pid1=False)
        if run.error is not None:
            output.append(f"{shell}: {command.argv[0]}: not found")
            code = 127
            continue
        output.extend((*last_words, *run.output))
        last_words = run.last_words
        if run.app is not None:
            app = replace(run.app, boot_ms=run.app.boot_ms + elapsed_ms)
            child = run.stop
        if command.background:
            background_ms = max(background_ms, run.lasts_ms or 0)
            continue
        lasts_for_ever = run.lasts_ms is None
        if lasts_for_ever:
            break
        elapsed_ms += run.lasts_ms or 0
        code = run.exit_code
        if command.argv[0] == "exit":
            break
    # When the script has come to its end the container ends, whatever it left in the background.
    if foreground is not None:
        # An ignored signal stays ignored across exec, unless the program installs a handler of its own: the rule for PID 1.
        in_its_place = plan(image, foreground.argv, is_pid1=is_pid1 or script.trap == "").stop
    stop = pid1.script_stop(
        script, shell, foreground, in_its_place=in_its_place, child=child, is_pid1=is_pid1
    )
    return Run(
        None if lasts_for_ever else elapsed_ms,
        0 if lasts_for_ever else code,
        app,
        stop,
        output=tuple(output),
        last_words=last_words,
    )


def _interpreter(name: str, argv: tuple[str, ...], unhandled: StopBehaviour) -> Run:
    rest = argv[1:]
    while rest and rest[0] in ("-u", "-B", "-O"):
        rest = rest[1:]
    if rest[:2] == ("-m", "http.server"):
        port = int(rest[2]) if len(rest) > 2 and rest[2].isdigit() else 8000
        app = App(programs=(name,), listens=(port,), boot_ms=300)
        return Run(None, 0, app, unhandled, output=(f"Serving HTTP on 0.0.0.0 port {port} ...",))
    if rest[:1] in (("-c",), ("-e",)) and len(rest) > 1:
        code = re.search(r"exit\((\d+)\)", rest[1])
        pause = re.search(r"sleep\((\d+(?:\.\d+)?)\)", rest[1])
        forever = re.search(r"while\s+(True|1)\b|setInterval", rest[1])
        lasts = None if forever else _STEP_MS + int(float(pause.group(1)) * 1000) if pause else _STEP_MS
        return Run(lasts, int(code.group(1)) % 256 if code else 0, None, unhandled)
    if rest and not rest[0].startswith("-"):
        text = f"{name}: can't open file '{rest[0]}': [Errno 2] No such file or directory"
        return Run(_STEP_MS, 2 if name.startswith("python") else 1, None, unhandled, output=(text,))
    return Run(_STEP_MS, 0, None, unhandled)


def _has_interpreter(image: Image, name: str) -> bool:
    return PurePosixPath(image.repository).name.startswith(name.rstrip("3")[:4])


def _seconds(words: tuple[str, ...]) -> int | None:
    """The argument of ``sleep``: seconds, or with a unit, or infinity."""
    units = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", words[0]) if words else None
    if match is None:
        return None if words[:1] == ("infinity",) else 0
    return int(float(match.group(1)) * 1000) * units[match.group(2)]


def in_environment(run: Run, environment: Mapping[str, str]) -> Run:
    """The process as its environment makes it: a program that lacks a variable says so and ends; its lines may tell what it found."""
    app = run.app
    if app is None:
        return run
    if app.consumes is not None and not environment.get(app.consumes.variable):
        said = f"{app.programs[0]}: {app.consumes.variable} is not set"
        return replace(run, lasts_ms=app.boot_ms, exit_code=1, output=(said,))
    lost = next((name for name in app.needs_env if not environment.get(name)), None)
    if lost is not None:
        return replace(run, lasts_ms=app.boot_ms, exit_code=1, app=None, output=(f"KeyError: '{lost}'",))
    return replace(
        run, output=tuple(_FINGERPRINT.sub(partial(_told, environment), line) for line in run.output)
    )


def _told(environment: Mapping[str, str], match: re.Match[str]) -> str:
    """The beginning of a checksum: enough to tell one value from another, not enough to know it."""
    return hashlib.sha256(environment.get(match.group(1), "").encode()).hexdigest()[:8]


def _not_found(program: str) -> Run:
    # [A] assumed: the text of runc with containerd's prefix, as platform version 1.4.0 passes it on.
    text = (
        "CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task: failed to create shim task: "
        f'OCI runtime create failed: runc create failed: unable to start container process: exec: "{program}": '
        "executable file not found in $PATH: unknown"
    )
    return Run(0, 127, None, pid1.DIES_AT_ONCE, error=text)
