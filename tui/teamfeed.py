"""The thread that looks at a team's world and tells the screen what it sees.

It looks `LOOKS_PER_SECOND` times a second. When the connection is lost it says so once, tries again every `RETRY_SECONDS` (or
when it is woken) and goes on where it was. It never touches a widget: it hands messages to `tell`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from textual.message import Message

from tui.duty import Look, look_at
from tui.games import Briefing, TeamDoor
from tui.session import SessionError
from tui.snapshot import EMPTY

LOOKS_PER_SECOND = 2
RETRY_SECONDS = 2.0


@dataclass
class Seen(Message):
    """How the world, the game and the pager stand now."""

    look: Look

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Seen)


@dataclass
class Briefed(Message):
    """The briefing is here."""

    briefing: Briefing


@dataclass
class Lost(Message):
    """The connection is lost, or still is."""

    error: SessionError

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Lost)


class TeamFeed:
    """Runs in a worker thread until stopped."""

    def __init__(self, door: TeamDoor, tell: Callable[[Message], object], *, briefed: bool = False) -> None:
        self._door = door
        self._tell = tell
        self._wake = threading.Event()
        self._stopped = False
        self._world = EMPTY
        self._briefed = briefed

    def run(self) -> None:
        """Look until stopped."""
        while not self._stopped:
            self._wake.clear()
            self._wake.wait(1 / LOOKS_PER_SECOND if self.look() else RETRY_SECONDS)

    def look(self) -> bool:
        """Look once; whether there was anything to see."""
        try:
            look = look_at(self._door.view(), self._world)
        except SessionError as error:
            # What answers next may be another world with a version that was seen before.
            self._world = EMPTY
            self._say(Lost(error))
            return False
        self._world = look.world
        if not self._briefed and look.standing != "waiting":
            self._ask_for_briefing()
        self._say(Seen(look))
        return True

    def _ask_for_briefing(self) -> None:
        try:
            briefing = self._door.briefing()
        except SessionError:
            return  # There is none yet: the next look asks again.
        if briefing.text or briefing.title:
            self._briefed = True
            self._say(Briefed(briefing))

    def _say(self, message: Message) -> None:
        if not self._stopped:
            self._tell(message)

    def wake(self) -> None:
        """Look again now."""
        self._wake.set()

    def stop(self) -> None:
        """End the thread soon."""
        self._stopped = True
        self._wake.set()
