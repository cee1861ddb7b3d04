"""All that is known of a team of a game day, as a page of text. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.content import Content

from tui import text
from tui.games import PointsLine, SloView, TeamCard
from tui.gametext import (
    VERDICTS,
    burned,
    call_content,
    fit,
    hanging,
    pace,
    plural,
    short_time,
    split,
    state_of,
    strip,
    wrapped,
)


def team_lines(card: TeamCard, length_ms: int, width: int) -> list[Content]:
    """All that is known of a team, in lines of at most `width` cells."""
    state, style = state_of(card)
    if card.phase == "playing" and card.mode == "paused":
        state = f"{state}, {pace(card)}"
    right = Content.assemble(
        (state, style),
        f"  {short_time(card.elapsed_ms)} of {short_time(length_ms)}  ",
        (text.time_of_day(card.now_ms), "bold"),
    )
    lines = [split(Content.styled(text.one_line(card.name), "bold $primary"), right, width)]
    lines += _section_of_trouble(card, width)
    join = _titled("Joins with", wrapped(Content(text.one_line(card.join)), width, 2))
    if card.phase == "ready":
        lines += join
    lines += _titled(
        "Symptoms now", _signed(card.symptoms, "✗", "$error", width) or [_quiet("✓ none", "$success")]
    )
    lines += _titled("SLOs", _slo_section(card.slos, width) or [_quiet("nothing measured yet")])
    lines += _titled("In force", _signed(card.in_force, "●", "$warning", width) or [_quiet("nothing")])
    points = f"Points so far: {card.points}, {plural(card.hints_shown, 'hint')} given"
    lines += _titled(points, _points_section(card.lines, width) or [_quiet("nothing to score yet")])
    calls = [line for call in card.calls for line in hanging(call_content(call), width, 2, 11)]
    lines += _titled("Commands, newest first", calls or [_quiet("none yet")])
    return lines + join if card.phase == "playing" else lines


def _section_of_trouble(card: TeamCard, width: int) -> list[Content]:
    if not card.trouble:
        return []
    said = Content.styled(text.one_line(card.trouble), "$warning")
    return _titled("! Trouble", wrapped(said, width, 2), "bold $warning")


def _titled(title: str, lines: Sequence[Content], style: str = "bold") -> list[Content]:
    return [Content(""), Content.styled(title, style), *lines]


def _quiet(words: str, style: str = "$muted") -> Content:
    return Content.styled(f"  {words}", style)


def _signed(texts: Iterable[str], sign: str, style: str, width: int) -> list[Content]:
    return [
        line
        for each in texts
        for line in hanging(Content.assemble((f"{sign} ", f"bold {style}"), text.one_line(each)), width, 2, 2)
    ]


def _slo_section(slos: Sequence[SloView], width: int) -> list[Content]:
    lines: list[Content] = []
    for slo in slos:
        sign, style = VERDICTS[slo.good]
        verdict = {True: "good", False: "bad", None: "not measured"}[slo.good]
        lines += hanging(Content.assemble((f"{sign} ", style), text.one_line(slo.title)), width, 2, 2)
        value = text.one_line(slo.value)
        now = Content.assemble((f"    {value + ' ' if value else ''}{verdict}", style))
        cells = max(0, min(len(slo.history), width - 52))
        tail = Content.assemble(
            strip(slo.history, cells), "  ", burned(slo.burned, 10), (" burned", "$muted")
        )
        lines.append(Content.assemble(fit(now, 24), tail))
    return lines


def _points_section(rows: Sequence[PointsLine], width: int) -> list[Content]:
    label = max((len(text.one_line(row.rule)) for row in rows), default=0)
    lines: list[Content] = []
    for row in rows:
        most = f" of {row.most:g}" if row.most else ""
        start = f"{text.one_line(row.rule).ljust(label)}  "
        figures = f"{row.points + 0.0:g}{most}"  # nothing taken off is 0, not -0
        content = Content.assemble(
            start, (figures.ljust(11), "bold"), "  ", (text.one_line(row.why), "$muted")
        )
        lines += hanging(content, width, 2, min(len(start) + 13, width // 2))
    return lines
