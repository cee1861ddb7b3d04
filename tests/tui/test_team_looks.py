"""How the screen of a team looks. After a wanted change: --snapshot-update, and look at each."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import tui_team
from textual.pilot import Pilot
from tui_driving import settled
from tui_team import FakeDoor

from tui.games import TeamView
from tui.screens.team import TeamScreen
from tui.session import SessionError
from tui.team import TeamApp

Look = Callable[..., None]
SIZES = pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=["80x24", "200x50"])


@pytest.fixture
def look(snap_compare: Callable[..., bool]) -> Look:
    """Compare a team's screen with its picture, after some keys have been pressed (the briefing is read first)."""

    def compare(
        size: tuple[int, int], shown: TeamView, *keys: str, read: bool = True, lost: bool = False
    ) -> None:
        door = FakeDoor(shown)

        async def prepare(pilot: Pilot[None]) -> None:
            await settled(pilot)
            for key in (*(["escape"] if read else []), *keys):
                await pilot.press(key)
                await settled(pilot)
            team = pilot.app.screen_stack[0]
            assert isinstance(team, TeamScreen)
            team.console.prompt.cursor_blink = False
            if lost:
                door.fail["view"] = SessionError(
                    "The host of the game does not answer at 192.168.1.20:7070.", "Is its laptop awake?"
                )
                team.wake_feed()
                await settled(pilot)

        app = TeamApp(door)
        app.NOTIFICATION_TIMEOUT = 3600
        assert snap_compare(app, terminal_size=size, run_before=prepare)

    return compare


@SIZES
def test_waiting(look: Look, size: tuple[int, int]) -> None:
    look(size, tui_team.waiting(), read=False)


@SIZES
def test_briefing(look: Look, size: tuple[int, int]) -> None:
    look(size, tui_team.quiet(), read=False)


@SIZES
def test_quiet(look: Look, size: tuple[int, int]) -> None:
    look(size, tui_team.quiet())


@SIZES
def test_an_alarm_and_a_message(look: Look, size: tuple[int, int]) -> None:
    look(size, tui_team.paged())


@SIZES
def test_frozen(look: Look, size: tuple[int, int]) -> None:
    look(size, tui_team.frozen(), "f6", "f3")


@SIZES
def test_over(look: Look, size: tuple[int, int]) -> None:
    look(size, tui_team.over())


@SIZES
def test_a_queue(look: Look, size: tuple[int, int]) -> None:
    look(size, tui_team.orders(), "f10")


@SIZES
def test_the_connection_is_lost(look: Look, size: tuple[int, int]) -> None:
    look(size, tui_team.paged(), "f4", *"aws ecs", lost=True)


def test_traffic_narrow(look: Look) -> None:
    look((80, 24), tui_team.paged(), "f10")
