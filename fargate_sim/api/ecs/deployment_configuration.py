"""The deploymentConfiguration of a service: read, checked, shown. Source of fields and ranges: API model of ECS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fargate_sim.api.ecs.common import Params, invalid, not_modelled
from fargate_sim.model.breaker import BOUNDED_PERCENT, COUNT, CircuitBreaker
from fargate_sim.model.deployment_alarms import DeploymentAlarms
from fargate_sim.model.service import Service

LONGEST_BAKE = 1440
"""Minutes. [A] AWS documents that range for the bake times of steps."""
LONGEST_ALARM_NAME = 255
"""Source: CloudWatch API reference, PutMetricAlarm."""


@dataclass(frozen=True)
class DeploymentSettings:
    """What a request says; None where it is silent."""

    minimum_percent: int | None = None
    maximum_percent: int | None = None
    breaker: CircuitBreaker | None = None
    alarms: DeploymentAlarms | None = None
    bake_minutes: int | None = None


def read_settings(configuration: Params | None, *, minimum: int, maximum: int) -> DeploymentSettings:
    """Check a deploymentConfiguration against the percentages that would hold without it."""
    given = configuration or {}
    strategy = given.get("strategy", "ROLLING")
    if strategy != "ROLLING":
        raise not_modelled(f"the deployment strategy {strategy}", "It rolls services (ROLLING).")
    for field in ("lifecycleHooks", "linearConfiguration", "canaryConfiguration", "earlySuccessCriteria"):
        if given.get(field):
            raise not_modelled(f"deploymentConfiguration.{field}")
    new_minimum = given.get("minimumHealthyPercent")
    new_maximum = given.get("maximumPercent")
    low = minimum if new_minimum is None else new_minimum
    high = maximum if new_maximum is None else new_maximum
    if not 0 <= low <= 100:
        raise invalid("minimumHealthyPercent must be between 0 and 100.")  # [A] wording assumed
    if not 100 <= high <= 200:
        raise invalid("maximumPercent must be between 100 and 200.")  # [A] wording assumed
    if low == 100 and high == 100:
        raise invalid(
            "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments"
        )
    bake_minutes = given.get("bakeTimeInMinutes")
    if bake_minutes is not None and not 0 <= bake_minutes <= LONGEST_BAKE:
        raise invalid(f"bakeTimeInMinutes must be between 0 and {LONGEST_BAKE}.")  # [A] wording
    return DeploymentSettings(
        new_minimum,
        new_maximum,
        read_breaker(given.get("deploymentCircuitBreaker")),
        read_alarms(given.get("alarms")),
        bake_minutes,
    )


def read_alarms(given: Params | None) -> DeploymentAlarms | None:
    """Deployment alarms, None when the request has none. That an alarm of a name exists is not asked for. [R] AWS's own infrastructure
    code makes alarms on a service's metrics after the service that names them.
    """
    if given is None:
        return None
    names = tuple(dict.fromkeys(given["alarmNames"]))
    if given["enable"] and not names:
        raise invalid("At least one alarm name is required when alarms are enabled.")  # [A] rule and wording
    for name in names:
        if not 1 <= len(name) <= LONGEST_ALARM_NAME:
            # [A] wording; the length is CloudWatch's [C]
            raise invalid(f"An alarm name must have between 1 and {LONGEST_ALARM_NAME} characters.")
    return DeploymentAlarms(names, enabled=given["enable"], rollback=given["rollback"], configured=True)


def read_breaker(given: Params | None) -> CircuitBreaker | None:
    """A circuit breaker, None when the request has none."""
    if given is None:
        return None
    threshold = given.get("thresholdConfiguration")
    kind = (threshold or {}).get("type", BOUNDED_PERCENT)
    value = (threshold or {}).get("value", 50)
    if kind == COUNT and value < 1:
        raise invalid("The value of a COUNT threshold must be at least 1.")  # [A] wording assumed
    if kind != COUNT and not 1 <= value <= 100:
        raise invalid("The value of a percentage threshold must be between 1 and 100.")  # [A] range [C]
    return CircuitBreaker(
        enabled=given["enable"],
        rollback=given["rollback"],
        reset_on_healthy_task=given.get("resetOnHealthyTask", True),
        threshold_type=kind,
        threshold_value=value,
        threshold_configured=threshold is not None,
        reset_configured="resetOnHealthyTask" in given,
    )


def show_settings(service: Service) -> dict[str, Any]:
    """A deploymentConfiguration as the API shows it."""
    breaker = service.breaker
    shown: dict[str, Any] = {"enable": breaker.enabled, "rollback": breaker.rollback}
    if breaker.reset_configured:
        shown["resetOnHealthyTask"] = breaker.reset_on_healthy_task
    if breaker.threshold_configured:
        shown["thresholdConfiguration"] = {"type": breaker.threshold_type, "value": breaker.threshold_value}
    alarms = service.alarms
    watched = {
        "alarms": {
            "alarmNames": list(alarms.names),
            "enable": alarms.enabled,
            "rollback": alarms.rollback,
        }
    }
    return {
        **(watched if alarms.configured else {}),
        "deploymentCircuitBreaker": shown,
        "maximumPercent": service.maximum_percent,
        "minimumHealthyPercent": service.minimum_percent,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": service.bake_minutes or 0,
    }
