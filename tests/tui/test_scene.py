"""Which team is selected, and whom keys act on."""

from __future__ import annotations

from dataclasses import replace

from tui_games import FakeDoor, card, game, over, ready

from tui.scene import Scene, step_speed, toggle_clocks

RED, BLUE, GREEN = card("Red"), card("Blue", mode="paused", speed=1.0), ready("Green")


def test_at_first_keys_act_on_all_and_the_first_team_is_selected() -> None:
    scene = Scene().seen(game(RED, BLUE, GREEN))
    assert (scene.aim, scene.selected, scene.aim_words) == (None, RED, "all 3 teams")
    assert Scene().seen(game(RED, BLUE)).aim_words == "both teams"


def test_the_selection_stays_with_its_team() -> None:
    scene = Scene(everybody=False).seen(game(RED, BLUE)).moved(1)
    assert scene.aim == "blue"
    assert scene.seen(game(GREEN, BLUE, RED)).selected == BLUE
    assert scene.seen(game(RED)).selected == RED
    assert scene.moved(1).selected == RED


def test_without_teams_nothing_is_selected() -> None:
    empty = Scene().seen(game())
    assert (empty.selected, empty.aim, empty.aimed, empty.over, empty.moved(1)) == (
        None,
        None,
        (),
        False,
        empty,
    )


def test_it_is_over_when_it_is_over_for_all() -> None:
    assert not Scene().seen(game(over("Red"), BLUE)).over
    assert Scene().seen(game(over("Red"), over("Blue"))).over


def test_one_clock_that_runs_is_enough_to_freeze_all() -> None:
    door = FakeDoor(RED, BLUE)
    toggle_clocks(door, None)
    toggle_clocks(door, None)
    toggle_clocks(door, "blue")
    assert door.calls == [("freeze", None), ("run", None), ("freeze", "blue")]


def test_a_clock_that_goes_on_after_the_end_can_be_frozen() -> None:
    door = FakeDoor(replace(over("Red"), mode="running"), BLUE)
    toggle_clocks(door, "red")
    toggle_clocks(door, None)
    assert door.calls == [("freeze", "red"), ("run", None)]


def test_all_teams_get_the_next_speed_of_the_selected_one() -> None:
    door = FakeDoor(RED, BLUE)
    for by in (1, 1, 1, -1):
        step_speed(door, None, by, "red")
    step_speed(door, "blue", -1, "blue")
    assert door.calls == [
        ("set_speed", 60.0, None),
        ("set_speed", "max", None),
        ("set_speed", "max", None),
        ("set_speed", 60.0, None),
        ("set_speed", 10.0, "blue"),
    ]
