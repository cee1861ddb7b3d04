"""A value over time, kept as its changes. Bounded: changes older than a day are dropped, but for the one that held then."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Generic, TypeVar

MINUTE_MS = 60_000
KEPT_MS = 24 * 60 * MINUTE_MS
"""How far back metrics can be asked for. AWS keeps minutes for 15 days."""
_SWEEP = 256
T = TypeVar("T")


class Steps(Generic[T]):
    """Changes in the order of time; None before the first."""

    def __init__(self) -> None:
        self._times: list[int] = []
        self._values: list[T] = []

    @property
    def last(self) -> T | None:
        """The value now."""
        return self._values[-1] if self._values else None

    def set(self, at_ms: int, value: T) -> None:
        """From this moment on it is another. Of several at one moment the last counts."""
        times, values = self._times, self._values
        if times and times[-1] == at_ms:
            values[-1] = value
            return
        if values and values[-1] == value:
            return
        times.append(at_ms)
        values.append(value)
        if len(times) % _SWEEP == 0:
            old = bisect_right(times, at_ms - KEPT_MS - 5 * MINUTE_MS) - 1
            if old > 0:
                del times[:old], values[:old]

    def at(self, at_ms: int) -> T | None:
        """The value at a moment."""
        index = bisect_right(self._times, at_ms) - 1
        return self._values[index] if index >= 0 else None

    def known(self, at_ms: int) -> T | None:
        """The latest value up to a moment that is not None."""
        for index in range(bisect_right(self._times, at_ms) - 1, -1, -1):
            if self._values[index] is not None:
                return self._values[index]
        return None

    def spans(self, since_ms: int, until_ms: int) -> Iterator[tuple[int, int, T]]:
        """The values between two moments, each with its (beginning, end)."""
        index = max(0, bisect_right(self._times, since_ms) - 1)
        while index < len(self._times) and self._times[index] < until_ms:
            following = self._times[index + 1] if index + 1 < len(self._times) else until_ms
            yield max(self._times[index], since_ms), min(following, until_ms), self._values[index]
            index += 1

    def all(self) -> list[T]:
        """Every value that is remembered."""
        return list(self._values)
