"""The keep-alive race: a program closes an idle connection just as the load balancer sends a request on it.

Source: Elastic Load Balancing user guide, load-balancer-troubleshooting (502: the target closed the connection while the load balancer
had an outstanding request to it). It can happen only when the program's keep-alive time-out is shorter than the load balancer's idle
time-out. [A] One pool of connections per target; a request takes the one that was used last; the load balancer learns of a closed
connection after up to 10 ms, drawn each time.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from random import Random

NOTICED_US = 10_000
"""The longest time in which the load balancer still takes a closed connection for an open one. [A]"""


class IdleConnections:
    """The connections to one target. Times are integer microseconds."""

    def __init__(self, keep_alive_us: int, rng: Random) -> None:
        self._keep_alive_us = keep_alive_us
        self._random = rng.random
        self._free: list[int] = []
        """When each connection had, or will have, brought its last answer, ascending."""

    def loses(self, at_us: int) -> bool:
        """Take a connection for a request; whether the request is lost with it. Without a usable one a new one is opened."""
        free = self._free
        count = bisect_right(free, at_us)
        if not count:
            return False
        overdue_us = at_us - free[count - 1] - self._keep_alive_us
        if overdue_us >= 0:
            del free[:count]  # the one used last is closed, so the others are
            return overdue_us < NOTICED_US and overdue_us < self._random() * NOTICED_US
        del free[count - 1]
        return False

    def answered(self, at_us: int) -> None:
        """A connection brings an answer at a moment, perhaps in the future, and is free from then on."""
        insort(self._free, at_us)
