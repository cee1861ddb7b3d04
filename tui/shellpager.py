"""The pager of somebody who is in a shell: nobody sees the screen then, so a bell and a line in the shell say what has come."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from tui import text
from tui.duty import Inbox, calls_for_attention, sign_of
from tui.games import Page, TeamDoor
from tui.session import SessionError

SECONDS = 2.0
"""How often it looks."""


class ShellPager:
    """Looks until stopped; `known` pages are not told again. A lost connection is silence: the screen says so afterwards."""

    def __init__(self, door: TeamDoor, known: Sequence[Page], write: Callable[[str], object]) -> None:
        self._door = door
        self._write = write
        self._inbox = Inbox()
        self._inbox.take(known)
        self._stopped = threading.Event()

    def run(self) -> None:
        """Look until stopped."""
        while not self._stopped.wait(SECONDS):
            self.look()

    def look(self) -> None:
        """Look once, and tell what is new."""
        try:
            view = self._door.view()
        except SessionError:
            return
        fresh = self._inbox.take(view.pages)
        if fresh and not self._stopped.is_set():
            bell = "\a" if calls_for_attention(fresh) else ""
            self._write(bell + "".join(f"\r\n{line(page)}" for page in reversed(fresh)) + "\r\n")

    def stop(self) -> None:
        """Tell nothing more."""
        self._stopped.set()


def line(page: Page) -> str:
    """A page as a line of text."""
    return f"[pager {text.time_of_day(page.at_ms)}] {sign_of(page)[1]} {text.one_line(page.text)}".rstrip()


@contextmanager
def paged(door: TeamDoor, known: Sequence[Page]) -> Iterator[None]:
    """Tell of pages on this terminal meanwhile."""

    def write(words: str) -> None:
        if sys.__stderr__ is not None:
            sys.__stderr__.write(words)
            sys.__stderr__.flush()

    pager = ShellPager(door, known, write)
    # Not waited for: its last look may be a slow one, and it tells nothing any more.
    threading.Thread(target=pager.run, name="shell-pager", daemon=True).start()
    try:
        yield
    finally:
        pager.stop()
