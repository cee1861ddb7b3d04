"""A team as a card and as a page: what is seen in how much room."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tui_games import LENGTH_MS, NAMES, card, over, ready, slos, suffering

from tui.games import PointsLine, TeamCard
from tui.teamcard import card_lines, heights, slos_side_by_side
from tui.teampage import team_lines

TEAMS = (card("Red"), suffering("Blue"), ready("Green"), over("Night shift and everybody who helps it out"))
WIDTHS = (60, 78, 112, 196)


def drawn(team: TeamCard, width: int = 78, height: int = 16) -> str:
    return "\n".join(line.plain for line in card_lines(team, LENGTH_MS, width, height, chosen=True))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("team", TEAMS, ids=lambda team: team.slug)
def test_a_card_has_the_height_that_it_is_given_and_no_line_is_too_long(team: TeamCard, width: int) -> None:
    for height in range(2, 17):
        lines = card_lines(team, LENGTH_MS, width, height, chosen=False)
        assert len(lines) == height
        assert lines[0].cell_length == width
        # Lines that are cut say so in two cells more, which the list cuts in turn.
        assert max(line.cell_length for line in lines) <= width + 2


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("team", TEAMS, ids=lambda team: team.slug)
def test_no_line_of_a_page_is_too_long(team: TeamCard, width: int) -> None:
    assert max(line.cell_length for line in team_lines(team, LENGTH_MS, width)) <= width


def test_two_lines_show_clock_points_trouble_and_every_slo() -> None:
    words = drawn(suffering("Blue"), 78, 2)
    for each in (
        "Blue",
        "▶ 10x",
        "05:42/40:00",
        "18 points",
        "3 symptoms",
        "! trouble",
        "orders",
        "41.7 %",
        "136 %",
        "capacity",
    ):
        assert each in words


def test_with_room_a_card_shows_everything() -> None:
    words = drawn(suffering("Blue"))
    for each in (
        "It is tried again every 10 s.",
        "Of a hundred orders",
        "shop-5xx is in ALARM",
        "The pipeline moves the health check",
        "ecs update-service --service shop --desired-count",
        "describe-target-health",
        "1 given",
    ):
        assert each in words
    assert "1 hint" in drawn(suffering("Blue"), 112)


def test_before_the_start_a_card_says_how_to_join() -> None:
    words = drawn(ready("Red"), 78, 3)
    assert "fargate-lab gameday join http://192.168.178.24:43117 red-kiwi-lamp-42" in words
    assert "nothing measured" not in words
    assert "join" not in drawn(card("Red"))


def test_nothing_measured_is_said() -> None:
    assert "nothing measured yet" in drawn(card("Red", slos=()))


def test_without_a_value_there_is_a_dash_and_no_verdict() -> None:
    words = drawn(card("Red", slos=slos("", None)))
    assert "· Of a hundred orders" in words
    assert " –  " in words


def test_three_slos_take_two_lines_where_two_do_not_fit_beside_a_third() -> None:
    three = (*slos(), replace(slos()[0], id="latency"))
    lines = slos_side_by_side(three, 74)
    assert [line.cell_length <= 74 for line in lines] == [True, True]
    assert len(slos_side_by_side(three, 150)) == 1
    assert heights([card("Red", slos=three)] * 8, 0, LENGTH_MS, 78, 20) == [3] * 8


@pytest.mark.parametrize("count", range(1, 9))
@pytest.mark.parametrize("height", [20, 33, 46])
def test_cards_share_the_height(count: int, height: int) -> None:
    teams = [suffering(name) if i % 3 == 1 else card(name) for i, name in enumerate(NAMES[:count])]
    for chosen in range(count):
        given = heights(teams, chosen, LENGTH_MS, 78, height)
        assert min(given) >= 2
        assert sum(given) <= height


def test_what_is_left_of_the_height_goes_to_the_selected_team() -> None:
    teams = [suffering(name) for name in NAMES]
    assert heights(teams, 3, LENGTH_MS, 78, 20) == [2, 2, 2, 6, 2, 2, 2, 2]


def test_more_teams_than_lines_scroll() -> None:
    assert heights([card(name) for name in NAMES], 0, LENGTH_MS, 78, 10) == [2] * 8
    assert heights([], 0, LENGTH_MS, 78, 10) == []


def test_nothing_taken_off_is_no_negative_zero() -> None:
    team = card("Red", lines=(PointsLine("hints", -0.0, 0.0, "none taken"),))
    assert any(
        line.plain.split() == ["hints", "0", "none", "taken"] for line in team_lines(team, LENGTH_MS, 78)
    )


def test_a_page_says_all_of_it() -> None:
    words = " ".join(" ".join(line.plain.split()) for line in team_lines(suffering("Blue"), LENGTH_MS, 78))
    for each in (
        "the service shop is gone. It is tried again every 10 s.",
        "shop: the deployment of shop:2 has failed",
        "Of a hundred orders, ninety-nine are taken",
        "41.7 % bad",
        "The pipeline moves the health check to port 9090",
        "Points so far: 18, 1 hint given",
        "error budget 31.4 of 40 orders burned 22 % of its budget",
        "hints -5 1 taken",
        "--desired-count -1 refused",
        "fargate-lab gameday join",
    ):
        assert each in words
    calm = "\n".join(line.plain for line in team_lines(over("Red"), LENGTH_MS, 78))
    assert "✓ none" in calm
    assert "Trouble" not in calm
    assert "join" not in calm
    frozen = team_lines(card("Red", mode="paused"), LENGTH_MS, 78)[0].plain
    assert "⏸ frozen, 10x" in frozen
