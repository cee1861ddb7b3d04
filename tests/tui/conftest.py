"""Puts the fakes beside this file within reach of the tests, and makes the screens wait for nothing but them."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from textual.app import App
from textual.pilot import Pilot
from tui_driving import Joined, Opened, settled
from tui_fakes import FakeSession
from tui_team import FakeDoor
from tui_worlds import steady

from tui.app import LabApp
from tui.feed import Feed
from tui.screens.lab import LabScreen
from tui.screens.lab_calls import LabCalls
from tui.screens.team import TeamScreen
from tui.screens.team_calls import TeamCalls
from tui.team import TeamApp
from tui.teamfeed import TeamFeed


@pytest.fixture
def session() -> FakeSession:
    """A session whose world is steady."""
    return FakeSession(steady())


@pytest.fixture(autouse=True)
def one_look_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The feed looks when it is woken and at no other time, so that a test decides when the world is seen."""

    def look(screen: LabCalls) -> None:
        if screen._feed is None:
            screen._feed = Feed(screen.session, screen.post_message)
            screen.look_at_traffic()
            screen.look_at_scaling()
        screen._feed.look()
        screen._feed.look_at_traffic()
        screen._feed.look_at_scaling()
        screen._feed.look_at_queues()

    monkeypatch.setattr(LabCalls, "start_feed", look)
    monkeypatch.setattr(LabCalls, "wake_feed", look)
    monkeypatch.setattr("tui.screens.lab_work.SETTLE_SECONDS", 0.001)
    monkeypatch.setattr("tui.screens.lab_work.PATIENCE_SECONDS", 3600)


@pytest.fixture(autouse=True)
def one_look_at_a_game(monkeypatch: pytest.MonkeyPatch) -> None:
    """Likewise for the screen of a team."""

    def look(screen: TeamCalls) -> None:
        if screen._feed is None:
            screen._feed = TeamFeed(screen.door, screen.post_message, briefed=screen.briefed)
        screen._feed.look()

    monkeypatch.setattr(TeamCalls, "start_feed", look)
    monkeypatch.setattr(TeamCalls, "wake_feed", look)


@pytest.fixture
def joined() -> Joined:
    """Take part through a door, at some size."""

    @asynccontextmanager
    async def join(
        door: FakeDoor, size: tuple[int, int] = (80, 24)
    ) -> AsyncIterator[tuple[Pilot[None], TeamScreen]]:
        app = TeamApp(door)
        async with app.run_test(size=size) as pilot:
            await settled(pilot)
            yield pilot, next(each for each in app.screen_stack if isinstance(each, TeamScreen))

    return join


@pytest.fixture
def opened() -> Opened:
    """Open the core lab of a session at some size."""

    @asynccontextmanager
    async def open_lab(
        session: FakeSession, size: tuple[int, int] = (200, 50)
    ) -> AsyncIterator[tuple[Pilot[None], LabScreen]]:
        app: App[None] = LabApp(session, lab="core-lab")
        async with app.run_test(size=size) as pilot:
            await settled(pilot)
            assert isinstance(app.screen, LabScreen)
            yield pilot, app.screen

    return open_lab
