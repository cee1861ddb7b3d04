"""Deployments that alarms failed, let through or still watch, explained out of histories of the model."""

from __future__ import annotations

from typing import Any

import pytest
from support.worlds import START_MS, Scenario

from fargate_sim.model.alarms import AlarmSpec
from fargate_sim.model.alarms.alarm import NOT_BREACHING
from fargate_sim.model.deployment_alarms import DeploymentAlarms
from fargate_sim.model.metrics import Metric, Point
from fargate_sim.model.service import Service
from labs.debrief_timeline import tell_failure
from labs.history import Entry, History
from labs.why import Chain, explain
from labs.why.saved import explain_saved

ERRORS = Metric("Shop", "Errors", ())
MINUTE = 60_000


def scene() -> tuple[Scenario, Service]:
    """A service of two tasks that is complete, and an alarm on errors, OK."""
    scenario = Scenario()
    spec = AlarmSpec("errors", 10.0, metric=ERRORS, statistic="Sum", treat_missing=NOT_BREACHING)
    scenario.world.alarms.put(spec)
    watched = DeploymentAlarms(("errors",), enabled=True, rollback=True)
    service = scenario.service(scenario.definition(), 2, alarms=watched)
    scenario.settle()
    scenario.seconds(60 - (scenario.engine.now_ms - START_MS) / 1000 % 60)  # to the full minute
    return scenario, service


def errors(scenario: Scenario, in_minutes: float) -> None:
    """Twenty errors in a minute from now on."""
    at_ms = (scenario.engine.now_ms + int(in_minutes * MINUTE)) // MINUTE * MINUTE
    scenario.account.stored.setdefault(ERRORS, []).append(Point(at_ms, 1, 20.0, 20.0, 20.0, "None"))


def why(scenario: Scenario, resource: str) -> Chain:
    raw = [Entry(e.seq, e.at_ms, e.kind, e.cause, e.data) for e in scenario.journal.entries]
    chain = explain(History(raw), resource, {}, {})
    assert all(step.source and step.fact.endswith(".") for step in chain.steps)
    return chain


def told(chain: Chain) -> str:
    return "\n".join([chain.verdict, *(step.fact for step in chain.steps)])


def test_a_release_that_an_alarm_has_rolled_back() -> None:
    scenario, service = scene()
    scenario.deploy(service, scenario.definition())
    bad = service.primary
    errors(scenario, 2)
    scenario.settle()
    chain = why(scenario, bad.deployment_id)
    assert "The deployment failed at" in chain.verdict
    assert "The alarm errors is in ALARM." in chain.verdict
    assert "The service went back to web:1." in chain.verdict
    assert "What the alarm saw" not in told(chain)
    facts = [step.fact for step in chain.steps]
    change = facts.index("The alarm errors goes from OK to ALARM.")
    failure = facts.index("The alarm errors is in ALARM, and that fails the deployment.")
    assert change < failure
    step = chain.steps[failure]
    assert step.quote == "ECS deployment failed: alarm detected."
    assert "alarmNames" in step.knob
    assert step.rule is not None
    assert "deployment-alarm-failure" in str(step.rule)
    assert chain.steps[change].quote.startswith("Threshold Crossed: 1 out of the last 1 datapoints")


def test_a_fix_that_was_rolled_back_for_what_came_before_it() -> None:
    scenario, service = scene()
    errors(scenario, 0)
    scenario.seconds(61)
    scenario.deploy(service, scenario.definition())
    fix = service.primary
    scenario.settle()
    chain = why(scenario, fix.deployment_id)
    assert fix.rollout_state == "FAILED"
    assert "was none of this deployment's doing: its first task ran at" in chain.verdict


def test_errors_of_a_minute_in_which_its_first_task_came() -> None:
    scenario, service = scene()
    scenario.deploy(service, scenario.definition())
    bad = service.primary
    errors(scenario, 1)
    scenario.settle()
    chain = why(scenario, bad.deployment_id)
    assert "is only in part of this deployment's doing: its first task ran at" in chain.verdict


def test_one_that_was_deployed_in_alarm() -> None:
    scenario, service = scene()
    errors(scenario, 0)
    scenario.seconds(151)
    scenario.deploy(service, scenario.definition())
    scenario.settle()
    chain = why(scenario, service.primary.deployment_id)
    assert "The deployment completed at" in chain.verdict
    watched = "The alarm errors is in ALARM when the deployment begins, so ECS watches no alarm during it."
    assert watched in told(chain)


def test_one_that_bakes_and_one_that_has() -> None:
    scenario, service = scene()
    scenario.deploy(service, scenario.definition())
    while len(scenario.entries("deployment.baking")) < 2:
        scenario.seconds(1)
    chain = why(scenario, service.primary.deployment_id)
    assert "is in progress for" in chain.verdict
    assert "All of the deployment is in place; it bakes until" in chain.verdict
    assert "watched by errors." in chain.verdict
    scenario.settle()
    assert "it bakes until" in told(why(scenario, service.primary.deployment_id))


def test_the_alarm_says_what_it_failed() -> None:
    scenario, service = scene()
    scenario.deploy(service, scenario.definition())
    bad = service.primary
    errors(scenario, 2)
    while bad.rollout_state == "IN_PROGRESS":
        scenario.seconds(1)
    chain = why(scenario, "errors")
    assert f"It failed {bad.deployment_id}." in chain.verdict
    assert "and that fails the deployment" in told(chain)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"by": "alarm", "alarms": ["a", "b"]}, "deployment failed by a and b in ALARM: R"),
        ({"by": "person"}, "deployment stopped by hand: R"),
        ({"count": 3}, "circuit breaker tripped at 3: R"),
    ],
)
def test_the_debrief_names_what_failed_a_deployment(data: dict[str, Any], text: str) -> None:
    assert tell_failure({"deployment": "d", "reason": "R", **data}) == text


def test_saved_json_of_a_service_that_an_alarm_has_rolled_back() -> None:
    text = """{"services": [{"serviceName": "web", "desiredCount": 2, "runningCount": 2, "deployments": [
      {"id": "ecs-svc/2", "status": "ACTIVE", "rolloutState": "FAILED", "taskDefinition": "web:2"}],
      "events": [{"createdAt": 2.0, "message": "(service web) rolling back to deployment ecs-svc/1."},
                 {"createdAt": 1.0, "message": "(service web) (deployment ecs-svc/2) deployment failed: alarm detected."}]}]}"""
    facts = [step.fact for step in explain_saved("saved.json", text.encode(), "web").steps]
    assert "An alarm fails the deployment." in facts
