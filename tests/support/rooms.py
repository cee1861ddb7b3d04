"""A room of a class without its web pages: the class's folder, a shard with its seats, a nursery, and screens to look at."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from fargate_lab.classroom.folder import ClassFolder
from fargate_lab.classroom.nursery import Nursery, Screen, SeatStart
from tui.session import CommandLine, Output

LIMIT_SECONDS = 30.0


def described(folder: ClassFolder) -> dict[str, Any]:
    """The file of a shard with all seats of a class."""
    return {
        "token": folder.host_token,
        "seats": [
            {
                "seat": each.id,
                "seed": each.keys.seed,
                "secret_key": each.keys.secret_key,
                "token": each.keys.token,
                "state": str(each.state),
            }
            for each in folder.seats
        ],
    }


@contextmanager
def shard(folder: ClassFolder) -> Iterator[str]:
    """A shard as a process of its own; its endpoint."""
    file = folder.root / "shard.json"
    file.write_text(json.dumps(described(folder)), encoding="utf-8")
    file.chmod(0o600)
    argv = [sys.executable, "-m", "fargate_sim.shard", "--seats", str(file), "--exit-with-stdin"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield str(json.loads(process.stdout.readline())["endpoint"])
        finally:
            process.stdin.close()


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder whose path is short enough for the address of a socket."""
    with tempfile.TemporaryDirectory(prefix="fl-", dir="/tmp") as name:
        yield Path(name)


@asynccontextmanager
async def nursery() -> AsyncIterator[Nursery]:
    with short_folder() as folder:
        made = await Nursery.start(folder / "nursery")
        try:
            yield made
        finally:
            await made.close()


class Viewer:
    """Who sits in front of a screen: types, and looks."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.metas: list[dict[str, Any]] = []
        self._looks: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._moved = asyncio.Event()
        self._reading = asyncio.ensure_future(self._read())

    @classmethod
    async def of(cls, nursery: Nursery, start: SeatStart, size: tuple[int, int] = (120, 40)) -> Viewer:
        screen = await nursery.screen(start, *size)
        line = await asyncio.wait_for(screen.stdout.readline(), LIMIT_SECONDS)
        assert line == b"__GANGLION__\n", line
        return cls(screen)

    async def _read(self) -> None:
        stdout = self.screen.stdout
        try:
            while True:
                kind = await stdout.readexactly(1)
                payload = await stdout.readexactly(int.from_bytes(await stdout.readexactly(4), "big"))
                self._moved.set()
                if kind == b"M":
                    said = json.loads(payload)
                    self.metas.append(said)
                    look = self._looks.pop(said["id"]) if said.get("do") == "look" else None
                    if look is not None and not look.done():
                        look.set_result(said)
        except asyncio.IncompleteReadError:
            return

    def send(self, kind: bytes, payload: bytes) -> None:
        self.screen.stdin.write(kind + len(payload).to_bytes(4, "big") + payload)

    def type(self, text: str) -> None:
        self.send(b"D", text.encode())

    def tell(self, what: Mapping[str, Any], kind: str = "fargate-lab") -> None:
        self.send(b"M", json.dumps({"type": kind, **what}).encode())

    async def look(self) -> dict[str, Any]:
        """What is on screen now."""
        number = len(self.metas)
        self._looks[number] = asyncio.get_running_loop().create_future()
        self.tell({"do": "look", "id": number})
        return await asyncio.wait_for(self._looks[number], LIMIT_SECONDS)

    async def text(self) -> str:
        return "\n".join(line.rstrip() for line in (await self.look())["lines"])

    async def until(self, *wanted: str) -> str:
        """Look until all of that is on screen."""
        shown = ""
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                while True:
                    self._moved.clear()
                    shown = await self.text()
                    if all(each in shown for each in wanted):
                        return shown
                    await self._moved.wait()
        except TimeoutError:
            raise AssertionError(f"{wanted} is not on screen:\n{shown}") from None

    async def end(self) -> None:
        """Until it has ended."""
        await asyncio.wait_for(self._reading, LIMIT_SECONDS)


def quiet(_words: str) -> None:
    """Nobody listens."""


def typed(session: CommandLine, line: str) -> tuple[str, int]:
    """What a line of a console printed, and its exit code."""
    text, code = "", -1
    for event in session.run_command(line):
        if isinstance(event, Output):
            text += event.text
        else:
            code = event.exit_code
    return text, code
