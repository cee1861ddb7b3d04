"""Deployment alarms in requests and answers of ECS."""

from __future__ import annotations

from typing import Any

import pytest
from support.ecs import Ecs

from fargate_sim.model.alarms import AlarmSpec
from fargate_sim.model.alarms.alarm import ALARM, IGNORE, OK
from fargate_sim.model.metrics import Metric

ON = {"alarmNames": ["errors"], "enable": True, "rollback": True}


@pytest.fixture
def ecs() -> Ecs:
    """A world with an alarm that is OK."""
    world = Ecs()
    world.register()
    alarm = world.world.alarms.put(
        AlarmSpec("errors", 1.0, metric=Metric("Shop", "Errors", ()), treat_missing=IGNORE)
    )
    world.world.alarms.set_state(alarm, OK, "a test", None)
    return world


def turn(ecs: Ecs, state: str) -> None:
    alarm = ecs.world.alarms.get("errors")
    assert alarm is not None
    ecs.world.alarms.set_state(alarm, state, "a test", None)


def deployments(ecs: Ecs) -> list[Any]:
    """Service deployments in full, newest first."""
    briefs = ecs.call("ListServiceDeployments", cluster="lab", service="web")["serviceDeployments"]
    arns = [brief["serviceDeploymentArn"] for brief in briefs]
    return list(ecs.call("DescribeServiceDeployments", serviceDeploymentArns=arns)["serviceDeployments"])


def test_what_was_asked_for_is_shown(ecs: Ecs) -> None:
    made = ecs.make_service(deploymentConfiguration={"alarms": ON})
    assert made["deploymentConfiguration"]["alarms"] == ON
    assert made["deploymentConfiguration"]["bakeTimeInMinutes"] == 0
    changed = ecs.call(
        "UpdateService",
        cluster="lab",
        service="web",
        deploymentConfiguration={"alarms": {**ON, "rollback": False}, "bakeTimeInMinutes": 5},
    )["service"]
    assert changed["deploymentConfiguration"]["alarms"] == {**ON, "rollback": False}
    assert changed["deploymentConfiguration"]["bakeTimeInMinutes"] == 5
    kept = ecs.call("UpdateService", cluster="lab", service="web", desiredCount=3)["service"]
    assert kept["deploymentConfiguration"] == changed["deploymentConfiguration"]
    facts = ecs.entries("service.updated")[-1].data
    assert facts["alarms"] == {"enabled": True, "rollback": False, "names": ["errors"]}


def test_a_service_without_alarms_shows_none(ecs: Ecs) -> None:
    assert "alarms" not in ecs.make_service()["deploymentConfiguration"]
    [shown] = deployments(ecs)
    assert shown["alarms"] == {"status": "DISABLED", "alarmNames": [], "triggeredAlarmNames": []}


def test_switched_off_they_are_kept(ecs: Ecs) -> None:
    off = {"alarmNames": ["errors", "errors"], "enable": False, "rollback": False}
    made = ecs.make_service(deploymentConfiguration={"alarms": off})
    assert made["deploymentConfiguration"]["alarms"] == {**off, "alarmNames": ["errors"]}
    assert deployments(ecs)[0]["alarms"]["status"] == "DISABLED"


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"alarms": {**ON, "alarmNames": []}}, "At least one alarm name is required"),
        ({"alarms": {**ON, "alarmNames": [""]}}, "between 1 and 255 characters"),
        ({"alarms": {**ON, "alarmNames": ["x" * 256]}}, "between 1 and 255 characters"),
        ({"alarms": {"alarmNames": ["errors"], "enable": True}}, "rollback"),
        ({"bakeTimeInMinutes": -1}, "between 0 and 1440"),
        ({"bakeTimeInMinutes": 1441}, "between 0 and 1440"),
    ],
)
def test_refusals(ecs: Ecs, configuration: dict[str, Any], message: str) -> None:
    ecs.refuses(
        "CreateService",
        "InvalidParameterException",
        message,
        cluster="lab",
        serviceName="web",
        taskDefinition="web",
        deploymentConfiguration=configuration,
    )


def test_other_strategies_are_still_not_modelled(ecs: Ecs) -> None:
    ecs.refuses(
        "CreateService",
        "NotImplementedException",
        "BLUE_GREEN",
        cluster="lab",
        serviceName="web",
        taskDefinition="web",
        deploymentConfiguration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5, "alarms": ON},
    )


def test_a_deployment_that_an_alarm_fails_as_the_api_tells_it(ecs: Ecs) -> None:
    ecs.make_service(deploymentConfiguration={"alarms": ON})
    ecs.settle()
    assert deployments(ecs)[0]["alarms"] == {
        "status": "MONITORING_COMPLETE",
        "alarmNames": ["errors"],
        "triggeredAlarmNames": [],
    }
    ecs.register()
    ecs.call("UpdateService", cluster="lab", service="web", taskDefinition="web")
    ecs.seconds(60)
    shown = deployments(ecs)[0]
    assert (shown["status"], shown["alarms"]["status"]) == ("IN_PROGRESS", "MONITORING")
    assert shown["deploymentConfiguration"]["alarms"] == ON
    turn(ecs, ALARM)
    ecs.seconds(30)
    failed = next(each for each in ecs.show()["deployments"] if each["status"] == "ACTIVE")
    assert (failed["rolloutState"], failed["failedTasks"]) == ("FAILED", 0)
    assert failed["rolloutStateReason"] == "ECS deployment failed: alarm detected."
    ecs.settle()
    shown = deployments(ecs)[0]
    assert shown["alarms"] == {
        "status": "TRIGGERED",
        "alarmNames": ["errors"],
        "triggeredAlarmNames": ["errors"],
    }
    assert shown["status"] == "ROLLBACK_SUCCESSFUL"
    said = "Service deployment rolled back because of one or more active alarms."
    assert (shown["statusReason"], shown["rollback"]["reason"]) == (said, said)
    assert ecs.show()["taskDefinition"].endswith(":1")


def test_in_alarm_from_the_beginning(ecs: Ecs) -> None:
    ecs.make_service(deploymentConfiguration={"alarms": ON})
    ecs.settle()
    turn(ecs, ALARM)
    ecs.call("UpdateService", cluster="lab", service="web", forceNewDeployment=True)
    ecs.settle()
    shown = deployments(ecs)[0]
    assert shown["status"] == "SUCCESSFUL"
    assert shown["alarms"] == {"status": "DISABLED", "alarmNames": ["errors"], "triggeredAlarmNames": []}


def test_the_events_on_the_bus(ecs: Ecs) -> None:
    ecs.make_service(deploymentConfiguration={"alarms": ON})
    ecs.settle()
    ecs.register()
    ecs.call("UpdateService", cluster="lab", service="web", taskDefinition="web")
    ecs.seconds(60)
    wanted: list[tuple[str, str]] = []
    ecs.world.ecs_events.deployment_changed = (  # type: ignore[method-assign]
        lambda _service, _deployment, name, reason: wanted.append((name, reason))
    )
    turn(ecs, ALARM)
    ecs.settle()
    primary = ecs.show()["deployments"][0]["id"]
    assert wanted == [
        ("FAILED", "ECS deployment failed: alarm detected."),
        ("IN_PROGRESS", f"ECS deployment alarm: rolling back to deploymentId {primary}."),
        ("COMPLETED", f"ECS deployment {primary} completed."),
    ]
