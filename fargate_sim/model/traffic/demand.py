"""What a load generator asks for, and when: open-loop arrivals, which do not wait for answers.

``constant`` is evenly spaced; every other pattern is a Poisson process, whose rate is that of the moment. Where the rate changes, the
process is thinned: candidates come at the highest rate of a piece of time, and each is kept with the chance that the rate of its moment
has of it. That is exact (Lewis and Shedler, 1979), whatever the pieces are. Times inside the traffic simulation are integer microseconds
since the epoch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

PATTERNS = ("constant", "poisson", "step", "spike", "ramp", "wave", "daily")
CHANGING = ("step", "spike", "ramp", "wave")
"""The patterns that go to another rate, ``to_rps``."""
SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US
LARGEST_RPS = 5_000.0
SMALLEST_RPS = 0.01
LONGEST_MS = 24 * 3_600_000
_DAILY_LOW = 0.2
_HOUR_US = 3_600 * SECOND_US
_DAILY_PEAK_US = 15 * _HOUR_US
_PIECES = 16
"""A ramp, and a period of a wave, are thinned in so many pieces: few candidates are in vain."""


@dataclass(frozen=True)
class Demand:
    """A load on a target group. ValueError, in words for people, when a value is out of its range.

    ``rps``: requests per second. ``step`` goes to ``to_rps`` after ``after_ms`` and stays; ``spike`` comes back after ``for_ms``; ``ramp``
    begins after ``after_ms``, is at ``to_rps`` after ``for_ms`` more, and stays; ``wave`` swings between the two from the beginning, which
    is at the lower, with a period of ``for_ms``; ``to_rps`` is twice ``rps`` unless given. ``daily`` swings between a fifth of ``rps`` at
    03:00 UTC and ``rps`` at 15:00. ``long_share`` (0 to 1) of the requests make the program wait ``long_ms``. A client gives up after
    ``client_timeout_ms``.
    """

    target_group: str
    rps: float
    pattern: str = "poisson"
    to_rps: float | None = None
    after_ms: int = 60_000
    for_ms: int = 60_000
    path: str = "/"
    long_share: float = 0.0
    long_ms: int = 10_000
    client_timeout_ms: int = 30_000

    def __post_init__(self) -> None:
        if self.pattern not in PATTERNS:
            raise ValueError(f"{self.pattern!r} is no pattern; there are {', '.join(PATTERNS)}")
        for name, rate in (("rps", self.rps), ("to_rps", self.to_rps)):
            if rate is not None and not SMALLEST_RPS <= rate <= LARGEST_RPS:
                raise ValueError(f"{name} is from {SMALLEST_RPS:g} to {LARGEST_RPS:g}, not {rate:g}")
        if self.to_rps is not None and self.pattern not in CHANGING:
            raise ValueError(f"to_rps goes with the patterns {', '.join(CHANGING)}")
        for name, value in (
            ("after_ms", self.after_ms),
            ("for_ms", self.for_ms),
            ("long_ms", self.long_ms),
            ("client_timeout_ms", self.client_timeout_ms),
        ):
            if not 1 <= value <= LONGEST_MS:
                raise ValueError(f"{name} is from 1 to {LONGEST_MS} (a day), not {value}")
        if not 0 <= self.long_share <= 1:
            raise ValueError(f"long_share is from 0 to 1, not {self.long_share:g}")
        if not self.path.startswith("/"):
            raise ValueError(f"a path begins with /, unlike {self.path!r}")

    @property
    def other_rps(self) -> float:
        """The rate that the pattern goes to; ``rps`` for one that goes nowhere."""
        if self.pattern not in CHANGING:
            return self.rps
        return self.to_rps if self.to_rps is not None else min(2 * self.rps, LARGEST_RPS)

    @property
    def peak_rps(self) -> float:
        """The highest rate that the pattern reaches."""
        return max(self.rps, self.other_rps)

    def rate(self, since_us: int, at_us: int) -> float:
        """Requests per second at a moment of a load that began at ``since_us``."""
        if self.pattern == "daily":
            swing = math.cos(2 * math.pi * (at_us - _DAILY_PEAK_US) / DAY_US)
            return self.rps * (_DAILY_LOW + (1 - _DAILY_LOW) * (1 + swing) / 2)
        lasts_us = self.for_ms * 1000
        if self.pattern == "wave":
            swing = math.cos(2 * math.pi * (at_us - since_us) / lasts_us)
            low, high = sorted((self.rps, self.other_rps))
            return low + (high - low) * (1 - swing) / 2
        elapsed_us = at_us - since_us - self.after_ms * 1000
        if self.pattern not in CHANGING or elapsed_us < 0:
            return self.rps
        if self.pattern == "ramp":
            return self.rps + (self.other_rps - self.rps) * min(elapsed_us / lasts_us, 1.0)
        return self.rps if self.pattern == "spike" and elapsed_us >= lasts_us else self.other_rps

    def piece(self, since_us: int, at_us: int) -> tuple[float, int | None, bool]:
        """A piece of time that begins at a moment: the highest rate in it, its end (None: it has none), whether the rate is the
        same all through it."""
        if self.pattern == "daily":
            return self._monotonous(since_us, at_us, (at_us // _HOUR_US + 1) * _HOUR_US)
        if self.pattern == "wave":
            return self._monotonous(since_us, at_us, self._edge_us(since_us, at_us))
        begin_us, lasts_us = since_us + self.after_ms * 1000, self.for_ms * 1000
        if self.pattern not in CHANGING:
            return self.rps, None, True
        if at_us < begin_us:
            return self.rps, begin_us, True
        if self.pattern == "step" or at_us >= begin_us + lasts_us:
            return self.rate(since_us, at_us), None, True
        if self.pattern == "spike":
            return self.other_rps, begin_us + lasts_us, True
        return self._monotonous(since_us, at_us, self._edge_us(begin_us, at_us))

    def _edge_us(self, begin_us: int, at_us: int) -> int:
        """The next of the moments that divide ``for_ms``, and what comes after it, into pieces."""
        lasts_us = self.for_ms * 1000
        number = (at_us - begin_us) * _PIECES // lasts_us + 1
        return begin_us + -(-number * lasts_us // _PIECES)

    def _monotonous(self, since_us: int, at_us: int, end_us: int) -> tuple[float, int, bool]:
        """A piece in which the rate only grows or only falls."""
        return max(self.rate(since_us, at_us), self.rate(since_us, end_us)), end_us, False


class Arrivals:
    """The moments at which requests come. ``next_us`` is the next; ``go_on`` moves to the one after."""

    def __init__(self, demand: Demand, start_us: int, rng: Random) -> None:
        self._demand = demand
        self._start_us = start_us
        self._random = rng.random
        self._count = 0
        self._even = demand.pattern == "constant"
        self._mean_us = 0.0
        self._peak = self._low = 0.0
        self._end_us: int | None = start_us
        self._flat = True
        """Of the piece of time that ``next_us`` is in: mean gap of the candidates, their rate, the rate that it never falls below, its
        end, whether all are kept.
        """
        self.next_us = start_us
        self.go_on()

    def go_on(self) -> int:
        """Move to the next arrival and return its moment."""
        if self._even:
            self._count += 1
            self.next_us = self._start_us + int(self._count * SECOND_US / self._demand.rps)
            return self.next_us
        at_us = self.next_us
        while True:
            if self._end_us is not None and at_us >= self._end_us:
                self._peak, self._end_us, self._flat = self._demand.piece(self._start_us, at_us)
                self._mean_us = SECOND_US / self._peak
                if not self._flat and self._end_us is not None:
                    rates = (self._demand.rate(self._start_us, edge_us) for edge_us in (at_us, self._end_us))
                    self._low = min(rates)
            at_us += int(-math.log(1.0 - self._random()) * self._mean_us)
            if self._end_us is not None and at_us >= self._end_us:
                at_us = self._end_us  # a Poisson process has no memory: it begins anew with the next piece
            elif (
                self._flat
                or (mark := self._random() * self._peak) < self._low
                or mark < self._demand.rate(self._start_us, at_us)
            ):
                self.next_us = at_us
                return at_us
