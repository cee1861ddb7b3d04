"""The screens of a seat in a class: what is locked, what is not offered, and what the teacher says and does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static
from textual.widgets._toast import Toast
from tui_driving import settled
from tui_seats import FakeSeat

from tui.screens.catalogue import CatalogueScreen
from tui.screens.confirm import ConfirmScreen
from tui.screens.help import help_content
from tui.screens.lab import LabScreen
from tui.screens.said import SaidScreen
from tui.seat import SeatDoor
from tui.seatapp import SeatApp, Told
from tui.widgets.guide import LOCKED, revealed_text
from tui.widgets.keybar import KeyBar


@pytest.fixture
def seat() -> FakeSeat:
    return FakeSeat()


@asynccontextmanager
async def taken(
    seat: FakeSeat, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[Pilot[None], SeatApp]]:
    app = SeatApp(seat)
    async with app.run_test(size=size, notifications=True) as pilot:
        await settled(pilot)
        yield pilot, app


async def told(pilot: Pilot[None], **what: Any) -> None:
    pilot.app.post_message(Told(what))
    await settled(pilot)


def lab_of(app: SeatApp) -> LabScreen:
    assert isinstance(app.screen, LabScreen)
    return app.screen


def notices(app: SeatApp) -> list[tuple[str, str]]:
    return [(each.title, each.message) for each in app._notifications]


async def test_the_lab_of_the_class_opens_at_once_and_no_host_is_offered(seat: FakeSeat) -> None:
    assert isinstance(seat, SeatDoor)
    async with taken(seat) as (pilot, app):
        lab = lab_of(app)
        assert ("open", "core-lab") in seat.calls
        assert "Shell" not in lab.query_one(KeyBar).render().plain
        names = [each.title for each in app.get_system_commands(app.screen)]
        assert not [each for each in names if each.startswith(("Shell", "Picture"))]
        assert [each for each in names if each.startswith("Teacher")]
        page = help_content("lab", app.MORE, app.closed).plain
        assert "full shell" not in page
        assert "SVG" not in page
        assert "what the teacher has said" in page
        await pilot.press("ctrl+t", "f12", "exclamation_mark")
        await settled(pilot)
        assert seat.count("shell_command") == 0
        assert notices(app) == []


async def test_without_a_lab_of_the_class_everybody_chooses(seat: FakeSeat) -> None:
    seat.lab = ""
    async with taken(seat) as (_, app):
        assert isinstance(app.screen, CatalogueScreen)


async def test_a_locked_step_looks_locked_and_does_nothing(seat: FakeSeat) -> None:
    seat.open_steps = 2
    async with taken(seat) as (pilot, app):
        lab = lab_of(app)
        assert [mark for mark, _ in lab.guide.strip.marks] == ["✓", "○", "–"]
        await pilot.press("right_square_bracket")
        await settled(pilot)
        assert str(lab.guide.query_one("#tally", Static).render()) == LOCKED
        assert not lab.guide.checks.display
        checks = seat.count("check")
        for key in ("f5", "f7", "a", "s", "r", "f6"):
            await pilot.press(key)
            await settled(pilot)
            assert app.screen is lab
        assert seat.count("check") == checks
        assert seat.count("hint") == 0
        assert ("", "This step opens when the teacher opens it.") in notices(app)
        # The teacher opens it.
        seat.open_steps = None
        await told(pilot, do="policy")
        assert lab.work is not None
        assert lab.work.step is not None
        assert lab.work.step.id == "broken"
        assert lab.guide.commands.commands
        assert [mark for mark, _ in lab.guide.strip.marks] == ["✓", "○", "○"]
        await pilot.press("f5")
        await settled(pilot)
        assert seat.count("check") > checks
        assert seat.count("open") == 1


async def test_solutions_and_hints_are_as_the_teacher_wants(seat: FakeSeat) -> None:
    async with taken(seat) as (pilot, app):
        lab = lab_of(app)
        await pilot.press("f7")
        await settled(pilot)
        await pilot.press("s")
        await settled(pilot)
        assert isinstance(app.screen, ConfirmScreen)
        await pilot.press("escape")
        seat.hints, seat.closed_actions = 1, frozenset({"shell", "solution", "play"})
        await told(pilot, do="policy")
        assert lab.work is not None
        assert len(lab.work.revealed("service").hints) == 1
        await pilot.press("f7", "s", "w")
        await settled(pilot)
        assert app.screen is lab
        assert ("", "That was the last hint.") in notices(app)
        assert seat.count("solution") == 0
        assert seat.count("play") == 0
        seat.hints = 0
        await told(pilot, do="policy")
        await pilot.press("f7")
        await settled(pilot)
        assert ("", "There are no hints to give now.") in notices(app)
        # The one that was shown is still the first of one.
        assert revealed_text(lab.work.revealed("service"), hints=0).startswith("**Hint 1 of 1")


async def test_what_the_teacher_says_stays_until_it_is_put_away(seat: FakeSeat) -> None:
    async with taken(seat) as (pilot, app):
        seat.messages = ["Five [bold]minutes[/]\x1b[2J left"]
        await told(pilot, do="message")
        seat.messages.append("Four")
        await told(pilot, do="message")
        found = list(app._notifications)
        assert [each.title for each in found] == ["The teacher says"] * 2
        assert "[bold]minutes[/]" in found[0].message
        assert "\x1b" not in found[0].message
        assert "A click puts it away" in found[0].message
        assert found[0].timeout > 3600
        # The rest stays where it is.
        await pilot.click(Toast)
        await settled(pilot)
        assert len(app._notifications) == 1
        assert len(seat.away) == 1


async def test_what_was_said_while_no_screen_was_open_is_seen_by_who_comes_back(seat: FakeSeat) -> None:
    seat.messages = ["Welcome", "One", "Two", "Three"]
    seat.away = {0}
    async with taken(seat) as (_, app):
        assert [each.message.splitlines()[0] for each in app._notifications] == ["One", "Two", "Three"]
    # Nobody put them away, and the screen ended.
    assert seat.away == {0}


async def test_what_was_said_can_be_read_again_which_puts_it_away(seat: FakeSeat) -> None:
    seat.messages = ["Welcome", "Five [bold]minutes[/] left"]
    async with taken(seat) as (pilot, app):
        assert len(app._notifications) == 2
        await pilot.press("e")
        await settled(pilot)
        assert isinstance(app.screen, SaidScreen)
        assert not list(app._notifications)
        assert seat.away == {0, 1}
        shown = str(app.screen.query_one("#said", Static).render())
        assert shown.index("minutes[/]") < shown.index("Welcome")
        await pilot.press("e")
        await settled(pilot)
        assert isinstance(app.screen, LabScreen)


async def test_a_reset_of_the_teachers_opens_the_lab_anew(seat: FakeSeat) -> None:
    async with taken(seat) as (pilot, app):
        await told(pilot, do="reset")
        assert seat.count("open") == 2
        assert ("cancel",) in seat.calls
        assert isinstance(app.screen, LabScreen)


async def test_another_lab_of_the_class_is_opened_instead(seat: FakeSeat) -> None:
    async with taken(seat) as (pilot, app):
        seat.lab = "p05-tiny-subnet"
        await told(pilot, do="policy")
        assert lab_of(app).card.id == "p05-tiny-subnet"
        assert len([each for each in app.screen_stack if isinstance(each, LabScreen)]) == 1
        seat.lab = ""
        await told(pilot, do="policy")
        assert lab_of(app).card.id == "p05-tiny-subnet"


async def test_the_teacher_can_look(seat: FakeSeat) -> None:
    async with taken(seat) as (pilot, app):
        answers: list[dict[str, object]] = []
        app.tell = answers.append
        await pilot.press("f1")
        await told(pilot, do="look", id=7)
        await told(pilot, do="nonsense")
        [look] = answers
        assert (look["do"], look["id"], look["width"], look["height"]) == ("look", 7, 120, 40)
        lines = look["lines"]
        assert isinstance(lines, list)
        assert {len(line) for line in lines} == {120}
        assert any("Go to the guide" in line for line in lines)
        assert any("A service that heals itself" in line for line in lines)
        assert str(look["svg"]).startswith("<svg")
