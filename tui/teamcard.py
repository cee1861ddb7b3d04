"""A team of a game day as a card of the facilitator's board. Pure.

A card has a fixed number of lines, whatever happens to its team, so that the board does not jump about. What matters most gets the lines
that there are; what is cut short here is whole on the team's page (`tui/teampage.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from textual.content import Content

from tui import text
from tui.games import SloView, TeamCard
from tui.gametext import (
    VERDICTS,
    burned,
    call_content,
    fit,
    hanging,
    plural,
    short_time,
    split,
    state_of,
    strip,
    wrapped,
)

FEWEST = 2
MOST = 16
"""How many lines a card has, at least and at most."""

_INDENT = 4
_LABEL = 10
_CALLS = 8
_ROOMY = 90
"""From this width on there is room for long names and strips."""
_NARROWEST = 34
"""An SLO beside others has so many cells, at least."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a card: its lines when there is room, and how much it matters (0: most)."""

    rank: int
    lines: Sequence[Content]


def card_lines(card: TeamCard, length_ms: int, width: int, height: int, *, chosen: bool) -> list[Content]:
    """A card of exactly `height` lines of at most `width` cells; `chosen`: its team is the one that is selected."""
    head, told = head_line(card, length_ms, width, chosen=chosen)
    room = height - 1
    parts = _parts(card, width, hints=not told, spread=True)
    # Each SLO has a line of its own if three of the other parts are still seen.
    if len(card.slos) + min(3, sum(part.rank > 0 for part in parts)) > room:
        parts = _parts(card, width, hints=not told, spread=False)
    given = _shares(parts, room)
    found = [line for part, count in zip(parts, given, strict=True) for line in _cut(part.lines, count)]
    return [head, *found, *[Content("")] * (height - 1 - len(found))][:height]


def heights(cards: Sequence[TeamCard], chosen: int, length_ms: int, width: int, height: int) -> list[int]:
    """How many lines each card gets of `height`: an even share if it needs so many; what is left goes to the `chosen` one first, then
    in turn to those that need more; then, a line each, to keep the cards apart.
    """
    if not cards:
        return []
    wanted = [_wanted(card, length_ms, width) for card in cards]
    even = max(FEWEST, height // len(cards))
    given = [max(_fewest(card, width), min(want, even)) for card, want in zip(cards, wanted, strict=True)]
    left = height - sum(given)
    more = max(0, min(left, wanted[chosen] - given[chosen]))
    given[chosen] += more
    left -= more
    needy = True
    while left > 0 and needy:
        needy = False
        for i, want in enumerate(wanted):
            if given[i] < want and left > 0:
                given[i] += 1
                left -= 1
                needy = True
    return [each + 1 for each in given] if left >= len(given) - 1 else given


def _wanted(card: TeamCard, length_ms: int, width: int) -> int:
    """The lines of a card that cuts nothing short."""
    _, told = head_line(card, length_ms, width, chosen=False)
    return min(MOST, 1 + sum(len(part.lines) for part in _parts(card, width, hints=not told, spread=True)))


def _fewest(card: TeamCard, width: int) -> int:
    """The lines that show every SLO."""
    return max(FEWEST, 1 + len(slos_side_by_side(card.slos, width - _INDENT)))


def head_line(card: TeamCard, length_ms: int, width: int, *, chosen: bool) -> tuple[Content, bool]:
    """Name, clock, points, how much is in force or wrong, and hints, filling the line; and whether the hints found room in it."""
    state, style = state_of(card)
    name = Content.assemble(
        ("❯ " if chosen else "  ", "bold $primary"), (text.one_line(card.name), "bold" if chosen else "")
    )
    # The facts begin at the same column on every card, so that they can be compared.
    line = Content.assemble(
        fit(name, 28 if width >= _ROOMY else 18),
        (f" {state.ljust(8)}", style),
        (
            f"  {short_time(card.elapsed_ms)}/{short_time(length_ms)}",
            "" if card.phase == "playing" else "$muted",
        ),
        (f"  {card.points:>3} points", "bold"),
    )
    facts: list[tuple[str, str]] = []
    hints = ""
    if card.trouble:
        facts.append(("! trouble", "bold $warning"))
    if card.symptoms:
        facts.append((plural(len(card.symptoms), "symptom"), "$error"))
    if card.in_force:
        facts.append((f"{len(card.in_force)} in force", "$warning"))
    if card.hints_shown:
        hints = plural(card.hints_shown, "hint")
        facts.append((hints, "$muted"))
    told = [""]
    for words, look in facts:
        if line.cell_length + 2 + len(words) <= width:
            line = Content.assemble(line, "  ", (words, look))
            told.append(words)
    return fit(line, width).stylize("on $primary 18%" if chosen else "on $surface"), hints in told


def _parts(card: TeamCard, width: int, *, hints: bool, spread: bool) -> list[_Part]:
    """What stands below the head; with the number of `hints` if that found no room there. `spread` gives each SLO a line."""
    inner = width - _INDENT
    room = inner - _LABEL
    found = []
    if card.trouble:
        trouble = Content.styled(f"! {text.one_line(card.trouble)}", "$warning")
        found.append(_labelled(1, "trouble", hanging(trouble, room, 0, 2)))
    if card.phase == "ready":
        found.append(_Part(2, wrapped(Content.styled(text.one_line(card.join), "bold"), width, _INDENT)))
    if card.slos or card.phase != "ready":
        slos = [slo_line(slo, inner) for slo in card.slos] if spread else []
        slos = slos or slos_side_by_side(card.slos, inner)
        found.append(_Part(0, [Content.assemble(" " * _INDENT, line) for line in slos]))
    if card.symptoms:
        found.append(_labelled(3, "symptoms", _in_a_row(card.symptoms, "✗ ", "$error", room)))
    if card.in_force:
        found.append(_labelled(5, "in force", _in_a_row(card.in_force, "● ", "$warning", room)))
    if card.calls:
        calls = [call_content(call).truncate(room, ellipsis=True) for call in card.calls[:_CALLS]]
        found.append(_labelled(4, "commands", calls))
    if hints:
        found.append(_labelled(6, "hints", [Content(f"{card.hints_shown} given")]))
    return found


def _in_a_row(texts: Iterable[str], sign: str, style: str, width: int) -> list[Content]:
    """Texts with a sign before each, as many in a line as fit whole."""
    lines: list[Content] = []
    for each in texts:
        words = Content.assemble((sign, f"bold {style}"), text.one_line(each))
        if lines and lines[-1].cell_length + 3 + words.cell_length <= width:
            lines[-1] = Content.assemble(lines[-1], "   ", words)
        else:
            lines += hanging(words, width, 0, 2)
    return lines


def _labelled(rank: int, label: str, lines: Sequence[Content]) -> _Part:
    """Lines behind a label."""
    return _Part(
        rank,
        [
            Content.assemble((" " * _INDENT + (label if i == 0 else "").ljust(_LABEL), "$muted"), line)
            for i, line in enumerate(lines)
        ],
    )


def _shares(parts: Sequence[_Part], room: int) -> list[int]:
    """How many lines each part gets: all for those of rank 0, then one for each other, then what is left; by rank."""
    given = [0] * len(parts)
    order = sorted(range(len(parts)), key=lambda i: parts[i].rank)
    for most in (1, MOST):
        for i in order:
            lines = len(parts[i].lines)
            wanted = (lines if parts[i].rank == 0 else min(most, lines)) - given[i]
            given[i] += max(0, min(wanted, room - sum(given)))
    return given


def _cut(lines: Sequence[Content], count: int) -> list[Content]:
    """The first `count`; the last of them says so when there are more."""
    if count >= len(lines) or count == 0:
        return list(lines[:count])
    last = lines[count - 1]
    return [*lines[: count - 1], Content.assemble(last, (" …", "$muted"))]


# SLOs.


def slo_line(slo: SloView, width: int) -> Content:
    """An SLO in a line of exactly `width` cells: verdict, title, value, the latest intervals, how much of its budget has burned."""
    sign, style = VERDICTS[slo.good]
    cells, bar = (24, 10) if width >= _ROOMY else (12, 8)
    end = Content.assemble(
        (_value(slo), style),
        "  ",
        strip(slo.history, cells),
        "  ",
        burned(slo.burned, bar),
        (" burned", "$muted"),
    )
    return split(Content.assemble((f"{sign} ", style), text.one_line(slo.title)), end, width)


def slos_side_by_side(slos: Sequence[SloView], width: int) -> list[Content]:
    """The same in as few lines as possible, with the ids of the SLOs for their titles."""
    if not slos:
        return [Content.styled("nothing measured yet", "$muted")]
    if len(slos) == 1:
        return [slo_line(slos[0], width)]
    columns = max(1, min(len(slos), (width + 3) // (_NARROWEST + 3)))
    each = (width - 3 * (columns - 1)) // columns
    cells = [_short_slo(slo, each) for slo in slos]
    return [Content("   ").join(cells[at : at + columns]) for at in range(0, len(cells), columns)]


def _short_slo(slo: SloView, width: int) -> Content:
    sign, style = VERDICTS[slo.good]
    cells = max(4, min(12, width - 30))
    end = Content.assemble((_value(slo), style), " ", strip(slo.history, cells), " ", burned(slo.burned, 3))
    return split(Content.assemble((f"{sign} ", style), text.one_line(slo.id)), end, width)


def _value(slo: SloView) -> str:
    return f"{text.clip(text.one_line(slo.value), 8) or '–':>8}"
