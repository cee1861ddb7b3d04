"""Queues on the traffic pane: shown where there is no load, by a key where there is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tui_worlds
from test_traffic_pane import InProcess
from tui_driving import Opened, settled
from tui_fakes import FakeSession
from tui_queues import queue, queues, with_orders
from tui_traffic import KILLED, loaded, report

from fargate_lab.inprocess import world_factory
from labs import loader
from labs.runner import LabRunner
from tui.widgets.traffic import Charts, TrafficList


def orders_come(*worlds: dict[str, Any]) -> FakeSession:
    session = FakeSession(*(worlds or (with_orders(tui_worlds.steady()),)))
    session.queues = queues()
    return session


async def test_a_queue_alone_is_shown_at_once_and_asked_for_only_while_it_is_on_screen(
    opened: Opened,
) -> None:
    session = orders_come()
    async with opened(session, (80, 24)) as (pilot, lab):
        await pilot.press("f3")
        await settled(pilot)
        assert session.count("queue") == 0
        await pilot.press("f10")
        await settled(pilot)
        assert session.calls[-1] == ("queue", 30)
        assert session.count("traffic") == 0
        assert lab.query_one(TrafficList).has_focus
        assert "Age of the oldest  █ 30m50s" in lab.query_one(Charts).render().plain
        assert lab.query_one(TrafficList)._lines[0].draw().plain.startswith("Workers")
        await pilot.press("m")
        await settled(pilot)
        assert session.calls[-1] == ("queue", 120)
        assert "the last 2 hours" in lab.query_one(Charts).render().plain
        await pilot.press("v")
        assert "one thing" in next(iter(pilot.app._notifications)).message
        await pilot.press("f4")
        assert lab.queues_on_screen() is None


async def test_a_world_without_queues_is_never_asked(opened: Opened) -> None:
    session = FakeSession()
    async with opened(session) as (pilot, lab):
        await pilot.press("f10")
        await settled(pilot)
        assert session.count("queue") == 0
        assert "fargate-lab queue start" in lab.query_one(Charts).render().plain


async def test_the_load_is_first_and_a_key_goes_round(opened: Opened) -> None:
    session = orders_come(loaded(with_orders(tui_worlds.steady(), 2)))
    session.queues = queues(queue(), queue(queue="dead", started_ms=None, demand=None))
    session.report = report(KILLED)
    async with opened(session) as (pilot, lab):
        await pilot.press("f10")
        await settled(pilot)
        charts, listed = lab.query_one(Charts), lab.query_one(TrafficList)
        assert "Requests/s" in charts.render().plain
        assert charts.render().plain.splitlines()[0].endswith("V: orders")
        tall = charts.size.height
        await pilot.press("v")
        await pilot.pause()
        assert "to orders, running" in charts.render().plain
        assert charts.render().plain.splitlines()[0].endswith("V: dead")
        assert charts.size.height == charts.queue_rows != tall
        await pilot.press("v")
        assert "dead, to which no orders are sent   V: load" in charts.render().plain
        await pilot.press("v")
        await pilot.pause()
        assert "Requests/s" in charts.render().plain
        assert charts.size.height == tall
        await pilot.press("enter")  # the list is that of the load again
        await settled(pilot)
        assert pilot.app.screen is not lab
        await pilot.press("escape")
        assert listed.queue is None


async def test_a_new_world_has_no_queue(opened: Opened) -> None:
    session = orders_come(with_orders(tui_worlds.steady()), {**tui_worlds.steady(), "version": 11})
    async with opened(session) as (pilot, lab):
        await pilot.press("f10")
        await settled(pilot)
        assert lab.queues.known
        session.advance()
        lab.wake_feed()
        await settled(pilot)
        assert not lab.queues.known
        assert "No traffic yet." in lab.query_one(Charts).render().plain


class Orders(InProcess):
    """The queues of a real world, too."""

    def queue(self, *, minutes: int) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self.cloud.control.get("/_lab/queue", {"minutes": minutes})
        return answer


async def test_the_backlog_of_a_real_lab(opened: Opened) -> None:
    with world_factory(seed=3) as new_cloud:
        cloud = new_cloud()
        LabRunner(loader.find("d02-orders-wait"), cloud).start()
        cloud.clock.advance(20 * 60_000)
        async with opened(Orders(cloud), (80, 24)) as (pilot, lab):
            await pilot.press("f10")
            await settled(pilot)
            (found,) = lab.queues.queues
            assert found.visible > 100
            assert found.oldest_age_ms is not None
            assert found.oldest_age_ms > 60_000
            assert sum(minute.charged for minute in found.minutes) <= found.charged
            assert found.minutes[-2].charged > 0
            shown = lab.query_one(Charts).render().plain
            assert f"Waiting  █ {found.visible:,}" in shown
            assert len(found.workers) == 2
