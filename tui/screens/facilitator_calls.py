"""The facilitator's calls on the door: none of them on the thread that draws, each answered by a message or a toast.

What changes the game is done in the order in which it was asked for, one after the other. What may take minutes (abort, report) goes beside
that, and so does looking.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from textual import work
from textual.message import Message
from textual.screen import Screen

from tui import text
from tui.games import FacilitatorDoor, GameView
from tui.session import SessionError

LOOK_SECONDS = 0.5


@dataclass
class GameSeen(Message):
    """How the game stands now."""

    view: GameView

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, GameSeen)


@dataclass
class GameUnseen(Message):
    """The game could not be looked at."""

    error: SessionError


@dataclass
class ReportTold(Message):
    """What the writing of the reports is at."""

    words: str


@dataclass
class ReportWritten(Message):
    """The reports are there."""

    paths: tuple[str, ...]


@dataclass
class ReportFailed(Message):
    """They are not."""

    error: SessionError


@dataclass(frozen=True, slots=True)
class _Deed:
    """Something to be done: in words ("injecting"), how, and what is said when it is done."""

    doing: str
    call: Callable[[], object]
    done: str


class FacilitatorCalls(Screen[object]):
    """What the facilitator's console asks of the door."""

    def __init__(self, door: FacilitatorDoor) -> None:
        super().__init__()
        self.door = door
        self._waiting: deque[_Deed] = deque()
        self._beside: list[_Deed] = []
        self._working = False
        self._looking = False
        self._look_again = False

    def show_doing(self, doing: tuple[str, ...]) -> None:
        """What is under way has changed."""

    def _tell_doing(self) -> None:
        self.show_doing(tuple(deed.doing for deed in (*self._beside, *self._waiting)))

    def refused(self, error: SessionError) -> None:
        """Say what the door would not or could not do."""
        words = "\n".join(part for part in (error.message, error.hint) if part)
        self.notify(text.plain(words), severity="error", markup=False)

    # Looking.

    def look(self) -> None:
        """Look at the game; one look at a time."""
        if self._looking:
            self._look_again = True
            return
        self._looking = True
        self._look()

    @work(group="look")
    async def _look(self) -> None:
        try:
            self.post_message(GameSeen(await asyncio.to_thread(self.door.view)))
        except SessionError as error:
            self.post_message(GameUnseen(error))
        finally:
            self._looking = False
        if self._look_again:
            self._look_again = False
            self.look()

    # Doing.

    def perform(self, doing: str, call: Callable[[], object], done: str = "") -> None:
        """Do something after what was asked for before."""
        self._waiting.append(_Deed(doing, call, done))
        self._tell_doing()
        if not self._working:
            self._working = True
            self._work_off()

    @work(group="deeds")
    async def _work_off(self) -> None:
        try:
            while self._waiting:
                await self._do(self._waiting[0])
                self._waiting.popleft()
                self._tell_doing()
        finally:
            self._working = False

    def perform_beside(self, doing: str, call: Callable[[], object], done: str = "") -> None:
        """Do something that may take long, and must not wait for what was asked for before."""
        deed = _Deed(doing, call, done)
        self._beside.append(deed)
        self._tell_doing()
        self._do_beside(deed)

    @work(group="beside")
    async def _do_beside(self, deed: _Deed) -> None:
        await self._do(deed)
        self._beside.remove(deed)
        self._tell_doing()

    async def _do(self, deed: _Deed) -> None:
        try:
            await asyncio.to_thread(deed.call)
        except SessionError as error:
            self.refused(error)
        else:
            if deed.done:
                self.notify(deed.done, markup=False)
        self.look()

    def write_report(self) -> None:
        """Write the reports; `ReportWritten` or `ReportFailed` says how that ended."""
        self.perform_beside("writing the report", self._write_report)

    def _write_report(self) -> None:
        try:
            paths = self.door.report(lambda words: self._post(ReportTold(words)))
        except SessionError as error:
            self._post(ReportFailed(error))
        else:
            self._post(ReportWritten(paths))

    def _post(self, message: Message) -> None:
        if self.is_attached:
            self.post_message(message)
