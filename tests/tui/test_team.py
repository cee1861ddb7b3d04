"""The screen of a team: what somebody on call sees and does."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
import tui_team
import tui_worlds
from textual.message import Message
from textual.widgets import Markdown, Static
from tui_driving import Joined, settled
from tui_team import ALARM, BEGUN, HINT, MESSAGE, FakeDoor, page
from tui_traffic import KILLED

from tui.games import TeamDoor
from tui.screens.briefing import BriefingScreen
from tui.screens.help import help_content
from tui.screens.shutdown import Picture, ShutdownScreen
from tui.screens.task import TaskScreen
from tui.screens.team import TeamScreen
from tui.session import Finished, Output, SessionError
from tui.shellpager import ShellPager
from tui.team import TeamApp, run
from tui.teamfeed import Briefed, Lost, Seen, TeamFeed
from tui.widgets.pager import InAlarm, PageBanner, PageList
from tui.widgets.tasktable import TaskTable
from tui.widgets.teamline import Notice, TeamLine
from tui.widgets.traffic import Charts, TrafficList
from tui.widgets.worldline import WorldLine

LOST = SessionError("The host [does] not answer.", "Is its laptop awake?", world_lost=True)


def test_a_fake_door_is_a_door() -> None:
    assert isinstance(FakeDoor(), TeamDoor)


# How the game stands.


async def test_before_it_begins_there_is_nothing_but_waiting_and_then_the_briefing(joined: Joined) -> None:
    door = FakeDoor(tui_team.waiting())
    async with joined(door, (80, 24)) as (pilot, team):
        assert "has not begun" in str(team.query_one("#waitingwords", Static).render())
        assert not team.query_one("#panes").display
        for key in ("f3", "f4", "x", "f6", "ctrl+t", "ctrl+r", "m"):
            await pilot.press(key)
        await settled(pilot)
        await pilot.press("f5")
        assert any("no briefing" in note.message for note in pilot.app._notifications)
        assert door.count("briefing") == door.count("shell_command") == 0
        door.shown = tui_team.quiet()
        team.wake_feed()
        await settled(pilot)
        assert isinstance(pilot.app.screen, BriefingScreen)
        assert "tonight" in pilot.app.screen.query_one(Markdown).source
        shown = "\n".join(str(each.render()) for each in pilot.app.screen.query(Static))
        assert "You are team red" in shown
        assert "40m00s" in shown
        assert "Scribe  Writes down" in shown
        await pilot.press("enter")
        assert pilot.app.screen is team
        assert team.query_one("#panes").display
        assert pilot.app.focused is team.query_one(PageList)


async def test_the_briefing_comes_once_and_again_when_asked_for(joined: Joined) -> None:
    door = FakeDoor()
    async with joined(door) as (pilot, team):
        await pilot.press("escape")
        team.wake_feed()
        await settled(pilot)
        assert door.count("briefing") == 1
        assert pilot.app.screen is team
        for key in ("f5", "b"):
            await pilot.press(key)
            assert isinstance(pilot.app.screen, BriefingScreen)
            await pilot.press(key)
            assert pilot.app.screen is team


async def test_before_the_clock_is_let_go_there_is_time_to_read(joined: Joined) -> None:
    door = FakeDoor(tui_team.ready())
    async with joined(door) as (pilot, team):
        assert isinstance(pilot.app.screen, BriefingScreen)
        await pilot.press("escape")
        assert "clock does not run yet" in team.notice.render().plain
        assert team.query_one("#panes").display
        door.shown = tui_team.quiet()
        team.wake_feed()
        await settled(pilot)
        assert not team.notice.display


async def test_a_frozen_game_says_so_and_goes_on(joined: Joined) -> None:
    door = FakeDoor(tui_team.frozen())
    async with joined(door, (80, 24)) as (pilot, team):
        assert "FROZEN" in team.notice.render().plain
        assert "frozen" in team.query_one(TeamLine).render().plain
        door.shown = tui_team.paged()
        team.wake_feed()
        await settled(pilot)
        assert not team.notice.display


async def test_when_it_is_over_everything_can_still_be_looked_at(joined: Joined) -> None:
    door = FakeDoor(tui_team.over())
    async with joined(door, (80, 24)) as (pilot, team):
        await pilot.press("escape")
        assert "The game has ended" in team.notice.render().plain
        await pilot.press("f4", *"aws ecs list-clusters", "enter")
        await settled(pilot)
        assert ("run_command", "aws ecs list-clusters") in door.calls
        await pilot.press("f3", "enter")
        assert isinstance(pilot.app.screen, TaskScreen)


# The world.


@pytest.mark.parametrize(
    ("size", "compact"), [((80, 24), True), ((140, 39), True), ((140, 40), False), ((200, 50), False)]
)
async def test_every_pane_where_there_is_room_one_at_a_time_where_not(
    joined: Joined, size: tuple[int, int], compact: bool
) -> None:
    panes = ("pager", "services", "console", "traffic")
    async with joined(FakeDoor(tui_team.paged()), size) as (pilot, team):
        await pilot.press("escape")
        for key, shown in zip(("f2", "f3", "f4", "f10"), panes, strict=True):
            await pilot.press(key)
            await pilot.pause()
            visible = {pane for pane in panes if team.query_one(f"#{pane}").region.area}
            assert visible == ({shown} if compact else set(panes))
            assert all(team.region.contains_region(team.query_one(f"#{each}").region) for each in visible)


async def test_a_look_takes_neither_focus_nor_text_nor_the_cursor(joined: Joined) -> None:
    door = FakeDoor(tui_team.paged())
    async with joined(door) as (pilot, team):
        await pilot.press("escape", "f3", "down")
        chosen = team.query_one(TaskTable).chosen
        await pilot.press("f4", *"aws ecs d")
        door.shown = replace(tui_team.over(), snapshot={**tui_worlds.failing(), "version": 21})
        team.wake_feed()
        await settled(pilot)
        assert pilot.app.focused is team.console.prompt
        assert team.console.prompt.text == "aws ecs d"
        assert team.query_one(TaskTable).chosen == chosen
        assert "rolling out web:2" in team.query_one(WorldLine).render().plain


async def test_the_columns_that_have_room_are_there_from_the_first_sight(joined: Joined) -> None:
    world = tui_worlds.steady()
    for task in world["tasks"]:
        task["target"] = {"state": "healthy", "description": ""}
    async with joined(FakeDoor(tui_team.view(world))) as (pilot, _):
        await pilot.press("escape", "f3")
        await settled(pilot)
        # As it was painted: the table was told its size after that.
        assert "Target" in pilot.app.export_screenshot()


async def test_what_is_typed_right_after_the_key_of_the_console_is_in_it(joined: Joined) -> None:
    async with joined(FakeDoor(), (140, 40)) as (pilot, team):
        await pilot.press("escape")
        team.action_show("console")
        assert pilot.app.focused is team.console.prompt


async def test_traffic_is_shown_without_causes(joined: Joined) -> None:
    async with joined(FakeDoor(tui_team.paged())) as (pilot, team):
        await pilot.press("escape", "f10")
        listed = team.query_one(TrafficList)
        shown = "\n".join(each.draw().plain for each in listed.make(100))
        assert "by cause" not in shown
        assert "turn:" not in shown
        assert "10.0.10.24" in shown
        assert "502 ×" in team.query_one(Charts).render().plain
        await pilot.press("m")
        assert "the last hour" in team.query_one(Charts).render().plain


async def test_the_end_of_a_task_tells_what_was_lost_and_not_why(joined: Joined) -> None:
    async with joined(FakeDoor(tui_team.paged()), (120, 40)) as (pilot, _):
        await pilot.press("escape", "f10", "enter")
        assert isinstance(pilot.app.screen, ShutdownScreen)
        shown = pilot.app.screen.query_one(Picture).drawn(110).plain
        assert f"{KILLED['lost']} requests were lost with this task" in shown
        assert "No request was lost" not in shown
        assert "turn" not in shown


async def test_nobody_explains_a_task(joined: Joined) -> None:
    async with joined(FakeDoor(tui_team.paged())) as (pilot, _):
        await pilot.press("escape", "f3", "enter", "y")
        task = pilot.app.screen
        assert isinstance(task, TaskScreen)
        assert "explains" not in str(task.query_one(".dialog").border_subtitle)
        await pilot.press("e")
        await settled(pilot)
        assert isinstance(pilot.app.screen, ShutdownScreen)
    keys = help_content("team").plain
    assert "Explain" not in keys
    assert "hint" not in keys.replace("alarms, messages, hints", "")


async def test_queues_and_traffic_take_turns(joined: Joined) -> None:
    door = FakeDoor(tui_team.orders())
    async with joined(door) as (pilot, team):
        await pilot.press("escape", "f10")
        shown = team.query_one(Charts).render().plain
        assert "to orders" in shown
        assert "by cause" not in "\n".join(e.draw().plain for e in team.query_one(TrafficList).make(100))
        await pilot.press("v")
        assert any("one thing" in note.message for note in pilot.app._notifications)
        door.shown = replace(door.shown, traffic=tui_team.quiet().traffic)
        team.wake_feed()
        await settled(pilot)
        assert "requests/s" in team.query_one(Charts).render().plain
        await pilot.press("v")
        assert "to orders" in team.query_one(Charts).render().plain


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_texts_from_people_and_from_the_world_are_shown_as_they_are(
    joined: Joined, size: tuple[int, int]
) -> None:
    bad = tui_worlds.HOSTILE
    door = FakeDoor(
        tui_team.view(tui_worlds.hostile(), page(9, "message", bad), BEGUN, in_alarm=(bad,)),
        replace(
            tui_team.BRIEFING, team=bad, title=bad, roles=(replace(tui_team.BRIEFING.roles[0], does=bad),)
        ),
    )
    async with joined(door, size) as (pilot, team):
        for key in ("escape", "f3", "f10", "f4", "f2"):
            await pilot.press(key)
            await pilot.pause()
        for widget in (PageBanner, InAlarm, TeamLine):
            assert "\x1b" not in team.query_one(widget).render().plain
        assert "[bold red]not markup" in team.query_one(InAlarm).render().plain
        door.fail["view"] = SessionError(bad, bad)
        team.wake_feed()
        await settled(pilot)
        assert "[bold red]not markup" in team.notice.render().plain


@pytest.mark.parametrize("size", [(20, 5), (300, 100)])
async def test_odd_sizes_do_no_harm(joined: Joined, size: tuple[int, int]) -> None:
    async with joined(FakeDoor(tui_team.frozen()), size) as (pilot, team):
        for key in ("escape", "f2", "f3", "f10", "f4", "x"):
            await pilot.press(key)
            await pilot.pause()
        assert team.console.prompt.text == "x"


# The connection.


async def test_a_lost_connection_is_said_tried_again_and_nothing_typed_is_lost(joined: Joined) -> None:
    door = FakeDoor(tui_team.paged())
    async with joined(door, (80, 24)) as (pilot, team):
        await pilot.press("escape", "f6", "f4", *"aws ecs u")
        door.fail["view"] = LOST
        team.wake_feed()
        await settled(pilot)
        assert "The host [does] not answer." in team.notice.render().plain
        assert "Is its laptop awake?" in team.notice.render().plain
        assert "lost" in team.query_one(TeamLine).render().plain
        assert pilot.app.focused is team.console.prompt
        await pilot.press("p")
        del door.fail["view"]
        door.shown = tui_team.paged(HINT, MESSAGE, ALARM, BEGUN)
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert not team.notice.display
        assert team.console.prompt.text == "aws ecs up"
        assert team.inbox.unread == (HINT,)


async def test_a_door_that_does_not_answer_at_first(joined: Joined) -> None:
    door = FakeDoor()
    door.fail["view"] = LOST
    async with joined(door, (80, 24)) as (pilot, team):
        assert "CONNECTION LOST" in team.notice.render().plain
        assert "connecting" in str(team.query_one("#waitingwords", Static).render())
        del door.fail["view"]
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert isinstance(pilot.app.screen, BriefingScreen)
        assert team.query_one("#panes").display


async def test_a_command_that_finds_nobody_makes_the_screen_look(joined: Joined) -> None:
    door = FakeDoor()
    async with joined(door) as (pilot, team):
        await pilot.press("escape", "f4", *"aws x")
        door.fail["run_command"] = LOST
        door.fail["view"] = LOST
        await pilot.press("enter")
        await settled(pilot)
        assert "The host [does] not answer." in team.console.scrollback.text
        assert "CONNECTION LOST" in team.query_one(Notice).render().plain


async def test_a_shell_that_cannot_be_had_is_said(joined: Joined) -> None:
    door = FakeDoor()
    door.fail["shell_command"] = SessionError("There is no shell here.", "Use the console.")
    async with joined(door) as (pilot, _):
        await pilot.press("escape", "ctrl+t")
        await settled(pilot)
        assert [n.message for n in pilot.app._notifications] == ["There is no shell here.\nUse the console."]
        del door.fail["shell_command"]
        await pilot.press("ctrl+t")
        await settled(pilot)
        assert door.count("shell_command") == 2


# The console.


async def test_the_console_is_that_of_the_labs(joined: Joined) -> None:
    door = FakeDoor()
    door.console.output = [Output("An error occurred (X)\n", "err"), Finished(254, 0.1)]
    async with joined(door) as (pilot, team):
        assert "F6 brings" not in team.console.scrollback.text
        await pilot.press("escape", "f4", "up")
        assert team.console.prompt.text == door.console.past[-1]
        await pilot.press("ctrl+c", *"aws ecs list", "tab")
        await settled(pilot)
        assert team.console.prompt.text == "aws ecs list-tasks "
        await pilot.press("enter")
        await settled(pilot)
        assert team.console.scrollback.text.endswith("An error occurred (X)\nexit 254")
        await pilot.press("ctrl+l", "escape")
        assert team.console.scrollback.text == ""
        assert pilot.app.focused is team.query_one(PageList)


async def test_leaving_stops_what_runs(joined: Joined) -> None:
    door = FakeDoor()
    door.console.held = True
    async with joined(door) as (pilot, _):
        await pilot.press("escape", "f4", *"wait", "enter")
        await pilot.pause()
    assert ("cancel",) in door.calls


# The thread that looks, the pager in a shell, the application.


def test_the_feed_looks_asks_for_the_briefing_and_recovers() -> None:
    door, told = FakeDoor(tui_team.waiting()), []
    feed = TeamFeed(door, told.append)
    assert feed.look()
    assert door.count("briefing") == 0
    door.shown = tui_team.quiet()
    door.fail["briefing"] = SessionError("not yet")
    assert feed.look()
    del door.fail["briefing"]
    assert feed.look()
    door.fail["view"] = LOST
    assert not feed.look()
    del door.fail["view"]
    assert feed.look()
    assert [type(each) for each in told] == [Seen, Seen, Briefed, Seen, Lost, Seen]
    assert told[3].look.world is not told[5].look.world
    feed.stop()
    feed.look()
    assert len(told) == 6


def test_the_feed_runs_until_it_is_stopped_and_can_be_woken() -> None:
    door = FakeDoor()
    seen = {kind: threading.Event() for kind in (Seen, Lost, Briefed)}

    def tell(message: Message) -> None:
        seen[type(message)].set()

    feed = TeamFeed(door, tell)
    thread = threading.Thread(target=feed.run)
    thread.start()
    try:
        assert seen[Seen].wait(5)
        door.fail["view"] = LOST
        feed.wake()
        assert seen[Lost].wait(5)
        seen[Seen].clear()
        door.fail.clear()
        feed.wake()
        assert seen[Seen].wait(5)
    finally:
        feed.stop()
        thread.join(5)
    assert not thread.is_alive()


def test_pages_are_told_in_a_shell_too() -> None:
    door, written = FakeDoor(tui_team.paged()), []
    pager = ShellPager(door, door.shown.pages, written.append)
    pager.look()
    assert written == []
    door.shown = tui_team.paged(page(400, "ok", "web-errors \x1b[31m"), HINT, MESSAGE, ALARM, BEGUN)
    pager.look()
    assert written == [
        f"\a\r\n[pager 09:06:30] HINT {HINT.text}\r\n[pager 09:07:40] OK web-errors\r\n",
    ]
    door.fail["view"] = LOST
    pager.look()
    pager.stop()
    pager.run()
    assert len(written) == 1


def test_running_closes_the_door(monkeypatch: pytest.MonkeyPatch) -> None:
    door = FakeDoor()
    monkeypatch.setattr(TeamApp, "run", lambda _: None)
    run(door)
    assert door.closed == 1


async def test_anywhere_keys_work_here(
    joined: Joined, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with joined(FakeDoor()) as (pilot, team):
        await pilot.press("escape", "t", "f12")
        await settled(pilot)
        assert pilot.app.theme == "lab-light"
        assert (tmp_path / "fargate-lab-1.svg").exists()
        titles = {command.title for command in pilot.app.get_system_commands(team)}
        assert "Acknowledge  (F6, A)" in titles
        assert isinstance(team, TeamScreen)
