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
from tui_driving import Opened, settled
from tui_fakes import FakeSession
from tui_worlds import steady

from tui.app import LabApp
from tui.feed import Feed
from tui.screens.lab import LabScreen
from tui.screens.lab_calls import LabCalls


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
