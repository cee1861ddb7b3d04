"""Small pieces of text about a game day: lines that fit, clocks, SLOs, calls. Pure.

What a colour says, a shape or a word says, too. Everything from people and from the world is one plain line before it is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from tui import text
from tui.games import CallLine, LogLine, TeamCard

STRIP = {True: ("▂", "$success"), False: ("█", "$error"), None: ("·", "$muted")}
"""An interval of an SLO, as (shape, style): good, bad, not measured."""
VERDICTS = {True: ("✓", "bold $success"), False: ("✗", "bold $error"), None: ("·", "$muted")}
"""An SLO as it stands, likewise."""

_NOT_PLAYING = {"ready": ("○ ready", "$muted"), "over": ("■ over", "$muted")}
_TONES = {"plain": ("·", "$muted"), "good": ("✓", "$success"), "bad": ("✗", "$error")}
_WARNING = 0.5
"""From this share of a burned budget on it is coloured as a warning."""


def fit(content: Content, width: int) -> Content:
    """Exactly `width` cells: cut with an ellipsis, or filled with spaces."""
    cut = content.truncate(max(0, width), ellipsis=True)
    return cut.pad_right(max(0, width - cut.cell_length))


def split(left: Content, right: Content, width: int) -> Content:
    """`left` and `right` at the two ends of a line; the left one gives way."""
    return Content.assemble(fit(left, max(0, width - right.cell_length - 1)), " ", right)


def wrapped(content: Content, width: int, indent: int = 0) -> list[Content]:
    """Lines of at most `width` cells, all of them behind `indent` spaces."""
    lines = content.wrap(max(10, width - indent)) or [Content("")]
    return [Content.assemble(" " * indent, line.rstrip()) for line in lines]


def short_time(ms: int) -> str:
    """A length of time as a clock shows it: "04:12", "1:04:12"."""
    seconds = max(0, ms) // 1000
    hours, rest = divmod(seconds, 3600)
    start = f"{hours}:" if hours else ""
    return f"{start}{rest // 60:02d}:{rest % 60:02d}"


def plural(count: int, word: str) -> str:
    """`1 hint`, `2 hints`."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def pace(card: TeamCard) -> str:
    """A team's speed in a word: "10x", "max"."""
    return "max" if card.speed == "max" else f"{card.speed:g}x"


def hanging(content: Content, width: int, indent: int, more: int) -> list[Content]:
    """Wrapped lines behind `indent` spaces, those after the first behind `more` of them."""
    first, *rest = content.wrap(max(10, width - indent)) or [Content("")]
    if not rest:
        return [Content.assemble(" " * indent, first.rstrip())]
    # What does not fit is wrapped again for the narrower lines below.
    taken = len(first.rstrip())
    spaces = len(content.plain[taken:]) - len(content.plain[taken:].lstrip())
    left = content.divide([taken + spaces])[1]
    return [Content.assemble(" " * indent, first.rstrip()), *wrapped(left, width, indent + more)]


def state_of(card: TeamCard) -> tuple[str, str]:
    """Whether a team's clock runs, as (sign and words, style)."""
    if card.phase != "playing":
        return _NOT_PLAYING[card.phase]
    if card.mode == "paused":
        return ("⏸ frozen", "bold $warning")
    return (f"▶ {pace(card)}", "$primary")


def strip(history: Sequence[bool | None], width: int) -> Content:
    """The latest intervals, oldest first: low and bright for good, high for bad, a dot where nothing was measured."""
    latest = history[-width:] if width > 0 else ()
    cells = [STRIP[each] for each in latest]
    return Content.assemble(" " * (max(0, width) - len(cells)), *cells)


def burned(share: float, width: int) -> Content:
    """An error budget as a bar of `width` cells and in percent: "━━╌╌  34 %"."""
    style = "$error" if share >= 1 else "$warning" if share >= _WARNING else "$success"
    percent = "999+" if share >= 10 else f"{share * 100:.0f}"
    drawn = text.bar(round(share * 1000), 1000, width) if width else ""
    return Content.assemble((drawn, style), (f"{percent:>4} %", style if share >= _WARNING else ""))


def call_content(call: CallLine) -> Content:
    """A call: when, whether it changed something, what; and that it was refused."""
    sign, style = ("✗", "$error") if call.refused else ("·", "$muted") if call.reading else ("❯", "$primary")
    words = Content.styled(text.one_line(call.text), "$muted" if call.reading and not call.refused else "")
    refused = ("  refused", "$error") if call.refused else ("", "")
    return Content.assemble(
        (f"{text.time_of_day(call.at_ms)} ", "$muted"), (f"{sign} ", f"bold {style}"), words, refused
    )


def log_content(line: LogLine) -> Content:
    """Something that happened in the game: when, how it is to be taken, what."""
    sign, style = _TONES[line.tone]
    return Content.assemble(
        (f"{text.time_of_day(line.at_ms)} ", "$muted"),
        (f"{sign} ", f"bold {style}"),
        text.one_line(line.text),
    )
