"""The facilitator's console: keys, what they reach, what they leave alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static
from tui_driving import settled
from tui_games import LOG, NAMES, START_MS, FakeDoor, card, over, ready, suffering

from tui.facilitator import FacilitatorApp, run
from tui.games import LogLine
from tui.screens.confirm import ConfirmScreen
from tui.screens.facilitator import FacilitatorScreen
from tui.screens.facilitator_hint import HintScreen
from tui.screens.facilitator_message import MessageScreen
from tui.screens.facilitator_papers import PaperScreen
from tui.screens.facilitator_report import ReportScreen
from tui.screens.scaling import Page, PageScreen
from tui.session import SessionError
from tui.widgets.banner import Banner
from tui.widgets.facilitator import AimLine, Board, GameLine, GameLog, InjectionAbout, InjectionList, TeamPage
from tui.widgets.linelist import LineList

Console = Callable[..., AbstractAsyncContextManager[tuple[Pilot[None], FacilitatorScreen]]]


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch) -> Console:
    """The console of a door, which looks when it has done something and at no other time."""
    monkeypatch.setattr("tui.screens.facilitator.LOOK_SECONDS", 3600)

    @asynccontextmanager
    async def opened(
        door: FakeDoor, size: tuple[int, int] = (200, 50)
    ) -> AsyncIterator[tuple[Pilot[None], FacilitatorScreen]]:
        app = FacilitatorApp(door)
        async with app.run_test(size=size, notifications=True) as pilot:
            await settled(pilot)
            assert isinstance(app.screen, FacilitatorScreen)
            yield pilot, app.screen

    return opened


def three() -> FakeDoor:
    return FakeDoor(card("Red"), suffering("Blue"), card("Green"), log=LOG)


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await settled(pilot)


async def until(pilot: Pilot[None], happened: Callable[[], bool]) -> None:
    """Wait for something that another thread does."""
    for _ in range(500):
        if happened():
            return
        await pilot.pause(0.01)
    pytest.fail("It did not happen.")


def plain(lines: LineList) -> str:
    return "\n".join(line.draw().plain for line in lines._lines)


def aim(screen: FacilitatorScreen) -> str:
    return screen.query_one(AimLine).render().plain


def told(pilot: Pilot[None]) -> list[str]:
    return [note.message for note in pilot.app._notifications]


# What is shown.


async def test_everything_is_on_a_large_screen(console: Console) -> None:
    async with console(three()) as (_, screen):
        assert "3 teams: 3 playing   40 min" in screen.query_one(GameLine).render().plain
        assert "all 3 teams" in aim(screen)
        board = plain(screen.query_one(Board))
        assert all(name in board for name in ("Red", "Blue", "Green"))
        assert "error budget" in plain(screen.query_one(TeamPage))
        assert "by hand" in plain(screen.query_one(InjectionList))
        assert "listens there" in screen.query_one(InjectionAbout).render().plain
        assert "was taken back" in plain(screen.query_one(GameLog))
        for kind in (Board, TeamPage, InjectionList, GameLog):
            assert screen.query_one(kind).region.area > 0


async def test_on_a_small_one_there_is_one_part_at_a_time(console: Console) -> None:
    async with console(three(), (80, 24)) as (pilot, screen):
        for key, kind in (("2", TeamPage), ("3", InjectionList), ("4", GameLog), ("1", Board)):
            await press(pilot, key)
            seen = [
                each
                for each in (Board, TeamPage, InjectionList, GameLog)
                if screen.query_one(each).region.area
            ]
            assert seen == [kind]
            assert isinstance(pilot.app.focused, kind)
        await press(pilot, "shift+tab")
        assert isinstance(pilot.app.focused, GameLog)
        await press(pilot, "tab")
        assert isinstance(pilot.app.focused, Board)


async def test_teams_are_selected_by_keys_and_by_the_cursor(console: Console) -> None:
    async with console(three()) as (pilot, screen):
        await press(pilot, "right_square_bracket")
        assert screen.scene.team == "blue"
        assert "shop-5xx is in ALARM" in plain(screen.query_one(TeamPage))
        await press(pilot, "down", "down")
        assert screen.scene.team == "green"  # the cursor stops at the end ...
        await press(pilot, "right_square_bracket")
        assert screen.scene.team == "red"  # ... and the key begins again
        await press(pilot, "left_square_bracket", "enter")
        assert screen.scene.team == "green"
        assert isinstance(pilot.app.focused, TeamPage)


async def test_a_click_selects_a_team(console: Console) -> None:
    async with console(three()) as (pilot, screen):
        board = screen.query_one(Board)
        await pilot.click(Board, offset=(5, board._heights()[0] + 2))
        await settled(pilot)
        assert screen.scene.team == "blue"


async def test_a_click_on_either_line_of_an_injection_chooses_it(console: Console) -> None:
    async with console(three()) as (pilot, screen):
        chosen = []
        for y in (3, 4, 5):
            await pilot.click(InjectionList, offset=(5, y))
            await settled(pilot)
            injection = screen.query_one(InjectionList).chosen
            chosen.append(injection.id if injection else "")
        assert chosen == ["second-step", "second-step", "memory-alarm"]
        assert "far too low" in screen.query_one(InjectionAbout).render().plain


async def test_a_look_leaves_selection_scroll_and_focus_alone(console: Console) -> None:
    door = FakeDoor(*(card(name) for name in NAMES), log=LOG * 10)
    async with console(door, (80, 24)) as (pilot, screen):
        await press(
            pilot, *["right_square_bracket"] * 7, "3", "down", "down", "4", "pagedown", "2", "pagedown"
        )
        page, log = screen.query_one(TeamPage), screen.query_one(GameLog)
        before = (screen.scene.team, page.scroll_offset, screen.query_one(InjectionList)._cursor_id)
        reading = log._lines[log.scroll_offset.y].draw().plain
        assert page.scroll_offset.y > 0
        assert log.scroll_offset.y > 0
        door.change(None, lambda team: replace(team, elapsed_ms=team.elapsed_ms + 1000))
        door.game = replace(door.game, log=(LogLine(START_MS + 400_000, "Red: it came"), *door.game.log))
        await press(pilot, "ctrl+r")
        assert (screen.scene.team, page.scroll_offset, screen.query_one(InjectionList)._cursor_id) == before
        assert pilot.app.focused is page
        await press(pilot, "4")
        assert "it came" in plain(log)
        assert log._lines[log.scroll_offset.y].draw().plain == reading
        await press(pilot, "2", "right_square_bracket")
        assert page.scroll_offset.y == 0


async def test_it_looks_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.screens.facilitator.LOOK_SECONDS", 0.01)
    door = three()
    async with FacilitatorApp(door).run_test() as pilot:
        await until(pilot, lambda: door.looks >= 4)


async def test_the_palette_offers_every_action_and_does_it(console: Console) -> None:
    door = three()
    async with console(door) as (pilot, screen):
        offered = {command.title: command.callback for command in pilot.app.get_system_commands(screen)}
        assert {"Inject  (I)", "Pause  (F8, Space)", "Message  (M)", "Theme  (T)"} <= set(offered)
        await offered["Inject  (I)"]()
        await offered["Log  (4)"]()
        await settled(pilot)
        assert door.calls == [("inject", "first-step", None)]
        assert isinstance(pilot.app.focused, GameLog)


# Time.


async def test_space_freezes_and_runs_those_that_keys_act_on(console: Console) -> None:
    door = three()
    async with console(door) as (pilot, screen):
        await press(pilot, "space", "space", "right_square_bracket", "a", "space")
        assert door.calls == [("freeze", None), ("run", None), ("freeze", "blue")]
        assert "Blue" in aim(screen)
        assert "team 2 of 3" in aim(screen)
        assert "⏸ frozen" in plain(screen.query_one(Board))


async def test_keys_pressed_in_haste_count_each(console: Console) -> None:
    door = FakeDoor(card("Red", speed=1.0))
    async with console(door) as (pilot, _):
        for _ in range(3):
            await pilot.press("plus")
        await settled(pilot)
        assert [call[1] for call in door.calls] == [10.0, 60.0, "max"]


async def test_the_start_is_offered_and_the_end_too(console: Console) -> None:
    door = FakeDoor(ready("Red"), ready("Blue"))
    async with console(door, (80, 24)) as (pilot, screen):
        assert "Space begins the game" in aim(screen)
        await press(pilot, "space")
        assert "begins" not in aim(screen)
        await press(pilot, "e", "y")
        assert "R writes the report" in aim(screen)
        await press(pilot, "space", "plus", "e", "x")
        assert [call[0] for call in door.calls] == ["run", "end"]
        assert told(pilot).count("The game is over for both teams.") == 5


async def test_one_team_is_no_choice(console: Console) -> None:
    async with console(FakeDoor(card("Red"))) as (pilot, screen):
        assert " Red " in aim(screen)
        await press(pilot, "a")
        assert told(pilot) == ["There is one team."]


# Injections.


async def test_what_becomes_of_the_chosen_injection(console: Console) -> None:
    door = three()
    async with console(door) as (pilot, _):
        await press(pilot, "3", "down")
        for key, method, state in (
            ("i", "inject", "in force"),
            ("o", "hold", "held"),
            ("l", "let_go", "waiting"),
            ("u", "take_back", "taken back"),
        ):
            await press(pilot, key)
            assert door.calls[-1] == (method, "second-step", None)
            assert set(door.game.injections[1].states.values()) == {state}
        await press(pilot, "right_square_bracket", "a", "i")
        assert door.calls[-1] == ("inject", "second-step", "blue")


async def test_what_is_not_on_screen_is_not_injected(console: Console) -> None:
    door = three()
    async with console(door, (80, 24)) as (pilot, _):
        await press(pilot, "i")
        assert door.calls == []
        assert isinstance(pilot.app.focused, InjectionList)
        await press(pilot, "i")
        assert door.calls == [("inject", "first-step", None)]


async def test_all_about_an_injection_is_kept_up_to_date(console: Console) -> None:
    door = three()
    async with console(door, (80, 24)) as (pilot, screen):
        await press(pilot, "3", "enter")
        assert isinstance(pilot.app.screen, PageScreen)
        door.inject("first-step")
        screen.look()
        await settled(pilot)
        assert "● in force: Red, Blue, Green" in pilot.app.screen.query_one(Page).render().plain
        await press(pilot, "escape")
        assert pilot.app.screen is screen


# Talking to teams.


async def test_a_hint_is_read_before_it_is_given(console: Console) -> None:
    door = FakeDoor(card("Red"))
    async with console(door) as (pilot, _):
        await press(pilot, "h")
        assert isinstance(pilot.app.screen, HintScreen)
        words = str(pilot.app.screen.query_one(Static).content)
        assert "Two deployments have failed" in words
        assert "5 points" in words
        await press(pilot, "n")
        assert door.calls == []
        await press(pilot, "f7", "y")
        assert door.calls == [("hint", "red")]
        await press(pilot, "h")
        assert "more than the budget allows" in str(pilot.app.screen.query_one(Static).content)
        await press(pilot, "y", "h")
        assert told(pilot)[-1] == "Red has had every hint."
        assert len(door.calls) == 2


async def test_a_message_goes_to_whom_it_says(console: Console) -> None:
    door = three()
    async with console(door) as (pilot, _):
        await press(pilot, "m", *"Q 1?", "enter")
        await press(pilot, "right_square_bracket", "a", "m")
        assert isinstance(pilot.app.screen, MessageScreen)
        pilot.app.screen.query_one(Input).value = " [red] "
        await press(pilot, "enter", "m", "enter", "escape")
        assert door.calls == [("message", "Q 1?", None), ("message", "[red]", "blue")]
        assert told(pilot) == ["Sent to all 3 teams.", "Sent to Blue."]


async def test_briefing_hints_and_questions_can_be_read(console: Console) -> None:
    async with console(three(), (80, 24)) as (pilot, screen):
        for key, words in (("b", "which port does it ask?"), ("d", "2. In which order")):
            await press(pilot, key)
            assert isinstance(pilot.app.screen, PaperScreen)
            assert words in str(pilot.app.screen.query(Static).last().content)
            await press(pilot, "escape")
            assert pilot.app.screen is screen


# End, abort, report, leave.


async def test_the_end_is_asked_for(console: Console) -> None:
    door = three()
    async with console(door) as (pilot, _):
        await press(pilot, "a", "e")
        assert isinstance(pilot.app.screen, ConfirmScreen)
        await press(pilot, "n")
        assert door.calls == []
        await press(pilot, "e", "y")
        assert door.calls == [("end", "red")]


async def test_an_abort_waits_for_nothing_and_says_that_it_is_under_way(console: Console) -> None:
    door = three()
    door.go_on.clear()
    async with console(door) as (pilot, screen):
        await press(pilot, "x")
        await pilot.press("y")
        await until(pilot, lambda: ("abort",) in door.calls)
        assert "◐ aborting …" in aim(screen)
        await pilot.press("space")
        await until(pilot, lambda: ("freeze", None) in door.calls)
        door.go_on.set()
        await settled(pilot)
        assert screen.scene.over
        assert "aborting" not in aim(screen)


async def test_there_is_no_report_before_the_end(console: Console) -> None:
    door = three()
    async with console(door) as (pilot, _):
        await press(pilot, "r")
        assert door.calls == []
        assert told(pilot) == ["The report is written when the game is over for all. E ends it."]


async def test_the_report_is_followed_and_its_files_are_named(console: Console) -> None:
    door = FakeDoor(over("Red"), over("Blue"))
    door.go_on.clear()
    async with console(door, (80, 24)) as (pilot, screen):
        await press(pilot, "r")
        await pilot.press("y")
        await until(pilot, lambda: len(screen.report.told) == 2)
        await pilot.pause()
        assert isinstance(pilot.app.screen, ReportScreen)
        words = str(pilot.app.screen.query_one(Static).content)
        assert "✓ Living through Red's session again" in words
        assert "◐ Drawing the report" in words
        await pilot.press("escape", "q")
        await pilot.pause()
        assert isinstance(pilot.app.screen, ConfirmScreen)
        await pilot.press("n")
        door.go_on.set()
        await settled(pilot)
        assert told(pilot)[-1] == "The reports are written. R shows where."
        assert "R shows where the reports are" in aim(screen)
        await press(pilot, "r")
        assert "report.html" in str(pilot.app.screen.query_one(Static).content)
        assert door.calls == [("report",)]
        door.fail["view"] = SessionError("The worlds have ended.")
        await press(pilot, "escape", "ctrl+r")
        assert screen.query_one(Banner).error is None
        await press(pilot, "q")
        assert not pilot.app.is_running or pilot.app._exit


async def test_a_report_that_fails_can_be_tried_again(console: Console) -> None:
    door = FakeDoor(over("Red"))
    door.fail["report"] = SessionError("The folder is full.", "Make room in it.")
    async with console(door) as (pilot, screen):
        await press(pilot, "r", "y")
        words = str(pilot.app.screen.query_one(Static).content)
        assert "The folder is full." in words
        assert "Make room in it." in words
        door.fail.clear()
        await press(pilot, "r")
        assert screen.report.state == "written"
        assert door.calls == [("report",), ("report",)]


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_to_leave_is_asked_for(console: Console, key: str) -> None:
    async with console(three()) as (pilot, screen):
        await press(pilot, key)
        assert isinstance(pilot.app.screen, ConfirmScreen)
        await press(pilot, "n")
        assert pilot.app.screen is screen
        await press(pilot, key, "y")
        assert pilot.app._exit


def test_the_door_is_closed_after_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    door = three()
    monkeypatch.setattr(FacilitatorApp, "run", lambda _app: None)
    run(door)
    assert door.closed == 1


async def test_clocks_that_go_on_after_the_end_can_be_frozen(console: Console) -> None:
    door = FakeDoor(replace(over("Red"), mode="running"))
    async with console(door, (80, 24)) as (pilot, _):
        await press(pilot, "space", "space")
        assert door.calls == [("freeze", None)]


# What goes wrong.


async def test_what_the_door_refuses_is_said_with_what_to_do(console: Console) -> None:
    door = three()
    door.fail["inject"] = SessionError("It is in force already.", "Take it back first [u].")
    async with console(door) as (pilot, screen):
        await press(pilot, "i", "space")
        assert told(pilot) == ["It is in force already.\nTake it back first [u]."]
        assert door.calls[-1] == ("freeze", None)
        assert aim(screen).rstrip().endswith("selected: Red")


async def test_a_game_that_cannot_be_looked_at_stays_on_screen_until_it_can(console: Console) -> None:
    door = three()
    async with console(door) as (pilot, screen):
        door.fail["view"] = SessionError("Red's world no longer answers.")
        await press(pilot, "ctrl+r")
        assert "Red's world no longer answers." in screen.query_one(Banner).render().plain
        assert "Blue" in plain(screen.query_one(Board))
        await press(pilot, "space")
        door.fail.clear()
        await press(pilot, "ctrl+r")
        assert screen.query_one(Banner).error is None


async def test_before_anything_is_known_keys_do_no_harm(console: Console) -> None:
    door = three()
    door.fail["view"] = SessionError("The worlds are being started.")
    async with console(door, (80, 24)) as (pilot, screen):
        await press(
            pilot,
            "space",
            "plus",
            "right_square_bracket",
            "a",
            "i",
            "o",
            "h",
            "m",
            "b",
            "d",
            "e",
            "x",
            "r",
            "enter",
            "2",
            "4",
        )
        assert door.calls == []
        assert pilot.app.screen is screen


async def test_without_teams_and_without_hints(console: Console) -> None:
    door = FakeDoor()
    door.game = replace(door.game, injections=(), hints=(), debrief=())
    async with console(door, (80, 24)) as (pilot, screen):
        assert "There is no team" in plain(screen.query_one(Board))
        await press(pilot, "space", "h", "m", "i", "3", "d", "escape", "b", "escape")
        assert door.calls == []
        assert "injects nothing" in plain(screen.query_one(InjectionList))


async def test_names_are_no_markup(console: Console) -> None:
    async with console(FakeDoor(card("[bold]Red[/]"), card("Blue", trouble="[x] \x1b[31mred"))) as (
        pilot,
        screen,
    ):
        assert "[bold]Red[/]" in plain(screen.query_one(Board))
        await press(pilot, "a", "e")
        assert "[bold]Red[/]" in pilot.app.screen.query(Static).first().render().plain
