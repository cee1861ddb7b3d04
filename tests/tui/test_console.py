"""The console."""

from __future__ import annotations

import sys
import threading

import pytest
from textual import events
from tui_driving import Opened, settled
from tui_fakes import FakeSession
from tui_worlds import HOSTILE

from tui.session import Finished, Output, SessionError, ShellCommand
from tui.shell import hand_over
from tui.widgets.console import MOST_WAITING
from tui.widgets.scrollback import MAX_LINE, MAX_LINES, Scrollback, wrapped


async def test_a_line_is_run_and_what_it_prints_is_shown(session: FakeSession, opened: Opened) -> None:
    async with opened(session) as (pilot, lab):
        await pilot.press("f4", *"aws ecs list-clusters", "enter")
        await settled(pilot)
        assert ("run_command", "aws ecs list-clusters") in session.calls
        assert "❯ aws ecs list-clusters" in lab.console.scrollback.text
        assert '"clusterArns": []' in lab.console.scrollback.text
        assert lab.console.prompt.text == ""
        assert lab.console.running == ""


async def test_errors_and_exit_codes_are_shown_in_words(session: FakeSession, opened: Opened) -> None:
    session.output = [Output("An error occurred (ClusterNotFoundException)\n", "err"), Finished(254, 0.3)]
    async with opened(session) as (pilot, lab):
        await pilot.press("f4", *"aws x", "enter")
        await settled(pilot)
        assert lab.console.scrollback.text.endswith("An error occurred (ClusterNotFoundException)\nexit 254")


async def test_a_pasted_command_keeps_its_lines_and_runs_only_on_enter(
    session: FakeSession, opened: Opened
) -> None:
    pasted = "aws ecs create-cluster \\\r\n  --cluster-name core-lab\n"
    async with opened(session) as (pilot, lab):
        await pilot.press("f4")
        lab.console.prompt.post_message(events.Paste(pasted))
        await settled(pilot)
        assert session.count("run_command") == 0
        await pilot.press("enter")
        await settled(pilot)
        assert ("run_command", "aws ecs create-cluster \\\n  --cluster-name core-lab") in session.calls


async def test_enter_after_a_backslash_goes_on_below(session: FakeSession, opened: Opened) -> None:
    async with opened(session) as (pilot, _):
        await pilot.press("f4", "l", "s", "backslash", "enter", "x", "enter")
        await settled(pilot)
        assert ("run_command", "ls\\\nx") in session.calls


async def test_history_reaches_earlier_sittings(session: FakeSession, opened: Opened) -> None:
    async with opened(session) as (pilot, lab):
        await pilot.press("f4", "up")
        await pilot.pause()
        assert lab.console.prompt.text == session.past[-1]
        await pilot.press("up")
        await pilot.pause()
        assert lab.console.prompt.text == session.past[-2]
        await pilot.press("down", "down")
        await pilot.pause()
        assert lab.console.prompt.text == ""


async def test_tab_completes_what_is_certain_and_offers_the_rest(
    session: FakeSession, opened: Opened
) -> None:
    async with opened(session) as (pilot, lab):
        await pilot.press("f4", *"aws ecs cr", "tab")
        await settled(pilot)
        assert lab.console.prompt.text == "aws ecs create-"
        assert "create-cluster  create-service" in str(lab.console.aside.render())
        await pilot.press("c", "tab")
        await settled(pilot)
        assert lab.console.prompt.text == "aws ecs create-cluster "
        assert pilot.app.focused is lab.console.prompt


async def test_ctrl_c_stops_the_command_that_runs(session: FakeSession, opened: Opened) -> None:
    session.held = True
    async with opened(session) as (pilot, lab):
        await pilot.press("f4", *"aws ecs wait", "enter")
        await pilot.pause()
        assert lab.console.running == "aws ecs wait"
        await pilot.press("l", "s", "enter")
        await pilot.pause()
        assert session.count("run_command") == 1  # one at a time
        assert lab.console.prompt.text == "ls"
        await pilot.press("ctrl+c")
        await settled(pilot)
        assert session.count("cancel") == 1
        assert lab.console.running == ""
        assert lab.console.scrollback.text.endswith("^C\nstopped") or "stopped" in lab.console.scrollback.text


async def test_quitting_stops_what_runs(session: FakeSession, opened: Opened) -> None:
    session.held = True
    async with opened(session) as (pilot, _):
        await pilot.press("f4", *"aws ecs wait", "enter")
        await pilot.pause()
        await pilot.press("ctrl+q")
    assert session.hold.is_set()


async def test_ctrl_c_with_nothing_running_clears_the_line(session: FakeSession, opened: Opened) -> None:
    async with opened(session) as (pilot, lab):
        await pilot.press("f4", "x", "ctrl+c")
        await settled(pilot)
        assert lab.console.prompt.text == ""
        assert session.count("cancel") == 0


async def test_a_command_that_cannot_run_says_what_to_do(session: FakeSession, opened: Opened) -> None:
    session.fail["run_command"] = SessionError("No aws command was found.", "pip install awscli")
    async with opened(session) as (pilot, lab):
        await pilot.press("f4", *"aws x", "enter")
        await settled(pilot)
        assert "No aws command was found.\npip install awscli" in lab.console.scrollback.text
        assert lab.console.running == ""


async def test_output_is_shown_as_it_is_and_steers_nothing(session: FakeSession, opened: Opened) -> None:
    session.output = [Output(HOSTILE + "\n"), Finished(0)]
    async with opened(session) as (pilot, lab):
        await pilot.press("f4", "x", "enter")
        await settled(pilot)
        assert (
            "[bold red]not markup[/] [/nope] [@click=app.quit]x[/] red  [[ ]] \\["
            in lab.console.scrollback.text
        )


async def test_endless_output_is_bounded(session: FakeSession, opened: Opened) -> None:
    session.output = [Output("".join(f"{n}\n" for n in range(k, k + 1000))) for k in range(0, 20_000, 1000)]
    async with opened(session) as (pilot, lab):
        await pilot.press("f4", "x", "enter")
        await settled(pilot)
        lines = lab.console.scrollback.text.split("\n")
        assert len(lines) <= MAX_LINES
        assert lines[-1] == "19999"


async def test_a_command_that_prints_faster_than_the_screen_reads_waits(
    session: FakeSession, opened: Opened
) -> None:
    async with opened(session) as (pilot, lab):
        taken = 0
        done = threading.Event()

        def flood() -> None:
            nonlocal taken
            for _ in range(20):
                lab.console._collect("y\n" * 32_000, "out")
                taken += 1
            done.set()

        thread = threading.Thread(target=flood, daemon=True)
        thread.start()
        thread.join(0.2)  # the screen does not get round to anything meanwhile
        assert taken <= MOST_WAITING // 64_000 + 1
        while not done.is_set():
            await pilot.pause()
        await settled(pilot)
        assert lab.console.scrollback.text.endswith("y\ny")


async def test_a_command_that_waits_for_a_screen_that_goes_is_let_go(
    session: FakeSession, opened: Opened
) -> None:
    session.output = [Output("y\n" * 32_000)] * 1000
    async with opened(session) as (pilot, lab):
        await pilot.press("f4", "x", "enter")
        console = lab.console
    thread = threading.Thread(target=console._collect, args=("y" * MOST_WAITING * 2, "out"), daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()


async def test_output_without_a_line_end_is_bounded(session: FakeSession, opened: Opened) -> None:
    session.output = [Output("a" * 64_000)] * 20
    async with opened(session) as (pilot, lab):
        await pilot.press("f4", "x", "enter")
        await settled(pilot)
        lines = lab.console.scrollback.text.split("\n")
        assert max(len(line) for line in lines) == MAX_LINE
        assert sum(line.count("a") for line in lines if set(line) == {"a"}) == 20 * 64_000


async def test_rows_go_with_their_lines(session: FakeSession, opened: Opened) -> None:
    async with opened(session, (80, 24)) as (pilot, lab):
        scrollback = lab.query_one(Scrollback)
        for n in range(3):
            scrollback.write("".join(f"{n} {k} " + "é" * 100 + "\n" for k in range(2500)), "out")
        await pilot.pause()
        kept = list(scrollback._rows)
        scrollback._rewrap()
        assert kept == scrollback._rows
        assert sum(row.first for row in kept) == MAX_LINES


async def test_pieces_of_a_line_are_put_together(session: FakeSession, opened: Opened) -> None:
    session.output = [Output("one "), Output("line\nand "), Output("another"), Finished(0)]
    async with opened(session) as (pilot, lab):
        await pilot.press("f4", "x", "enter")
        await settled(pilot)
        assert lab.console.scrollback.text.endswith("one line\nand another")
        assert [row.text for row in lab.console.scrollback._rows][-2:] == ["one line", "and another"]


async def test_the_lab_can_be_watched(session: FakeSession, opened: Opened) -> None:
    async with opened(session, (80, 24)) as (pilot, lab):
        await pilot.press("w", "y")
        await settled(pilot)
        shown = lab.console.scrollback.text
        first = shown.index("First, a cluster.")
        assert (
            first
            < shown.index("❯ aws ecs create-cluster")
            < shown.index('{"cluster"')
            < shown.index("✓ Create")
        )
        assert shown.endswith("That was the lab.")
        assert lab.work.step.id == "service"


async def test_clear_and_escape(session: FakeSession, opened: Opened) -> None:
    async with opened(session) as (pilot, lab):
        await pilot.press("f4", "ctrl+l")
        assert lab.console.scrollback.text == ""
        await pilot.press("escape")
        assert pilot.app.focused is lab.guide.query_one("#page")


async def test_the_shell_is_asked_for_and_a_missing_one_is_reported(
    session: FakeSession, opened: Opened
) -> None:
    async with opened(session) as (pilot, lab):
        session.fail["shell_command"] = SessionError("No shell was found.", "Set SHELL.")
        await pilot.press("ctrl+t")
        await settled(pilot)
        assert "No shell was found." in lab.banner.render().plain


def test_handing_over_runs_the_shell_with_its_own_environment(capfd: pytest.CaptureFixture[str]) -> None:
    code = "import os; print(sorted(os.environ.get(k, '-') for k in ('LAB', 'HOME')))"
    hand_over(
        ShellCommand((sys.executable, "-c", code), {"LAB": "yes"}, "/no/such/place", "type exit to come back")
    )
    assert capfd.readouterr().out.splitlines() == ["type exit to come back", "['-', 'yes']"]


@pytest.mark.parametrize("width", [1, 7, 80])
def test_wrapping_loses_nothing(width: int) -> None:
    text = "aws ecs describe-services — ünïcode 日本語 " * 3
    rows = wrapped(text, "out", width)
    assert "".join(row.text for row in rows) == text
    assert [row.first for row in rows] == [True] + [False] * (len(rows) - 1)


def test_only_keys_of_json_are_tinted() -> None:
    assert wrapped('    "name": "web",', "out", 80)[0].key == (4, 10)
    assert wrapped('    "name", "web"', "out", 80)[0].key is None
    assert wrapped('    "name": 1', "err", 80)[0].key is None


async def test_the_scrollback_follows_its_end_until_scrolled_away(
    session: FakeSession, opened: Opened
) -> None:
    async with opened(session) as (pilot, lab):
        scrollback = lab.query_one(Scrollback)
        scrollback.write("x\n" * 200, "out")
        await pilot.pause()
        assert scrollback.is_vertical_scroll_end
        scrollback.scroll_to(y=3, animate=False)
        await pilot.pause()
        scrollback.write("y\n" * 10, "out")
        await pilot.pause()
        assert scrollback.scroll_offset.y == 3
        scrollback.scroll_end(animate=False)
        await pilot.resize_terminal(160, 40)
        await pilot.pause()
        scrollback.write("z\n", "out")
        await pilot.pause()
        assert scrollback.is_vertical_scroll_end


async def test_a_growing_prompt_hides_nothing_of_the_end(session: FakeSession, opened: Opened) -> None:
    async with opened(session, (80, 24)) as (pilot, lab):
        lab.console.scrollback.write("x\n" * 100, "out")
        await pilot.press("f6")
        await settled(pilot)
        assert lab.console.prompt.size.height > 1
        assert lab.console.scrollback.is_vertical_scroll_end
