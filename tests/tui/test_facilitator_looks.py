"""How the facilitator's console looks. After a wanted change: pytest with --snapshot-update, and look at each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input
from tui_driving import settled
from tui_games import DIPPED, LOG, NAMES, FakeDoor, card, over, ready, slos, suffering

from tui.facilitator import FacilitatorApp
from tui.session import SessionError

Look = Callable[..., None]

SIZES = pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=["80x24", "200x50"])


def in_the_middle(count: int = 3) -> FakeDoor:
    teams = [
        suffering(name)
        if i % 3 == 1
        else card(
            name,
            slos=slos("98.9 %", True, 0.55, DIPPED),
            hints_shown=i % 3,
            mode="paused" if i == 2 else "running",
        )
        for i, name in enumerate(NAMES[:count])
    ]
    return FakeDoor(*teams, log=LOG)


@pytest.fixture
def look(snap_compare: Callable[..., bool], monkeypatch: pytest.MonkeyPatch) -> Look:
    """Compare a console with its picture, after some keys have been pressed."""
    monkeypatch.setattr("tui.screens.facilitator.LOOK_SECONDS", 3600)

    def compare(size: tuple[int, int], door: FakeDoor, *keys: str, theme: str = "lab-dark") -> None:
        async def prepare(pilot: Pilot[None]) -> None:
            await settled(pilot)
            for key in keys:
                await pilot.press(key)
                await settled(pilot)
            for field in pilot.app.screen.query(Input):
                field.cursor_blink = False

        app = FacilitatorApp(door)
        app.theme = theme
        app.NOTIFICATION_TIMEOUT = 3600
        assert snap_compare(app, terminal_size=size, run_before=prepare)

    return compare


@SIZES
def test_before_the_start(look: Look, size: tuple[int, int]) -> None:
    look(size, FakeDoor(ready("Red"), ready("Blue")))


@SIZES
def test_in_the_middle(look: Look, size: tuple[int, int]) -> None:
    look(size, in_the_middle())


@SIZES
def test_eight_teams(look: Look, size: tuple[int, int]) -> None:
    look(size, in_the_middle(8), "right_square_bracket")


@SIZES
def test_injections(look: Look, size: tuple[int, int]) -> None:
    look(size, in_the_middle(), "3", "down", "a")


def test_injections_of_eight_teams(look: Look) -> None:
    look((80, 24), in_the_middle(8), "3")


@pytest.mark.parametrize("pane", ["2", "4"])
def test_narrow(look: Look, pane: str) -> None:
    look((80, 24), in_the_middle(), "right_square_bracket", pane)


@SIZES
def test_a_hint(look: Look, size: tuple[int, int]) -> None:
    look(size, in_the_middle(), "right_square_bracket", "h")


def test_a_message(look: Look) -> None:
    look((80, 24), in_the_middle(), "m", "h", "i")


def test_the_briefing(look: Look) -> None:
    look((80, 24), in_the_middle(), "b")


@SIZES
def test_the_end(look: Look, size: tuple[int, int]) -> None:
    look(size, FakeDoor(over("Red"), over("Blue"), log=LOG), "r", "y")


def test_something_refused_in_the_light_theme(look: Look) -> None:
    door = in_the_middle()
    door.fail["hold"] = SessionError("It has come to Blue already.", "U takes it back.")
    look((160, 44), door, "o", theme="lab-light")


def test_without_colour(look: Look, monkeypatch: Any) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    look((80, 24), in_the_middle(), "right_square_bracket")


def test_help(look: Look) -> None:
    look((100, 50), in_the_middle(), "f1")
