"""Rooms of a class in the test's own process, with stand-ins for worlds and screens; and browsers for them."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from fargate_lab.classroom.folder import ClassFolder, Seat
from fargate_lab.classroom.keeper import free_ports
from fargate_lab.classroom.room import OpenRoom
from fargate_lab.classroom.screens import Reached
from fargate_lab.classroom.server import Options, opened
from fargate_lab.errors import SurroundingsError

HERE = Path(__file__).parent
FAKE_SHARD = (sys.executable, "-S", str(HERE / "fake_shard.py"))
_FAKE_SCREEN = (sys.executable, "-S", str(HERE / "fake_screen.py"))


class FakeScreen:
    """A process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.pid, self.stdin, self.stdout = process.pid, process.stdin, process.stdout
        self._process = process

    async def wait(self) -> int:
        """Its end."""
        return await self._process.wait()

    def kill(self) -> None:
        """Now."""
        if self._process.returncode is None:
            self._process.kill()


class FakeSources:
    """Starts them, and remembers what was asked for."""

    def __init__(self) -> None:
        self.trouble = ""
        self.asked: list[tuple[str, Reached | None]] = []

    async def seat(self, seat: Seat, reached: Reached, width: int, height: int) -> FakeScreen:
        """A seat's screen."""
        self.asked.append((seat.id, reached))
        return await self._start(seat.id, width, height)

    async def board(self, width: int, height: int) -> FakeScreen:
        """The board."""
        self.asked.append(("board", None))
        return await self._start("board", width, height)

    async def _start(self, whose: str, width: int, height: int) -> FakeScreen:
        if self.trouble:
            raise SurroundingsError(self.trouble)
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *_FAKE_SCREEN, whose, str(width), str(height), stdin=pipe, stdout=pipe
        )
        return FakeScreen(process)


class OpenClass:
    """A room, and where it is."""

    def __init__(self, room: OpenRoom, sources: FakeSources, url: str) -> None:
        self.room = room
        self.sources = sources
        self.folder = room.folder
        self.url = url

    def browser(self, **options: Any) -> aiohttp.ClientSession:
        """One with no cookies."""
        jar = aiohttp.CookieJar(unsafe=True)  # cookies of an IP address
        return aiohttp.ClientSession(self.url, cookie_jar=jar, **options)

    async def joined(self, browser: aiohttp.ClientSession, name: str = "Ada") -> Seat:
        """Take a seat."""
        form = {"code": self.folder.code, "name": name}
        async with browser.post("/join", data=form, allow_redirects=False) as answer:
            assert answer.status == 303, await answer.text()
        return next(seat for seat in reversed(self.folder.seats) if seat.name)

    def socket(
        self, browser: aiohttp.ClientSession, path: str = "/ws?width=80&height=24", **options: Any
    ) -> Any:
        """A websocket as the page opens it."""
        return browser.ws_connect(path, headers={"Origin": self.url}, **options)


@asynccontextmanager
async def open_class(folder: ClassFolder, **options: Any) -> AsyncIterator[OpenClass]:
    """A room with stand-ins."""
    sources = FakeSources()
    port = options.setdefault("port", free_ports("127.0.0.1", 1 + options.get("shards", 1)))
    keep = {name: options.pop(name) for name in ("grace", "head_seconds") if name in options}
    async with opened(folder, Options(**options), shard=FAKE_SHARD, sources=sources, **keep) as room:
        yield OpenClass(room, sources, f"http://127.0.0.1:{port}")


async def shown(socket: aiohttp.ClientWebSocketResponse, pattern: str, seconds: float = 10.0) -> str:
    """What a browser is shown, until it matches."""
    text = ""
    async with asyncio.timeout(seconds):
        while not re.search(pattern, text):
            message = await socket.receive()
            if message.type is aiohttp.WSMsgType.BINARY:
                text += message.data.decode()
            elif message.type is aiohttp.WSMsgType.TEXT:
                text += message.data
            else:
                raise AssertionError(f"closed with {socket.close_code} after {text!r}")
    return text


async def closed(socket: aiohttp.ClientWebSocketResponse, seconds: float = 10.0) -> tuple[int | None, str]:
    """The end of a websocket: its code, and the reason."""
    async with asyncio.timeout(seconds):
        while True:
            message = await socket.receive()
            if message.type is aiohttp.WSMsgType.CLOSE:
                return message.data, str(message.extra or "")
            if message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR):
                return socket.close_code, ""
