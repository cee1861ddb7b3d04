"""The scaling screen: opened, followed, looked into, left."""

from __future__ import annotations

from typing import Any

import tui_worlds
from textual.pilot import Pilot
from tui_driving import Opened, settled
from tui_fakes import FakeSession
from tui_scaling import CPU_HIGH, CPU_LOW, NOW_MS, STEP_POLICY, alarm, decision, scaled, scaling, target

from tui.screens.lab import LabScreen
from tui.screens.scaling import Page, PageScreen, ScalingScreen
from tui.session import SessionError
from tui.widgets.banner import Banner
from tui.widgets.scaling import ActivityList, AlarmList, DecisionList, ScalingCharts, TargetLine
from tui.widgets.world import Deployments


def scaling_session(**more: Any) -> FakeSession:
    session = FakeSession(scaled(tui_worlds.steady()))
    session.scales = scaling(**more)
    session.slo_p99_ms = 500.0
    return session


def on_top(pilot: Pilot[None]) -> ScalingScreen:
    screen = pilot.app.screen
    assert isinstance(screen, ScalingScreen)
    return screen


def plain(lines: Any) -> str:
    return "\n".join(line.draw().plain for line in lines._lines)


async def look_again(pilot: Pilot[None], lab: LabScreen) -> None:
    assert lab._feed is not None
    lab._feed._scaling._stale = True
    lab.wake_feed()
    await settled(pilot)


async def test_it_opens_asks_for_an_hour_shows_it_and_goes_back(opened: Opened) -> None:
    session = scaling_session()
    async with opened(session) as (pilot, lab):
        await pilot.press("f11")
        await settled(pilot)
        screen = on_top(pilot)
        assert session.calls[-1] == ("scaling", 60)
        charts = screen.query_one(ScalingCharts).render().plain
        for caption in ("Requests/s", "SLO 500 ms", "Requests per target", "CPU", "Tasks"):
            assert caption in charts
        assert "✗ above it in 6 min" in charts
        assert "target 600" in charts
        assert "desired 8  running 8  of 2 to 10" in screen.query_one(TargetLine).render().plain
        assert "held 8" in plain(screen.query_one(DecisionList))
        assert "Setting desired count to 8." in plain(screen.query_one(ActivityList))
        await pilot.press("escape")
        await settled(pilot)
        assert pilot.app.screen is lab
        assert [call for call in session.calls if call[0] == "scaling"][-1] == ("scaling", 0)


async def test_nothing_is_asked_for_in_a_world_that_does_not_scale(opened: Opened) -> None:
    session = FakeSession()
    async with opened(session, (80, 24)) as (pilot, lab):
        await pilot.press("o")
        await settled(pilot)
        charts = on_top(pilot).query_one(ScalingCharts).render().plain
        assert "register-scalable-target" in charts
        assert "service/core-lab/web" in charts
        for key, words in (
            ("2", "no scalable target"),
            ("3", "put-metric-alarm"),
            ("4", "no scalable target"),
        ):
            await pilot.press(key)
            await settled(pilot)
            listed = pilot.app.focused
            assert listed is not None
            assert words in plain(listed)
        assert session.count("scaling") == 0
        await pilot.press("q")
        assert pilot.app.screen is lab


async def test_in_the_lab_only_the_world_pane_asks_and_it_asks_for_little(opened: Opened) -> None:
    session = scaling_session()
    async with opened(session, (80, 24)) as (pilot, lab):
        assert session.count("scaling") == 0
        await pilot.press("f3")
        await settled(pilot)
        assert session.calls[-1] == ("scaling", 0)
        assert "2/2   of 2-10" in lab.query_one(Deployments).render().plain
        assert "ALARM" not in lab.query_one(Deployments).render().plain  # what scales in is no trouble
        session.scales = scaling(alarms=[alarm(CPU_HIGH, "ALARM", "AWS/ECS CPUUtilization", 60.0, [])])
        await look_again(pilot, lab)
        assert "✗ ALARM" in lab.query_one(Deployments).render().plain
        await pilot.press("f4")
        assert lab.scaling_on_screen() is None


async def test_a_decision_is_explained_and_kept_up_to_date(opened: Opened) -> None:
    session = scaling_session()
    async with opened(session, (80, 24)) as (pilot, lab):
        await pilot.press("f11", "2", "down", "down", "down", "down", "down", "enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, PageScreen)
        page = pilot.app.screen.query_one(Page)
        said = " ".join(page.drawn(110).plain.split())
        assert "▲ Scale out 4 → 7" in said
        assert "ceil(4 x 1040 / 600) = 7" in said
        assert "3 of 3 points above 600 (3 of 3 needed)" in said
        assert "60 s from 09:21:06; it was over" in said
        assert "web-cpu: does not say out" in said
        assert "Successfully set desired count to 7. Change successfully fulfilled by ecs." in said
        first = session.scales["targets"][0]["decisions"]
        session.scales = scaling(targets=[target(decisions=[{**first[5], "why": "Told anew."}])])
        await look_again(pilot, lab)
        assert "Told anew." in page.drawn(110).plain
        session.scales = scaling(targets=[target(decisions=[])])
        await look_again(pilot, lab)
        assert "Told anew." in page.drawn(110).plain  # forgotten by the world, not by the page
        await pilot.press("escape")
        assert on_top(pilot)._page is None


async def test_an_alarm_is_explained(opened: Opened) -> None:
    async with opened(scaling_session()) as (pilot, _):
        await pilot.press("f11", "3", "down", "enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, PageScreen)
        said = " ".join(pilot.app.screen.query_one(Page).drawn(150).plain.split())
        assert said.startswith("▼ ALARM since 09:52:00")
        assert "below 540 in 15 of 15 points; missing data: missing" in said
        assert "15 of 15 on the wrong side" in said
        assert "09:02:00 INSUFFICIENT_DATA → OK" in said


async def test_states_of_alarms_are_told_in_words_and_signs(opened: Opened) -> None:
    alarms = [
        alarm(CPU_HIGH, "ALARM", "AWS/ECS CPUUtilization", 60.0, [[NOW_MS, 90.0], [NOW_MS, None]]),
        alarm(CPU_LOW, "ALARM", "AWS/ECS CPUUtilization", 54.0, []),
        alarm("mine", "OK", "expression", 1.0, []),
        alarm("odd", "BROKEN", "", 1.0, []),
        alarm("new", "INSUFFICIENT_DATA", "", 1.0, []),
    ]
    async with opened(scaling_session(alarms=alarms)) as (pilot, _):
        await pilot.press("f11")
        await settled(pilot)
        listed = plain(on_top(pilot).query_one(AlarmList)).splitlines()[1:]
        signs = [line[:20].strip() for line in listed]
        assert signs == ["✗ ALARM", "▼ ALARM", "✓ OK", "· BROKEN", "? INSUFFICIENT_DATA"]
        assert "█·" in listed[0]
        assert "✗ 1 in ALARM" in on_top(pilot).query_one(TargetLine).render().plain


async def test_several_targets_one_at_a_time(opened: Opened) -> None:
    other = target(
        resource_id="service/core-lab/jobs", service="jobs", policies=[STEP_POLICY], decisions=[], activities=[],
        desired=10, suspended={"in": True}, in_rollout=True,
    )  # fmt: skip
    async with opened(scaling_session(targets=[target(), other])) as (pilot, _):
        await pilot.press("f11")
        await settled(pilot)
        assert "web (1 of 2" in on_top(pilot).query_one(TargetLine).render().plain
        await pilot.press("]")
        line = on_top(pilot).query_one(TargetLine).render().plain
        for words in ("jobs (2 of 2", "at the maximum", "suspended: scaling in", "no scale-in"):
            assert words in line
        assert "None yet" in plain(on_top(pilot).query_one(DecisionList))
        assert "None yet" in plain(on_top(pilot).query_one(ActivityList))
        await pilot.press("[")
        assert "web (1 of 2" in on_top(pilot).query_one(TargetLine).render().plain


async def test_a_target_without_a_policy_says_how_to_make_one(opened: Opened) -> None:
    bare = target(policies=[], decisions=[], activities=[], series=[], scheduled_actions=[])
    async with opened(scaling_session(targets=[bare], alarms=[]), (80, 24)) as (pilot, _):
        await pilot.press("f11", "tab")
        await settled(pilot)
        assert "put-scaling-policy" in plain(on_top(pilot).query_one(DecisionList))
        await pilot.press("shift+tab")
        await settled(pilot)
        assert pilot.app.focused is on_top(pilot).query_one(ScalingCharts)
        assert "Nothing measured yet" in on_top(pilot).query_one(ScalingCharts).render().plain


async def test_time_is_moved_from_here_and_errors_are_seen_here(opened: Opened) -> None:
    session = scaling_session()
    async with opened(session) as (pilot, lab):
        await pilot.press("f11", "space", "n", "+", "-")
        await settled(pilot)
        moved = [call[1:] for call in session.calls if call[0] == "clock"]
        assert moved == [("pause", None), ("next", None), ("speed", 60.0), ("speed", 10.0)]
        session.fail["clock"] = SessionError("gone", "open it again")
        await pilot.press("space")
        await settled(pilot)
        assert on_top(pilot).query_one(Banner).error is session.fail["clock"]
        session.fail.clear()
        session.worlds.append({**session.world, "version": 99})
        session.advance()
        lab.wake_feed()
        await settled(pilot)
        assert on_top(pilot).query_one(Banner).error is None


async def test_hostile_texts_are_only_texts(opened: Opened) -> None:
    evil = tui_worlds.HOSTILE
    odd = target(
        service=evil,
        decisions=[decision(5, "out", "held", evil, why=evil, policy=evil, alarm=evil, metric=evil)],
    )
    odd["activities"] = [
        {**odd["activities"][0], "description": evil, "cause": evil, "status": evil, "message": evil}
    ]
    alarms = [alarm(evil, evil, evil, 1.0, [], reason=evil, policy=evil)]
    async with opened(scaling_session(targets=[odd], alarms=alarms)) as (pilot, _):
        await pilot.press("f11", "enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, PageScreen)
        assert "\x1b" not in pilot.app.screen.query_one(Page).drawn(150).plain
        await pilot.press("escape", "3", "enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, PageScreen)
