"""The deploymentConfiguration of a service: read, checked, shown. Source of fields and ranges: API model of ECS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fargate_sim.api.ecs.common import Params, invalid, not_modelled
from fargate_sim.model.breaker import BOUNDED_PERCENT, COUNT, CircuitBreaker
from fargate_sim.model.service import Service


@dataclass(frozen=True)
class DeploymentSettings:
    """What a request says; None where it is silent."""

    minimum_percent: int | None = None
    maximum_percent: int | None = None
    breaker: CircuitBreaker | None = None


def read_settings(configuration: Params | None, *, minimum: int, maximum: int) -> DeploymentSettings:
    """Check a deploymentConfiguration against the percentages that would hold without it."""
    given = configuration or {}
    strategy = given.get("strategy", "ROLLING")
    if strategy != "ROLLING":
        raise not_modelled(f"the deployment strategy {strategy}", "It rolls services (ROLLING).")
    for field in ("lifecycleHooks", "linearConfiguration", "canaryConfiguration", "earlySuccessCriteria"):
        if given.get(field):
            raise not_modelled(f"deploymentConfiguration.{field}")
    if (given.get("alarms") or {}).get("enable"):
        raise not_modelled("deployment alarms")
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
    return DeploymentSettings(new_minimum, new_maximum, read_breaker(given.get("deploymentCircuitBreaker")))


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
    return {
        "deploymentCircuitBreaker": shown,
        "maximumPercent": service.maximum_percent,
        "minimumHealthyPercent": service.minimum_percent,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
    }
