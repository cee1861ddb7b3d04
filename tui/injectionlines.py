"""The injections of a game day in lines of text: a table of how each stands with each team, and all about one of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from tui import text
from tui.games import InjectionState, InjectionView, TeamCard
from tui.gametext import fit, hanging

STATES: dict[InjectionState, tuple[str, str]] = {
    "waiting": ("○", "$muted"),
    "held": ("⏸", "bold $warning"),
    "in force": ("●", "bold $error"),
    "came": ("✓", "$success"),
    "taken back": ("↩", "$primary"),
    "refused": ("✗", "bold $error"),
}
"""Sign and style of each state."""

_WORDY = 13
_TERSE = 5
"""Columns for the state of one team, with and without its word."""
_LEAST = 26
"""So many cells are left for when an injection comes, at least, where states have their words."""


def _each(width: int, teams: int) -> int:
    return _WORDY if width - teams * _WORDY >= _LEAST else _TERSE


def head_line(teams: Sequence[TeamCard], width: int) -> Content:
    """The heading of the table."""
    each = _each(width, len(teams))
    names = [fit(Content(text.one_line(team.name)), each - 1).pad_right(1) for team in teams]
    start = fit(Content("Injection, and when it comes"), width - each * len(teams) - 1)
    return fit(Content.assemble(start, " ", *names).stylize("bold $muted"), width)


def title_line(injection: InjectionView, teams: Sequence[TeamCard], width: int) -> Content:  # noqa: ARG001 - see states_line
    """The first line of an injection: what it is."""
    decoy = ("decoy: ", "$muted") if injection.decoy else ("", "")
    return fit(Content.assemble(decoy, (text.one_line(injection.title), "bold")), width)


def states_line(injection: InjectionView, teams: Sequence[TeamCard], width: int) -> Content:
    """The second: when it comes by itself, and how it stands with each team."""
    each = _each(width, len(teams))
    when = Content.styled(text.one_line(injection.when), "$muted")
    states = [state_content(injection.states.get(team.slug), each) for team in teams]
    return fit(Content.assemble(fit(when, width - each * len(teams) - 1), " ", *states), width)


def state_content(state: InjectionState | None, width: int) -> Content:
    """How an injection stands with a team, in `width` cells: sign and word, or the sign alone."""
    if state is None:
        return fit(Content.styled("–", "$muted"), width)
    sign, style = STATES[state]
    words = f"{sign} {state}" if width >= _WORDY else f" {sign}"
    return fit(Content.styled(words, style), width)


def about_lines(injection: InjectionView, teams: Sequence[TeamCard], width: int) -> list[Content]:
    """All about an injection: what it is, when it comes, how it stands with whom, what it tells."""
    lines = hanging(Content.styled(text.one_line(injection.title), "bold"), width, 0, 0)
    kind = "A decoy: it hurts nobody. " if injection.decoy else ""
    lines += hanging(Content.styled(f"{kind}Comes {text.one_line(injection.when)}.", "$muted"), width, 0, 0)
    standing: list[Content] = []
    for state, (sign, style) in STATES.items():
        names = [text.one_line(team.name) for team in teams if injection.states.get(team.slug) == state]
        if names:
            standing.append(Content.assemble((f"{sign} {state}", style), f": {', '.join(names)}"))
    if standing:
        lines += hanging(Content("   ").join(standing), width, 0, 2)
    return lines + hanging(Content(text.one_line(injection.tells)), width, 0, 0)
