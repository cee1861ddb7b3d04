"""`pid1`: the learner's command line as a real PID 1, beside what the model foretells."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import socket
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from fargate_lab import talk
from fargate_lab.errors import ExitCode, SurroundingsError, UsageError
from fargate_lab.pid1 import forms, namespace
from fargate_lab.pid1.findings import Findings

if TYPE_CHECKING:
    from fargate_sim.model.foretell import Foretold

_PROGRAMS = Path(__file__).parents[1] / "pid1"
_STAND_IN = "our own stand-in for tini, written in Python (tini is not installed)"


def pid1(arguments: argparse.Namespace) -> ExitCode:
    """Run, signal, compare. Exit 1 when the stop is not clean, 3 when nothing could be run."""
    findings = examine(arguments)
    findings.show(as_json=arguments.json)
    if findings.clean is None:
        return ExitCode.ENVIRONMENT
    return ExitCode.OK if findings.clean else ExitCode.FAILED


def examine(arguments: argparse.Namespace) -> Findings:
    """Run what the command line says, where that is possible, and ask the model."""
    unshare, why = namespace.probe()
    path = _path(arguments)
    form = _form(arguments, path)
    init = (find_init() or _STAND_IN) if arguments.init else None
    with_handler, without = _foretell(arguments, form)
    seen = _run(arguments, form, path, unshare) if unshare else None
    return Findings(
        form.argv,
        init,
        arguments.signal.name,
        arguments.stop_timeout,
        why,
        seen,
        with_handler,
        without,
    )


def foretell_form(arguments: argparse.Namespace) -> tuple[Foretold | None, Foretold | None]:
    """The model's word alone: for a program with a handler and one without. For `app`, which is known, both are the same."""
    form = _form(arguments, _path(arguments))
    with_handler, without = _foretell(arguments, form)
    if arguments.serve and "--no-handler" in " ".join(form.argv):
        return without, without
    return with_handler, without


def find_init() -> str | None:
    """An init as ECS uses it (docker-init is tini), if one is installed."""
    return shutil.which("tini") or shutil.which("docker-init")


def _foretell(arguments: argparse.Namespace, form: forms.Form) -> tuple[Foretold | None, Foretold | None]:
    # The model is the simulator's own; it comes with nothing heavy.
    from fargate_sim.model.foretell import foretell  # noqa: PLC0415

    if not form.model_argv:
        return None, None
    argv = ("tini", "--", *form.model_argv) if arguments.init else form.model_argv
    on_stop = "exits" if arguments.serve and "--exit-at-once" in " ".join(form.argv) else "drains"
    program = "app" if arguments.serve else None
    with_handler, without = (
        foretell(argv, shell=form.shell, on_stop=how, program=program) for how in (on_stop, "unhandled")
    )
    return with_handler, without


def _run(
    arguments: argparse.Namespace, form: forms.Form, path: str, unshare: tuple[str, ...]
) -> namespace.Seen:
    from fargate_sim.model.foretell import guess_program  # noqa: PLC0415

    argv = form.argv
    if arguments.init:
        found = find_init()
        stand_in = (sys.executable, "-I", "-S", str(_PROGRAMS / "tiny_init.py"))
        argv = (found, "--", *argv) if found else (*stand_in, *argv)
    where = _free_address() if arguments.serve else None
    env = {**os.environ, "PATH": path}
    if where:
        env["FARGATE_LAB_APP"] = f"{where[0]}:{where[1]}"
    waits = arguments.serve or arguments.ready is not None
    if not arguments.json:
        talk.say(
            f"Running it as PID 1; SIGKILL {arguments.stop_timeout:g} s after {arguments.signal.name} at the latest."
        )
    launch = namespace.Launch(
        argv=argv,
        env=env,
        number=arguments.signal,
        stop_timeout=arguments.stop_timeout,
        boot=arguments.boot if arguments.boot is not None else 10.0 if waits else 1.0,
        ready=arguments.ready,
        serves=where,
        with_load=arguments.serve,
        guess="server.py" if arguments.serve else guess_program(form.model_argv),
    )
    return namespace.run(unshare, launch)


def _path(arguments: argparse.Namespace) -> str:
    """The PATH, with `app` on it for --serve."""
    path = os.environ.get("PATH", os.defpath)
    return f"{_app_folder().name}{os.pathsep}{path}" if arguments.serve else path


@cache
def _app_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder with an executable named `app`, until this process ends.

    Its shell execs, so that no process stands between. Written once: a file that is still open for writing in a process forked
    meanwhile cannot be executed (ETXTBSY).
    """
    folder = tempfile.TemporaryDirectory(prefix="fargate-lab-pid1-")
    app = Path(folder.name) / "app"
    program = shlex.join([sys.executable, "-I", "-S", str(_PROGRAMS / "server.py")])
    app.write_text(f'#!/bin/sh\nexec {program} "$@"\n', encoding="utf-8")
    app.chmod(0o755)
    return folder


def _form(arguments: argparse.Namespace, path: str) -> forms.Form:
    words = tuple(arguments.words[1:] if arguments.words[:1] == ["--"] else arguments.words)
    if not words and arguments.serve:
        words = ("app",)
    if not words:
        raise UsageError(
            "There is no command to run.",
            "For example: fargate-lab pid1 --serve --shell-form 'cd /tmp && app'",
        )
    if arguments.shell_form:
        return forms.shell_form(" ".join(words), arguments.shell)
    return forms.exec_form(words, path, known="app" if arguments.serve else "")


def _free_address() -> tuple[str, int]:
    """A loopback address of its own, as a task has one: 127.x.y.z, and a port that is free there.

    Bound but never listened on, and shareable: a process forked meanwhile holds the socket a moment longer, and must neither answer in
    the server's place nor keep it from the port.
    """
    for _ in range(20):
        address = "127." + ".".join(str(1 + byte % 250) for byte in os.urandom(3))
        try:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address, 0))
                return address, int(probe.getsockname()[1])
        except OSError:
            continue
    raise SurroundingsError("No loopback address can be listened on.", "See fargate-lab doctor.")
