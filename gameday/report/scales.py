"""From numbers to places on a drawing: axes with round ticks, and labels that do not lie on each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_MINUTE_MS = 60_000
_TIME_STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 240)
_LETTER = 6.0
"""About the width of a letter in the labels' size, in the drawing's units."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight line from values to places; values outside are put at its ends."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def minutes(length_ms: int, most: int = 9) -> list[int]:
    """The moments of a time axis that get a tick, in milliseconds; at most so many if steps of four hours allow it."""
    step = next((each for each in _TIME_STEPS if length_ms / _MINUTE_MS / each <= most), _TIME_STEPS[-1])
    return list(range(0, length_ms + 1, step * _MINUTE_MS))


def rounded(low: float, high: float, parts: int = 3) -> list[float]:
    """Round numbers from at most ``low`` to at least ``high``, in about so many steps."""
    if high - low <= 1e-6 * max(1.0, abs(low)):
        high = low + 1
    raw = (high - low) / parts
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(each * power for each in (1, 2, 5, 10) if raw <= each * power * (1 + 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(at * step, 10) for at in range(first, last + 1)]


def width(text: str) -> float:
    """About how wide a label is."""
    return _LETTER * len(text)


def rows(places: Sequence[tuple[float, float]]) -> list[int]:
    """In which row each label goes, the topmost 0, given where it begins and how wide it is, in the order of their beginnings. A label
    hangs at a line that goes down from it: it must be beneath every earlier label that reaches over its beginning, or its line would cross
    that one.
    """
    found: list[int] = []
    ends: list[float] = []
    for begin, wide in places:
        row = max((at + 1 for at, end in zip(found, ends, strict=True) if end > begin), default=0)
        found.append(row)
        ends.append(begin + wide)
    return found


def apart(places: Sequence[float], distance: float, low: float, high: float) -> list[float]:
    """The places moved so that they are at least so far apart and, if there is room, within the bounds; their order stays."""
    order = sorted(range(len(places)), key=lambda at: (places[at], at))
    moved = [0.0] * len(places)
    last = low - distance
    for at in order:
        last = moved[at] = max(places[at], last + distance)
    limit = high
    for at in reversed(order):
        moved[at] = min(moved[at], limit)
        limit = moved[at] - distance
    return moved
