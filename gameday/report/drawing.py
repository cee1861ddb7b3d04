"""What the charts are drawn with: labels, signs, hatching and the time axis. Colours are the page's classes."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.report.markup import Markup, join, tag
from gameday.report.scales import Scale, minutes

WIDTH = 760.0
"""All drawings are so many units wide, and look right at between 600 and 1,000 pixels."""
LEFT = 56.0
"""Where the values' axis is."""
HEAD, PANEL, AXIS = 26.0, 92.0, 34.0
"""The heights of a panel's heading, of a panel, and of the time axis."""
COLOURS = 8
_DASHES = (None, "7 3", "2 3", "9 3 2 3", "12 4", "4 2 1 2", "1 4", "14 3 3 3")


def line_style(at: int) -> dict[str, str | None]:
    """How the lines of a chart differ: in colour, and in their dashes."""
    return {"class_": f"line c{at % COLOURS}", "stroke_dasharray": _DASHES[at % COLOURS]}


def text(told: str, x: float, y: float, class_: str, *, anchor: str | None = None, tip: str = "") -> Markup:
    """A label; what had to be shortened is told when it is pointed at."""
    tips = [tag("title", tip)] if tip and tip != told else []
    return tag("text", *tips, told, x=x, y=y, class_=class_, text_anchor=anchor)


def sign(kind: str, x: float, y: float) -> Markup:
    """Each kind of mark has a shape of its own."""
    shape = {
        "injection": f"M{x - 5:.1f} {y - 5:.1f}h10l-5 9z",
        "decoy": f"M{x - 4.5:.1f} {y - 4.5:.1f}h9l-4.5 8z",
        "detected": f"M{x - 4:.1f} {y:.1f}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
        "diagnosed": f"M{x:.1f} {y - 5.5:.1f}l5 5.5l-5 5.5l-5 -5.5z",
        "mitigated": f"M{x - 4:.1f} {y - 4:.1f}h8v8h-8z",
        "restored": f"M{x - 5:.1f} {y + 4.5:.1f}h10l-5 -9z",
    }[kind]
    return tag("path", d=shape, class_=f"sign {kind}")


def badge(told: str, x: float, y: float, at: int) -> Markup:
    """A team's number in its colour."""
    return join(
        [
            tag("circle", cx=x, cy=y, r=7.5, class_=f"badge c{at % COLOURS}"),
            text(told, x, y + 3.5, "number", anchor="middle"),
        ]
    )


def broken(x: float, y: float, wide: float, high: float, name: str) -> Markup:
    """A stretch in which an SLO was broken, however short: shaded, and hatched. ``name`` is the chart's."""
    place = {"x": x, "y": y, "width": max(1.5, wide), "height": high}
    return join([tag("rect", **place, class_="bad"), tag("rect", **place, fill=f"url(#{name}-hatch)")])


def hatching(name: str) -> Markup:
    """What ``broken`` is hatched with; once in a chart."""
    line = tag("path", d="M0 6L6 0M-1 1L1 -1M5 7L7 5", class_="hatch")
    return tag(
        "defs", tag("pattern", line, id=f"{name}-hatch", width=6.0, height=6.0, patternUnits="userSpaceOnUse")
    )


def time_axis(length_ms: int, across: Scale, y: float) -> Iterator[Markup]:
    """Minutes, beneath a chart."""
    yield tag("line", x1=across.start, x2=across.end, y1=y, y2=y, class_="axis")
    for tick in minutes(length_ms):
        yield tag("line", x1=across(tick), x2=across(tick), y1=y, y2=y + 4, class_="axis")
        yield text(f"{tick // 60_000}", across(tick), y + 16, "tick", anchor="middle")
    middle = (across.start + across.end) / 2
    yield text("minutes since the start of the game", middle, y + 30, "tick", anchor="middle")
