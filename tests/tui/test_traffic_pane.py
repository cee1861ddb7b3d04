"""Traffic on the lab screen: started, stopped, seen, and looked into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import tui_worlds
from tui_driving import Opened, settled
from tui_fakes import FakeSession
from tui_traffic import CLEAN, DRAINING, KILLED, loaded, report

from fargate_lab.inprocess import world_factory
from labs import loader
from labs.endpoint_cloud import EndpointCloud
from labs.runner import LabRunner
from tui.chart import HOUR
from tui.screens.rate import RateScreen
from tui.screens.shutdown import Picture, ShutdownScreen
from tui.session import ClockAction, SessionError
from tui.widgets.traffic import Charts, TrafficList, TrafficPane
from tui.widgets.trafficline import TrafficLine


def under_load() -> FakeSession:
    session = FakeSession(loaded(tui_worlds.steady()))
    session.report = report(KILLED, CLEAN, DRAINING)
    return session


async def test_a_load_is_started_with_a_rate_and_stopped_with_the_same_key(opened: Opened) -> None:
    session = FakeSession(tui_worlds.steady(), loaded(tui_worlds.steady()))
    session.worlds[1]["version"] = 11
    session.report = report()
    async with opened(session) as (pilot, lab):
        await pilot.press("f3", "l")
        assert isinstance(pilot.app.screen, RateScreen)
        await pilot.press("backspace", "backspace", *"no", "enter")
        assert isinstance(pilot.app.screen, RateScreen)
        assert session.count("start_traffic") == 0
        session.advance()
        await pilot.press("backspace", "backspace", *"12.5", "enter")
        await settled(pilot)
        assert ("start_traffic", 12.5) in session.calls
        assert lab.query_one(TrafficLine).has_class("-known")
        await pilot.press("l")
        await settled(pilot)
        assert session.count("stop_traffic") == 1


async def test_a_refusal_is_shown_in_the_cloud_s_own_words(opened: Opened) -> None:
    session = FakeSession()
    session.fail["start_traffic"] = SessionError("no service has a target group", "see the docs")
    async with opened(session) as (pilot, lab):
        await pilot.press("f3", "l", "enter")
        await settled(pilot)
        shown = [notification.message for notification in pilot.app._notifications]
        assert shown == ["no service has a target group\nsee the docs"]
        assert lab.banner.error is None


async def test_what_is_on_screen_decides_how_much_is_asked_for(opened: Opened) -> None:
    session = under_load()
    async with opened(session, (80, 24)) as (pilot, lab):
        assert session.count("traffic") == 0  # the guide alone is on screen
        await pilot.press("f3")
        await settled(pilot)
        assert session.calls[-1] == ("traffic", 60, 2)
        await pilot.press("f10")
        await settled(pilot)
        assert session.calls[-1] == ("traffic", 120, 2)
        await pilot.press("m")
        await settled(pilot)
        assert session.calls[-1] == ("traffic", 60, 60)
        assert lab.query_one(Charts).span is HOUR
        await pilot.press("f4")
        assert lab.traffic_on_screen() is None


async def test_where_there_is_room_traffic_takes_the_world_s_place_beside_the_console(opened: Opened) -> None:
    async with opened(under_load()) as (pilot, lab):
        assert not lab.query_one(TrafficPane).display
        await pilot.press("f10")
        await settled(pilot)
        assert lab.query_one(TrafficPane).display
        await pilot.press("f4")
        assert lab.query_one(TrafficPane).display
        assert lab.console.display
        await pilot.press("f3")
        assert not lab.query_one(TrafficPane).display


async def test_an_end_is_chosen_kept_and_shown_as_it_goes_on(opened: Opened) -> None:
    session = under_load()
    async with opened(session) as (pilot, lab):
        await pilot.press("f10")
        await settled(pilot)
        listed = lab.query_one(TrafficList)
        assert listed._cursor_id == DRAINING["task"]
        await pilot.press("down", "down", "enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, ShutdownScreen)
        picture = pilot.app.screen.query_one(Picture)
        assert picture.shutdown is not None
        assert picture.shutdown.task == KILLED["task"]
        assert picture.size.width > 150
        await pilot.press("escape", "up", "up", "enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, ShutdownScreen)
        picture = pilot.app.screen.query_one(Picture)
        assert "so far" in picture.drawn(76).plain
        session.report = report(KILLED, CLEAN, {**DRAINING, "signal_ms": 1, "exited_ms": 2, "stopped_ms": 3})
        lab._feed._stale = True  # type: ignore[union-attr]
        lab.wake_feed()
        await settled(pilot)
        assert "so far" not in picture.drawn(76).plain
        await pilot.press("escape")
        await settled(pilot)
        assert listed._cursor_id == DRAINING["task"]


async def test_the_end_of_a_task_of_the_table(opened: Opened) -> None:
    async with opened(under_load()) as (pilot, _):
        await pilot.press("f3", "enter", "e")
        await settled(pilot)
        assert isinstance(pilot.app.screen, ShutdownScreen)
        await pilot.press("escape")


class InProcess(FakeSession):
    """The clock, the world and the traffic of a real world; the rest pretended."""

    def __init__(self, cloud: EndpointCloud) -> None:
        super().__init__()
        self.cloud = cloud

    def snapshot(self, seen: int | None) -> Mapping[str, Any] | None:
        answer: Mapping[str, Any] | None = self.cloud.control.get(
            "/_lab/snapshot", None if seen is None else {"seen": seen}
        )
        return answer

    def clock(self, action: ClockAction, value: float | Literal["max"] | None = None) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self.cloud.control.get("/_lab/clock")
        return answer

    def traffic(self, *, seconds: int, minutes: int) -> Mapping[str, Any]:
        asked = {"failures": 0, "seconds": seconds, "minutes": minutes}
        answer: Mapping[str, Any] = self.cloud.control.get("/_lab/traffic", asked)
        return answer

    def start_traffic(self, rps: float) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self.cloud.control.post("/_lab/traffic", {"action": "start", "rps": rps})
        return answer


async def test_a_real_deployment_under_load(opened: Opened) -> None:
    with world_factory(seed=3) as new_cloud:
        cloud = new_cloud()
        LabRunner(loader.find("p14-health-check-mismatch"), cloud).start()
        async with opened(InProcess(cloud), (80, 24)) as (pilot, lab):
            await pilot.press("f3", "l", "enter")
            await settled(pilot)
            cloud.clock.advance(180_000)
            lab.wake_feed()
            await settled(pilot)
            assert lab.report.running
            assert 15 < lab.report.rate < 25
            await pilot.press("f10")
            await settled(pilot)
            ends = lab.report.shutdowns
            assert ends  # the release of this lab replaces its tasks one after another
            assert len(lab.query_one(TrafficList)._lines) >= len(ends)
            await pilot.press("down", "enter")
            await settled(pilot)
            assert isinstance(pilot.app.screen, ShutdownScreen)
            drawn = pilot.app.screen.query_one(Picture).drawn(76).plain
            assert "deregistered, " in drawn
