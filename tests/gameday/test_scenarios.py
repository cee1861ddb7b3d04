"""The scenarios of the project, lived through: without anybody an objective is missed, with a good team it comes right."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.reactions import REACTIONS, Team

from gameday.book import Book
from gameday.budget import budget
from gameday.findings import make
from gameday.headless import play
from gameday.indicators import WATCHED, interval
from gameday.loader import find, load_all
from gameday.proof import prove
from gameday.runner import GameRunner
from gameday.scenario import Scenario
from labs.cloud import MINUTE_MS
from labs.endpoint_cloud import EndpointCloud
from labs.history import Entry

LAST_MS = 8 * MINUTE_MS
"""By then a good team has everything in order."""
LONG_ENOUGH = {"evening-campaign": 24, "payments-under-pressure": 44, "friday-night": 28, "release-night": 36}
"""Minutes of a game that are enough to see it; otherwise thirty."""
TOO_BROKEN = {"evening-campaign"}
"""Where exercising what nobody has repaired takes a minute of a computer's time."""
IDS = [scenario.id for scenario in load_all()]


def lived(
    scenario: Scenario, cloud: EndpointCloud, folder: Path, team: Team
) -> tuple[GameRunner, list[Entry]]:
    """The game, and what was measured from its start on."""
    runner = GameRunner(scenario, cloud, Book(folder / "game.jsonl"))
    runner.start()
    minutes = LONG_ENOUGH.get(scenario.id, 30)
    play(runner, team, until_ms=minutes * MINUTE_MS)
    samples = [
        entry for entry in cloud.history.of(WATCHED) if entry.data["since"] >= (runner.started_ms or 0)
    ]
    return runner, samples


def test_every_scenario_has_a_reaction() -> None:
    assert sorted(REACTIONS) == sorted(IDS)


@pytest.mark.parametrize("scenario_id", IDS)
def test_without_anybody_an_objective_is_missed(
    scenario_id: str, cloud: EndpointCloud, tmp_path: Path
) -> None:
    scenario = find(scenario_id)
    runner, samples = lived(scenario, cloud, tmp_path, Team([]))
    coming = {each.id for each in scenario.timeline if not each.trigger.by_hand}
    assert set(runner.fired) == coming
    assert {entry.data["injection"] for entry in cloud.history.of("game.refused")} <= {"again"}
    burned = [budget(slo, samples, runner.names) for slo in scenario.steady_state]
    assert any(each.bad > each.allowed for each in burned), burned
    first = min(at for name, at in runner.fired.items() if not scenario.injection(name).decoy)
    before = [entry for entry in samples if entry.at_ms <= first]
    if scenario.stage.traffic or scenario.stage.queue:
        for slo in scenario.steady_state:
            verdicts = [interval(slo, entry.at_ms, entry.data, runner.names).good for entry in before]
            assert verdicts.count(False) <= len(verdicts) * (1 - slo.objective), slo.id
    if scenario_id not in TOO_BROKEN:
        assert not all(each.held for each in prove(cloud, scenario, runner.names, thorough=False))


def test_the_alarm_takes_the_fix_back_for_the_errors_of_the_version_before(
    cloud: EndpointCloud, tmp_path: Path
) -> None:
    runner, _ = lived(find("guarded-fix"), cloud, tmp_path, Team([]))
    history = cloud.history.since(cloud.history.of("game.started")[0].seq)
    failed = history.of("deployment.failed")[0]
    assert (failed.data["by"], failed.data["alarms"]) == ("alarm", ["reports-errors"])
    began = history.of("deployment.started", deployment=failed.data["deployment"])[0]
    assert began.at_ms == runner.fired["hotfix"]
    went_off = history.of("alarm.state", alarm="reports-errors", to="ALARM")[0]
    assert went_off.data["until"] <= began.at_ms + MINUTE_MS
    assert history.of("deployment.rolling_back")[0].data["task_definition"] == "reports:2"


@pytest.mark.parametrize("scenario_id", IDS)
def test_with_a_good_team_it_comes_right(scenario_id: str, cloud: EndpointCloud, tmp_path: Path) -> None:
    scenario = find(scenario_id)
    runner, samples = lived(scenario, cloud, tmp_path, Team(REACTIONS[scenario_id]))
    last = [entry for entry in samples if entry.at_ms > samples[-1].at_ms - LAST_MS]
    for slo in scenario.steady_state:
        verdicts = [interval(slo, entry.at_ms, entry.data, runner.names).good for entry in last]
        assert verdicts.count(False) <= 1, (slo.id, verdicts)
        assert True in verdicts
    exercised = prove(cloud, scenario, runner.names)
    assert [each for each in exercised if not each.held] == []


@pytest.mark.parametrize("scenario_id", IDS)
def test_every_knob_can_be_set_as_it_should_have_been(
    scenario_id: str, cloud: EndpointCloud, tmp_path: Path
) -> None:
    scenario = find(scenario_id)
    runner = GameRunner(scenario, cloud, Book(tmp_path / "game.jsonl"))
    runner.start()
    for knob in sorted(scenario.knobs, key=lambda each: _comes_ms(scenario, each.after)):
        play(runner, until_ms=_comes_ms(scenario, knob.after))
        for call in knob.right:
            make(cloud, call, runner.names)
    assert any(knob.right or knob.without for knob in scenario.knobs)


def _comes_ms(scenario: Scenario, injection_id: str) -> int:
    """When an injection comes at the latest, from the start."""
    if not injection_id:
        return 0
    trigger = scenario.injection(injection_id).trigger
    return 20 * MINUTE_MS if trigger.at_ms is None else trigger.at_ms + MINUTE_MS
