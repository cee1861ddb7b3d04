"""The checks of p06: the present state of the service, and a bad deploy made to happen again."""

from __future__ import annotations

from labs import breakers
from labs.checking import CheckContext, Evidence, counted, missing_service, revision_of

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
    return breakers.bad_deploy_rolls_back(ctx)


def users_unharmed(ctx: CheckContext) -> Evidence:
    """During that bad deploy the running count never fell below the lab's number."""
    return breakers.users_unharmed(ctx)


def _switch(ctx: CheckContext, key: str, expected: str) -> Evidence:
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    breaker = breakers.breaker_of(service)
    passed = breaker["enable"] and breaker[key]
    return Evidence(passed, expected, breakers.in_words(service), _DESCRIBE)
