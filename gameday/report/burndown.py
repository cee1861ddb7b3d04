"""Error budgets over time: lines that fall from a full budget, and end where they leave the drawing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gameday.report.drawing import AXIS, HEAD, LEFT, PANEL, WIDTH, badge, line_style, text, time_axis
from gameday.report.markup import Markup, tag
from gameday.report.scales import Scale, apart
from gameday.report.series import BudgetsChart, Line, thinned
from gameday.report.words import percent, points, shortened

_FLOORS = {
    0.0: (1.0, 0.5, 0.0),
    -0.5: (1.0, 0.5, 0.0, -0.5),
    -1.0: (1.0, 0.5, 0.0, -0.5, -1.0),
    -2.0: (1.0, 0.0, -1.0, -2.0),
    -4.0: (1.0, 0.0, -2.0, -4.0),
}
"""How far down a drawing may reach, and its ticks then."""
_ENTRY = 25.0
"""The height of a line's name and its end, under each other."""
_RIGHT = 116.0


def needed(lines: int) -> float:
    """How high a panel must be so that all its lines can be named."""
    return max(PANEL, _ENTRY * lines + 8)


def burn_down(lines: Sequence[Line], across: Scale, top: float, bottom: float) -> Iterator[Markup]:
    """The axis of values and the lines."""
    up = _up(lines, top, bottom)
    for tick in _FLOORS[up.low]:
        kind = "zero" if tick == 0 else "grid"
        yield tag("line", x1=across.start, x2=across.end, y1=up(tick), y2=up(tick), class_=kind)
        told = percent(tick).replace("-", "\N{MINUS SIGN}")
        yield text(told, LEFT - 6, up(tick) + 3.5, "tick", anchor="end")
    for at, line in enumerate(lines):
        d = "M" + "L".join(f"{across(moment):.1f} {up(value):.1f}" for moment, value in _drawn(line, up.low))
        yield tag("path", d=d, **line_style(at))


def named_ends(lines: Sequence[Line], across: Scale, top: float, bottom: float) -> Iterator[Markup]:
    """Beside the lines their names and what is left, each with a piece of its line."""
    up = _up(lines, top, bottom)
    ends = apart([up(line.points[-1][1]) - 6 for line in lines], _ENTRY, top, bottom - 12)
    for at, (line, y) in enumerate(zip(lines, ends, strict=True)):
        x = across.end + 6
        yield tag("path", d=f"M{x:.1f} {y:.1f}H{x + 20:.1f}", **line_style(at))
        yield text(shortened(line.title, 13), x + 25, y + 3.5, "bound", tip=line.title)
        yield text(_end(line), x + 25, y + 15.5, "bound")


def teams_budgets(chart: BudgetsChart) -> tuple[list[Markup], float]:
    """One line for each team. Its number is where it ends; how much is left stands in the key."""
    across = Scale(0, chart.length_ms, LEFT, WIDTH - _RIGHT)
    parts, y = _key(chart.lines)
    top, bottom = y + HEAD, y + HEAD + 200
    up = _up(chart.lines, top, bottom)
    parts += burn_down(chart.lines, across, top, bottom)
    whole = [at for at, line in enumerate(chart.lines) if line.points[-1][1] >= up.low]
    ends = apart([up(chart.lines[at].points[-1][1]) for at in whole], 17, top - 4, bottom)
    for at, place in zip(whole, ends, strict=True):
        line = chart.lines[at]
        x, x_end = across(line.points[-1][0]), across.end + 22
        lead = f"M{x:.1f} {up(line.points[-1][1]):.1f}L{x_end - 8:.1f} {place:.1f}"
        parts += [tag("path", d=lead, class_="leader"), badge(line.tag, x_end, place, at)]
        parts.append(text(_end(line), x_end + 11, place + 3.5, "bound"))
    cut = [at for at in range(len(chart.lines)) if at not in whole]
    places = apart(
        [across(_drawn(chart.lines[at], up.low)[-1][0]) for at in cut], 17, across.start, across.end
    )
    parts += [badge(chart.lines[at].tag, place, bottom, at) for at, place in zip(cut, places, strict=True)]
    return [*parts, *time_axis(chart.length_ms, across, bottom + 14)], bottom + 14 + AXIS


def _key(lines: Sequence[Line]) -> tuple[list[Markup], float]:
    """Which number is which team, and what it had left, a row each."""
    parts: list[Markup] = []
    for at, line in enumerate(lines):
        y = 12 + at * 20.0
        parts += [
            badge(line.tag, 12, y, at),
            tag("path", d=f"M26 {y:.1f}H60", **line_style(at)),
            text(shortened(line.title, 80), 68, y + 4, "label", tip=line.title),
            text(line.note, WIDTH - 8, y + 4, "label", anchor="end"),
        ]
    return parts, 20.0 * len(lines) + 2


def _up(lines: Sequence[Line], top: float, bottom: float) -> Scale:
    """The scale that shows at least half of the lines whole, if it can, and all of them as large as that allows."""
    ends = sorted(line.points[-1][1] for line in lines)
    half = next((each for each in _FLOORS if each <= ends[len(ends) // 2]), min(_FLOORS))
    least = (
        0.0 if ends[0] >= 0 else -0.5 if ends[0] >= -0.5 else -1.0
    )  # that one is overdrawn is always to be seen
    return Scale(min(half, least), 1.0, bottom, top)


def _drawn(line: Line, floor: float) -> list[tuple[int, float]]:
    """The line down to where it leaves the drawing."""
    found: list[tuple[int, float]] = []
    for moment, value in thinned(line.points):
        if value < floor and found:
            before, was = found[-1]
            share = (was - floor) / (was - value)
            found.append((round(before + share * (moment - before)), floor))
            break
        found.append((moment, value))
    return found


def _end(line: Line) -> str:
    return f"{points(round(line.points[-1][1] * 100))}%"
