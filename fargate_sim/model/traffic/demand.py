"""What a load generator asks for, and when: open-loop arrivals, which do not wait for answers.

``constant`` is evenly spaced; every other pattern is a Poisson process, whose rate is that of the moment. Times inside the traffic
simulation are integer microseconds since the epoch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

PATTERNS = ("constant", "poisson", "step", "spike", "daily")
SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US
LARGEST_RPS = 5_000.0
SMALLEST_RPS = 0.01
LONGEST_MS = 24 * 3_600_000
_DAILY_LOW = 0.2
_DAILY_PEAK_US = 15 * 3_600 * SECOND_US


@dataclass(frozen=True)
class Demand:
    """A load on a target group. ValueError, in words for people, when a value is out of its range.

    ``rps``: requests per second. ``step`` goes to ``to_rps`` after ``after_ms`` and stays; ``spike`` comes back after ``for_ms``; ``daily``
    swings between a fifth of ``rps`` at 03:00 UTC and ``rps`` at 15:00. ``long_share`` (0 to 1) of the requests make the program wait
    ``long_ms``. A client gives up after ``client_timeout_ms``.
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
        if self.to_rps is not None and self.pattern not in ("step", "spike"):
            raise ValueError("to_rps goes with the patterns step and spike")
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
    def peak_rps(self) -> float:
        """The highest rate that the pattern reaches."""
        if self.pattern in ("step", "spike"):
            return max(self.rps, self.to_rps if self.to_rps is not None else min(2 * self.rps, LARGEST_RPS))
        return self.rps

    def rate(self, since_us: int, at_us: int) -> float:
        """Requests per second at a moment of a load that began at ``since_us``."""
        if self.pattern == "daily":
            swing = math.cos(2 * math.pi * (at_us - _DAILY_PEAK_US) / DAY_US)
            return self.rps * (_DAILY_LOW + (1 - _DAILY_LOW) * (1 + swing) / 2)
        if self.pattern in ("step", "spike"):
            elapsed_ms = (at_us - since_us) // 1000 - self.after_ms
            if elapsed_ms >= 0 and (self.pattern == "step" or elapsed_ms < self.for_ms):
                return self.to_rps if self.to_rps is not None else min(2 * self.rps, LARGEST_RPS)
        return self.rps


class Arrivals:
    """The moments at which requests come. ``next_us`` is the next; ``go_on`` moves to the one after."""

    def __init__(self, demand: Demand, start_us: int, rng: Random) -> None:
        self._demand = demand
        self._start_us = start_us
        self._random = rng.random
        self._count = 0
        self._steady_us = SECOND_US / demand.rps if demand.pattern == "poisson" else None
        self.next_us = start_us
        self.go_on()

    def go_on(self) -> int:
        """Move to the next arrival and return its moment."""
        demand = self._demand
        if demand.pattern == "constant":
            self._count += 1
            self.next_us = self._start_us + int(self._count * SECOND_US / demand.rps)
            return self.next_us
        mean_us = self._steady_us
        if mean_us is None:
            mean_us = SECOND_US / demand.rate(self._start_us, self.next_us)
        self.next_us += int(-math.log(1.0 - self._random()) * mean_us)
        return self.next_us
