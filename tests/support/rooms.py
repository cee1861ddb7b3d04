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
    with tempfile.TemporaryDirectory(prefix="fl-", dir="/tmp") as name:  # noqa: S108
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
        self.drawn = 0
        self._looks = 0

    @classmethod
    async def of(cls, nursery: Nursery, start: SeatStart, size: tuple[int, int] = (120, 40)) -> Viewer:
        viewer = cls(await nursery.screen(start, *size))
        line = await asyncio.wait_for(viewer.screen.stdout.readline(), LIMIT_SECONDS)
        assert line == b"__GANGLION__\n", line
        return viewer

    async def packet(self) -> tuple[bytes, bytes]:
        stdout = self.screen.stdout
        kind = await stdout.readexactly(1)
        size = int.from_bytes(await stdout.readexactly(4), "big")
        payload = await stdout.readexactly(size)
        if kind == b"M":
            self.metas.append(json.loads(payload))
        else:
            self.drawn += 1
        return kind, payload

    def send(self, kind: bytes, payload: bytes) -> None:
        self.screen.stdin.write(kind + len(payload).to_bytes(4, "big") + payload)

    def type(self, text: str) -> None:
        self.send(b"D", text.encode())

    def tell(self, what: Mapping[str, Any], kind: str = "fargate-lab") -> None:
        self.send(b"M", json.dumps({"type": kind, **what}).encode())

    async def look(self) -> dict[str, Any]:
        """What is on screen now."""
        self._looks += 1
        self.tell({"do": "look", "id": self._looks})
        while True:
            kind, payload = await asyncio.wait_for(self.packet(), LIMIT_SECONDS)
            if kind == b"M":
                said: dict[str, Any] = json.loads(payload)
                if said.get("do") == "look" and said["id"] == self._looks:
                    return said

    async def text(self) -> str:
        return "\n".join(line.rstrip() for line in (await self.look())["lines"])

    async def until(self, *wanted: str) -> str:
        """Look until all of that is on screen."""
        async with asyncio.timeout(LIMIT_SECONDS):
            while True:
                shown = await self.text()
                if all(each in shown for each in wanted):
                    return shown
                # The next look after the next thing that is drawn, or after a moment.
                try:
                    await asyncio.wait_for(self.packet(), 0.2)
                except TimeoutError:
                    continue

    async def end(self) -> bytes:
        """Read until it ends."""
        try:
            while True:
                await asyncio.wait_for(self.packet(), LIMIT_SECONDS)
        except asyncio.IncompleteReadError as rest:
            return rest.partial
