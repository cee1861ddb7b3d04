"""What the charts are drawn with: labels, signs, hatching and the time axis. Colours are the page's classes."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.report.markup import Markup, join, tag
from gameday.report.scales import Scale, minutes


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
    return join(
        [
            tag("circle", cx=x, cy=y, r=7.5, class_=f"badge c{at % 8}"),
            text(told, x, y + 3.5, "number", anchor="middle"),
        ]
    )


def time_axis(length_ms: int, across: Scale, y: float) -> Iterator[Markup]:
    yield tag("line", x1=across.start, x2=across.end, y1=y, y2=y, class_="axis")
    for tick in minutes(length_ms):
        yield tag("line", x1=across(tick), x2=across(tick), y1=y, y2=y + 4, class_="axis")
        yield text(f"{tick // 60_000}", across(tick), y + 16, "tick", anchor="middle")
    yield text(
        "minutes since the start of the game",
        (across.start + across.end) / 2,
        y + 30,
        "tick",
        anchor="middle",
    )


def text(told: str, x: float, y: float, class_: str, *, anchor: str | None = None, tip: str = "") -> Markup:
    """A label; what had to be shortened is told when it is pointed at."""
    tips = [tag("title", tip)] if tip and tip != told else []
    return tag("text", *tips, told, x=x, y=y, class_=class_, text_anchor=anchor)


def hatching(name: str) -> Markup:
    line = tag("path", d="M0 6L6 0M-1 1L1 -1M5 7L7 5", class_="hatch")
    return tag(
        "defs", tag("pattern", line, id=f"{name}-hatch", width=6.0, height=6.0, patternUnits="userSpaceOnUse")
    )
