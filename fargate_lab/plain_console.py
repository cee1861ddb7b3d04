"""The console where there is no shell that lines could run in: Windows.

Lines are read as those of a seat of a class (`fargate_lab.classroom.seat_console`), which knows no shell either; but this machine is the
person's own, so any `aws` command may run, as a process of its own.
"""

from __future__ import annotations

import codecs
import importlib.util
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Literal, TypeAlias

from fargate_lab import aws_cli
from fargate_lab.classroom.seat_console import SeatConsole
from fargate_lab.errors import SurroundingsError
from labs.endpoint_cloud import EndpointCloud
from tui.session import ShellCommand

Stream: TypeAlias = Literal["out", "err"]
_CHUNK = 65536
_SYSTEM = ("PATH", "PATHEXT", "SYSTEMROOT", "TEMP", "TMP")
"""What programs of Windows cannot do without."""
_OWN_SHELL = "For PowerShell: fargate-lab env --shell powershell | Out-String | Invoke-Expression"


class RunningAws:
    """A process, whose output two threads read: pipes cannot be waited for together on Windows."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> None:
        self.code = 0
        self._pieces: queue.SimpleQueue[tuple[Stream, str] | None] = queue.SimpleQueue()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the person's own aws command
                list(argv),
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            raise SurroundingsError(
                f"The aws command cannot be started: {error.strerror or error}.", "See fargate-lab doctor."
            ) from None
        self._readers = [
            threading.Thread(target=self._read, args=(pipe, name), daemon=True)
            for pipe, name in ((self._process.stdout, "out"), (self._process.stderr, "err"))
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, pipe: IO[bytes], name: Stream) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        with pipe:
            while data := os.read(pipe.fileno(), _CHUNK):
                if text := decoder.decode(data):
                    self._pieces.put((name, text))
        if text := decoder.decode(b"", final=True):
            self._pieces.put((name, text))
        self._pieces.put(None)

    def pieces(self) -> Iterator[tuple[Stream, str]]:
        """What it prints, as it comes; then `code` is its exit code."""
        ended = 0
        while ended < len(self._readers):
            piece = self._pieces.get()
            if piece is None:
                ended += 1
            else:
                yield piece
        self.code = self._process.wait()

    def stop(self) -> None:
        """End it. Safe to call twice."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


class OwnAws:
    """Runs the `aws` of our environment, else the person's own, in a folder against one endpoint."""

    def __init__(self, endpoint: str, cwd: Path) -> None:
        self._endpoint = endpoint
        self._cwd = cwd

    def start(self, words: Sequence[str], env: Mapping[str, str]) -> RunningAws:
        """See `fargate_lab.classroom.seat_console.Aws`."""
        system = {name: os.environ[name] for name in _SYSTEM if name in os.environ}
        # Version 1 ignores AWS_ENDPOINT_URL for some services, never --endpoint-url.
        argv = [*_command(), "--endpoint-url", self._endpoint, *words[1:]]
        return RunningAws(argv, {**system, **env, "PYTHONUTF8": "1"}, self._cwd)


def _command() -> tuple[str, ...]:
    if importlib.util.find_spec("awscli") is not None:
        return sys.executable, "-P", "-m", "awscli"
    found = aws_cli.find_aws()
    if found is None:
        raise SurroundingsError("There is no aws command.", aws_cli.MISSING)
    return found.argv


class PlainConsole(SeatConsole):
    """See the module. `kept` is the folder for what lines have set, `work` the directory in which they run."""

    def __init__(self, cloud: EndpointCloud, kept: Path, work: Path, env: Mapping[str, str]) -> None:
        try:
            work.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SurroundingsError(
                f"Cannot make the lab's folder {work}: {error.strerror or error}.",
                "Make its parent writable.",
            ) from None
        self.work = work
        self.lab_env = dict(env)
        aws = OwnAws(env["AWS_ENDPOINT_URL"], work)
        super().__init__(aws, cloud.control, cloud, cloud.env, kept / "variables.json", own_shell=_OWN_SHELL)

    def folder_now(self) -> Path:
        """See `fargate_lab.ground.LineConsole`."""
        return self.work

    def handover(self, greeting: str) -> ShellCommand:  # noqa: ARG002
        """There is none."""
        raise SurroundingsError("There is no shell to hand over to here.", _OWN_SHELL)

    def _vet(self, words: list[str]) -> None:
        """Whatever the person wants of their own machine."""
