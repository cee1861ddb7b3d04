"""Charts of an hour of scaling: load, latency, requests per target, CPU and memory, desired against running. Pure.

Every minute is one column (several minutes share one where there is no room). Layers stand on each other and differ
in their glyph as well as in their colour; a broken line is a threshold.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from textual.content import Content

from tui import chart
from tui.chart import EIGHTHS, Cell, labelled, latency, nice, number, stretched
from tui.scaling import Minute, Target

MINUTES = 60
LINE = "╌"
DOT = "•"


@dataclass(frozen=True, slots=True)
class Layer:
    """Fills a column from the layer below up to `top`."""

    top: float | None
    glyph: str
    style: str


@dataclass(frozen=True, slots=True)
class Scale:
    """From `low` at the bottom to `peak` at the top; logarithmic when `low` is above 0."""

    peak: float
    low: float = 0.0

    def share(self, value: float) -> float:
        """How high a value stands, 0 to 1; more than 1 above the scale."""
        if self.low <= 0:
            return max(0.0, value / self.peak)
        return max(0.0, math.log(max(value, self.low) / self.low) / math.log(self.peak / self.low))


@dataclass(frozen=True, slots=True)
class Limit:
    """A broken line at a value; `over` is the style of what rises above it (empty: nothing changes)."""

    value: float
    style: str = "$warning"
    over: str = ""


def draw(
    columns: Sequence[Sequence[Layer]],
    scale: Scale,
    height: int,
    width: int,
    *,
    limits: Sequence[Limit] = (),
    dots: Sequence[float | None] = (),
    words: Callable[[float], str] = number,
) -> list[Content]:
    """The rows of one chart, from the top; `words` says a value of a scale that is not logarithmic."""
    drawn = [_column(layers, scale, height, limits) for layers in columns]
    for index, (column, dot) in enumerate(zip(drawn, dots, strict=False)):
        # Every second column: what lies behind the dots must be seen, too.
        if dot is not None and index % 2 == 0:
            at = min(height - 1, int(scale.share(dot) * height))
            column[at] = (DOT, "bold $secondary" if column[at][0] == " " else "bold $secondary on $surface")
    labels = {height - 1: words(scale.peak) if scale.low <= 0 else latency(scale.peak).replace(" ", "")}
    labels[0] = "0" if scale.low <= 0 else latency(scale.low).replace(" ", "")
    for limit in limits:
        if 0 < (at := _row_of(limit.value, scale, height)) < height - 1:
            labels[at] = number(limit.value)
    return [
        labelled(labels.get(floor, ""), stretched([column[floor] for column in drawn], width))
        for floor in range(height - 1, -1, -1)
    ]


def _row_of(value: float, scale: Scale, height: int) -> int:
    return max(0, min(height, math.ceil(scale.share(value) * height)) - 1)


def _column(layers: Sequence[Layer], scale: Scale, height: int, limits: Sequence[Limit]) -> list[Cell]:
    """One column from the bottom up."""
    levels = [
        (scale.share(layer.top) * height, layer)
        for layer in layers
        if layer.top is not None and layer.top > 0
    ]
    cells = [_cell(levels, floor) for floor in range(height)]
    for limit in limits:
        at = _row_of(limit.value, scale, height)
        if cells[at][0] == " ":
            cells[at] = (LINE, limit.style)
        if limit.over and levels and levels[-1][1].top is not None and levels[-1][1].top > limit.value:
            cells = [
                (glyph, limit.over if floor >= at and glyph != " " else style)
                for floor, (glyph, style) in enumerate(cells)
            ]
    return cells


def _cell(levels: Sequence[tuple[float, Layer]], floor: int) -> Cell:
    for level, layer in levels:
        if level >= floor + (0.999 if layer is levels[-1][1] else 0.5):
            return layer.glyph, layer.style
    if not levels:
        return " ", ""
    level, layer = levels[-1]
    # The smallest value is seen, too.
    eighths = max(1 if floor == 0 else 0, round((level - floor) * 8))
    if eighths <= 0:
        return " ", ""
    if layer.glyph == EIGHTHS[8]:
        return EIGHTHS[min(8, eighths)], layer.style
    return (layer.glyph, layer.style) if eighths >= 4 or floor == 0 else (" ", "")


@dataclass(frozen=True, slots=True)
class Chart:
    """A caption, and what draws the rows below it for a height and a width."""

    caption: Content
    rows: Callable[[int, int], list[Content]]


def charts(target: Target, now_ms: int, width: int, slo_ms: float | None) -> tuple[list[Chart], list[Minute]]:
    """The charts that have something to show, and the minutes of their columns."""
    found = minutes(target.series, now_ms, width)
    if not any(minute.desired is not None or minute.sent for minute in found):
        return [], found
    made = [_tasks(target, found)]
    if any(minute.cpu is not None or minute.memory is not None for minute in found):
        made.insert(0, _busy(target, found))
    if any(minute.requests_per_target is not None for minute in found):
        made.insert(0, _share(target, found))
    if any(minute.sent for minute in found):
        made[:0] = [_load(found, now_ms), _latency(found, slo_ms)]
    return made, found


def minutes(series: Sequence[Minute], now_ms: int, width: int) -> list[Minute]:
    """One `Minute` for each column of the last hour, oldest first; an empty one where nothing is known."""
    group = 1 if width >= MINUTES else math.ceil(MINUTES / max(1, width))
    unit = group * 60_000
    # The minute that runs is not known before it is over.
    last = (now_ms // 60_000 - 1) // group
    first = last - MINUTES // group + 1
    found: dict[int, Minute] = {}
    for minute in series:
        key = minute.at_ms // unit
        found[key] = _joined(found[key], minute) if key in found else minute
    return [found.get(key, Minute(at_ms=key * unit)) for key in range(first, last + 1)]


def _joined(a: Minute, b: Minute) -> Minute:
    """Two minutes as one: the later count, the sum of the requests, the worst of the rest."""

    def worst(one: float | None, other: float | None) -> float | None:
        return max((value for value in (one, other) if value is not None), default=None)

    return Minute(
        a.at_ms,
        a.desired if b.desired is None else b.desired,
        a.running if b.running is None else b.running,
        worst(a.cpu, b.cpu),
        worst(a.memory, b.memory),
        worst(a.requests_per_target, b.requests_per_target),
        a.sent + b.sent,
        a.failed + b.failed,
        worst(a.p50_ms, b.p50_ms),
        worst(a.p99_ms, b.p99_ms),
    )


def _latest(values: Sequence[float | None]) -> float | None:
    return next((value for value in reversed(values) if value is not None), None)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} %"


def _load(found: Sequence[Minute], now_ms: int) -> Chart:
    unit = found[1].at_ms - found[0].at_ms if len(found) > 1 else 60_000
    end_ms = now_ms // 60_000 * 60_000
    seconds = [max(1.0, min(unit, end_ms - minute.at_ms) / 1000) for minute in found]
    pairs = list(zip(found, seconds, strict=True))
    rates = [minute.sent / length for minute, length in pairs]
    columns = [
        [
            Layer((minute.sent - minute.failed) / length, "█", "$primary"),
            Layer(minute.sent / length if minute.failed else None, "▓", "$error"),
        ]
        for minute, length in pairs
    ]
    failed = sum(minute.failed for minute in found)
    caption = Content.assemble(
        ("Requests/s", "bold"),
        f"  {number(round(rates[-1], 1))} last minute",
        (f", at most {number(round(max(rates), 1))}   ", "$muted"),
        (f"▓ {failed:,} failed" if failed else "none failed", "$error" if failed else "$success"),
    )
    return Chart(caption, partial(draw, columns, Scale(nice(max(rates)))))


def _latency(found: Sequence[Minute], slo_ms: float | None) -> Chart:
    columns = [
        [Layer(minute.p50_ms, "█", "$success"), Layer(minute.p99_ms, "▒", "$accent")] for minute in found
    ]
    values = [value for m in found for value in (m.p50_ms, m.p99_ms, slo_ms) if value is not None]
    low = 10.0 ** max(0, math.floor(math.log10(max(1.0, min(values, default=1.0)))))
    peak = 10.0 ** max(2, math.ceil(math.log10(max([10 * low, *values]))))
    limits = () if slo_ms is None else (Limit(slo_ms, "$warning", "$error"),)
    # A minute in which every request failed has no latency, and has not kept it either.
    late = [m for m in found if (slo_ms is not None and (m.p99_ms or 0) > slo_ms) or 0 < m.sent == m.failed]
    above = len(late)
    shown = [found[-1]] if found[-1].sent else found
    promise: list[Cell] = []
    if slo_ms is not None:
        verdict = (f"✗ above it in {above} min", "bold $error") if above else ("✓ held", "$success")
        promise = [(f"   SLO {latency(slo_ms)} {LINE * 2} ", "$warning"), verdict]
    caption = Content.assemble(
        ("Latency", "bold"),
        ("  p99 ", "$muted"),
        (f"▒ {latency(_latest([m.p99_ms for m in shown]))}", "$accent"),
        ("  p50 ", "$muted"),
        (f"█ {latency(_latest([m.p50_ms for m in shown]))}", "$success"),
        *promise,
    )
    return Chart(caption, partial(_limited, columns, Scale(peak, low), limits))


def _limited(
    columns: Sequence[Sequence[Layer]], scale: Scale, limits: Sequence[Limit], height: int, width: int
) -> list[Content]:
    return draw(columns, scale, height, width, limits=limits)


def _aim(value: float | None) -> list[Cell]:
    return [] if value is None else [(f"   target {number(value)} {LINE * 2}", "$warning")]


def _limits(value: float | None) -> tuple[Limit, ...]:
    return () if value is None else (Limit(value),)


def _share(target: Target, found: Sequence[Minute]) -> Chart:
    values = [minute.requests_per_target for minute in found]
    aim = target.tracked("ALBRequestCountPerTarget")
    known = [value for value in (*values, aim) if value is not None]
    latest = _latest(values)
    caption = Content.assemble(
        ("Requests per target", "bold"),
        f"  {'–' if latest is None else number(round(latest, 1))}",
        (" a minute", "$muted"),
        *_aim(aim),
    )
    columns = [[Layer(value, "█", "$primary")] for value in values]
    return Chart(caption, partial(_limited, columns, Scale(nice(max(known))), _limits(aim)))


def _busy(target: Target, found: Sequence[Minute]) -> Chart:
    cpu, memory = [minute.cpu for minute in found], [minute.memory for minute in found]
    aims = [
        aim
        for metric in ("ECSServiceAverageCPU", "ECSServiceAverageMemory")
        if (aim := target.tracked(metric)) is not None
    ]
    peak = max([100.0, *(value for value in (*cpu, *memory) if value is not None)])
    caption = Content.assemble(
        ("CPU", "bold"),
        f" █ {_percent(_latest(cpu))}",
        ("   memory", "bold"),
        (f" {DOT} {_percent(_latest(memory))}", "$secondary"),
        *(cell for aim in aims for cell in _aim(aim)),
    )
    columns = [[Layer(value, "█", "$primary")] for value in cpu]
    limits = tuple(Limit(aim) for aim in aims)

    def rows(height: int, width: int) -> list[Content]:
        return draw(columns, Scale(nice(peak)), height, width, limits=limits, dots=memory)

    return Chart(caption, rows)


def _tasks(target: Target, found: Sequence[Minute]) -> Chart:
    columns = []
    for minute in found:
        desired, running = minute.desired or 0, minute.running or 0
        columns.append(
            [
                Layer(min(desired, running), "█", "$success"),
                Layer(desired if desired > running else None, "░", "$warning"),
                Layer(running if running > desired else None, "▒", "$muted"),
            ]
        )
    most = max([target.high, 1, *(max(m.desired or 0, m.running or 0) for m in found)])
    caption = Content.assemble(
        ("Tasks", "bold"),
        (f"  █ {target.running} running", "$success"),
        ("  of ", "$muted"),
        (f"░ {target.desired} desired", "$warning"),
        (f"   {target.low} to {target.high} {LINE * 2}", "$muted"),
    )
    limits = (Limit(target.low, "$muted"), Limit(target.high, "$muted"))
    return Chart(caption, partial(_limited, columns, Scale(float(most)), limits))


def heights(count: int, height: int) -> list[int]:
    """The rows of each of `count` charts with captions and one axis in a space of that height; two at least."""
    room = max(2 * count, height - count - 1)
    return [room // count + (index >= count - room % count) for index in range(count)]


def lines(target: Target, now_ms: int, width: int, height: int, slo_ms: float | None) -> list[Content]:
    """All the charts, one below the other, over one axis."""
    room = max(10, width - chart.MARGIN)
    made, found = charts(target, now_ms, room, slo_ms)
    if not made:
        return []
    drawn: list[Content] = []
    for each, rows in zip(made, heights(len(made), height), strict=True):
        drawn += [each.caption, *each.rows(rows, room)]
    drawn.append(chart.axis([chart.Column(minute.at_ms) for minute in found], room, now_ms))
    return [line.truncate(max(1, width), ellipsis=True) for line in drawn]
