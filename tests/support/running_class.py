"""A class in processes of its own, as a teacher starts it, and learners who join it over HTTP and websockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp

from fargate_lab.classroom.board_client import BoardClient
from fargate_lab.classroom.folder import ClassFolder, Seat
from tui.session import SessionError

START_SECONDS = 90.0
NEXT_STEP, NEXT_COMMAND, RUN, CHECK = "\x1b[1;3C", "\x1b[17~", "\r", "\x1b[15~"
"""Alt+Right, F6, Enter, F5."""


class RunningClass:
    """`fargate-lab classroom --no-screen` with its children. Give `name` to go on with a class."""

    def __init__(self, home: Path, *words: str) -> None:
        self.home = home
        command = [sys.executable, "-m", "fargate_lab", "classroom", "--no-screen", *words]
        self._log = (home / "class.txt").open("a")
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env={**os.environ, "FARGATE_LAB_HOME": str(home)},
            start_new_session=True,
        )
        self.said: dict[str, str] = {}
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.strip() == "ready":
                break
            name, _, value = line.strip().partition(": ")
            self.said[name] = value
        else:
            raise AssertionError((home / "class.txt").read_text())

    def __enter__(self) -> RunningClass:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """Of the pages."""
        return self.said["address"]

    @property
    def code(self) -> str:
        """With it one takes a seat."""
        return self.said["code of the class"]

    @property
    def teacher_code(self) -> str:
        """With it the board opens."""
        return self.said["teacher's code"]

    @property
    def folder(self) -> ClassFolder:
        """On the disk."""
        return ClassFolder.open(str(next((self.home / "state" / "classes").iterdir())))

    def pids(self, what: str) -> list[int]:
        """The processes of this class whose command line matches."""
        return [pid for pid in _descendants(self.process.pid) if re.search(what, _command_line(pid))]

    def stop(self) -> None:
        """End it as somebody does who is told to."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._log.close()

    def kill(self) -> None:
        """The machine goes down: all that belongs to the class is gone at once."""
        everything = [self.process.pid, *_descendants(self.process.pid)]
        for pid in everything:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self._log.close()


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *_descendants(int(child))]
    return found


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


class Learner:
    """Somebody at a seat, with a browser that knows the page's words. `drawn` is all that the terminal was sent."""

    def __init__(self, running: RunningClass, name: str) -> None:
        self.running = running
        self.name = name
        self.drawn = b""
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reading: asyncio.Task[None] | None = None

    async def join(self, code: str = "") -> None:
        """Take a seat, or (with its code) come back to one."""
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        form = {"code": code or self.running.code, "name": self.name}
        headers = {"Origin": self.running.address}
        async with self._session.post(f"{self.running.address}/join", data=form, headers=headers) as answer:
            assert answer.status == 200, await answer.text()

    @property
    def seat(self) -> Seat:
        """Where they sit."""
        return next(each for each in self.running.folder.seats if each.name == self.name)

    async def look(self) -> None:
        """Open the seat's screen, until it is there."""
        assert self._session is not None
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                self._socket = await self._session.ws_connect(
                    f"{self.running.address.replace('http', 'ws')}/ws?width=120&height=40",
                    headers={"Origin": self.running.address},
                    max_msg_size=0,
                )
            except aiohttp.ClientError:
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(0.2)
                continue
            self._reading = asyncio.create_task(self._read(self._socket))
            return

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.BINARY:
                self.drawn = (self.drawn + message.data)[-400_000:]

    @property
    def connected(self) -> bool:
        """Whether the screen is open."""
        return self._socket is not None and not self._socket.closed

    async def press(self, keys: str) -> None:
        """Type; nothing happens while the connection is lost."""
        if self._socket is not None and not self._socket.closed:
            with contextlib.suppress(aiohttp.ClientError, ConnectionError):
                await self._socket.send_str(json.dumps(["stdin", keys]))

    async def close(self) -> None:
        """Close the browser."""
        if self._socket is not None:
            await self._socket.close()
        if self._reading is not None:
            self._reading.cancel()
        if self._session is not None:
            await self._session.close()

    async def work(self, chance: random.Random) -> None:
        """Go through the lab with the guide's own commands, until cancelled; comes back whenever the screen is lost."""
        at = 0
        while True:
            if not self.connected:
                await self.look()
                # A lab opens at the first step that has not passed.
                at = len(self.passed())
            if len(self.passed()) > at:
                await self.press(NEXT_STEP)
                at += 1
            await self.press(NEXT_COMMAND)
            await asyncio.sleep(0.3)
            await self.press(RUN)
            await asyncio.sleep(0.8)
            if chance.random() < 0.3:
                await self.press(CHECK)
                await asyncio.sleep(0.5)

    def told(self) -> str:
        """What somebody sees who looks over their shoulder, and what the class has written down."""
        board = BoardClient(self.running.address, self.running.teacher_code)
        try:
            screen = "\n".join(board.look(self.seat.id).lines)
        except SessionError as error:
            screen = f"no screen: {error.message} {error.hint}"
        log = (self.seat.folder / "log.jsonl").read_text(encoding="utf-8").splitlines()[-8:]
        said = (self.running.home / "class.txt").read_text(encoding="utf-8").splitlines()[-8:]
        return "\n".join([f"connected: {self.connected}", screen, *log, *said])

    def passed(self) -> set[str]:
        """The steps that were completed, as the seat's progress has them."""
        try:
            raw = json.loads((self.seat.state / "progress.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return set()
        return set(raw["labs"].get("core-lab", {}).get("steps", {}))


@contextlib.asynccontextmanager
async def learners(running: RunningClass, *names: str) -> AsyncIterator[list[Learner]]:
    """Learners with seats of their own and open screens."""
    found = [Learner(running, name) for name in names]
    try:
        for each in found:
            await each.join()
            await each.look()
        yield found
    finally:
        for each in found:
            await each.close()


async def eventually(
    holds: Callable[[], Any], seconds: float = 60.0, told: Callable[[], str] = lambda: ""
) -> Any:
    """What becomes true in real processes, at last; ``told`` says what is to be seen if it does not."""
    until = time.monotonic() + seconds
    while True:
        found = holds()
        if found:
            return found
        assert time.monotonic() < until, f"it did not happen in time\n{told()}"
        await asyncio.sleep(0.1)
