"""The screens of the seats: each a process that draws, and at most one browser that shows it.

A browser that comes while another shows the seat takes over. A screen whose browser has gone waits for a while, so that whoever reloads the
page, or comes from another machine, finds it as it was. One that dies is started again under the eyes of its browser.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from fargate_lab.classroom.folder import Seat
from fargate_lab.errors import LabError, UsageError
from tui.classroom import Look

LOG = logging.getLogger(__name__)

GRACE_SECONDS = 60.0
LOOK_SECONDS = 2.0
QUIT_SECONDS = 3.0
LIVES = 5
"""How often a screen that dies at once is started again before its browser is told to wait."""
CALM_SECONDS = 10.0
"""A screen that lived for so long did not die at once."""
SMALLEST, LARGEST = (20, 5), (400, 150)
"""Columns and lines of a terminal that is believed."""

ENDED, TAKEN_OVER, TROUBLE, CLASS_OVER, FREED = 4000, 4001, 4002, 4003, 4004
"""Why a browser is told to show no more: codes of our own for a websocket's end (RFC 6455, 7.4.2)."""
AS_AT_FIRST = b"\x1bc\x1b[?1049h\x1b[?1000h\x1b[?1003h\x1b[?1015h\x1b[?1006h\x1b[?25l\x1b[?2004h"
"""What a screen tells a terminal before it draws for the first time, for the terminal of another browser: emptied, alternate screen, mouse,
no cursor, bracketed paste (`textual.drivers.web_driver.WebDriver.start_application_mode`).
"""


class Process(Protocol):
    """A screen's process."""

    @property
    def pid(self) -> int:
        """Its number."""
        ...

    @property
    def stdin(self) -> asyncio.StreamWriter:
        """Packets for it."""
        ...

    @property
    def stdout(self) -> asyncio.StreamReader:
        """Packets of it."""
        ...

    async def wait(self) -> int:
        """Its end."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...


class Source(Protocol):
    """Starts screens of one kind."""

    async def __call__(self, width: int, height: int) -> Process:
        """A screen that begins now. LabError when there can be none."""
        ...


class Browser(Protocol):
    """Somebody who looks. Both may raise OSError when nobody does any more."""

    async def show(self, data: bytes | str) -> None:
        """Bytes for the terminal, or a text for the page around it."""
        ...

    async def leave(self, code: int, reason: str) -> None:
        """No more is shown, and why."""
        ...


class Screen(AppService):  # type: ignore[misc]  # textual-serve is not followed
    """A process that draws, and the browser that shows it. Packets are textual-serve's, both ways."""

    def __init__(self, source: Source, left: str = "You have left the lab. Everything is kept.") -> None:
        super().__init__(
            "",
            write_bytes=self._show,
            write_str=self._show,
            close=self._closed,
            download_manager=DownloadManager(),
        )
        self._source = source
        self._farewell = left
        self.browser: Browser | None = None
        self.over = asyncio.Event()
        """Its process has ended, and it was not started again."""
        self.size = (80, 24)
        self._screen: Process
        self._left = False
        self._numbers = itertools.count(1)
        self._looks: dict[int, asyncio.Future[dict[str, Any]]] = {}

    @property
    def stays(self) -> bool:
        """Whether a browser that comes now finds it: it has not ended, nor is it about to."""
        return not self._left and not self.over.is_set()

    @property
    def pid(self) -> int:
        """The process, once it has begun."""
        return self._screen.pid

    async def begin(self, size: tuple[int, int]) -> None:
        """Start the process. LabError when that cannot be."""
        self.size = size
        await self._open_app_process(*size)
        self._task = asyncio.create_task(self._live())

    async def attach(self, browser: Browser, size: tuple[int, int]) -> None:
        """Show it in another browser from now on."""
        self.browser = browser
        await browser.show(AS_AT_FIRST)
        await self.resize(size)
        # A size that it has already would draw nothing.
        await self.tell({"do": "repaint"})

    async def resize(self, size: tuple[int, int]) -> None:
        """The terminal has that many columns and lines."""
        self.size = size
        await self.set_terminal_size(*size)

    async def tell(self, do: Mapping[str, Any]) -> None:
        """Something of ours, for the program that draws."""
        with contextlib.suppress(OSError):
            await self.send_meta({"type": "fargate-lab", **do})

    async def look(self) -> dict[str, Any] | None:
        """What it shows, in its own words; None when it does not answer in time."""
        number = next(self._numbers)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._looks[number] = answer
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self.tell({"do": "look", "id": number})
                return await answer
        except TimeoutError:
            return None
        finally:
            del self._looks[number]

    async def end(self) -> None:
        """Ask the program to end, then end it."""
        self._left = True
        screen = self._screen
        try:
            async with asyncio.timeout(QUIT_SECONDS):
                await self.send_meta({"type": "quit"})
                await screen.wait()
        except (TimeoutError, OSError):
            screen.kill()
        if self._task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    # -- the process -------------------------------------------------------------------------------------

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Any:
        self._screen = await self._source(width, height)
        self._process = _Pipes(self._screen)
        self._stdin = self._screen.stdin
        return self._process

    async def _live(self) -> None:
        """Pass on what it draws, until it has left; a process that died is followed by another."""
        loop = asyncio.get_running_loop()
        lives = LIVES
        try:
            while True:
                began = loop.time()
                await self.run()
                # Zero is somebody who left. One whose nursery died ends in good order as well, but not with zero.
                if await self._ended() == 0:
                    self._left = True
                    await self._leave(ENDED, self._farewell)
                lives = LIVES if loop.time() - began > CALM_SECONDS else lives - 1
                if self._left or self.browser is None:
                    return
                if not lives:
                    await self._leave(TROUBLE, "The screen does not stay. Try again in a moment.")
                    return
                try:
                    await self._open_app_process(*self.size)
                except LabError as error:
                    await self._leave(TROUBLE, error.message)
                    return
                if self._left:
                    self._screen.kill()
                    return
        finally:
            self.over.set()

    async def _ended(self) -> int:
        try:
            async with asyncio.timeout(QUIT_SECONDS):
                return await self._screen.wait()
        except TimeoutError:
            self._screen.kill()
            return await self._screen.wait()

    async def on_meta(self, data: bytes) -> None:
        """A packet that is not for the terminal."""
        try:
            said = json.loads(data)
            kind = said["type"]
        except (ValueError, KeyError, TypeError):
            LOG.warning("a screen sent a packet that nobody understands")
            return
        if kind == "fargate-lab":
            waiting = self._looks.get(said.get("id"))
            if said.get("do") == "look" and waiting is not None and not waiting.done():
                waiting.set_result(said)
        elif kind == "deliver_file_start":
            LOG.warning("a screen offered a file, which no seat can do")
        elif kind == "open_url":
            if str(said.get("url", "")).startswith(("http://", "https://")):
                await super().on_meta(data)
        elif kind != "exit":  # its end comes in any case
            LOG.warning("a screen sent a packet of the unknown kind %r", kind)

    async def on_packed(self, payload: bytes) -> None:
        """A piece of a file: nobody asked for one."""

    async def _closed(self) -> None:
        """`AppService` would end the browser's connection here; that is for `_live` to decide."""

    async def _show(self, data: bytes | str) -> None:
        browser = self.browser
        if browser is not None:
            try:
                await browser.show(data)
            except (OSError, TimeoutError):
                if self.browser is browser:
                    self.browser = None

    async def _leave(self, code: int, reason: str) -> None:
        browser, self.browser = self.browser, None
        if browser is not None:
            with contextlib.suppress(OSError, TimeoutError):
                await browser.leave(code, reason)


class _Pipes:
    """A screen's process as `AppService` expects one."""

    def __init__(self, screen: Process) -> None:
        self.stdout = screen.stdout
        self.stderr = asyncio.StreamReader()
        self.stderr.feed_eof()


@dataclass(frozen=True, slots=True)
class Reached:
    """Where a seat is reached: its AWS endpoint by a learner's own shell, and by programs on this machine; what tells such a shell."""

    endpoint_url: str
    here_url: str
    env_url: str


class Sources(Protocol):
    """Where the seats' screens come from."""

    @property
    def trouble(self) -> str:
        """Why there are none; empty when there are."""
        ...

    async def seat(self, seat: Seat, reached: Reached, width: int, height: int) -> Process:
        """A seat's screen. LabError when there can be none."""
        ...

    async def board(self, width: int, height: int) -> Process:
        """The teacher's board."""
        ...


class Screens:
    """All screens of a room. `grace` is for how many seconds one waits without a browser."""

    def __init__(self, sources: Sources, *, grace: float = GRACE_SECONDS) -> None:
        self._sources = sources
        self._grace = grace
        self._open: dict[str, Screen] = {}
        self._gates: dict[str, asyncio.Lock] = {}
        self._waiting: dict[str, asyncio.Task[None]] = {}
        self._boards: set[Screen] = set()

    @property
    def trouble(self) -> str:
        """Why there are no screens; empty when there are."""
        return self._sources.trouble

    def online(self, seat: str) -> bool:
        """Whether a browser shows it."""
        screen = self._open.get(seat)
        return screen is not None and screen.browser is not None

    def pid(self, seat: str) -> int:
        """The process of a seat's screen; 0 when there is none."""
        screen = self._open.get(seat)
        return 0 if screen is None else screen.pid

    async def enter(self, seat: Seat, reached: Reached, browser: Browser, size: tuple[int, int]) -> Screen:
        """Show a seat in a browser. LabError when there can be no screen."""
        async with self._gates.setdefault(seat.id, asyncio.Lock()):
            _check_taken(seat)
            if (waiting := self._waiting.pop(seat.id, None)) is not None:
                waiting.cancel()
            screen = self._open.get(seat.id)
            if screen is not None and screen.stays:
                if screen.browser is not None:
                    await screen._leave(TAKEN_OVER, "This seat was opened in another browser.")
                await screen.attach(browser, size)
            else:
                if screen is not None:
                    await screen.end()

                async def source(width: int, height: int) -> Process:
                    # Also when it is started again: a screen begins with what the seat's number stands for now.
                    _check_taken(seat)
                    return await self._sources.seat(seat, reached, width, height)

                screen = Screen(source)
                screen.browser = browser
                await screen.begin(size)
                self._open[seat.id] = screen
            seat.log.screen(on=True)
            return screen

    async def left(self, seat: Seat, browser: Browser) -> None:
        """A browser has gone. Its screen waits for a while."""
        screen = self._open.get(seat.id)
        if screen is None or screen.browser not in (browser, None):
            return  # another browser shows it
        screen.browser = None
        seat.log.screen(on=False)
        if (waiting := self._waiting.pop(seat.id, None)) is not None:
            waiting.cancel()
        self._waiting[seat.id] = asyncio.create_task(self._end_later(seat.id, screen))

    async def free(self, seat: str) -> None:
        """The seat was freed: whoever looks at it sees no more of it."""
        async with self._gates.setdefault(seat, asyncio.Lock()):
            if (waiting := self._waiting.pop(seat, None)) is not None:
                waiting.cancel()
            screen = self._open.pop(seat, None)
            if screen is not None:
                await screen._leave(FREED, "Your teacher has freed this seat. Join again, if you are to.")
                await screen.end()

    async def board(self, browser: Browser, size: tuple[int, int]) -> Screen:
        """The teacher's board in a browser: a screen of its own."""
        screen = Screen(self._sources.board, "You have left the board. The class goes on.")
        screen.browser = browser
        await screen.begin(size)
        self._boards.add(screen)
        return screen

    async def board_left(self, screen: Screen) -> None:
        """Its browser has gone, and it goes too."""
        screen.browser = None
        self._boards.discard(screen)
        await screen.end()

    async def look(self, seat: str) -> Look | None:
        """A seat's screen as it is now."""
        screen = self._open.get(seat)
        said = None if screen is None or not screen.stays else await screen.look()
        if said is None:
            return None
        try:
            lines = tuple(str(line) for line in said["lines"])
            return Look(seat, int(said["width"]), int(said["height"]), lines, str(said.get("svg", "")))
        except (KeyError, TypeError, ValueError):
            return None

    async def tell(self, do: Mapping[str, Any], seat: str | None = None) -> None:
        """Say something to the programs of the screens that are open."""
        chosen = [screen for each, screen in self._open.items() if seat in (None, each) and screen.stays]
        await asyncio.gather(*(screen.tell(do) for screen in chosen))

    async def close(self) -> None:
        """End them all."""
        for task in self._waiting.values():
            task.cancel()
        everything = [*self._open.values(), *self._boards]
        await asyncio.gather(
            *(screen._leave(CLASS_OVER, "The class has ended. Everything is kept.") for screen in everything)
        )
        await asyncio.gather(*(screen.end() for screen in everything))
        self._open.clear()

    async def _end_later(self, seat: str, screen: Screen) -> None:
        await asyncio.sleep(self._grace)
        self._waiting.pop(seat, None)
        async with self._gates.setdefault(seat, asyncio.Lock()):
            if screen.browser is None and self._open.get(seat) is screen:
                del self._open[seat]
                await screen.end()


def _check_taken(seat: Seat) -> None:
    if not seat.name:
        raise UsageError("This seat was freed.", "Join again, with the code of the class.")
