"""How the teacher's board looks. After a wanted change: pytest with --snapshot-update, and look at each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from tui_board import FakeBoard, full, mixed, room
from tui_driving import settled

from tui.board import BoardApp
from tui.classroom import BoardView

Look = Callable[..., None]

SIZES = pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=["80x24", "200x50"])


@pytest.fixture
def look(snap_compare: Callable[..., bool], monkeypatch: pytest.MonkeyPatch) -> Look:
    """Compare a board with its picture, after some keys have been pressed."""
    monkeypatch.setattr("tui.screens.board.LOOK_SECONDS", 3600)

    def compare(size: tuple[int, int], view: BoardView, *keys: str, theme: str = "lab-dark") -> None:
        async def prepare(pilot: Pilot[None]) -> None:
            await settled(pilot)
            for key in keys:
                await pilot.press(key)
                await settled(pilot)

        app = BoardApp(FakeBoard(view))
        app.theme = theme
        app.animation_level = "none"
        assert snap_compare(app, terminal_size=size, run_before=prepare)

    return compare


@SIZES
def test_a_class_at_work(look: Look, size: tuple[int, int]) -> None:
    look(size, mixed())


def test_sixty_seats_by_number_in_the_light_theme(look: Look) -> None:
    look((80, 24), full(), "d", "pagedown", "a", theme="lab-light")


@SIZES
def test_how_to_join(look: Look, size: tuple[int, int]) -> None:
    look(size, mixed(), "w")


def test_a_choice_in_the_light_theme(look: Look) -> None:
    look((160, 40), mixed(), "o", theme="lab-light")


def test_without_colour(look: Look, monkeypatch: Any) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    look((80, 24), room(*mixed().seats, trouble="Worlds of shard 2 start again."))


def test_help(look: Look) -> None:
    look((100, 50), mixed(), "f1")
