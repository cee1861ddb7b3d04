"""For how long things of one kind have been paid for: exact, in whole seconds, since the beginning and since any moment.

What has ended is kept as two integers. The oldest half is summed up when there are more than ``KEPT`` of them, so memory is bounded; what
cost how much of that sum before a given moment is then taken as spread evenly.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator

KEPT = 20_000
"""Ended things that are remembered one by one."""


class Meter:
    """Runs for each thing from ``begin`` to ``end``. Each is charged by the started second, at least ``minimum_s``."""

    def __init__(self, minimum_s: int = 0) -> None:
        self._minimum_s = minimum_s
        self._running: dict[str, int] = {}
        self._begun_ms = array("q")
        self._ended_ms = array("q")
        self._past_s = 0
        self._summed_s = 0
        self._summed_from_ms = 0
        self._summed_to_ms = 0

    @property
    def count(self) -> int:
        """How many run now."""
        return len(self._running)

    @property
    def running(self) -> frozenset[str]:
        """The names of those that run now."""
        return frozenset(self._running)

    def begin(self, name: str, at_ms: int) -> None:
        """The thing is charged from now on; one that is charged already goes on."""
        self._running.setdefault(name, at_ms)

    def end(self, name: str, at_ms: int) -> None:
        """The thing is charged no more; one that never was is fine."""
        begun_ms = self._running.pop(name, None)
        if begun_ms is not None:
            self.add(begun_ms, at_ms)

    def add(self, begun_ms: int, ended_ms: int) -> None:
        """Something that has ended, and did not run on this meter before. Ends must be in the order of time."""
        self._begun_ms.append(begun_ms)
        self._ended_ms.append(ended_ms)
        self._past_s += self._charged(begun_ms, ended_ms)
        if len(self._ended_ms) > KEPT:
            self._sum_up(KEPT // 2)

    def seconds(self, since_ms: int, now_ms: int) -> int:
        """What came to be charged between two moments, in seconds of one thing. ``now_ms`` is not before the last change."""
        charged = self._charged
        live = sum(charged(begun, now_ms) - charged(begun, since_ms) for begun in self._running.values())
        if not self._ended_ms or self._ended_ms[-1] <= since_ms:
            return live
        past = sum(
            charged(begun, ended) - charged(begun, since_ms) for begun, ended in self._ended_after(since_ms)
        )
        return live + past + self._summed_since(since_ms)

    def total(self, now_ms: int) -> int:
        """All that was ever charged, in seconds of one thing."""
        return self._past_s + sum(self._charged(begun, now_ms) for begun in self._running.values())

    def _charged(self, begun_ms: int, at_ms: int) -> int:
        """What a thing that began then has been charged by a moment, if it has not ended before."""
        return max(self._minimum_s, -((begun_ms - at_ms) // 1000)) if at_ms > begun_ms else 0

    def _ended_after(self, since_ms: int) -> Iterator[tuple[int, int]]:
        for index in range(len(self._ended_ms) - 1, -1, -1):
            if self._ended_ms[index] <= since_ms:
                return
            yield self._begun_ms[index], self._ended_ms[index]

    def _sum_up(self, count: int) -> None:
        pairs = list(zip(self._begun_ms[:count], self._ended_ms[:count], strict=True))
        earliest_ms = min(begun for begun, _ in pairs)
        self._summed_from_ms = min(self._summed_from_ms, earliest_ms) if self._summed_s else earliest_ms
        self._summed_to_ms = pairs[-1][1]
        self._summed_s += sum(self._charged(begun, ended) for begun, ended in pairs)
        del self._begun_ms[:count], self._ended_ms[:count]

    def _summed_since(self, since_ms: int) -> int:
        if since_ms >= self._summed_to_ms or not self._summed_s:
            return 0
        lasted_ms = self._summed_to_ms - self._summed_from_ms
        left_ms = min(self._summed_to_ms - since_ms, lasted_ms)
        return self._summed_s * left_ms // lasted_ms if lasted_ms else self._summed_s
