"""A screen that looks at something again and again, and does things to it through a door: none of it on the thread that draws.

What changes something is done in the order in which it was asked for, one after the other. What may take minutes goes beside that, and so
does looking. Each call is answered by a message or a toast.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from textual import work
from textual.message import Message
from textual.screen import Screen

from tui import text
from tui.session import SessionError

Done = str | Callable[[Any], str]
"""What is said when something was done; made from its result, if it depends on that. Empty: nothing."""


@dataclass(frozen=True, slots=True)
class _Deed:
    """Something to be done: in words ("injecting"), how, and what is said when it is done."""

    doing: str
    call: Callable[[], object]
    done: Done


class DeedScreen(Screen[object]):
    """Say in `see` what is looked at."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: deque[_Deed] = deque()
        self._beside: list[_Deed] = []
        self._working = False
        self._looking = False
        self._look_again = False

    @abstractmethod
    def see(self) -> Message:
        """How it stands now, in a thread of its own. May raise SessionError."""

    @abstractmethod
    def unseen(self, error: SessionError) -> Message:
        """It could not be looked at."""

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
        """Look; one look at a time."""
        if self._looking:
            self._look_again = True
            return
        self._looking = True
        self._look()

    @work(group="look")
    async def _look(self) -> None:
        try:
            self.post_message(await asyncio.to_thread(self.see))
        except SessionError as error:
            self.post_message(self.unseen(error))
        finally:
            self._looking = False
        if self._look_again:
            self._look_again = False
            self.look()

    # Doing.

    def perform(self, doing: str, call: Callable[[], object], done: Done = "") -> None:
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

    def perform_beside(self, doing: str, call: Callable[[], object], done: Done = "") -> None:
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
            result = await asyncio.to_thread(deed.call)
        except SessionError as error:
            self.refused(error)
        else:
            words = deed.done(result) if callable(deed.done) else deed.done
            if words:
                self.notify(words, markup=False)
        self.look()
