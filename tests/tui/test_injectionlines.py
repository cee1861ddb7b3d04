"""The injections in lines of text."""

from __future__ import annotations

import pytest
from tui_games import NAMES, card, injections

from tui.injectionlines import about_lines, head_line, states_line, title_line


@pytest.mark.parametrize("width", [60, 76, 120])
@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_every_line_fits_and_states_stand_below_their_teams(count: int, width: int) -> None:
    teams = [card(name) for name in NAMES[:count]]
    head = head_line(teams, width)
    assert head.cell_length == width
    for injection in injections(*teams):
        assert title_line(injection, teams, width).cell_length == width
        line = states_line(injection, teams, width)
        assert line.cell_length == width
        assert line.plain[head.plain.index("Red") :][:2].strip() in "○⏸●✓↩✗"
        assert max(each.cell_length for each in about_lines(injection, teams, width)) <= width


def test_with_few_teams_states_have_words() -> None:
    teams = [card(name) for name in NAMES[:3]]
    first = injections(*teams)[0]
    line = states_line(first, teams, 76).plain
    assert all(words in line for words in ("after 3 min", "✓ came", "● in force", "↩ taken back"))


def test_with_many_the_words_are_in_the_description() -> None:
    teams = [card(name) for name in NAMES]
    first, _, decoy = injections(*teams)
    assert "taken back" not in states_line(first, teams, 76).plain
    about = " ".join(line.plain.strip() for line in about_lines(first, teams, 76))
    assert "✗ refused: Platform, Interns of 2026" in about
    assert "nothing of version 1.0 listens there." in about
    assert "decoy: A colleague" in title_line(decoy, teams, 76).plain
    assert "It hurts nobody" in " ".join(line.plain for line in about_lines(decoy, teams, 76)).replace(
        "it hurts", "It hurts"
    )


def test_a_team_without_a_state_has_a_dash() -> None:
    stranger = card("Stranger")
    assert states_line(injections(card("Red"))[0], [stranger], 76).plain.rstrip().endswith("–")
