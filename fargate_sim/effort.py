"""How much of the processor one request may use to bring a world on, where several worlds share a machine.

What has been brought on so far stays, between two moments of the world: a clock that does not get as far as it should has gone slower, as
a recording shows it, and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class UnfinishedError(Exception):
    """The clock did not get as far as it was asked to."""


class Effort:
    """``most_s`` seconds of the processor (of this thread, by ``used``) from each ``begin`` on. It belongs to one world, which one thread
    uses at a time. ``full`` says that nothing more may happen in that world. A request that has used ``SHORT_S`` is a long one, which lets
    others go before it (``give_way``).
    """

    SHORT_S = 0.02

    def __init__(
        self,
        most_s: float,
        used: Callable[[], float] = time.thread_time,
        full: Callable[[], bool] = lambda: False,
        give_way: Callable[[], None] = lambda: None,
    ) -> None:
        self._most_s = most_s
        self._used = used
        self._full = full
        self._give_way = give_way
        self._until = 0.0
        self.ended = False
        """Nothing more is to be done at all: the process ends."""

    def begin(self) -> None:
        """A request begins."""
        self._until = self._used() + self._most_s

    def enough(self) -> bool:
        """Whether the request has used all that it may."""
        used = self._used()
        if self.ended or used >= self._until or self._full():
            return True
        if used >= self._until - self._most_s + self.SHORT_S:
            self._give_way()
        return False
