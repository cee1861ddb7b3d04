"""Charts of traffic from block characters, one line of content for each row. Pure.

Every column stands for the same stretch of virtual time, cut at the same moments whatever the clock says, so that a
chart scrolls and does not flicker. What a colour says, a shape or a shade says, too. Block characters and no plotting
library: a chart of sixty columns is a screenful of text, and drawing it must cost less than a key press may wait.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from textual.content import Content

from tui import text
from tui.traffic import Bucket, Report

MARGIN = 8
"""Columns to the left of a chart, for its scale."""

EIGHTHS = " ▁▂▃▄▅▆▇█"
"""A row filled by so many eighths."""
_SHADES: dict[int, tuple[str, str]] = {
    502: ("█", "$error"),
    503: ("▓", "$warning"),
    504: ("▒", "$accent"),
    460: ("░", "$secondary"),
}
_OTHER = ("▚", "$primary")
PERCENTILES: tuple[tuple[str, str], ...] = (("p50", "$success"), ("p95", "$primary"), ("p99", "$accent"))
"""Name and style of each percentile, from the lowest."""

Cell = tuple[str, str]
"""A character and its style."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a chart. `rate` is None where there was no load."""

    at_ms: int
    rate: float | None = None
    errors: Counter[int] = field(default_factory=Counter)
    percentiles: tuple[float | None, float | None, float | None] = (None, None, None)


@dataclass(frozen=True, slots=True)
class Span:
    """The stretch of time that the charts show: `count` buckets of `unit_ms`."""

    unit_ms: int
    count: int
    words: str


MINUTES = Span(1000, 120, "the last 2 minutes")
HOUR = Span(60_000, 60, "the last hour")


def columns(report: Report, span: Span, width: int) -> list[Column]:
    """The columns for a chart of at most `width`, oldest first; the last ends with the last whole second."""
    # A tenth of the span may be missing when each bucket then gets whole columns of its own.
    times = int(width / span.count + 0.1)
    group = 1 if times else math.ceil(span.count / max(1, width))
    count = min(span.count, width // times) if times else math.ceil(span.count / group)
    unit = span.unit_ms * group
    end = report.now_ms // 1000 * 1000
    last = (end - 1) // unit
    first = last - count + 1
    found: dict[int, list[Bucket]] = {}
    for bucket in report.minutes if span is HOUR else report.seconds:
        if bucket.at_ms < end:
            found.setdefault(bucket.at_ms // unit, []).append(bucket)
    until = end if report.stopped_ms is None else min(end, report.stopped_ms)
    return [
        _column(found.get(key, []), key * unit, unit, report.started_ms, until)
        for key in range(first, last + 1)
    ]


def _column(buckets: list[Bucket], at_ms: int, unit: int, started_ms: int, until_ms: int) -> Column:
    # The first and the last column are only partly covered by the load: the rate is that of what is.
    covered = min(at_ms + unit, until_ms) - max(at_ms, started_ms)
    sent = sum(bucket.sent for bucket in buckets)
    errors: Counter[int] = Counter()
    for bucket in buckets:
        for each in bucket.errors:
            errors[each.status] += each.count
    worst = [
        max((value for value in values if value is not None), default=None)
        for values in (
            [bucket.p50_ms for bucket in buckets],
            [bucket.p95_ms for bucket in buckets],
            [bucket.p99_ms for bucket in buckets],
        )
    ]
    rate = sent * 1000 / covered if covered > 0 else None
    return Column(at_ms, rate, errors, (worst[0], worst[1], worst[2]))


def stretched(cells: Sequence[Cell], width: int) -> list[Cell]:
    """Each cell as often as it fits into `width`."""
    times = max(1, width // max(1, len(cells)))
    return [cell for cell in cells for _ in range(times)]


def rate_rows(found: Sequence[Column], height: int, width: int) -> list[Content]:
    """Requests a second, as bars in eighths of a row."""
    values = [column.rate for column in found]
    peak = nice(max((value for value in values if value is not None), default=0))
    rows = []
    for row in range(height):
        floor = height - 1 - row
        cells = [(EIGHTHS[_eighths(value, peak, height, floor)], "$primary") for value in values]
        label = number(peak) if row == 0 else "0" if row == height - 1 else ""
        rows.append(labelled(label, stretched(cells, width)))
    return rows


def _eighths(value: float | None, peak: float, height: int, floor: int) -> int:
    """How much of the row above `floor` a bar fills, 0 to 8; a value above 0 is always seen."""
    if not value:
        return 0
    filled = max(1, round(value / peak * height * 8))
    return min(8, max(0, filled - floor * 8))


def error_rows(found: Sequence[Column], height: int, width: int) -> list[Content]:
    """Failed requests in each column, stacked by status, each with its own shade."""
    peak = max((column.errors.total() for column in found), default=0)
    stacks = [_stack(column.errors, max(peak, height), height) for column in found]
    rows = []
    for row in range(height):
        floor = height - 1 - row
        cells = [stack[floor] if floor < len(stack) else (" ", "") for stack in stacks]
        label = number(max(peak, height)) if row == 0 and peak else "0" if row == height - 1 else ""
        rows.append(labelled(label, stretched(cells, width)))
    return rows


def _stack(errors: Counter[int], peak: int, height: int) -> list[Cell]:
    """One column from the bottom up; each status that occurred is seen, as long as there are rows."""
    stack: list[Cell] = []
    for status, count in sorted(errors.items(), key=lambda item: (-item[1], item[0])):
        stack += [shade(status)] * max(1, round(count / peak * height))
    return stack[:height]


def shade(status: int) -> Cell:
    """The shade and style of a status."""
    return _SHADES.get(status, _OTHER)


def latency_rows(found: Sequence[Column], height: int, width: int) -> list[Content]:
    """A band of `height` rows for each percentile, the highest on top, all on one scale: powers of ten from 1 ms."""
    decades = latency_decades(found)
    rows = []
    for index, (name, style) in reversed(list(enumerate(PERCENTILES))):
        for row in range(height):
            floor = height - 1 - row
            cells = [
                (EIGHTHS[_eighths(_logarithm(column.percentiles[index]), decades, height, floor)], style)
                for column in found
            ]
            rows.append(labelled(name if floor == 0 else "", stretched(cells, width)))
    return rows


def latency_decades(found: Sequence[Column]) -> int:
    """How many powers of ten above 1 ms the scale of the latencies reaches."""
    most = max((value for column in found for value in column.percentiles if value is not None), default=0)
    return max(2, math.ceil(math.log10(most))) if most > 0 else 2


def _logarithm(value: float | None) -> float | None:
    # The smallest bar is for everything up to 1 ms.
    return None if value is None else max(0.001, math.log10(max(1.0, value)))


def axis(found: Sequence[Column], width: int, now_ms: int) -> Content:
    """The clock times below the columns: first, middle, last."""
    used = len(stretched([("", "")] * len(found), width))
    first, middle, last = (text.time_of_day(at) for at in _ends(found, now_ms))
    if used < 3 * len(first) + 4:
        return Content.styled(" " * MARGIN + first, "$muted")
    gap = used - len(first) - len(middle) - len(last)
    left = gap // 2
    line = f"{first} {'─' * (left - 2)} {middle} {'─' * (gap - left - 2)} {last}"
    return Content.styled(" " * MARGIN + line, "$muted")


def _ends(found: Sequence[Column], now_ms: int) -> tuple[int, int, int]:
    first = found[0].at_ms if found else now_ms
    return (first, (first + now_ms) // 2, now_ms)


def labelled(label: str, cells: Sequence[Cell]) -> Content:
    """A row of a chart with its place on the scale to its left."""
    parts: list[Cell] = [(f"{label:>{MARGIN - 2}} ", "$muted"), ("│", "$muted")]
    for style, group in groupby(cells, key=lambda cell: cell[1]):
        parts.append(("".join(cell[0] for cell in group), style))
    return Content.assemble(*parts)


def nice(value: float) -> float:
    """The top of a scale: a round number that is not below `value`."""
    if value <= 0:
        return 1.0
    power: float = 10.0 ** math.floor(math.log10(value))
    return next(
        step * power for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if step * power >= value * 0.999999
    )


def number(value: float) -> str:
    """A count or a rate in few characters: "0.2", "20", "4.7k"."""
    if value >= 10_000:
        return f"{value / 1000:.0f}k"
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def latency(ms: float | None) -> str:
    """A latency: "20 ms", "1.2 s"; a dash for none."""
    if ms is None:
        return "–"
    return f"{ms:.3g} ms" if ms < 1000 else f"{ms / 1000:.3g} s"
