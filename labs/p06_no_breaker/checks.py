"""The checks of p06: the present state of the service, and a bad deploy made to happen again."""

from __future__ import annotations

from typing import Any

from labs.checking import CheckContext, Evidence, counted, duration, missing_service, revision_of
from labs.drills import DRILL_LIMIT_MS, Measured, bad_deploy, unsettled

_DESCRIBE = "aws ecs describe-services --cluster p06 --services orders"


def steady(ctx: CheckContext) -> Evidence:
    """One deployment, COMPLETED, with all its tasks running."""
    expected = "one deployment, COMPLETED"
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    primary = ctx.primary(service)
    observed = (
        f"{counted(len(service['deployments']), 'deployment')}, "
        f"{revision_of(primary['taskDefinition'])} is {primary['rolloutState']}, "
        f"{primary['runningCount']} of {primary['desiredCount']} running"
    )
    if primary["rolloutState"] == "IN_PROGRESS" and primary.get("failedTasks"):
        observed += f", {counted(primary['failedTasks'], 'failed task')}"
    passed = (
        len(service["deployments"]) == 1
        and primary["rolloutState"] == "COMPLETED"
        and primary["runningCount"] == primary["desiredCount"]
    )
    return Evidence(passed, expected, observed, _DESCRIBE)


def capacity(ctx: CheckContext) -> Evidence:
    """The service wants and runs its tasks, on a revision whose deployment has completed."""
    desired = ctx.number("desired")
    expected = f"at least {desired} tasks wanted and running on the PRIMARY revision"
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    running = ctx.primary(service)["runningCount"]
    observed = f"{service['desiredCount']} wanted, {running} running on the PRIMARY revision"
    return Evidence(service["desiredCount"] >= desired and running >= desired, expected, observed, _DESCRIBE)


def breaker_on(ctx: CheckContext) -> Evidence:
    """The circuit breaker is enabled."""
    return _switch(ctx, "enable", "the circuit breaker on")


def rollback_on(ctx: CheckContext) -> Evidence:
    """The circuit breaker is enabled and rolls back."""
    return _switch(ctx, "rollback", "rollback on a failed deployment")


def bad_deploy_rolls_back(ctx: CheckContext) -> Evidence:
    """A bad deploy fails by the breaker and is rolled back."""
    expected = "a bad deploy fails and is rolled back by itself"
    service, problem = _ready(ctx)
    if service is None:
        return Evidence(False, expected, problem)
    measured = _measured(ctx, service)
    story = measured.story
    if story is None or story.failed_ms is None:
        failures = len(story.failures) if story else 0
        of = f" against a threshold of {story.threshold}" if story and story.threshold else ""
        return Evidence(
            False,
            expected,
            f"after {duration(DRILL_LIMIT_MS)} the bad deploy is still in progress: {counted(failures, 'failure')}{of}",
            hint="Lower the threshold in `thresholdConfiguration`, or leave it out: the default is 3 for this service.",
        )
    failed = f"tripped at {len(story.failures)} failures after {duration(story.failed_ms - story.started_ms)}"
    if story.rollback_completed_ms is None:
        return Evidence(False, expected, f"{failed}, and the rollback did not complete")
    back = duration(story.rollback_completed_ms - story.failed_ms)
    return Evidence(True, expected, f"{failed}, rolled back {back} later")


def users_unharmed(ctx: CheckContext) -> Evidence:
    """During that bad deploy the running count never fell below the lab's number."""
    desired = ctx.number("desired")
    expected = f"never fewer than {desired} running during a bad deploy"
    service, problem = _ready(ctx)
    if service is None:
        return Evidence(False, expected, problem)
    lowest = _measured(ctx, service).lowest
    return Evidence(lowest.count >= desired, expected, f"at the lowest, {lowest.count} running")


def _switch(ctx: CheckContext, key: str, expected: str) -> Evidence:
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    breaker = _breaker(service)
    observed = f"circuit breaker {_on(breaker['enable'])}, rollback {_on(breaker['rollback'])}"
    return Evidence(bool(breaker["enable"] and breaker[key]), expected, observed, _DESCRIBE)


def _breaker(service: dict[str, Any]) -> dict[str, Any]:
    configured = service["deploymentConfiguration"].get("deploymentCircuitBreaker") or {}
    return {"enable": configured.get("enable", False), "rollback": configured.get("rollback", False)}


def _ready(ctx: CheckContext) -> tuple[dict[str, Any] | None, str]:
    """The service, when a drill makes sense; otherwise None and why not."""
    service = ctx.service()
    if service is None:
        return None, "there is no service to try it on"
    breaker = _breaker(service)
    if not breaker["enable"]:
        return None, "not tried: with the circuit breaker off a bad deploy never ends"
    if not breaker["rollback"]:
        return None, "not tried: without rollback the service would stay on the bad revision"
    problem = unsettled(ctx, service)
    return (None, f"not tried: {problem}") if problem else (service, "")


def _measured(ctx: CheckContext, service: dict[str, Any]) -> Measured:
    """One bad deploy for all drills of a grading."""
    if "bad_deploy" not in ctx.memo:
        ctx.memo["bad_deploy"] = bad_deploy(ctx, service)
    measured: Measured = ctx.memo["bad_deploy"]
    return measured


def _on(switch: bool) -> str:
    return "on" if switch else "off"
