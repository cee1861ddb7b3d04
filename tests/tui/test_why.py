"""Why: of the task at the cursor, else of the service; out of a task's details; what does not answer."""

from __future__ import annotations

import pytest
import tui_worlds
from tui_driving import Opened, settled
from tui_fakes import FakeSession
from tui_why import CHAIN

from tui.screens.task import TaskScreen
from tui.screens.why import WhyScreen, chain_content
from tui.session import SessionError


async def test_of_the_service_when_no_task_is_chosen(session: FakeSession, opened: Opened) -> None:
    session.chain = CHAIN
    async with opened(session) as (pilot, lab):
        await pilot.press("y")
        await settled(pilot)
        assert isinstance(pilot.app.screen, WhyScreen)
        assert ("why", "core-lab/web") in session.calls
        await pilot.press("escape")
        assert pilot.app.screen is lab


async def test_of_the_task_at_the_cursor_and_out_of_its_details(session: FakeSession, opened: Opened) -> None:
    session.chain = CHAIN
    async with opened(session) as (pilot, lab):
        await pilot.press("f3", "y")
        await settled(pilot)
        assert ("why", lab.world.tasks[0].id) in session.calls
        await pilot.press("escape", "enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, TaskScreen)
        await pilot.press("y")
        await settled(pilot)
        assert isinstance(pilot.app.screen, WhyScreen)
        assert session.count("why") == 2


async def test_a_world_that_does_not_answer(session: FakeSession, opened: Opened) -> None:
    async with opened(session) as (pilot, lab):
        session.fail["why"] = SessionError("The offline cloud no longer answers.", "", world_lost=True)
        await pilot.press("y")
        await settled(pilot)
        assert lab.banner.error is not None


async def test_a_long_chain_scrolls(opened: Opened) -> None:
    session = FakeSession(tui_worlds.failing())
    session.chain = {**CHAIN, "steps": CHAIN["steps"] * 5}
    async with opened(session) as (pilot, _):
        await pilot.press("y")
        await settled(pilot)
        page = pilot.app.screen.query_one("VerticalScroll")
        before = page.scroll_offset.y
        await pilot.press("pagedown")
        await pilot.pause(0.4)
        assert page.scroll_offset.y > before


@pytest.mark.parametrize("width", [40, 74, 108])
def test_the_chain_keeps_to_its_width(width: int) -> None:
    shown = chain_content(CHAIN, width).plain
    assert max(map(len, shown.splitlines())) <= max(width, 70)
    assert "\n1. 09:01:00  UpdateService" in shown
    assert "source: entry 4" in shown
