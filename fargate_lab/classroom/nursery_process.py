"""The nursery: a process that has imported what seats need, and forks a seat's screen or an `aws` command in milliseconds.

Single-threaded, as a process must be that forks; imports nothing that starts a thread. Its children share its memory until they write to
it. It ends when its standard input does, and takes its children with it. What it is asked for stands in `nursery_wire`.
"""

# ruff: noqa: PLC0415 - what is imported here is loaded once, in `Kinds.load`, after the environment has been set

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fargate_lab.classroom import nursery_wire
from fargate_lab.classroom.nursery_wire import Request
from fargate_lab.errors import ExitCode

STANDARD = 3
"""Standard input, output and error: what a child is given."""
PATIENCE_SECONDS = 3.0
"""How long a child may take to end after it was asked to."""
_CRASHED = 70
_BACKLOG = 128


@dataclass
class _Visitor:
    """A connection: what it has asked for so far, and (once there is one) the child that runs for it."""

    connection: socket.socket
    request: Request = field(default_factory=Request)
    pid: int = 0
    kill_at: float | None = None


class Kinds:
    """What can be forked."""

    def load(self, nowhere: Path) -> None:
        """Import everything, with an environment in which nothing of the person's own is found."""
        from fargate_lab.classroom import board_app, seat_app, seat_aws

        seat_app.preload()
        board_app.preload()
        self._screen = seat_app.run
        self._board = board_app.run
        self._aws = seat_aws.Aws(nowhere)

    def run(self, request: Mapping[str, Any]) -> int:
        """Be the child; its exit code."""
        if request["do"] == "screen":
            return self._screen(request)
        if request["do"] == "board":
            return self._board(request)
        return self._aws.run(request)


class NurseryProcess:
    """The loop: takes requests, forks, and tells who has ended."""

    def __init__(self, listener: socket.socket, kinds: Kinds) -> None:
        self._listener = listener
        self._kinds = kinds
        self._selector = selectors.DefaultSelector()
        self._visitors: dict[int, _Visitor] = {}
        self._rouse, self._roused = socket.socketpair()

    def run(self) -> None:
        """Until standard input ends."""
        for each in (self._rouse, self._roused, self._listener):
            each.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda _signal, _frame: None)
        signal.set_wakeup_fd(self._roused.fileno(), warn_on_full_buffer=False)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._rouse, selectors.EVENT_READ)
        self._selector.register(0, selectors.EVENT_READ)
        try:
            while self._turn():
                pass
        finally:
            for visitor in self._visitors.values():
                if visitor.pid:
                    _signal(visitor.pid, signal.SIGTERM)

    def _turn(self) -> bool:
        impatient = [each.kill_at for each in self._visitors.values() if each.kill_at is not None]
        timeout = max(0.0, min(impatient) - time.monotonic()) if impatient else None
        for key, _ in self._selector.select(timeout):
            if key.fd == 0:
                if not os.read(0, 4096):
                    return False
            elif key.fileobj is self._listener:
                self._welcome()
            elif key.fileobj is self._rouse:
                with contextlib.suppress(BlockingIOError):
                    self._rouse.recv(4096)
            else:
                visitor = self._visitors.get(key.fd)
                if visitor is not None:
                    self._listen(visitor)
        self._reap()
        for visitor in self._visitors.values():
            if visitor.kill_at is not None and visitor.kill_at <= time.monotonic():
                visitor.kill_at = None
                _signal(visitor.pid, signal.SIGKILL)
        return True

    def _welcome(self) -> None:
        with contextlib.suppress(OSError):
            connection, _ = self._listener.accept()
            connection.setblocking(False)
            self._visitors[connection.fileno()] = _Visitor(connection)
            self._selector.register(connection, selectors.EVENT_READ)

    def _listen(self, visitor: _Visitor) -> None:
        if visitor.pid:
            # Nothing more is said there: it has been closed.
            self._selector.unregister(visitor.connection)
            visitor.kill_at = time.monotonic() + PATIENCE_SECONDS
            _signal(visitor.pid, signal.SIGTERM)
            return
        try:
            request = visitor.request.read(visitor.connection, STANDARD)
            if request is None:
                return
            if len(visitor.request.descriptors) != STANDARD or request.get("do") not in (
                "screen",
                "board",
                "aws",
            ):
                raise ValueError("it asks for nothing that there is")
            visitor.pid = self._fork(request, visitor.request.descriptors)
            self._say(visitor, {"pid": visitor.pid})
        except (EOFError, OSError):
            self._forget(visitor)
        except ValueError as problem:
            self._say(visitor, {"error": str(problem)})
            self._forget(visitor)
        finally:
            if visitor.pid:
                _close(visitor.request.descriptors)

    def _fork(self, request: Mapping[str, Any], descriptors: list[int]) -> int:
        pid = os.fork()
        if pid:
            return pid
        code = _CRASHED
        try:
            self._become(descriptors)
            code = self._kinds.run(request)
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(OSError, ValueError):
                    stream.flush()
            # Not `sys.exit`: what the nursery would do at its end is not for its children to do.
            os._exit(code)

    def _become(self, descriptors: list[int]) -> None:
        """In the child: leave everything behind that is the nursery's."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        self._selector.close()
        for each in (
            self._listener,
            self._rouse,
            self._roused,
            *(v.connection for v in self._visitors.values()),
        ):
            each.close()
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
        _close(descriptors)
        gc.enable()

    def _reap(self) -> None:
        while self._visitors:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for visitor in [each for each in self._visitors.values() if each.pid == pid]:
                self._say(visitor, {"code": os.waitstatus_to_exitcode(status)})
                self._forget(visitor)

    def _say(self, visitor: _Visitor, answer: Mapping[str, Any]) -> None:
        # A few bytes to somebody who reads nothing else: they fit, or nobody is there.
        with contextlib.suppress(OSError):
            visitor.connection.send(nursery_wire.line(answer))

    def _forget(self, visitor: _Visitor) -> None:
        if not visitor.pid:
            _close(visitor.request.descriptors)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(visitor.connection)
        self._visitors = {number: each for number, each in self._visitors.items() if each is not visitor}
        visitor.connection.close()


def _close(descriptors: list[int]) -> None:
    for each in descriptors:
        os.close(each)
    descriptors.clear()


def _signal(pid: int, number: signal.Signals) -> None:
    """To a child, if it is still there."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def environment(nowhere: Path) -> dict[str, str]:
    """What the nursery and its children find around them: nothing of the person who runs the class. Libraries read some of it as they are
    imported, so it is set before that.
    """
    return {
        "HOME": str(nowhere),
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        # Also keeps macOS from being asked for its proxies, which a forked process must not do.
        "NO_PROXY": "*",
        "no_proxy": "*",
        "TEXTUAL_COLOR_SYSTEM": "truecolor",
        "TEXTUAL_FPS": "30",
        "TEXTUAL_ANIMATIONS": "none",
        "TERM_PROGRAM": "textual",
    }


def main(argv: list[str] | None = None) -> int:
    """Run the nursery; its exit code."""
    parser = argparse.ArgumentParser(prog="fargate_lab.classroom.nursery")
    parser.add_argument("--socket", type=Path, required=True)
    options = parser.parse_args(argv)
    if find_spec("awscli") is None:
        sys.stderr.write(
            "The seats need the AWS CLI as a Python package: pip install 'fargate-lab[classroom]'.\n"
        )
        return int(ExitCode.ENVIRONMENT)
    nowhere = options.socket.with_name("nowhere")
    nowhere.mkdir(mode=0o500, exist_ok=True)
    kept = {name: os.environ[name] for name in ("TZ",) if name in os.environ}
    os.environ.clear()
    os.environ.update(environment(nowhere), **kept)
    os.chdir(nowhere)
    sys.dont_write_bytecode = True
    kinds = Kinds()
    kinds.load(nowhere)
    gc.disable()
    gc.collect()
    # What is here now stays: no child shall copy it because the collector looked at it.
    gc.freeze()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        options.socket.unlink(missing_ok=True)
        old = os.umask(0o177)
        listener.bind(str(options.socket))
        os.umask(old)
        listener.listen(_BACKLOG)
        sys.stdout.write('{"ready": true}\n')
        sys.stdout.flush()
        NurseryProcess(listener, kinds).run()
    return 0
