"""The pages that a team gets: they ring, stand in a banner, and are acknowledged."""

from __future__ import annotations

import pytest
import tui_team
from tui_driving import Joined, settled
from tui_team import ALARM, BEGUN, HINT, MESSAGE, FakeDoor, page

from tui.screens.briefing import BriefingScreen
from tui.screens.help import HelpScreen
from tui.team import TeamApp
from tui.widgets.pager import InAlarm, PageBanner, PageList
from tui.widgets.teamline import TeamLine


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    rung: list[int] = []
    monkeypatch.setattr(TeamApp, "bell", lambda _: rung.append(1))
    return rung


async def test_new_pages_ring_stand_in_a_banner_and_are_acknowledged(
    joined: Joined, bells: list[int]
) -> None:
    door = FakeDoor()
    async with joined(door, (80, 24)) as (pilot, team):
        await pilot.press("escape", "f10")
        assert not team.query_one(PageBanner).display
        assert bells == []
        door.shown = tui_team.paged()
        team.wake_feed()
        await settled(pilot)
        banner = team.query_one(PageBanner)
        assert bells == [1]
        assert banner.display
        assert "2 NEW PAGES" in banner.render().plain
        assert "three people on the phone" in banner.render().plain
        assert "web-errors: Threshold" in banner.render().plain
        assert "1 ALARM" in team.query_one(TeamLine).render().plain
        team.wake_feed()
        await settled(pilot)
        assert bells == [1]
        await pilot.press("a")
        assert not banner.display
        door.shown = tui_team.paged(HINT, MESSAGE, ALARM, BEGUN)
        team.wake_feed()
        await settled(pilot)
        assert "1 NEW PAGE " in banner.render().plain
        assert "How long does a task stay" in banner.render().plain
        await pilot.press("f6")
        assert not banner.display
        assert bells == [1, 1]


async def test_pages_can_be_acknowledged_while_typing(joined: Joined) -> None:
    async with joined(FakeDoor(tui_team.paged())) as (pilot, team):
        await pilot.press("escape", "f4", "a", "b", "f6")
        assert team.console.prompt.text == "ab"
        assert team.inbox.unread == ()


async def test_a_click_on_the_banner_acknowledges(joined: Joined) -> None:
    async with joined(FakeDoor(tui_team.paged())) as (pilot, team):
        await pilot.press("escape")
        await pilot.click(PageBanner, offset=(20, 0))
        await pilot.pause()
        assert team.inbox.unread == ()


async def test_a_recovery_comes_without_a_bell(joined: Joined, bells: list[int]) -> None:
    door = FakeDoor()
    async with joined(door) as (pilot, team):
        door.shown = tui_team.view(None, page(330, "ok"), BEGUN)
        team.wake_feed()
        await settled(pilot)
        assert bells == []
        assert [each.kind for each in team.inbox.unread] == ["ok"]


async def test_pages_are_seen_on_top_of_what_hides_the_banner(joined: Joined) -> None:
    door = FakeDoor()
    async with joined(door, (80, 24)) as (pilot, team):
        briefing = pilot.app.screen
        assert isinstance(briefing, BriefingScreen)
        door.shown = tui_team.paged()
        team.wake_feed()
        await settled(pilot)
        assert "2 new on the pager" in str(briefing.query_one(".dialog").border_title)
        assert not pilot.app._notifications
        await pilot.press("escape", "f1")
        assert isinstance(pilot.app.screen, HelpScreen)
        door.shown = tui_team.paged(HINT, MESSAGE, ALARM, BEGUN)
        team.wake_feed()
        await settled(pilot)
        assert [note.message for note in pilot.app._notifications] == [HINT.text]


async def test_the_list_marks_what_is_unread_and_stays_where_it_is_read(joined: Joined) -> None:
    older = [page(200 - n, "alarm" if n % 2 else "ok", f"alarm {n}") for n in range(60)]
    door = FakeDoor(tui_team.view(None, *older, BEGUN))
    async with joined(door, (80, 24)) as (pilot, team):
        await pilot.press("escape", "f2", "f6")
        pages = team.query_one(PageList)
        await settled(pilot)
        assert not pages.render_line(0).text.startswith("●")
        pages.scroll_to(y=20, animate=False, immediate=True)
        await settled(pilot)
        reading = pages.render_line(0).text
        door.shown = tui_team.view(None, MESSAGE, *older, BEGUN)
        team.wake_feed()
        await settled(pilot)
        assert pages.render_line(0).text == reading
        pages.scroll_home(animate=False, immediate=True)
        await settled(pilot)
        assert pages.render_line(0).text.startswith("● 09:05:30 ❯ MESSAGE")


async def test_what_is_in_alarm_now_stands_above_the_pages(joined: Joined) -> None:
    door = FakeDoor()
    async with joined(door) as (pilot, team):
        assert "no alarm" in team.query_one(InAlarm).render().plain
        door.shown = tui_team.paged(in_alarm=("web-errors", "web-slow"))
        team.wake_feed()
        await settled(pilot)
        assert team.query_one(InAlarm).render().plain == "✗ in ALARM: web-errors, web-slow"
