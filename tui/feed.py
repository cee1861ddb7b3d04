"""The thread that looks at the world and tells the screen what it sees.

It asks at most `LOOKS_PER_SECOND` times a second, for the whole world only when its version has moved, and
for the clock at least every `CLOCK_SECONDS`. It never touches a widget: it hands messages to `tell`. After
an error it waits to be woken.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from textual.message import Message

from tui.messages import ClockRead, SessionFailed, SnapshotTaken
from tui.session import LabSession, SessionError
from tui.snapshot import parse_clock, parse_snapshot

LOOKS_PER_SECOND = 8
CLOCK_SECONDS = 0.25


class Feed:
    """Runs in a worker thread until stopped."""

    def __init__(self, session: LabSession, tell: Callable[[Message], object]) -> None:
        self._session = session
        self._tell = tell
        self._wake = threading.Event()
        self._stopped = False
        self._seen: int | None = None

    def run(self) -> None:
        """Look until stopped."""
        looks_until_clock = 0
        while not self._stopped:
            self._wake.clear()
            try:
                moved = self.look()
                looks_until_clock = CLOCK_LOOKS if moved else looks_until_clock - 1
                if looks_until_clock <= 0:
                    self.read_clock()
                    looks_until_clock = CLOCK_LOOKS
            except SessionError as error:
                self._tell(SessionFailed(error, "looking at the world"))
                self._wake.wait()
                continue
            self._wake.wait(1 / LOOKS_PER_SECOND)

    def look(self) -> bool:
        """Take a snapshot if the world has moved; whether it had."""
        raw = self._session.snapshot(self._seen)
        if raw is None or self._stopped:
            return False
        snapshot = parse_snapshot(raw)
        self._seen = snapshot.version
        self._tell(SnapshotTaken(snapshot))
        return True

    def read_clock(self) -> None:
        """Read the clock."""
        clock = parse_clock(self._session.clock("read"))
        if not self._stopped:
            self._tell(ClockRead(clock))

    def wake(self) -> None:
        """Look again now: after an error, or because something has just been done."""
        self._wake.set()

    def renew(self) -> None:
        """The world is another one now: what was seen of the old one counts for nothing."""
        self._seen = None
        self.wake()

    def stop(self) -> None:
        """End the thread soon."""
        self._stopped = True
        self._wake.set()


CLOCK_LOOKS = max(1, round(CLOCK_SECONDS * LOOKS_PER_SECOND))
"""How many looks may pass between two readings of the clock."""
