"""The lab screen: what each action does."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import tui_worlds
from textual.widgets import Input, Markdown
from tui_driving import Opened, settled
from tui_fakes import STEPS, FakeSession

from tui.app import LabApp
from tui.screens.catalogue import CatalogueScreen
from tui.screens.confirm import ConfirmScreen
from tui.screens.debrief import DebriefScreen
from tui.screens.help import HelpScreen
from tui.screens.lab import LabScreen
from tui.screens.question import QuestionScreen
from tui.screens.task import TaskScreen, task_content
from tui.session import SessionError
from tui.snapshot import parse_snapshot
from tui.widgets.prompt import Prompt
from tui.widgets.tasktable import TaskTable
from tui.widgets.worldline import TitleLine, WorldLine


async def test_it_opens_at_the_first_step_to_do(session: FakeSession, opened: Opened) -> None:
    async with opened(session) as (_, lab):
        assert lab.work is not None
        assert lab.work.step.id == "service"
        assert lab.guide.strip.marks[0][0] == "✓"
        assert "steady" in lab.query_one(WorldLine).render().plain


@pytest.mark.parametrize(
    ("size", "compact"), [((80, 24), True), ((139, 50), True), ((140, 36), False), ((200, 50), False)]
)
async def test_three_panes_where_there_is_room_one_at_a_time_where_not(
    session: FakeSession, opened: Opened, size: tuple[int, int], compact: bool
) -> None:
    async with opened(session, size) as (pilot, lab):
        for key, shown in (("f2", "guide"), ("f3", "world"), ("f4", "console")):
            await pilot.press(key)
            await pilot.pause()
            visible = {p for p in ("guide", "world", "console") if lab.query_one(f"#{p}").region.area}
            assert visible == ({shown} if compact else {"guide", "world", "console"})
            assert lab.query_one(WorldLine).region.height == 1


async def test_resizing_changes_the_layout_in_place(session: FakeSession, opened: Opened) -> None:
    async with opened(session) as (pilot, lab):
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert lab.has_class("-compact")
        await pilot.resize_terminal(200, 50)
        await pilot.pause()
        assert not lab.has_class("-compact")


async def test_a_moved_world_is_shown_and_the_step_checked_again_without_drills(
    session: FakeSession, opened: Opened
) -> None:
    session.worlds.append(tui_worlds.failing())
    async with opened(session) as (pilot, lab):
        await pilot.pause(0.01)
        await settled(pilot)
        before = session.count("check")
        session.advance()
        lab.wake_feed()
        await pilot.pause(0.01)
        await settled(pilot)
        assert lab.world.version == 20
        assert "rolling out web:2" in lab.query_one(WorldLine).render().plain
        assert session.calls.count(("check", "service", False)) == session.count("check") > before


async def test_an_unmoved_world_is_not_drawn_nor_checked(session: FakeSession, opened: Opened) -> None:
    async with opened(session) as (pilot, lab):
        await pilot.pause(0.01)
        await settled(pilot)
        seen, checks = lab.world, session.count("check")
        lab.wake_feed()
        await settled(pilot)
        assert lab.world is seen
        assert session.count("check") == checks


async def test_a_passed_step_is_celebrated_once_and_marked(session: FakeSession, opened: Opened) -> None:
    async with opened(session) as (pilot, lab):
        session.passing.add("service")
        await pilot.press("f5")
        await settled(pilot)
        assert ("check", "service", True) in session.calls
        assert lab.guide.strip.marks[1][0] == "✓"
        assert "step passed" in lab.guide.query_one("#tally").render().plain
        await pilot.press("f5")
        await settled(pilot)
        assert len([n for n in pilot.app._notifications if n.title == "Step passed"]) == 1


async def test_a_second_check_does_not_begin_while_one_runs(
    session: FakeSession, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(session) as (pilot, _):
        await settled(pilot)
        graded, go_on = session.check, threading.Event()

        def slow(step_id: str | None, *, drills: bool, progress: Any = None) -> Any:
            go_on.wait(20)
            return graded(step_id, drills=drills, progress=progress)

        monkeypatch.setattr(session, "check", slow)
        before = session.calls.count(("check", "service", True))
        await pilot.press("f5")
        await pilot.press("f5")
        go_on.set()
        await settled(pilot)
        assert session.calls.count(("check", "service", True)) == before + 1
        assert any("A check is running" in note.message for note in pilot.app._notifications)
        await pilot.press("f5")
        await settled(pilot)
        assert session.calls.count(("check", "service", True)) == before + 2


async def test_checks_show_what_was_expected_and_what_was_seen(session: FakeSession, opened: Opened) -> None:
    async with opened(session) as (pilot, lab):
        await pilot.press("c")
        await settled(pilot)
        shown = lab.guide.checks.render().plain
        assert "✓ two tasks are running" in shown
        assert "✗ the breaker rolls back" in shown
        assert "expected 2 running tasks" in shown
        assert "observed 0" in shown


async def test_moving_between_steps(session: FakeSession, opened: Opened) -> None:
    async with opened(session) as (pilot, lab):
        await pilot.press("right_square_bracket")
        await settled(pilot)
        assert lab.work.step.id == "broken"
        assert lab.query_one(TitleLine).place == "step 3 of 3"
        await pilot.press("alt+right", "alt+left", "left_square_bracket")
        await settled(pilot)
        assert lab.work.step.id == "cluster"


async def test_paste_puts_the_next_command_in_the_console_and_does_not_run_it(
    session: FakeSession, opened: Opened
) -> None:
    async with opened(session, (80, 24)) as (pilot, lab):
        await pilot.press("f6")
        await settled(pilot)
        assert lab.console.prompt.text == STEPS[1].commands[0]
        assert pilot.app.focused is lab.console.prompt
        assert session.count("run_command") == 0
        await pilot.press("f6")
        await settled(pilot)
        assert lab.console.prompt.text == STEPS[1].commands[1]


async def test_hints_come_one_level_at_a_time_and_end(session: FakeSession, opened: Opened) -> None:
    async with opened(session) as (pilot, lab):
        for _ in range(4):
            await pilot.press("h")
            await settled(pilot)
        assert [c[2] for c in session.calls if c[0] == "hint"] == [1, 2, 3]
        assert "Hint 3 of 3" in lab.guide.query_one("#revealed", Markdown).source


async def test_the_solution_is_revealed_only_when_confirmed(session: FakeSession, opened: Opened) -> None:
    async with opened(session) as (pilot, lab):
        await pilot.press("s", "n")
        await settled(pilot)
        assert session.count("solution") == 0
        await pilot.press("s", "y")
        await settled(pilot)
        assert "Because a service keeps the count." in lab.guide.query_one("#revealed", Markdown).source


async def test_a_prediction_is_typed_and_judged(session: FakeSession, opened: Opened) -> None:
    async with opened(session) as (pilot, lab):
        await pilot.press("a")
        assert isinstance(pilot.app.screen, QuestionScreen)
        assert pilot.app.screen.query_one(Input).has_focus
        await pilot.press("3", "enter")
        await settled(pilot)
        assert ("answer", "service", "3") in session.calls
        assert "Not quite" in lab.guide.query_one("#revealed", Markdown).source


async def test_a_prediction_is_chosen_from_a_list(session: FakeSession, opened: Opened) -> None:
    session.current = "broken"
    async with opened(session) as (pilot, lab):
        await pilot.press("a", "down", "enter")
        await settled(pilot)
        given = next(c for c in session.calls if c[0] == "answer")
        assert given == ("answer", "broken", "web:2")
        assert lab.work.revealed("broken").answer is not None


async def test_escape_leaves_a_prediction_open(session: FakeSession, opened: Opened) -> None:
    async with opened(session) as (pilot, lab):
        await pilot.press("a", "escape")
        await settled(pilot)
        assert pilot.app.screen is lab
        assert session.count("answer") == 0


@pytest.mark.parametrize(("key", "call"), [("r", ("reset_step", "service")), ("x", ("reset_lab",))])
async def test_resets_ask_first(
    session: FakeSession, opened: Opened, key: str, call: tuple[str, ...]
) -> None:
    async with opened(session) as (pilot, _):
        await pilot.press(key)
        assert isinstance(pilot.app.screen, ConfirmScreen)
        await pilot.press("escape")
        await settled(pilot)
        assert call not in session.calls
        await pilot.press(key, "enter")
        await settled(pilot)
        assert call not in session.calls
        await pilot.press("Y")
        await settled(pilot)
        assert call in session.calls


async def test_the_clock_keys(session: FakeSession, opened: Opened) -> None:
    async with opened(session) as (pilot, lab):
        for key in ("f8", "space", "f9", "plus", "plus", "minus"):
            await pilot.press(key)
            await settled(pilot)
        moves = [c[1:] for c in session.calls if c[0] == "clock"]
        assert moves == [
            ("pause", None),
            ("run", None),
            ("next", None),
            ("speed", 60.0),
            ("speed", "max"),
            ("speed", 60.0),
        ]
        assert "60x" in lab.query_one(TitleLine).render().plain


async def test_the_clock_keys_work_while_typing(session: FakeSession, opened: Opened) -> None:
    async with opened(session) as (pilot, lab):
        await pilot.press("f4", "n", "space", "f8", "f9", "ctrl+up")
        await settled(pilot)
        assert lab.console.prompt.text == "n "
        assert [c[1] for c in session.calls if c[0] == "clock"] == ["pause", "next", "speed"]


async def test_a_jump_of_hours_is_asked_for_twice(session: FakeSession, opened: Opened) -> None:
    session.world["clock"] = tui_worlds.clock(60, next_s=6 * 3600)
    async with opened(session) as (pilot, _):
        await pilot.press("f9")
        await settled(pilot)
        assert session.count("clock") == 0
        assert any("Nothing happens for 6h00m" in n.message for n in pilot.app._notifications)
        await pilot.press("f9")
        await settled(pilot)
        assert session.count("clock") == 1


async def test_a_task_can_be_looked_at_and_the_cursor_stays_on_it(
    session: FakeSession, opened: Opened
) -> None:
    session.worlds.append(tui_worlds.failing())
    async with opened(session) as (pilot, lab):
        await pilot.press("f3", "down")
        table = lab.query_one(TaskTable)
        assert table._cursor_id == table.world.tasks[1].id
        session.advance()
        lab.wake_feed()
        await settled(pilot)
        assert table.world.tasks[table._cursor].id == tui_worlds.task(1)["id"]
        await pilot.press("end", "enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, TaskScreen)
        await pilot.press("escape")
        assert pilot.app.screen is lab


def test_a_tasks_details_hold_the_whole_reason() -> None:
    world = parse_snapshot(tui_worlds.failing())
    shown = task_content(world.tasks[-1], world).plain
    assert tui_worlds.PULL_ERROR in shown
    assert "private-a" in shown
    assert "exit code" not in shown


async def test_solving_the_lab_brings_the_debrief_once(session: FakeSession, opened: Opened) -> None:
    async with opened(session) as (pilot, lab):
        session.passing |= {step.id for step in STEPS}
        await pilot.press("f5")
        await settled(pilot)
        assert isinstance(pilot.app.screen, DebriefScreen)
        shown = "\n".join(str(s.render()) for s in pilot.app.screen.query("Static, Fitted"))
        assert "solved" in shown
        assert "Lowest running count" in shown
        assert "+01:44" in shown
        await pilot.press("b")
        await settled(pilot)
        assert pilot.app.screen is lab
        await pilot.press("f5")
        await settled(pilot)
        assert pilot.app.screen is lab
        await pilot.press("d", "enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, CatalogueScreen)


async def test_an_error_stays_in_a_banner_with_what_to_do_until_it_is_mended(
    session: FakeSession, opened: Opened
) -> None:
    async with opened(session) as (pilot, lab):
        session.fail["hint"] = SessionError("No hint [for] you.", "Ask a [colleague].")
        await pilot.press("h")
        await settled(pilot)
        shown = lab.banner.render().plain
        assert "No hint [for] you." in shown
        assert "Ask a [colleague]." in shown
        assert "Ctrl+R" in shown
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert lab.banner.error is None


async def test_a_lost_world_is_opened_again_on_request(session: FakeSession, opened: Opened) -> None:
    async with opened(session) as (pilot, lab):
        session.fail["check"] = SessionError("The offline cloud no longer answers.", world_lost=True)
        await pilot.press("f5")
        await settled(pilot)
        assert "starts it again and resumes" in lab.banner.render().plain
        session.fail.clear()
        session.resumed = True
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert session.count("open") == 2
        assert lab.banner.error is None


async def test_a_lab_that_does_not_open_can_be_tried_again(session: FakeSession) -> None:
    session.fail["open"] = SessionError("Port 4566 is taken.", "Stop what uses it.")
    app = LabApp(session, lab="core-lab")
    async with app.run_test() as pilot:
        await settled(pilot)
        lab = app.screen
        assert isinstance(lab, LabScreen)
        assert "Port 4566" in lab.banner.render().plain
        for key in ("f5", "f6", "h", "s", "a", "r", "f8", "right_square_bracket"):
            await pilot.press(key)
        await settled(pilot)
        session.fail.clear()
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert lab.work is not None
        assert lab.banner.error is None


async def test_a_lab_left_before_it_opened_never_opens_behind_the_next(session: FakeSession) -> None:
    app = LabApp(session)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        with LabScreen._one_lab_at_a_time:  # something else is still being opened
            await pilot.press("enter")
            await pilot.pause()
            assert isinstance(app.screen, LabScreen)
            await pilot.press("q")
            await pilot.pause()
        await settled(pilot)
        assert session.count("open") == 0


async def test_help_and_palette_open_from_a_lab(session: FakeSession, opened: Opened) -> None:
    async with opened(session) as (pilot, lab):
        await pilot.press("f1")
        assert isinstance(pilot.app.screen, HelpScreen)
        await pilot.press("escape")
        commands = {c.title for c in pilot.app.get_system_commands(lab)}
        assert "Check  (F5, C)" in commands
        assert "Reset lab  (X)" in commands
        await pilot.press("ctrl+p", *"reset lab", "enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, ConfirmScreen)


async def test_the_theme_is_switched_and_remembered(session: FakeSession, opened: Opened) -> None:
    async with opened(session) as (pilot, _):
        await pilot.press("t")
        await settled(pilot)
        assert pilot.app.theme == "lab-light"
        assert session.preferences == {"theme": "lab-light"}


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_texts_from_the_world_are_shown_as_they_are(opened: Opened, size: tuple[int, int]) -> None:
    session = FakeSession(tui_worlds.hostile())
    async with opened(session, size) as (pilot, lab):
        for key in ("f4", "f3", "enter", "escape"):
            await pilot.press(key)
            await pilot.pause()
        assert "[bold red]not markup" in lab.query_one(WorldLine).render().plain
        assert "\x1b" not in lab.query_one(WorldLine).render().plain
        lines = [lab.query_one(TaskTable).render_line(y).text for y in range(3)]
        assert "[bold red" in lines[1]


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (300, 100)])
async def test_odd_sizes_do_no_harm(session: FakeSession, opened: Opened, size: tuple[int, int]) -> None:
    async with opened(session, size) as (pilot, lab):
        for key in ("f2", "f3", "f4", "f6"):
            await pilot.press(key)
            await pilot.pause()
        assert pilot.app.focused is lab.query_one(Prompt)
