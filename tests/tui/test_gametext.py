"""Small pieces of text about a game day."""

from __future__ import annotations

import pytest
from textual.content import Content
from tui_games import CHANGED, LOOKED, REFUSED, START_MS, card, over, ready

from tui.games import LogLine
from tui.gametext import (
    burned,
    call_content,
    fit,
    hanging,
    log_content,
    plural,
    short_time,
    split,
    state_of,
    strip,
)


def test_fit_is_exact_for_short_and_long_and_wide_text() -> None:
    for words in ("", "a team", "a" * 40, "夜勤チームの夜勤チーム"):
        assert fit(Content(words), 10).cell_length == 10


def test_the_left_side_gives_way() -> None:
    line = split(Content("a very long title of a game"), Content("3 teams"), 20)
    assert line.cell_length == 20
    assert line.plain.endswith(" 3 teams")


def test_clocks() -> None:
    assert [short_time(ms) for ms in (0, 61_999, 3_600_000 + 125_000)] == ["00:00", "01:01", "1:02:05"]
    assert [plural(n, "hint") for n in (0, 1, 2)] == ["0 hints", "1 hint", "2 hints"]


@pytest.mark.parametrize(
    ("team", "words"),
    [
        (ready("Red"), "○ ready"),
        (card("Red"), "▶ 10x"),
        (card("Red", speed="max"), "▶ max"),
        (card("Red", mode="paused"), "⏸ frozen"),
        (over("Red"), "■ over"),
    ],
)
def test_the_state_of_a_team(team, words) -> None:
    assert state_of(team)[0] == words


def test_good_bad_and_unmeasured_differ_in_shape() -> None:
    assert strip((True, False, None), 3).plain == "▂█·"


def test_a_strip_shows_the_latest_at_its_right_end() -> None:
    assert strip((False, True, True), 2).plain == "▂▂"
    assert strip((False,), 4).plain == "   █"
    assert strip((), 3).plain == "   "


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "╌╌╌╌   0 %"),
        (0.004, "━╌╌╌   0 %"),
        (0.5, "━━╌╌  50 %"),
        (1.0, "━━━━ 100 %"),
        (25.0, "━━━━999+ %"),
    ],
)
def test_a_burned_budget_says_so_in_figures_and_length(share: float, words: str) -> None:
    assert burned(share, 4).plain == words


def test_calls_say_what_they_did() -> None:
    assert [call_content(call).plain[9] for call in (LOOKED, CHANGED, REFUSED)] == ["·", "❯", "✗"]
    assert call_content(REFUSED).plain.endswith("refused")


def test_nothing_from_people_reaches_the_terminal_as_a_control() -> None:
    assert log_content(LogLine(START_MS, "a\x1b[2Jb\nc")).plain == "09:00:00 · ab c"


@pytest.mark.parametrize("width", [20, 33, 60])
def test_wrapped_lines_lose_no_word(width: int) -> None:
    words = "the deployment of shop:2 has failed and the service shop goes back to shop:1 now"
    lines = hanging(Content(words), width, 2, 4)
    assert max(line.cell_length for line in lines) <= width
    assert " ".join(" ".join(line.plain.split()) for line in lines) == words
    assert all(line.plain.startswith("      ") for line in lines[1:])
