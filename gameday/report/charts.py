"""The charts, as SVG that needs nothing else: colours are the page's classes, and no meaning hangs on a colour alone.

All drawings are ``WIDTH`` units wide, and look right at between 600 and 1,000 pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gameday.report.drawing import badge, hatching, sign, text, time_axis
from gameday.report.markup import Markup, tag
from gameday.report.scales import Scale, apart, rounded, rows, width
from gameday.report.series import BudgetsChart, Chart, LanesChart, Line, Mark, Panel, TeamChart, Unit, thinned
from gameday.report.words import percent, shortened

WIDTH = 760.0
_LEFT, _RIGHT = 56.0, 92.0
_ROW = 15.0
_HEAD = 22.0
_PANEL = 92.0
_AXIS = 34.0
_DASHES = ("none", "7 3", "2 3", "9 3 2 3", "12 4", "4 2 1 2", "1 4", "14 3 3 3")
"""How lines differ beside their colour."""
_OVERDRAWN = -1.0
"""Budgets are not drawn further down than this; the number beside the line tells the rest."""


def draw(chart: Chart, title: str, description: str, name: str) -> Markup:
    """A chart. ``name`` is an id that nothing else on the page has."""
    match chart:
        case TeamChart():
            parts, height = _team(chart, name)
        case LanesChart():
            parts, height = _lanes(chart, name)
        case BudgetsChart():
            parts, height = _budgets(chart)
    return tag(
        "svg",
        tag("title", title, id=f"{name}-title"),
        tag("desc", description, id=f"{name}-desc"),
        hatching(name),
        *parts,
        viewBox=f"0 0 {WIDTH:.0f} {height:.0f}",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
        class_="chart",
    )


# -- one team ----------------------------------------------------------------------------------------------


def _team(chart: TeamChart, name: str) -> tuple[list[Markup], float]:
    across = Scale(0, chart.length_ms, _LEFT, WIDTH - _RIGHT)
    placed = rows([(across(mark.at_ms), width(mark.label) + 16) for mark in chart.marks])
    top = _ROW * (max(placed, default=-1) + 1) + 6
    beneath: list[Markup] = []
    above: list[Markup] = []
    y = top
    for panel in chart.panels:
        beneath += _panel(panel, across, y, name)
        y += _HEAD + _PANEL
    if chart.budgets:
        beneath += _burn_down(chart.budgets, across, y, tagged=False)
        y += _HEAD + _PANEL
    for mark, row in zip(chart.marks, placed, strict=True):
        above += _flag(mark, across(mark.at_ms), row * _ROW + 11, y)
    return [*beneath, *time_axis(chart.length_ms, across, y), *above], y + _AXIS


def _flag(mark: Mark, x: float, y: float, bottom: float) -> Iterator[Markup]:
    """A label with a sign before it, and the line that hangs from it."""
    yield tag("line", x1=x, x2=x, y1=y - 4, y2=bottom, class_=f"mark {mark.kind}")
    yield sign(mark.kind, x, y - 4)
    yield text(mark.label, x + 8, y, f"label {mark.kind}")


def _panel(panel: Panel, across: Scale, y: float, name: str) -> Iterator[Markup]:
    top, bottom = y + _HEAD, y + _HEAD + _PANEL - 8
    ticks = _ticks(panel)
    up = Scale(ticks[0], ticks[-1], bottom, top)
    yield text(shortened(panel.title, 100), _LEFT, y + 14, "heading", tip=panel.title)
    for since_ms, until_ms in panel.bad:
        x = across(since_ms)
        box = {"x": x, "y": top, "width": max(1.5, across(until_ms) - x), "height": bottom - top}
        yield tag("rect", **box, class_="bad")
        yield tag("rect", **box, fill=f"url(#{name}-hatch)")
    for tick in ticks:
        yield tag("line", x1=across.start, x2=across.end, y1=up(tick), y2=up(tick), class_="grid")
        yield text(_number(tick, panel.unit), _LEFT - 6, up(tick) + 3.5, "tick", anchor="end")
    for bound in panel.bounds:
        yield tag("line", x1=across.start, x2=across.end, y1=up(bound), y2=up(bound), class_="threshold")
    for bound, told in zip(panel.bounds, panel.threshold.split(" and "), strict=False):
        yield text(told, across.end + 5, up(bound) + 3.5, "bound")
    if panel.steps:
        yield tag("path", d=_stairs(panel, across, up), class_="value")
    else:
        yield text(
            "nothing to measure", (across.start + across.end) / 2, (top + bottom) / 2, "tick", anchor="middle"
        )


def _ticks(panel: Panel) -> list[float]:
    values = [step.value for step in panel.steps] + list(panel.bounds)
    if panel.unit == "share":
        low = min([*values, 0.99])
        return [tick for tick in rounded(max(0.0, low), 1.0) if tick <= 1]
    return rounded(0, 1.05 * max([*values, 1.0]))


def _stairs(panel: Panel, across: Scale, up: Scale) -> str:
    parts: list[str] = []
    before = None
    for step in panel.steps:
        begin = "L" if before is not None and before.until_ms == step.since_ms else "M"
        parts.append(f"{begin}{across(step.since_ms):.1f} {up(step.value):.1f}H{across(step.until_ms):.1f}")
        before = step
    return "".join(parts)


def _number(value: float, unit: Unit) -> str:
    match unit:
        case "share":
            return percent(value)
        case "ms":
            return f"{value / 1000:g} s" if value >= 10_000 else f"{value:,.0f} ms"
        case "s":
            return f"{value:,.0f} s"
    return f"{value:g}"


# -- budgets -----------------------------------------------------------------------------------------------


def _burn_down(
    lines: Sequence[Line], across: Scale, y: float, *, tagged: bool, height: float = _PANEL
) -> Iterator[Markup]:
    """Lines from a full budget downwards; ``tagged`` ones end in the number of their team, others in their name."""
    top, bottom = y + _HEAD, y + _HEAD + height - 8
    lowest = max(_OVERDRAWN, min(value for line in lines for _, value in line.points))
    low = 0.0 if lowest >= 0 else -0.5 if lowest >= -0.5 else _OVERDRAWN
    up = Scale(low, 1.0, bottom, top)
    if not tagged:
        yield text("Error budgets: what is left", _LEFT, y + 14, "heading")
    for tick in (1.0, 0.5, 0.0, -0.5, -1.0):
        if tick >= low:
            kind = "zero" if tick == 0 else "grid"
            yield tag("line", x1=across.start, x2=across.end, y1=up(tick), y2=up(tick), class_=kind)
            yield text(
                percent(tick).replace("-", "\N{MINUS SIGN}"), _LEFT - 6, up(tick) + 3.5, "tick", anchor="end"
            )
    ends = apart([up(line.points[-1][1]) for line in lines], 13, top, bottom + 8)
    for at, (line, end) in enumerate(zip(lines, ends, strict=True)):
        d = "M" + "L".join(f"{across(moment):.1f} {up(value):.1f}" for moment, value in _horizontal(line))
        dash = _DASHES[at % len(_DASHES)]
        yield tag("path", d=d, class_=f"line c{at % 8}", stroke_dasharray=None if dash == "none" else dash)
        x = across(line.points[-1][0])
        if tagged:
            yield badge(line.tag, across.end + 14, end, at)
            yield tag(
                "path",
                d=f"M{x:.1f} {up(line.points[-1][1]):.1f}L{across.end + 6:.1f} {end:.1f}",
                class_=f"leader c{at % 8}",
            )
            yield text(shortened(line.note, 18), across.end + 25, end + 3.5, "bound", tip=line.note)
        else:
            yield text(
                shortened(line.title, 14),
                across.end + 5,
                end + 3.5,
                f"bound t{at % 8}",
                tip=f"{line.title}: {line.note}",
            )


def _horizontal(line: Line) -> list[tuple[int, float]]:
    """A budget does not go up: its line without the points at which nothing changed."""
    return thinned(line.points)


def _budgets(chart: BudgetsChart) -> tuple[list[Markup], float]:
    across = Scale(0, chart.length_ms, _LEFT, WIDTH - _RIGHT - 34)
    height = max(190.0, 15.0 * len(chart.lines) + 30)
    key, y = _key(chart.lines)
    parts = [*key, *_burn_down(chart.lines, across, y - 8, tagged=True, height=height)]
    y += _HEAD + height - 8
    return [*parts, *time_axis(chart.length_ms, across, y)], y + _AXIS


def _key(lines: Sequence[Line]) -> tuple[list[Markup], float]:
    """Which number is which team, in two columns."""
    parts: list[Markup] = []
    for at, line in enumerate(lines):
        x, y = 12.0 + (at % 2) * 380, 12 + (at // 2) * 20.0
        parts += [
            badge(line.tag, x, y, at),
            text(shortened(line.title, 52), x + 14, y + 4, "label plain", tip=line.title),
        ]
    return parts, 20.0 * ((len(lines) + 1) // 2) + 6


# -- all teams ---------------------------------------------------------------------------------------------


def _lanes(chart: LanesChart, name: str) -> tuple[list[Markup], float]:
    across = Scale(0, chart.length_ms, _LEFT, WIDTH - 24)
    y = 8.0
    parts: list[Markup] = []
    for at, lane in enumerate(chart.lanes):
        parts += [
            badge(lane.tag, 14, y + 8, at),
            text(shortened(lane.title, 88), _LEFT, y + 12, "heading", tip=lane.title),
        ]
        top = y + 42
        for since_ms, until_ms in lane.bad:
            x = across(since_ms)
            box = {"x": x, "y": top, "width": max(1.5, across(until_ms) - x), "height": 14.0}
            parts += [tag("rect", **box, class_="bad strong"), tag("rect", **box, fill=f"url(#{name}-hatch)")]
        end = across(lane.length_ms)
        parts.append(
            tag(
                "rect", x=across.start, y=top, width=max(0.0, end - across.start), height=14.0, class_="frame"
            )
        )
        parts += _lane_marks(lane.marks, across, top)
        y = top + 34
    legend = [
        ("injection", "injection"),
        ("decoy", "decoy"),
        ("detected", "detected"),
        ("diagnosed", "diagnosed"),
        ("mitigated", "mitigated"),
        ("restored", "restored"),
    ]
    axis = time_axis(chart.length_ms, across, y)
    y += _AXIS + 12
    x = _LEFT
    for kind, told in legend:
        parts += [sign(kind, x, y - 4), text(told, x + 9, y, "label plain")]
        x += width(told) + 34
    box = {"x": x - 5, "y": y - 11, "width": 22.0, "height": 12.0}
    parts += [tag("rect", **box, class_="bad strong"), tag("rect", **box, fill=f"url(#{name}-hatch)")]
    parts.append(text("an SLO is broken", x + 22, y, "label plain"))
    return [*parts, *axis], y + 10


def _lane_marks(marks: Sequence[Mark], across: Scale, top: float) -> Iterator[Markup]:
    """What came above the lane, what the team did beneath it, each with its letter where there is room."""
    above = [mark for mark in marks if mark.kind in ("injection", "decoy")]
    beneath = [mark for mark in marks if mark.kind not in ("injection", "decoy")]
    for group, y in ((above, top - 7), (beneath, top + 22)):
        free = 0.0
        for mark in group:
            x = across(mark.at_ms)
            yield tag("line", x1=x, x2=x, y1=min(y, top), y2=max(y, top + 14), class_=f"mark {mark.kind}")
            yield sign(mark.kind, x, y)
            letter = (
                mark.label.split(" ")[0]
                if mark.kind in ("injection", "decoy", "detected", "diagnosed")
                else ""
            )
            if letter and x >= free:
                later = [across(each.at_ms) for each in group if each.at_ms > mark.at_ms]
                if not later or min(later) > x + 8 + width(letter) + 5:
                    yield text(letter, x + 8, y + 4, f"label {mark.kind}")
                    free = x + 8 + width(letter)
