"""A queue in charts by minute: what waits, the age of the oldest, what was charged. Pure.

Layers stand on each other and differ in their glyph as well as in their colour (`tui/scalecharts.py`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from textual.content import Content

from tui import chart, text
from tui.chart import Cell, latency, nice, number
from tui.queues import Minute, Queue
from tui.scalecharts import DOT, Chart, Layer, Scale, draw, heights

MINUTE_MS = 60_000
_STEPS_S = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 43200, 86400)
"""Tops of the scale of ages, in seconds: what a clock calls round."""


@dataclass(frozen=True, slots=True)
class Span:
    """How far back the charts go."""

    minutes: int
    words: str


SHORT = Span(30, "the last 30 minutes")
LONG = Span(120, "the last 2 hours")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of `covered` whole minutes: what happened in all of them, and how the queue stood at their end."""

    at_ms: int
    covered: int = 1
    sent: int = 0
    charged: int = 0
    again: int = 0
    visible: int | None = None
    in_flight: int | None = None
    oldest_age_ms: int | None = None


def columns(queue: Queue, span: Span, width: int) -> list[Column]:
    """The columns for a chart of at most `width`, oldest first; the last ends with the last whole minute."""
    # A tenth of the span may be missing when each minute then gets whole columns of its own.
    times = int(width / span.minutes + 0.1)
    group = 1 if times else math.ceil(span.minutes / max(1, width))
    count = min(span.minutes, width // times) if times else math.ceil(span.minutes / group)
    # The minute that lasts is not known before it is over.
    end_ms = queue.now_ms // MINUTE_MS * MINUTE_MS
    unit = group * MINUTE_MS
    last = (end_ms - 1) // unit
    first = last - count + 1
    found: dict[int, list[Minute]] = {}
    for minute in queue.minutes:
        if minute.at_ms < end_ms:
            found.setdefault(minute.at_ms // unit, []).append(minute)
    return [
        _column(found.get(key, []), key * unit, min(unit, end_ms - key * unit) // MINUTE_MS)
        for key in range(first, last + 1)
    ]


def _column(minutes: Sequence[Minute], at_ms: int, covered: int) -> Column:
    if not minutes:
        return Column(at_ms, covered)
    ages = [minute.oldest_age_ms for minute in minutes if minute.oldest_age_ms is not None]
    return Column(
        at_ms,
        covered,
        sum(minute.sent for minute in minutes),
        sum(minute.charged for minute in minutes),
        sum(minute.duplicates for minute in minutes),
        minutes[-1].visible,
        minutes[-1].in_flight,
        max(ages, default=None),
    )


def totals(queue: Queue) -> list[Content]:
    """The orders, and what has become of them so far."""
    return [_orders(queue), _counts(queue), _times(queue)]


def _orders(queue: Queue) -> Content:
    name = (text.one_line(queue.queue), "bold")
    if queue.started_ms is None:
        sources = ", ".join(text.one_line(each) for each in queue.dead_letter_of)
        role = f", the dead-letter queue of {sources}" if sources else ", to which no orders are sent"
        return Content.assemble(("■ ", "$muted"), name, (role, "$muted"))
    ended = queue.stopped_ms
    lasted = text.duration((queue.now_ms if ended is None else ended) - queue.started_ms)
    turns = "" if queue.demand.to_rps is None else f" to {queue.demand.to_rps:g}"
    return Content.assemble(
        ("▶ ", "$primary") if queue.running else ("■ ", "$muted"),
        (f"{queue.demand.rps:g} orders/s", "bold"),
        (f" ({text.one_line(queue.demand.pattern)}{turns}) to ", "$muted"),
        name,
        (f", running for {lasted}" if queue.running else f", stopped after {lasted}", "$muted"),
    )


def _counts(queue: Queue) -> Content:
    parts: list[Cell] = [("sent ", "$muted"), (f"{queue.sent:,}", "")]
    parts += [("  charged ", "$muted"), (f"{queue.charged:,}", "")]
    for words, count, always in (
        ("again", queue.duplicates, True),
        ("never", queue.lost, True),
        ("dead-lettered", queue.dead_lettered, False),
    ):
        if count or always:
            parts += [(f"  {words} ", "$muted"), (f"{count:,}", "bold $error" if count else "")]
    if queue.skipped:
        parts += [("  skipped ", "$muted"), (f"{queue.skipped:,}", "")]
    if queue.delayed:
        parts += [("  delayed ", "$muted"), (f"{queue.delayed:,}", "")]
    return Content.assemble(*parts)


def _times(queue: Queue) -> Content:
    parts: list[Cell] = [("from sent to done", "$muted")]
    times = (queue.latency.p50_ms, queue.latency.p95_ms, queue.latency.p99_ms)
    for (name, style), value in zip(chart.PERCENTILES, times, strict=True):
        parts += [(f"  {name} ", "$muted"), (_length(value), style)]
    return Content.assemble(*parts)


def _length(ms: float | None) -> str:
    """A latency that may be hours."""
    return latency(ms) if ms is None or ms < MINUTE_MS else text.duration(int(ms))


def lines(queue: Queue, span: Span, width: int, height: int) -> list[Content]:
    """Totals and charts, one below the other, over one axis."""
    room = max(10, width - chart.MARGIN)
    found = columns(queue, span, room)
    made = [_waiting(queue, found, span), _oldest(queue, found), _charged(found)]
    if any(column.again for column in found):
        made.append(_again(found, span))
    drawn = totals(queue)
    for each, rows in zip(made, heights(len(made), height - len(drawn)), strict=True):
        drawn += [each.caption, *each.rows(rows, room)]
    drawn.append(chart.axis([chart.Column(column.at_ms) for column in found], room, queue.now_ms))
    return [line.truncate(max(1, width), ellipsis=True) for line in drawn]


def _waiting(queue: Queue, found: Sequence[Column], span: Span) -> Chart:
    peak = nice(max((column.visible or 0) + (column.in_flight or 0) for column in found))
    caption = Content.assemble(
        ("Waiting", "bold"),
        (f"  █ {queue.visible:,}", "$primary"),
        (f"   ▒ {queue.in_flight:,} in flight", "$secondary"),
        (f"   {span.words}; M changes", "$muted"),
    )

    def rows(height: int, width: int) -> list[Content]:
        return draw([_stood(column, peak / height) for column in found], Scale(peak), height, width)

    return Chart(caption, rows)


def _stood(column: Column, row: float) -> list[Layer]:
    """What stood in the queue. Shaded, fewer in flight than fill half a row would look like more than they are."""
    visible, in_flight = column.visible or 0, column.in_flight or 0
    if in_flight >= row / 2:
        return [Layer(visible, "█", "$primary"), Layer(visible + in_flight, "▒", "$secondary")]
    return [Layer(visible, "█", "$primary") if visible else Layer(in_flight, "█", "$secondary")]


def _oldest(queue: Queue, found: Sequence[Column]) -> Chart:
    ages = [None if column.oldest_age_ms is None else column.oldest_age_ms / 1000 for column in found]
    most = max((age for age in ages if age is not None), default=0.0)
    peak = next((step for step in _STEPS_S if step >= most), math.ceil(most / 86_400) * 86_400)
    now = "no message" if queue.oldest_age_ms is None else text.duration(queue.oldest_age_ms)
    caption = Content.assemble(
        ("Age of the oldest", "bold"),
        (f"  █ {now}", "$warning"),
        (
            f", at most {text.duration(max(int(most * 1000), queue.oldest_age_ms or 0))}" if most else "",
            "$muted",
        ),
    )
    layers = [[Layer(age, "█", "$warning")] for age in ages]
    return Chart(caption, partial(draw, layers, Scale(float(peak)), words=_age))


def _age(seconds: float) -> str:
    """A place on the scale of ages."""
    for unit, letter in ((86_400, "d"), (3600, "h"), (60, "m")):
        if seconds >= unit and seconds % unit == 0:
            return f"{seconds / unit:.0f}{letter}"
    return f"{seconds:.0f}s"


def _charged(found: Sequence[Column]) -> Chart:
    layers = [[Layer(column.charged / column.covered, "█", "$success")] for column in found]
    sent = [column.sent / column.covered if column.sent else None for column in found]
    most = max(max(column.sent, column.charged) / column.covered for column in found)
    latest = found[-1]
    caption = Content.assemble(
        ("Charged a minute", "bold"),
        (f"  █ {_rate(latest.charged, latest)}", "$success"),
        (f"   {DOT} {_rate(latest.sent, latest)} sent", "$secondary"),
    )

    def rows(height: int, width: int) -> list[Content]:
        return draw(layers, Scale(nice(most)), height, width, dots=sent)

    return Chart(caption, rows)


def _again(found: Sequence[Column], span: Span) -> Chart:
    """On a scale of its own: among all that were charged, a few that were charged twice would not be seen."""
    rates = [column.again / column.covered for column in found]
    total = sum(column.again for column in found)
    caption = Content.assemble(
        ("Charged again a minute", "bold"),
        (f"  █ {_rate(found[-1].again, found[-1])}", "$error"),
        (f"   {total:,} in {span.words}", "$muted"),
    )
    layers = [[Layer(rate, "█", "$error")] for rate in rates]
    return Chart(caption, partial(draw, layers, Scale(nice(max(rates)))))


def _rate(count: int, column: Column) -> str:
    return number(round(count / column.covered, 1))
