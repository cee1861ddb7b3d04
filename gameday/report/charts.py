"""The charts, as SVG that needs nothing else; no meaning hangs on a colour alone."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.report.burndown import burn_down, named_ends, needed, teams_budgets
from gameday.report.drawing import AXIS, HEAD, LEFT, PANEL, WIDTH, broken, hatching, sign, text, time_axis
from gameday.report.lanes import teams_lanes
from gameday.report.markup import Markup, tag
from gameday.report.scales import Scale, rounded, rows, width
from gameday.report.series import BudgetsChart, Chart, LanesChart, Mark, Panel, TeamChart, Unit
from gameday.report.words import percent, shortened

_RIGHT = 112.0
_ROW = 15.0


def draw(chart: Chart, title: str, description: str, name: str) -> Markup:
    """A chart. ``name`` is an id that nothing else on the page has."""
    match chart:
        case TeamChart():
            parts, height = _team(chart, name)
        case LanesChart():
            parts, height = teams_lanes(chart, name)
        case BudgetsChart():
            parts, height = teams_budgets(chart)
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


def _team(chart: TeamChart, name: str) -> tuple[list[Markup], float]:
    """Its SLOs under each other, what is left of their budgets, and the marks as lines through all of it."""
    across = Scale(0, chart.length_ms, LEFT, WIDTH - _RIGHT)
    placed = rows([(across(mark.at_ms), width(mark.label) + 20) for mark in chart.marks])
    y = _ROW * (max(placed, default=-1) + 1) + 6
    beneath: list[Markup] = []
    headings: list[Markup] = []
    for panel in chart.panels:
        headings.append(text(shortened(panel.title, 88), LEFT, y + 17, "heading", tip=panel.title))
        beneath += _panel(panel, across, y + HEAD, name)
        y += HEAD + PANEL
    if chart.budgets:
        headings.append(text("Error budgets: what is left", LEFT, y + 17, "heading"))
        bottom = y + HEAD + needed(len(chart.budgets))
        beneath += burn_down(chart.budgets, across, y + HEAD, bottom - 8)
        beneath += named_ends(chart.budgets, across, y + HEAD, bottom - 8)
        y = bottom
    flags: list[Markup] = []
    for mark, row in zip(chart.marks, placed, strict=True):
        flags += _flag(mark, across(mark.at_ms), row * _ROW + 11, y)
    return [*beneath, *time_axis(chart.length_ms, across, y), *flags, *headings], y + AXIS


def _flag(mark: Mark, x: float, y: float, bottom: float) -> Iterator[Markup]:
    """A label with a sign before it, and the line that hangs from it."""
    yield tag("line", x1=x, x2=x, y1=y - 4, y2=bottom, class_=f"mark {mark.kind}")
    yield sign(mark.kind, x, y - 4)
    yield text(mark.label, x + 8, y, "label")


def _panel(panel: Panel, across: Scale, top: float, name: str) -> Iterator[Markup]:
    bottom = top + PANEL - 8
    ticks = _ticks(panel)
    up = Scale(ticks[0], ticks[-1], bottom, top)
    for since_ms, until_ms in panel.bad:
        x = across(since_ms)
        yield broken(x, top, across(until_ms) - x, bottom - top, name)
    for tick in ticks:
        yield tag("line", x1=across.start, x2=across.end, y1=up(tick), y2=up(tick), class_="grid")
        yield text(_number(tick, panel.unit), LEFT - 6, up(tick) + 3.5, "tick", anchor="end")
    if panel.steps:
        yield tag("path", d=_stairs(panel, across, up), class_="value")
    else:
        middle = (across.start + across.end) / 2
        yield text("nothing to measure", middle, (top + bottom) / 2, "tick", anchor="middle")
    for bound, told in panel.bounds:
        yield tag("line", x1=across.start, x2=across.end, y1=up(bound), y2=up(bound), class_="threshold")
        yield text(told, across.end + 5, up(bound) + 3.5, "bound")


def _ticks(panel: Panel) -> list[float]:
    """The values' axis: of shares from near the lowest up to all, of everything else from 0."""
    values = [step.value for step in panel.steps] + [bound for bound, _ in panel.bounds]
    if panel.unit == "share":
        return [tick for tick in rounded(max(0.0, min([*values, 0.99])), 1.0) if tick <= 1]
    return rounded(0, 1.05 * max([*values, 1.0]))


def _stairs(panel: Panel, across: Scale, up: Scale) -> str:
    """A step for each interval, and a gap where there was nothing to measure."""
    parts: list[str] = []
    before_ms: int | None = None
    for step in panel.steps:
        begin = "L" if before_ms == step.since_ms else "M"
        parts.append(f"{begin}{across(step.since_ms):.1f} {up(step.value):.1f}H{across(step.until_ms):.1f}")
        before_ms = step.until_ms
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
