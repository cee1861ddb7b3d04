"""A program's own circuit breaker: after failures in a row it does not ask for a while. Times are integer microseconds.

Requests are reckoned in the order of their arrival and end in another, so outcomes are noted ahead, each with the moment at which it is
known.
"""

from __future__ import annotations

from heapq import heappop, heappush


class CallBreaker:
    """That of one process for one service. When its time is over a single failure opens it again."""

    def __init__(self, limit: int, open_us: int) -> None:
        self._limit = limit
        self._open_us = open_us
        self._failures = 0
        self._until_us = 0
        self._ahead: list[tuple[int, bool]] = []

    def asks(self, at_us: int) -> bool:
        """Whether the program asks at a moment."""
        ahead = self._ahead
        while ahead and ahead[0][0] <= at_us:
            known_us, good = heappop(ahead)
            self._failures = 0 if good else self._failures + 1
            if self._failures >= self._limit:
                self._failures = self._limit - 1
                self._until_us = max(self._until_us, known_us + self._open_us)
        return at_us >= self._until_us

    def note(self, known_us: int, *, good: bool) -> None:
        """How a call went, and when that is known."""
        heappush(self._ahead, (known_us, good))
