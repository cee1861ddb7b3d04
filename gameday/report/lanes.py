"""All teams under each other: when something was broken, what came, and what each did about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gameday.report.drawing import AXIS, LEFT, WIDTH, badge, broken, sign, text, time_axis
from gameday.report.markup import Markup, tag
from gameday.report.scales import Scale, apart, width
from gameday.report.series import Lane, LanesChart, Mark
from gameday.report.words import shortened

_HIGH = 14.0
_SIGNS = 12.0
"""How far apart signs are at least."""
_LEGEND = ("injection", "decoy", "detected", "diagnosed", "mitigated", "restored")


def teams_lanes(chart: LanesChart, name: str) -> tuple[list[Markup], float]:
    """The lanes, the time axis, and a key of the signs."""
    across = Scale(0, chart.length_ms, LEFT, WIDTH - 24)
    parts: list[Markup] = []
    y = 4.0
    for at, lane in enumerate(chart.lanes):
        parts += [
            badge(lane.tag, 14, y + 8, at),
            text(shortened(lane.title, 92), LEFT, y + 12, "heading", tip=lane.title),
            *_lane(lane, across, y + 46, name),
        ]
        y += 98
    parts += time_axis(chart.length_ms, across, y)
    y += AXIS + 14
    x = LEFT
    for kind in _LEGEND:
        parts += [sign(kind, x, y - 4), text(kind, x + 9, y, "label")]
        x += width(kind) + 34
    parts += [broken(x - 5, y - 11, 22, 12, name), text("an SLO is broken", x + 23, y, "label")]
    return parts, y + 10


def _lane(lane: Lane, across: Scale, top: float, name: str) -> Iterator[Markup]:
    for since_ms, until_ms in lane.bad:
        x = across(since_ms)
        yield broken(x, top, across(until_ms) - x, _HIGH, name)
    played = across(lane.length_ms) - across.start
    yield tag("rect", x=across.start, y=top, width=max(0.0, played), height=_HIGH, class_="frame")
    came = [mark for mark in lane.marks if mark.kind in ("injection", "decoy")]
    did = [mark for mark in lane.marks if mark.kind not in ("injection", "decoy")]
    yield from _signs(came, across, (top, top - 9, top - 17))
    yield from _signs(did, across, (top + _HIGH, top + _HIGH + 10, top + _HIGH + 27))


def _signs(marks: Sequence[Mark], across: Scale, heights: tuple[float, float, float]) -> Iterator[Markup]:
    """Signs beside each other, each tied to its moment, with the letter of what it is about. ``heights``: of the lane's edge, of the
    signs, and of the letters.
    """
    edge, level, letters = heights
    inner = edge + _HIGH if level < edge else edge - _HIGH
    places = apart([across(mark.at_ms) for mark in marks], _SIGNS, across.start, across.end + 16)
    for mark, place in zip(marks, places, strict=True):
        x = across(mark.at_ms)
        yield tag(
            "path", d=f"M{x:.1f} {inner:.1f}V{edge:.1f}L{place:.1f} {level:.1f}", class_=f"mark {mark.kind}"
        )
        yield sign(mark.kind, place, level)
        if mark.kind not in ("mitigated", "restored"):
            yield text(mark.label.split(" ")[0], place, letters, "tick", anchor="middle")
