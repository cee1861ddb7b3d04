"""What the world costs: in the line at the top, and item by item."""

from __future__ import annotations

from typing import Any

import pytest
import tui_worlds
from textual.content import Content
from tui_driving import Opened, settled
from tui_fakes import FakeSession

from tui import text
from tui.cost import parse_costs, remarks, summary, table
from tui.screens.cost import CostScreen
from tui.session import SessionError
from tui.snapshot import Cost, parse_snapshot
from tui.widgets.worldline import WorldLine, with_cost

HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("usd", "told"),
    [
        (0, "$0.00"),
        (0.00001, "$0.00"),
        (0.0042, "$0.0042"),
        (0.43, "$0.43"),
        (12.345, "$12.35"),
        (1234, "$1,234"),
    ],
)
def test_dollars(usd: float, told: str) -> None:
    assert text.dollars(usd) == told


def test_the_total_goes_on_between_two_looks() -> None:
    raw = {**tui_worlds.steady(), "cost": {"total": 0.5, "per_hour_now": 2.0}}
    cost = parse_snapshot(raw).cost
    assert cost is not None
    at_ms = raw["clock"]["now_ms"]
    assert (cost.by(at_ms), cost.by(at_ms + HOUR_MS // 2), cost.by(at_ms - 5)) == (0.5, 1.5, 0.5)


@pytest.mark.parametrize("cost", [None, {}, {"total": 1}, {"total": "1", "per_hour_now": True}, 3])
def test_a_cloud_that_tells_no_cost(cost: Any) -> None:
    assert parse_snapshot({**tui_worlds.steady(), "cost": cost}).cost is None


@pytest.mark.parametrize(
    ("width", "end"),
    [
        (60, "about $0.43, $1.27/h"),
        (33, "about $0.43, $1.27/h"),
        (32, "~$0.43"),
        (19, "~$0.43"),
        (18, "steady"),
    ],
)
def test_as_much_of_it_as_there_is_room_for(width: int, end: str) -> None:
    line = with_cost(Content("web steady"), Cost(0.43, 1.27, 0), 0, width)
    assert line.plain.startswith("web steady")
    assert line.plain.endswith(end)
    assert len(line.plain) in (width, len("web steady"))


async def test_the_line_follows_the_clock(opened: Opened) -> None:
    session = FakeSession({**tui_worlds.steady(), "cost": {"total": 0.43, "per_hour_now": 1.27}})
    async with opened(session, (160, 44)) as (pilot, lab):
        line = lab.query_one(WorldLine)
        assert line.render().plain.endswith("about $0.43, $1.27/h")
        later = dict(session.world["clock"])
        later["now_ms"] += HOUR_MS
        session.clock_now = later
        await pilot.press("plus")
        await settled(pilot)
        assert line.render().plain.endswith("about $1.70, $1.27/h")


async def test_what_it_costs_item_by_item(session: FakeSession, opened: Opened) -> None:
    async with opened(session) as (pilot, lab):
        await pilot.press("dollar_sign")
        await settled(pilot)
        assert isinstance(pilot.app.screen, CostScreen)
        assert session.count("cost") == 1
        await pilot.press("escape")
        assert pilot.app.screen is lab


async def test_a_world_that_does_not_answer(session: FakeSession, opened: Opened) -> None:
    async with opened(session) as (pilot, lab):
        session.fail["cost"] = SessionError("The offline cloud no longer answers.", "", world_lost=True)
        await pilot.press("dollar_sign")
        await settled(pilot)
        assert lab.banner.error is not None


def test_an_answer_of_nothing() -> None:
    costs = parse_costs({})
    assert summary(costs) == "about $0.00 in 0s; now $0.00 an hour"
    assert table(costs) == []
    assert len(remarks(costs)) == 1
