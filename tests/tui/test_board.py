"""The teacher's board: keys, what they reach, what they leave alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static
from tui_board import FakeBoard, full, mixed, new, room, row, stuck
from tui_driving import settled

from tui.bigtext import big
from tui.board import BoardApp, run
from tui.boardlines import minutes
from tui.boardscene import BoardScene
from tui.classroom import BoardDoor, Look
from tui.screens.board import BoardScreen
from tui.screens.board_choice import ChoiceScreen
from tui.screens.board_join import JoinScreen, join_lines
from tui.screens.board_look import LookScreen, LookView
from tui.screens.confirm import ConfirmScreen
from tui.screens.scaling import Page
from tui.session import SessionError
from tui.widgets.banner import Banner
from tui.widgets.board import AimLine, ClassLine, SeatAbout, SeatTable, TroubleLine

Board = Callable[..., AbstractAsyncContextManager[tuple[Pilot[None], BoardScreen]]]


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Board:
    """The board of a door, which looks when it has done something and at no other time."""
    monkeypatch.setattr("tui.screens.board.LOOK_SECONDS", 3600)
    monkeypatch.setattr("tui.screens.board_look.LOOK_SECONDS", 3600)

    @asynccontextmanager
    async def opened(
        door: FakeBoard, size: tuple[int, int] = (200, 50)
    ) -> AsyncIterator[tuple[Pilot[None], BoardScreen]]:
        app = BoardApp(door)
        app.animation_level = "none"
        async with app.run_test(size=size, notifications=True) as pilot:
            await settled(pilot)
            assert isinstance(app.screen, BoardScreen)
            yield pilot, app.screen

    return opened


async def press(pilot: Pilot[None], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await pilot.app.workers.wait_for_complete()
    await settled(pilot)


def table(screen: BoardScreen) -> list[str]:
    return [line.draw().plain for line in screen.query_one(SeatTable)._lines]


def told(pilot: Pilot[None]) -> list[str]:
    return [note.message for note in pilot.app._notifications]


def shown(screen: BoardScreen, kind: Any) -> str:
    text: str = screen.query_one(kind).render().plain
    return text


# What is shown.


async def test_every_seat_has_a_line_and_those_that_are_stuck_come_first(board: Board) -> None:
    assert isinstance(FakeBoard(mixed()), BoardDoor)
    async with board(FakeBoard(mixed())) as (pilot, screen):
        lines = table(screen)
        assert len(lines) == 8
        assert "! ● 02   Grace Hopper" in lines[0]
        assert "✓ ✓ ✗ · · · · ·   25    21m    2  ✗ service-breaker: the circuit" in lines[0]
        assert "! ● 08" in lines[1]
        assert "6m   2S" in lines[1]
        assert "100              ✓ all steps passed" in lines[2]
        assert "○ 04" in lines[4]
        assert "quiet for 33m" in lines[4]
        assert "[b]Bobby[/b] <script>" in lines[6]
        assert "p06-no-breaker: See what is wrong" in lines[6]
        assert "no lab open yet" in lines[7]
        assert "8 seats, 6 here, 22 free" in shown(screen, ClassLine)
        assert "core-lab: all steps, all hints, solutions" in shown(screen, ClassLine)
        assert "! 2 stuck" in shown(screen, AimLine)
        await press(pilot, "d")
        assert [line[6:8] for line in table(screen)] == [f"{i:02d}" for i in range(1, 9)]


async def test_all_about_the_selected_seat(board: Board) -> None:
    async with board(FakeBoard(mixed())) as (pilot, screen):
        about = " ".join(shown(screen, SeatAbout).split())
        assert "! stuck for 21m, 4 failed checks, after hint 2" in about
        assert "✗ first-deployment: IN_PROGRESS since 4 min, 0 of 2 tasks run" in about
        assert "AZ2KXW7Q" in about
        assert "(exit 254)" in about
        assert "✗ 3 Keep two of them running" in about
        await press(pilot, "down", "down")
        assert "All steps of core-lab have passed" in shown(screen, SeatAbout)


async def test_on_a_small_screen_enter_shows_all_of_it(board: Board) -> None:
    door = FakeBoard(mixed())
    async with board(door, (80, 24)) as (pilot, screen):
        assert "… Enter shows all of it" in shown(screen, SeatAbout)
        await press(pilot, "enter")
        page = pilot.app.screen.query_one(Page)
        assert "8 Leave nothing behind" in page.render().plain
        # It is kept up to date, and it stays with its seat.
        door.seen = room(row(1), stuck(2, tries=5))
        screen.look()
        await settled(pilot)
        assert "5 failed checks" in page.render().plain
        await press(pilot, "escape")
        assert pilot.app.screen is screen


async def test_a_look_leaves_the_selection_with_its_seat(board: Board) -> None:
    door = FakeBoard(room(row(1), row(2), row(3)))
    async with board(door) as (pilot, screen):
        await press(pilot, "down")
        assert screen.scene.seat == "02"
        door.seen = room(row(1), row(2), stuck(3))
        await press(pilot, "ctrl+r")
        assert "03" in table(screen)[0]
        assert screen.scene.seat == "02"
        assert table(screen)[2].startswith("❯")


async def test_what_looks_the_same_is_not_drawn_again(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    door = FakeBoard(full())
    async with board(door) as (pilot, screen):
        drawn: list[str] = []
        for kind in (SeatTable, SeatAbout, AimLine, ClassLine):
            widget = screen.query_one(kind)
            monkeypatch.setattr(widget, "refresh", lambda *_, kind=kind, **__: drawn.append(kind.__name__))
        older = tuple(
            replace(each, idle_s=(each.idle_s or 0) + 1, on_step_s=each.on_step_s + 1)
            for each in door.seen.seats
        )
        door.seen = replace(door.seen, seats=older)
        await press(pilot, "ctrl+r")
        assert screen.scene.view == door.seen
        assert drawn == []
        door.seen = replace(door.seen, seats=(row(1, 8), *older[1:]))
        await press(pilot, "ctrl+r")
        assert drawn == ["SeatTable"]


async def test_sixty_seats_scroll(board: Board) -> None:
    async with board(FakeBoard(full()), (80, 24)) as (pilot, screen):
        await press(pilot, "d", "end")
        assert screen.scene.seat == "60"
        seats = screen.query_one(SeatTable)
        assert seats.scroll_offset.y == 60 - seats.size.height
        await pilot.click(SeatTable, offset=(5, 1))
        await settled(pilot)
        assert screen.scene.seat == f"{60 - seats.size.height + 2:02d}"
        await press(pilot, "pageup", "down")
        assert screen.scene.seat == f"{60 - 2 * seats.size.height + 3:02d}"
        await press(pilot, "home")
        assert screen.scene.seat == "01"
        assert seats.scroll_offset.y == 0


async def test_trouble_and_silence_are_told(board: Board) -> None:
    door = FakeBoard(room(row(1), trouble="Worlds of shard 2 start again."))
    async with board(door) as (pilot, screen):
        assert shown(screen, TroubleLine) == "! Worlds of shard 2 start again."
        assert screen.query_one(TroubleLine).display
        door.seen = room(row(1))
        door.fail["view"] = SessionError("No class answers.", "Is it open?")
        await press(pilot, "ctrl+r")
        assert "No class answers." in shown(screen, Banner)
        assert len(table(screen)) == 1
        del door.fail["view"]
        await press(pilot, "ctrl+r")
        assert screen.query_one(Banner).error is None
        assert not screen.query_one(TroubleLine).display


async def test_before_anybody_has_joined(board: Board) -> None:
    door = FakeBoard(room())
    async with board(door) as (pilot, screen):
        assert "Nobody has joined yet. W shows" in table(screen)[0]
        await press(pilot, "l", "v", "m", "x", "space", "a", "down")
        assert told(pilot) == ["Nobody has joined yet."] * 6
        assert door.calls == []
        # What holds for whoever joins can be set already.
        await press(pilot, "h", "down", "enter")
        assert door.calls == [("set_policy", None, {"hints": "first"})]


async def test_it_looks_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.screens.board.LOOK_SECONDS", 0.01)
    door = FakeBoard(mixed())
    async with BoardApp(door).run_test() as pilot:
        for _ in range(500):
            if door.looks >= 4:
                return
            await pilot.pause(0.01)
        pytest.fail("It does not.")


async def test_the_palette_offers_every_action_and_does_it(board: Board) -> None:
    door = FakeBoard(mixed())
    async with board(door) as (pilot, screen):
        offered = {command.title: command.callback for command in pilot.app.get_system_commands(screen)}
        assert {"Look  (L)", "Clock  (F8, Space)", "Join  (F2, W)", "Theme  (T)"} <= set(offered)
        await offered["Grades  (G)"]()
        await settled(pilot)
        assert door.calls == [("export",)]


# What is set and done.


async def test_steps_are_opened_one_by_one(board: Board) -> None:
    door = FakeBoard(room(row(1), row(2)))
    async with board(door) as (pilot, _):
        await press(pilot, "n")
        assert told(pilot) == ["All steps are open for all 2 seats. O locks some."]
        await press(pilot, "o", "down", "down", "enter", "n", "n")
        assert door.calls == [("set_policy", None, {"steps": each}) for each in (2, 3, 4)]
        assert "All 2 seats: steps 1 to 2 are open." in told(pilot)
        assert "All 2 seats: 4 steps are open." in told(pilot)
        await press(pilot, "o", "home", "enter")
        assert door.calls[-1] == ("set_policy", None, {"steps": None})


async def test_one_seat_alone(board: Board) -> None:
    locked = replace(
        row(2, 1), steps=("passed", "open", "locked", "locked", "locked", "locked", "locked", "locked")
    )
    door = FakeBoard(room(row(1), locked))
    async with board(door) as (pilot, screen):
        await press(pilot, "down", "a")
        assert "seat 02 (Grace Hopper)" in shown(screen, AimLine)
        await press(pilot, "n", "s", "down", "enter", "c", "end", "enter", "c", "escape")
        assert door.calls == [
            ("set_policy", "02", {"steps": 3}),
            ("set_policy", "02", {"solutions": False}),
            ("set_policy", "02", {"lab": ""}),
        ]


async def test_the_choice_begins_at_what_is_set(board: Board) -> None:
    view = room(row(1))
    door = FakeBoard(replace(view, policy=replace(view.policy, hints="none", steps=3, lab="p06-no-breaker")))
    async with board(door) as (pilot, _):
        for key, at in (("h", 2), ("o", 3), ("c", 2), ("s", 0)):
            await press(pilot, key)
            assert isinstance(pilot.app.screen, ChoiceScreen)
            assert pilot.app.screen.query_one(OptionList).highlighted == at
            await press(pilot, "q")
        assert door.calls == []


@pytest.mark.parametrize(
    ("downs", "calls", "words"),
    [
        (0, [("pause", None)], "stands still"),
        (1, [("run", None)], "goes on"),
        # One that stands still would not go, however fast it is set.
        (2, [("speed", 1.0), ("run", None)], "goes at 1x"),
        (3, [("speed", 10.0), ("run", None)], "goes at 10x"),
        (4, [("speed", 60.0), ("run", None)], "goes at 60x"),
    ],
)
async def test_clocks(board: Board, downs: int, calls: list[tuple[str, float | None]], words: str) -> None:
    door = FakeBoard(room(row(1), row(2)))
    async with board(door) as (pilot, _):
        await press(pilot, "f8", *["down"] * downs, "enter")
        assert door.calls == [("clock", *call, None) for call in calls]
        assert told(pilot) == [f"All 2 seats: the clock {words}."]


async def test_a_message_goes_to_whom_keys_act_on(board: Board) -> None:
    door = FakeBoard(room(row(1), row(2)))
    async with board(door) as (pilot, _):
        await press(pilot, "m")
        pilot.app.screen.query_one(Input).value = " five more minutes "
        await press(pilot, "enter", "a", "m", "h", "i", "enter", "m", "escape")
        assert door.calls == [("message", "five more minutes", None), ("message", "hi", "01")]
        assert told(pilot) == ["Sent to all 2 seats.", "Sent to seat 01 (Ada Lovelace)."]


async def test_a_reset_is_asked_for(board: Board) -> None:
    door = FakeBoard(room(row(1), row(2)))
    async with board(door) as (pilot, _):
        await press(pilot, "x")
        assert isinstance(pilot.app.screen, ConfirmScreen)
        await press(pilot, "n")
        assert door.calls == []
        door.fail["reset"] = SessionError("Done for 1 of 2 seats, not for 02.", "Try again.")
        await press(pilot, "x", "y")
        assert door.calls == [("reset", None)]
        assert told(pilot) == ["Done for 1 of 2 seats, not for 02.\nTry again."]


async def test_a_seat_is_freed_when_that_is_meant(board: Board) -> None:
    door = FakeBoard(room(row(1), row(2)))
    async with board(door) as (pilot, _):
        await press(pilot, "down", "f")
        assert isinstance(pilot.app.screen, ConfirmScreen)
        words = " ".join(str(each.render()) for each in pilot.app.screen.query(Static))
        assert "seat 02" in words
        assert "no longer on the board nor in the grades" in words
        await press(pilot, "n")
        assert door.calls == []
        await press(pilot, "f", "y")
        assert door.calls == [("free", "02")]  # one only, whomever the other keys act on
        assert told(pilot) == ["Seat 02 is free."]


async def test_a_name_is_corrected(board: Board) -> None:
    door = FakeBoard(room(row(1, name="Ad")))
    async with board(door) as (pilot, _):
        await press(pilot, "r", "end", "a", "space", "enter")
        assert door.calls == [("rename", "01", "Ada")]
        await press(pilot, "r", "enter")
        await press(pilot, "r", "escape")
        assert len(door.calls) == 1
        door.fail["rename"] = SessionError("That cannot be a name.", "Use 1 to 40 characters.")
        await press(pilot, "r", "x", "enter")
        assert told(pilot)[-1] == "That cannot be a name.\nUse 1 to 40 characters."


async def test_nobody_is_freed_where_nobody_sits(board: Board) -> None:
    door = FakeBoard(room())
    async with board(door) as (pilot, _):
        await press(pilot, "f", "r")
        assert told(pilot) == ["Nobody has joined yet."] * 2
        assert door.calls == []


async def test_grades_say_where_they_are(board: Board) -> None:
    async with board(FakeBoard(mixed())) as (pilot, _):
        await press(pilot, "g")
        assert told(pilot)[0].splitlines()[1:] == ["/srv/monday/grades.csv", "/srv/monday/grades.xml"]


# A seat's screen.


async def test_a_screen_is_shown_as_it_is_and_scrolls(board: Board) -> None:
    door = FakeBoard(room(row(1)))
    lines = tuple(f"{at:02d} [b]x[/b]\x1b[31m " + "─" * 150 + "end" for at in range(60))
    door.shown["01"] = Look("01", 170, 60, lines)
    async with board(door, (80, 24)) as (pilot, screen):
        await press(pilot, "l")
        look = pilot.app.screen
        assert isinstance(look, LookScreen)
        view = look.query_one(LookView)
        assert view.render_line(0).text.startswith("00 [b]x[/b] ──")
        assert "Ada Lovelace" in look.query_one(Static).render().plain  # type: ignore[union-attr]
        await press(pilot, "end")
        assert "59 [b]" in view.render_line(view.scrollable_content_region.height - 1).text
        view.scroll_to(x=95, animate=False)
        await settled(pilot)
        assert view.render_line(0).text.rstrip().endswith("end")
        # Less is shown there now, and then nothing.
        door.shown["01"] = Look("01", 80, 1, ("new",))
        look.look_again()
        await settled(pilot)
        assert view.render_line(0).text.strip() == "new"
        assert view.render_line(1).text.strip() == ""
        del door.shown["01"]
        look.look_again()
        await settled(pilot)
        assert "no screen is open there" in look.query_one(Static).render().plain  # type: ignore[union-attr]
        door.fail["look"] = SessionError("No class answers.")
        look.look_again()
        await settled(pilot)
        assert "✗ No class answers." in look.query_one(Static).render().plain  # type: ignore[union-attr]
        await press(pilot, "escape")
        assert pilot.app.screen is screen


# How to join.


async def test_the_way_in_is_kept_up_to_date(board: Board) -> None:
    door = FakeBoard(room())
    async with board(door) as (pilot, screen):
        await press(pilot, "w")
        assert isinstance(pilot.app.screen, JoinScreen)
        page = pilot.app.screen.query_one(Page)
        assert "0 have joined, 30 seats are free" in page.render().plain
        door.seen = room(new(1))
        screen.look()
        await settled(pilot)
        assert "1 has joined, 29 seats are free" in page.render().plain
        await press(pilot, "w")
        assert pilot.app.screen is screen


@pytest.mark.parametrize("width", [40, 76, 120, 196])
def test_address_and_code_are_there_to_be_copied_at_any_width(width: int) -> None:
    view = room(new(1))
    lines = join_lines(view, width)
    assert all(line.cell_length <= width for line in lines)
    words = [line.plain.strip() for line in lines]
    assert view.join in words
    assert view.code in words
    large = sum("█" in line for line in words)
    assert large >= {40: 2, 76: 7, 120: 7, 196: 13}[width]


def test_letters_are_as_large_as_they_fit() -> None:
    assert big("L", 16)[-2:] == ["█" * 16] * 2
    assert big("L", 15)[-1] == "█" * 8
    assert big("L", 4) == ["█   ", "█   ", "▀▀▀▀"]
    assert big("L", 3) == []
    assert big("a", 8) == big("A", 8)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:./-_[]"
    drawn = {tuple(big(letter, 9)) for letter in letters}
    assert len(drawn) == len(letters)


def test_small_things() -> None:
    assert [minutes(s) for s in (0, 59, 60, 3599, 3600, 7500)] == [
        "<1m",
        "<1m",
        "1m",
        "59m",
        "1h00m",
        "2h05m",
    ]
    assert BoardScene().selected is None
    assert BoardScene().opened is None
    assert BoardScene(room(row(1))).aim_words == "the whole class"


def test_the_door_is_closed_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(app: BoardApp) -> None:
        raise RuntimeError("no terminal")

    monkeypatch.setattr(BoardApp, "run", broken)
    door = FakeBoard(room())
    with pytest.raises(RuntimeError):
        run(door)
    assert door.closed == 1
