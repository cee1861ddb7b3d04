"""How the screens look. After a wanted change: pytest tests/tui/test_looks.py --snapshot-update, and look at each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import tui_worlds
from textual.pilot import Pilot
from tui_costs import with_costs
from tui_driving import settled
from tui_fakes import STEPS, FakeSession
from tui_queues import queue, queues, with_orders
from tui_scaling import scaled, scaling
from tui_traffic import CLEAN, DRAINING, KILLED, loaded, report
from tui_why import CHAIN

from tui.app import LabApp
from tui.screens.lab import LabScreen
from tui.session import SessionError

Look = Callable[..., None]


SIZES = pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=["80x24", "200x50"])


def under_load() -> FakeSession:
    """A failing rollout with traffic on it, which has cost something."""
    session = FakeSession(loaded(tui_worlds.failing()))
    session.report = report(CLEAN, DRAINING, KILLED)
    return session


def orders_wait(*, again: bool = False) -> FakeSession:
    """Orders come faster than they are charged; with `again` some of them more than once, beside a load."""
    session = FakeSession(with_orders(tui_worlds.steady()))
    session.queues = queues(queue(again=again))
    if again:
        session.worlds = [loaded(session.world)]
        session.report = report(KILLED)
    return session


def scaling_up() -> FakeSession:
    """An hour with a rise of the load, and a policy that followed it."""
    session = FakeSession(scaled(tui_worlds.steady()))
    session.scales = scaling()
    session.slo_p99_ms = 500.0
    return session


@pytest.fixture
def look(snap_compare: Callable[..., bool]) -> Look:
    """Compare a screen with its picture, after some keys have been pressed."""

    def compare(
        size: tuple[int, int],
        session: FakeSession,
        *keys: str,
        lab: str | None = "core-lab",
        theme: str = "lab-dark",
    ) -> None:
        session.preferences["theme"] = theme

        async def prepare(pilot: Pilot[None]) -> None:
            await settled(pilot)
            if isinstance(pilot.app.screen, LabScreen):
                pilot.app.screen.console.prompt.cursor_blink = False
            for key in keys:
                await pilot.press(key)
                await settled(pilot)

        app = LabApp(session, lab=lab)
        app.NOTIFICATION_TIMEOUT = 3600
        assert snap_compare(app, terminal_size=size, run_before=prepare)

    return compare


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
def test_catalogue(look: Look, size: tuple[int, int]) -> None:
    look(size, FakeSession(), lab=None)


def test_lab_before_anything_exists(look: Look) -> None:
    session = FakeSession(tui_worlds.empty())
    session.current = "cluster"
    session.passing.clear()
    look((80, 24), session)


def test_lab_wide_in_the_middle_of_a_failing_rollout(look: Look) -> None:
    session = FakeSession(tui_worlds.failing())
    session.current = "broken"
    look((200, 50), session, "f5", "h")


@pytest.mark.parametrize("pane", ["f2", "f3", "f4"])
def test_lab_narrow_in_the_middle_of_a_failing_rollout(look: Look, pane: str) -> None:
    look((80, 24), FakeSession(tui_worlds.failing()), pane)


def test_lab_after_the_rollback_in_the_light_theme(look: Look) -> None:
    look((160, 44), FakeSession(tui_worlds.rolled_back()), "f5", theme="lab-light")


def test_console_with_a_command_and_its_answer(look: Look) -> None:
    look((80, 24), FakeSession(), "f6", "enter", "f6")


def test_help(look: Look) -> None:
    look((100, 40), FakeSession(), "f1")


def test_question(look: Look) -> None:
    look((80, 24), FakeSession(), "a")


def test_debrief(look: Look) -> None:
    session = FakeSession(tui_worlds.rolled_back())
    session.passing |= {step.id for step in STEPS}
    look((100, 30), session, "f5")


def test_an_error(look: Look) -> None:
    session = FakeSession()
    session.fail["hint"] = SessionError(
        "The offline cloud no longer answers.", "It was ended.", world_lost=True
    )
    look((80, 24), session, "h")


def test_without_colour(look: Look, monkeypatch: Any) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    look((140, 40), FakeSession(tui_worlds.failing()))


@SIZES
def test_traffic(look: Look, size: tuple[int, int]) -> None:
    look(size, under_load(), "f10")


@SIZES
def test_the_end_of_a_task(look: Look, size: tuple[int, int]) -> None:
    look(size, under_load(), "f10", "down", "enter")


def test_traffic_in_one_line(look: Look) -> None:
    look((80, 24), under_load(), "f3")


def test_before_any_traffic(look: Look) -> None:
    look((80, 24), FakeSession(), "f10")


def test_traffic_without_colour(look: Look, monkeypatch: Any) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    look((140, 40), under_load(), "f10")


@SIZES
def test_a_queue(look: Look, size: tuple[int, int]) -> None:
    look(size, orders_wait(), "f10")


@SIZES
def test_a_queue_beside_a_load(look: Look, size: tuple[int, int]) -> None:
    look(size, orders_wait(again=True), "f10", "v")


def test_a_queue_without_colour(look: Look, monkeypatch: Any) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    look((80, 24), orders_wait(again=True), "f10", "v", "m")


@SIZES
def test_what_it_costs(look: Look, size: tuple[int, int]) -> None:
    look(size, with_costs(tui_worlds.steady()), "dollar_sign")


@SIZES
def test_why(look: Look, size: tuple[int, int]) -> None:
    session = FakeSession(tui_worlds.failing())
    session.chain = CHAIN
    look(size, session, "y")


def test_the_cost_in_the_line_at_the_top(look: Look) -> None:
    look((120, 30), with_costs(tui_worlds.failing()), "f3")


@SIZES
def test_scaling(look: Look, size: tuple[int, int]) -> None:
    look(size, scaling_up(), "f11")


@SIZES
def test_scaling_without_colour(look: Look, size: tuple[int, int], monkeypatch: Any) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    look(size, scaling_up(), "f11")


@pytest.mark.parametrize("sight", ["2", "3", "4"])
def test_scaling_narrow(look: Look, sight: str) -> None:
    look((80, 24), scaling_up(), "f11", sight)


@SIZES
def test_a_decision(look: Look, size: tuple[int, int]) -> None:
    look(size, scaling_up(), "f11", "2", "down", "down", "down", "enter")


def test_a_decision_without_colour(look: Look, monkeypatch: Any) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    look((80, 24), scaling_up(), "f11", "2", "enter")


def test_scaling_before_anything_scales(look: Look) -> None:
    look((80, 24), FakeSession(), "f11")


def test_bounds_in_the_world_pane(look: Look) -> None:
    look((80, 24), scaling_up(), "f3")
