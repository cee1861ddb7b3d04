"""The nursery as the room's server sees it: start it, ask it for screens. What it is stands in `nursery_process`.

Not on Windows, which cannot fork.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fargate_lab import paths
from fargate_lab.classroom import nursery_wire
from fargate_lab.errors import SurroundingsError

START_SECONDS = 60.0
_LONGEST_PATH = 100
"""Addresses of Unix sockets may have 104 bytes on macOS, 108 on Linux."""
_LARGEST_LOG = 1_000_000
GONE = -1
"""The exit code of a screen whose nursery has died."""


@dataclass(frozen=True, slots=True)
class SeatStart:
    """What a screen must know. `shard_url` is the endpoint of the seat's shard as a learner reaches it, `here_url` as this machine does
    (the same, unless given). `env_url` is where a learner's own shell gets its variables.
    """

    class_root: str
    seat: str
    shard_url: str
    here_url: str = ""
    env_url: str = ""


class Screen:
    """A screen that runs: its two pipes, which speak textual-serve's protocol. It ends when they are closed."""

    def __init__(
        self,
        pid: int,
        pipes: tuple[asyncio.StreamWriter, asyncio.StreamReader],
        connection: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self.pid = pid
        self.stdin, self.stdout = pipes
        self._answers, self._connection = connection
        self._code: asyncio.Future[int] = asyncio.ensure_future(self._ended())

    async def wait(self) -> int:
        """Its exit code once it has ended; `GONE` when the nursery died."""
        return await asyncio.shield(self._code)

    def kill(self) -> None:
        """End it: politely, and firmly if that does not help. Returns at once."""
        self.stdin.close()
        with contextlib.suppress(OSError, RuntimeError):
            # Half of it: the other half still brings the exit code.
            self._connection.write_eof()

    async def _ended(self) -> int:
        code = GONE
        with contextlib.suppress(OSError, ValueError, KeyError):
            code = int(json.loads(await self._answers.readline())["code"])
        # Whoever reads the screen sees its end in any case; this lets it see ours, should only the nursery be gone.
        self.stdin.close()
        self._connection.close()
        return code


class Nursery:
    """The process. ``start`` it; when `alive` is false, start another."""

    def __init__(self, process: asyncio.subprocess.Process, address: Path) -> None:
        self._process = process
        self._address = address

    @classmethod
    async def start(cls, address: Path) -> Nursery:
        """Start one that listens at ``address``, a path of at most 100 bytes in a folder of ours alone, and wait until it is ready.
        SurroundingsError when it does not come up.
        """
        if len(os.fsencode(address)) > _LONGEST_PATH:
            raise SurroundingsError(
                f"{address} is too long for the address of a socket.", "Use a folder with a shorter path."
            )
        root = Path(__file__).parents[2]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-X", "utf8", "-m", __name__, "--socket", str(address)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=root,
            start_new_session=True,
        )
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        try:
            said = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
        except TimeoutError:
            said = b""
        if not said:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            code = await process.wait()
            raise SurroundingsError(
                f"The process that makes the seats' screens did not start (exit code {code}).",
                "What it said stands above.",
            )
        return cls(process, address)

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    async def screen(self, seat: SeatStart, width: int, height: int) -> Screen:
        """A screen for a seat, so many cells wide and high. SurroundingsError when there can be none now."""
        log = Path(seat.class_root) / "seats" / seat.seat / "screen.log"
        request = {"do": "screen", "start": asdict(seat), "socket": str(self._address)}
        return await self._fork({**request, "width": width, "height": height}, log)

    async def board(self, url: str, teacher_code: str, width: int, height: int, log: Path) -> Screen:
        """A teacher's board of the class at ``url``. SurroundingsError when there can be none now."""
        request = {"do": "board", "url": url, "teacher_code": teacher_code}
        return await self._fork({**request, "width": width, "height": height}, log)

    async def close(self) -> None:
        """End it, and all screens with it."""
        assert self._process.stdin is not None  # noqa: S101 - a pipe was asked for
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), START_SECONDS)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        self._address.unlink(missing_ok=True)

    async def _fork(self, request: Mapping[str, Any], log: Path) -> Screen:
        theirs_in, ours_in = os.pipe()
        ours_out, theirs_out = os.pipe()
        errors = _open_log(log)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(self._address))
            nursery_wire.ask(connection, request, (theirs_in, theirs_out, errors))
            connection.setblocking(False)
            answers, writer = await asyncio.open_unix_connection(sock=connection)
            said = json.loads(await answers.readline() or "{}")
            pid = int(said["pid"])
        except (OSError, ValueError, KeyError) as problem:
            for each in (ours_in, ours_out):
                os.close(each)
            connection.close()
            raise SurroundingsError(
                f"A screen could not be made: {problem!r}.", "The process that makes them is started again."
            ) from problem
        finally:
            for each in (theirs_in, theirs_out, errors):
                os.close(each)
        return Screen(pid, (await _writer(ours_in), await _reader(ours_out)), (answers, writer))


def _open_log(path: Path) -> int:
    """What a screen says on its standard error, kept small."""
    paths.ready(path)
    if path.exists() and path.stat().st_size > _LARGEST_LOG:
        path.unlink()
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


async def _writer(descriptor: int) -> asyncio.StreamWriter:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.connect_write_pipe(
        asyncio.streams.FlowControlMixin, os.fdopen(descriptor, "wb", buffering=0)
    )
    return asyncio.StreamWriter(transport, protocol, None, loop)


async def _reader(descriptor: int) -> asyncio.StreamReader:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2**20)
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
    )
    return reader


if __name__ == "__main__":
    from fargate_lab.classroom import nursery_process

    sys.exit(nursery_process.main())
