"""How much a seat of a shard may have: numbers, and the buckets and accounts that they are kept with. docs/tenancy.md explains them.

All times here are of this machine, in seconds, and come from a clock that is given: nothing of a world depends on them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from threading import Lock
from typing import Any

from fargate_sim.demands import Bearable
from fargate_sim.networks import network_of
from fargate_sim.pace import Pace

Wall = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Limits:
    """The file of seats may set any of them (``limits``)."""

    calls_per_s: float = 20.0
    """AWS calls of a seat, in the long run."""
    calls_at_once: int = 4
    """AWS calls of a seat that are under way together."""
    calls_burst: int = 200
    """AWS calls of a seat at one go."""
    requests_at_once: int = 8
    """Requests of the class's own programs for one seat that are under way together."""
    strangers_per_s: float = 2.0
    """Calls from one address that prove nobody: unsigned, with a key that is none, wrongly signed."""
    strangers_burst: int = 20
    busy_share: float = 0.8
    """How much of a processor all seats of a shard may use before each has only its share."""
    effort_s: float = 10.0
    """Seconds of the processor that one request may use to bring its world on."""
    longest_wait_s: float = 1.0
    """How long a request to move the clock waits while its seat has had more than its share."""
    body_bytes: int = 2 * 1024 * 1024
    """The largest body of any call; of those with a JSON body 1 MiB."""
    recording_bytes: int = 64 * 1024 * 1024
    """How long the recording of a world may grow."""
    history_entries: int = 250_000
    """How long the journal of a world may become, at about 250 bytes of memory an entry."""
    tasks: int = 6_000
    """How many tasks of a world may be alive or wanted together."""
    fastest: float = 60.0
    """Virtual seconds per second."""
    longest_jump_s: int = 7 * 24 * 3600
    """How far the clock of a world jumps at once, in virtual seconds: what a pacer can, as labs need days. ``effort_s`` bounds the work."""
    requests_in_a_jump: int = 500_000
    requests_per_s: int = 5_000
    """Rate of the simulated traffic times speed of the clock."""
    orders_in_a_jump: int = 50_000
    orders_per_s: int = 500
    head_bytes: int = 32 * 1024
    """All headers of a request together."""
    patience_s: float = 15.0
    """How long a client may take to send a request, and to begin with its first one."""
    taking_s: float = 60.0
    """How long a client may take to receive an answer."""
    connections: int = 800
    connections_per_address: int = 64
    """From each address but loopback."""
    hold_s: float = 0.25
    """How long nothing more is read from a connection over which too much came."""

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Limits:
        """With what the file of seats sets; ValueError for what is no limit."""
        known = {each.name: each.default for each in fields(cls)}
        for name, value in raw.items():
            if name not in known:
                raise ValueError(f"{name!r} is no limit; there are: {', '.join(known)}")
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
                raise ValueError(f"the limit {name} must be a number above 0, not {value!r}")
            if isinstance(known[name], int) and not isinstance(value, int):
                raise ValueError(f"the limit {name} must be a whole number, not {value!r}")
        return cls(**raw)

    @property
    def pace(self) -> Pace:
        """What may be asked of a world's time."""
        return Pace(
            fastest=self.fastest,
            longest_jump_ms=self.longest_jump_s * 1000,
            requests=Bearable("requests", self.requests_in_a_jump, self.requests_per_s),
            orders=Bearable("orders", self.orders_in_a_jump, self.orders_per_s),
        )


class TokenBucket:
    """So many at one go, and so many a second in the long run."""

    def __init__(self, per_s: float, burst: int, wall: Wall) -> None:
        self._per_s = per_s
        self._burst = burst
        self._wall = wall
        self._left = float(burst)
        self._at = wall()
        self._lock = Lock()

    def take(self) -> bool:
        """Whether there was one."""
        with self._lock:
            now = self._wall()
            self._left = min(self._burst, self._left + (now - self._at) * self._per_s)
            self._at = now
            if self._left < 1:
                return False
            self._left -= 1
            return True

    @property
    def full(self) -> bool:
        """Whether nothing has been taken of late."""
        return self._left + (self._wall() - self._at) * self._per_s >= self._burst


class AtOnce:
    """So many together."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._now = 0
        self._lock = Lock()

    def enter(self) -> bool:
        """Whether there was room; who has entered leaves."""
        with self._lock:
            if self._now >= self._most:
                return False
            self._now += 1
            return True

    def leave(self) -> None:
        """Make room."""
        with self._lock:
            self._now -= 1


class Shares:
    """How much of the processor each seat has had of late. While all together use more than ``busy`` of one processor, nobody may have
    more than an equal share, or what the others leave.

    What was used counts less as time goes by, by a factor of e in ``WINDOW_S``.
    """

    WINDOW_S = 5.0
    NOTHING_S = 0.05
    """Who has used less than this of late wants none."""

    def __init__(self, busy: float, wall: Wall) -> None:
        self._busy_s = busy * self.WINDOW_S
        self._wall = wall
        self._at = wall()
        self._used: dict[str, float] = {}
        self._lock = Lock()

    def charge(self, seat: str, seconds: float) -> None:
        """Seconds of the processor that were used for a seat."""
        with self._lock:
            self._fade()
            self._used[seat] = self._used.get(seat, 0.0) + seconds

    def over(self, seat: str) -> bool:
        """Whether a seat must wait for the others."""
        with self._lock:
            self._fade()
            own = self._used.get(seat, 0.0)
            others = [used for name, used in self._used.items() if name != seat and used > self.NOTHING_S]
            if not others:
                return False
            equal = self._busy_s / (len(others) + 1)
            return own > max(equal, self._busy_s - sum(others))

    def _fade(self) -> None:
        now = self._wall()
        factor = math.exp((self._at - now) / self.WINDOW_S)
        self._at = now
        self._used = {name: used * factor for name, used in self._used.items() if used * factor > 1e-6}


class Strangers:
    """Calls that prove nobody, by the address that they come from. The addresses are bounded: those that ask least are forgotten."""

    MOST_ADDRESSES = 1000

    def __init__(self, per_s: float, burst: int, wall: Wall) -> None:
        self._new = (per_s, burst, wall)
        self._buckets: dict[str, TokenBucket] = {}
        self._lock = Lock()

    def take(self, address: str) -> bool:
        """Whether another such call from there is told what is wrong with it."""
        address = network_of(address)
        with self._lock:
            bucket = self._buckets.get(address)
            if bucket is None:
                if len(self._buckets) >= self.MOST_ADDRESSES:
                    self._buckets = {name: each for name, each in self._buckets.items() if not each.full}
                    if len(self._buckets) >= self.MOST_ADDRESSES:
                        return False
                bucket = self._buckets[address] = TokenBucket(*self._new)
        return bucket.take()
