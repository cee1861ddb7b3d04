"""Having the nursery run `aws` commands: for the console of a seat, and for its narrated runs."""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import selectors
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from fargate_lab.awscli_runner import Ran
from fargate_lab.classroom import nursery_wire
from fargate_lab.errors import SurroundingsError

MOST_OUTPUT = 500_000
"""Bytes of a command's output that are taken. Whoever prints more is stopped."""
TOO_MUCH = 75
_CHUNK = 65536
_PROCESSOR_TIME = -24
"""Ended by SIGXCPU, which has this number on Linux and macOS."""

Piece = tuple[Literal["out", "err"], str]


class Running:
    """One command that runs. `pieces` must be read to its end, or `stop` called."""

    def __init__(self, address: Path, endpoint: str, words: Sequence[str], env: Mapping[str, str]) -> None:
        ours_out, theirs_out = os.pipe()
        ours_err, theirs_err = os.pipe()
        nothing = os.open(os.devnull, os.O_RDONLY)
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._pipes = {ours_out: "out", ours_err: "err"}
        self._lock = threading.Lock()
        self.code = 0
        try:
            self._connection.connect(str(address))
            request = {"do": "aws", "words": list(words), "env": dict(env), "endpoint": endpoint}
            nursery_wire.ask(self._connection, request, (nothing, theirs_out, theirs_err))
        except (OSError, ValueError) as problem:
            self._close()
            raise SurroundingsError(
                f"The aws command cannot be started: {problem}.", "Reload the page; nothing is lost."
            ) from None
        finally:
            for each in (nothing, theirs_out, theirs_err):
                os.close(each)

    def pieces(self) -> Iterator[Piece]:
        """What it prints, as it comes; afterwards `code` is its exit code (negative: the signal that ended it)."""
        taken = 0
        decoders = {name: codecs.getincrementaldecoder("utf-8")("replace") for name in ("out", "err")}
        try:
            with selectors.DefaultSelector() as selector:
                for pipe in self._pipes:
                    selector.register(pipe, selectors.EVENT_READ)
                while selector.get_map():
                    for key, _ in selector.select():
                        stream: Literal["out", "err"] = "out" if self._pipes[key.fd] == "out" else "err"
                        data = os.read(key.fd, _CHUNK)
                        taken += len(data)
                        if not data:
                            selector.unregister(key.fd)
                        text = decoders[stream].decode(data, final=not data)
                        if text:
                            yield stream, text
                        if taken > MOST_OUTPUT:
                            yield (
                                "err",
                                "\n[More is not shown here: ask for less, with --query or --max-items.]\n",
                            )
                            self.code = TOO_MUCH
                            return
            self.code = self._ended()
            if self.code == _PROCESSOR_TIME:
                yield "err", "\n[Stopped: it took too much of the processor.]\n"
        finally:
            self._close()

    def stop(self) -> None:
        """End it, from any thread; returns at once."""
        with self._lock, contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)

    def _ended(self) -> int:
        answers = b""
        with contextlib.suppress(OSError):
            while data := self._connection.recv(4096):
                answers += data
        code = 1
        for line in answers.splitlines():
            said = json.loads(line)
            code = int(said.get("code", code))
        return code

    def _close(self) -> None:
        with self._lock:
            self._connection.close()
        for pipe in self._pipes:
            os.close(pipe)
        self._pipes = {}


class NurseryAws:
    """Runs `aws` commands through the nursery at ``address``, one at a time. ``endpoint`` is where they go."""

    def __init__(self, address: Path, endpoint: str) -> None:
        self._address = address
        self._endpoint = endpoint
        self._running: Running | None = None
        self._closed = False

    def start(self, words: Sequence[str], env: Mapping[str, str]) -> Running:
        """Start one (its first word is `aws`) with that environment and nothing else."""
        self._running = Running(self._address, self._endpoint, words[1:], env)
        return self._running

    def stop(self) -> None:
        """Stop the one that runs, if any; returns at once."""
        if self._running is not None:
            self._running.stop()


class SeatPerformer:
    """Reference commands, performed at a seat."""

    def __init__(self, aws: NurseryAws, env: Mapping[str, str]) -> None:
        self._aws = aws
        self._env = env
        self._closed = False

    def run(self, words: list[str]) -> Ran:
        """See `fargate_lab.ground.Performer`."""
        if self._closed:
            raise SurroundingsError("The run was stopped.")
        running = self._aws.start(words, self._env)
        printed: dict[str, list[str]] = {"out": [], "err": []}
        for stream, text in running.pieces():
            printed[stream].append(text)
        return Ran(running.code, "".join(printed["out"]), "".join(printed["err"]))

    def close(self) -> None:
        """Stop it."""
        self._closed = True
        self._aws.stop()
