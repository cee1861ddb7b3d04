"""The server of a room as a child of the command: started, watched, started again when it dies, ended in order."""

from __future__ import annotations

import contextlib
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fargate_lab import child_process, paths
from fargate_lab.errors import ExitCode, SurroundingsError, UsageError

SERVER = (sys.executable, "-m", "fargate_lab.classroom.server")
START_SECONDS = 90.0
STOP_SECONDS = 30.0
CALM_SECONDS = 30.0
"""A server that ran for so long was no failure to start."""
LIVES = 6
"""How often in a row one that dies at once is started again."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 5.0
_TAIL_LINES = 4


UNGIVEN_PORTS = range(20_000, 32_000)
"""Linux gives from 32768 on unless told otherwise, macOS and Windows from 49152 on (RFC 6335, section 6)."""


class Keeper:
    """Keeps one server. `told` is told, in a sentence, what happens to it. Use as a context manager."""

    def __init__(self, words: Sequence[str], log: Path, told: Callable[[str], None]) -> None:
        self._argv = [*SERVER, *words]
        self._log = log
        self._told = told
        self._closing = threading.Event()
        self.over = threading.Event()
        """It is not there any more, and will not be started again."""
        self.said: dict[str, Any] = {}
        """What it announced: address, board, code, teacher_code, pid."""
        self._process = self._start()
        self._watching = threading.Thread(target=self._watch, name="server", daemon=True)
        self._watching.start()

    def __enter__(self) -> Keeper:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The process of the server."""
        return self._process.pid

    def close(self) -> None:
        """End it, and everything that it started."""
        self._closing.set()
        child_process.stop(self._process, STOP_SECONDS)
        self._watching.join(STOP_SECONDS)
        child_process.stop(self._process, STOP_SECONDS)

    def _watch(self) -> None:
        pause, lives = FIRST_PAUSE_SECONDS, LIVES
        while True:
            began = time.monotonic()
            code = self._process.wait()
            if self._closing.is_set():
                return
            if time.monotonic() - began > CALM_SECONDS:
                pause, lives = FIRST_PAUSE_SECONDS, LIVES
            self._told(
                f"The server of the class ended (exit code {code}) and is started again. Nothing is lost."
            )
            while True:
                if self._closing.wait(pause):
                    return
                pause, lives = min(pause * 2, LONGEST_PAUSE_SECONDS), lives - 1
                try:
                    self._process = self._start()
                    break
                except SurroundingsError as error:
                    self._told(error.message)
                if not lives:
                    self._told(
                        "The server of the class does not stay. Look into its log, and go on with --resume."
                    )
                    self.over.set()
                    return

    def _start(self) -> subprocess.Popen[str]:
        with paths.ready(self._log).open("a", encoding="utf-8") as errors:
            begin = errors.tell()
            process = subprocess.Popen(  # noqa: S603 - our own module
                self._argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=Path(__file__).parent.parent.parent,
                # Ctrl-C is for the command, which ends it in order.
                start_new_session=True,
            )
        try:
            said = child_process.first_line(process, "address", START_SECONDS)
        except BaseException:
            child_process.stop(process, STOP_SECONDS)
            raise
        if said is None:
            child_process.stop(process, STOP_SECONDS)
            message = child_process.last_words(process, self._log, begin, _TAIL_LINES)
            if process.returncode == ExitCode.USAGE:
                raise UsageError(message)
            raise SurroundingsError(f"The class did not open: {message}", f"Its log: {self._log}")
        self.said = said
        return process


def free_ports(bind: str, count: int) -> int:
    """The first of so many ports in a row that are free now, none of them one that a system gives to whoever asks for any: it could be
    given away before the class has it. SurroundingsError when there are none.
    """
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    for _ in range(50):
        port = secrets.choice(UNGIVEN_PORTS)
        with contextlib.ExitStack() as taken, contextlib.suppress(OSError):
            for k in range(count):
                taken.enter_context(socket.create_server((bind, port + k), family=family))
            return port
    raise SurroundingsError(f"No {count} ports in a row are free at {bind}.", "Choose one with --port.")
