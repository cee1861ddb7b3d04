"""The published timelines of failing deployments, reproduced by the model within a quarter of each stated moment.

Moments are seconds after the update of a healthy service with one task. Sources: two public evidence pages, one of a revision that exits as
soon as it runs, one of a tag that does not exist; both with the circuit breaker and rollback on. Any seed must do.
"""

from __future__ import annotations

import itertools

import pytest
from support.worlds import MISSING, Scenario

from fargate_sim.model.breaker import CircuitBreaker
from fargate_sim.model.service import Service

SEEDS = range(1, 13)


def about(stated: float) -> object:
    return pytest.approx(stated, rel=0.25)


def healthy_service(seed: int) -> tuple[Scenario, Service]:
    scenario = Scenario(seed)
    service = scenario.service(scenario.definition(), desired=1)
    scenario.settle()
    assert service.primary.rollout_state == "COMPLETED"
    return scenario, service


@pytest.mark.parametrize("seed", SEEDS)
def test_a_revision_that_exits_after_running(seed: int) -> None:
    scenario, service = healthy_service(seed)
    update_ms = scenario.engine.now_ms
    scenario.deploy(service, scenario.crashing())
    scenario.settle()
    starts = scenario.moments("task.provisioning", update_ms)
    assert starts == [about(17), about(69), about(120), about(170)]
    assert scenario.moments("deployment.failed", update_ms) == [about(175)]
    assert scenario.moments("deployment.completed", update_ms)[1:] == [about(254)]
    assert service.primary.revision.task_definition.label == "web:1"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_tag_that_does_not_exist(seed: int) -> None:
    scenario, service = healthy_service(seed)
    update_ms = scenario.engine.now_ms
    scenario.deploy(service, scenario.definition(image=MISSING))
    scenario.settle()
    starts = scenario.moments("task.provisioning", update_ms)
    stops = scenario.moments("task.stopped", update_ms, stop_code="TaskFailedToStart")
    # Run 1: start, event, restart, fail, restart, fail, then a long gap in which the operator gave up at eleven minutes.
    assert starts[:3] == [about(48), about(172), about(289)]
    assert stops == [about(140), about(258), about(374)]
    placements = [
        moment
        for moment, entry in zip(
            scenario.moments("service.event", update_ms),
            [e for e in scenario.entries("service.event") if e.at_ms >= update_ms],
            strict=True,
        )
        if "was unable to place a task" in entry.data["message"]
    ]
    assert placements == [about(140)]
    # Run 2: failures counted, rollback, the failed deployment gone.
    assert scenario.moments("deployment.failure_counted", update_ms) == [about(154), about(286), about(660)]
    assert scenario.moments("deployment.rolling_back", update_ms) == [about(704)]
    assert scenario.moments("deployment.completed", update_ms)[1:] == [about(810)]


def test_without_a_breaker_attempts_that_never_run_get_rarer_up_to_27_minutes() -> None:

    scenario = Scenario(3)
    service = scenario.service(scenario.definition(), desired=1, breaker=CircuitBreaker())
    scenario.settle()
    update_ms = scenario.engine.now_ms
    scenario.deploy(service, scenario.definition(image=MISSING))
    scenario.seconds(6 * 3600)
    starts = scenario.moments("task.provisioning", update_ms)
    gaps = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert gaps[:2] == [pytest.approx(118, abs=20), pytest.approx(118, abs=20)]
    assert gaps[-1] == pytest.approx(27 * 60 + 88, abs=20)
    assert gaps == sorted(gaps, key=lambda gap: round(gap, -2))
    assert service.primary.failed_tasks == len(starts) - 1
    assert service.running_count == 1
    assert any("unable to consistently start tasks" in message for message in scenario.events(service))


def test_without_a_breaker_a_crash_loop_is_not_throttled() -> None:

    scenario = Scenario(3)
    service = scenario.service(scenario.definition(), desired=1, breaker=CircuitBreaker())
    scenario.settle()
    update_ms = scenario.engine.now_ms
    scenario.deploy(service, scenario.crashing())
    scenario.seconds(3600)
    starts = scenario.moments("task.provisioning", update_ms)
    gaps = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert max(gaps) < 70
    assert len(starts) > 60
    assert service.primary.rollout_state == "IN_PROGRESS"
