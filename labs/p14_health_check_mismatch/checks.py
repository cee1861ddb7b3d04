"""The checks of p14: what the load balancer says now, a release made to happen again, and one that must not pass.

Any health check that the shop answers is right, if it tells a shop that serves from one that does not. That
is tried, not read: a copy that answers 404 to everything is deployed, and must not be taken for healthy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labs import targets
from labs.checking import CheckContext, Evidence, duration
from labs.targets import Targets, targets_of

_HEALTH = "aws elbv2 describe-target-health --target-group-arn $TG"


def capacity(ctx: CheckContext) -> Evidence:
    """The service wants and runs the lab's number of tasks, of the shop."""
    return targets.capacity(ctx)


def release_completes(ctx: CheckContext) -> Evidence:
    """A forced deployment completes, and ends with every target healthy."""
    return targets.release_completes(ctx)


def nobody_killed(ctx: CheckContext) -> Evidence:
    """No task of a release is stopped for the load balancer's checks."""
    return targets.nobody_killed(ctx)


def targets_healthy(ctx: CheckContext) -> Evidence:
    """The service has settled and every target is healthy."""
    expected = "every target healthy, and the deployment COMPLETED"
    there = targets.behind_balancer(ctx, expected)
    if isinstance(there, Evidence):
        return there
    service, found = there
    state = ctx.primary(service)["rolloutState"]
    passed = 0 < len(found.shown) == found.healthy and state == "COMPLETED"
    if passed:
        return Evidence(True, expected, f"{found}, the deployment is {state}")
    observed = f"{found}; the health check asks: {found.check}; the deployment is {state}"
    beside = _beside(ctx, service, found)
    return Evidence(False, expected, ". ".join([observed, *beside]), _HEALTH)


def check_proves_something(ctx: CheckContext) -> Evidence:
    """A release that answers 404 to everything does not complete."""
    expected = "a shop that answers 404 to everything is not taken for healthy"
    measured, problem = targets.hollow(ctx)
    if measured is None:
        return Evidence(False, expected, problem)
    if measured.completed:
        service = ctx.service()
        found = targets_of(ctx, service) if service else None
        asked = f" (the health check asks: {found.check})" if found else ""
        return Evidence(
            False, expected, f"a release that answers 404 to everything was completed as healthy{asked}"
        )
    after = measured.found_after_ms
    how = (
        f"its first task was found unhealthy after {duration(after)}"
        if after is not None
        else "it stayed open"
    )
    return Evidence(True, expected, f"such a release did not complete; {how}")


def listening_port(ctx: CheckContext) -> int:
    """The port that the shop listens on, from the task definition."""
    return ctx.number("port")


def _beside(ctx: CheckContext, service: Mapping[str, Any], found: Targets) -> list[str]:
    """What has been changed that cannot help, and why not."""
    said = []
    if service.get("healthCheckGracePeriodSeconds", 0) > ctx.number("grace"):
        said.append(
            f"The grace period of {service['healthCheckGracePeriodSeconds']} s puts the verdict off; "
            "it does not make a target healthy"
        )
    patience = (found.group["HealthCheckIntervalSeconds"], found.group["UnhealthyThresholdCount"])
    if patience != (ctx.number("interval"), ctx.number("threshold")):
        said.append(
            f"Asking every {patience[0]} s and forgiving {patience[1] - 1} failures does not change the answer"
        )
    if service["deploymentConfiguration"].get("deploymentCircuitBreaker", {}).get("enable"):
        said.append(
            "The circuit breaker ends a deployment and heals no target: what it rolls back to is asked the same"
        )
    containers = ctx.client("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])[
        "taskDefinition"
    ]["containerDefinitions"]
    if any(item.get("healthCheck") for item in containers):
        said.append("A container health check is judged beside the load balancer's, not instead of it")
    forced = [story for story in ctx.deployments if story.why == "forced"]
    if len(forced) > 1 and not said:
        said.append(
            "Every deployment is asked the same question by the same health check; forcing one changes nothing"
        )
    return said
