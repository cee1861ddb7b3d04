"""Short requests go before long ones: who brings a world far on steps aside while others are being answered.

Threads of one process share one interpreter. A request that keeps it busy would add its share to each of the many times that another
request lets it go and wants it back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from threading import Lock

STEP_S = 0.001
LONGEST_S = 0.05
"""How long a long request steps aside before it goes on for a moment all the same."""


class Precedence:
    """Who is being answered, by seat. The seats with a long request are no reason to step aside for each other."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._under_way: Counter[str] = Counter()
        self._long: set[str] = set()
        self._lock = Lock()

    def enter(self, seat: str) -> None:
        """A request for a seat begins."""
        with self._lock:
            self._under_way[seat] += 1

    def leave(self, seat: str) -> None:
        """It is over."""
        with self._lock:
            self._under_way[seat] -= 1
            if self._under_way[seat] <= 0:
                del self._under_way[seat]

    def give_way(self, seat: str) -> None:
        """A seat's request is a long one: wait for the others' short ones."""
        self._long.add(seat)
        left = LONGEST_S
        while left > 0 and self._others(seat):
            self._sleep(STEP_S)
            left -= STEP_S

    def short(self, seat: str) -> None:
        """The long request of a seat is over."""
        self._long.discard(seat)

    def _others(self, seat: str) -> bool:
        with self._lock:
            return any(name != seat and name not in self._long for name in self._under_way)
