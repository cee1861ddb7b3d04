"""The checks of p10: a release made to happen again, and one that never answers.

Any way of giving the slow program its time is right, if the release goes through without a task being
stopped, and a task that never answers is still found within the lab's limit.
"""

from __future__ import annotations

from dataclasses import replace

from labs import targets
from labs.checking import CheckContext, Evidence, counted, duration
from labs.drills import HOLLOW_LIMIT_MS
from labs.targets import killed_since_start, targets_of

_STOPPED = "aws ecs list-tasks --cluster p10 --service-name catalog --desired-status STOPPED"


def capacity(ctx: CheckContext) -> Evidence:
    """The service wants and runs the lab's number of tasks, of the shop."""
    return targets.capacity(ctx)


def release_completes(ctx: CheckContext) -> Evidence:
    """A forced deployment completes, and ends with every target healthy."""
    return targets.release_completes(ctx)


def steady(ctx: CheckContext) -> Evidence:
    """One deployment, COMPLETED, with all targets healthy; otherwise, how many tasks the checks have cost."""
    evidence = replace(targets.at_rest(ctx), where=_STOPPED)
    if evidence.passed:
        return evidence
    killed = counted(killed_since_start(ctx), "task")
    return replace(
        evidence, observed=f"{evidence.observed}; {killed} stopped for failed ELB health checks so far"
    )


def nobody_killed(ctx: CheckContext) -> Evidence:
    """No task of the release was stopped for the load balancer's checks; otherwise, the arithmetic."""
    evidence = targets.nobody_killed(ctx)
    measured, _ = targets.released(ctx)
    service = ctx.service()
    found = targets_of(ctx, service) if service else None
    if evidence.passed or measured is None or service is None or found is None:
        return evidence
    grace_s = service.get("healthCheckGracePeriodSeconds", 0)
    interval_s, passes = found.group["HealthCheckIntervalSeconds"], found.group["HealthyThresholdCount"]
    observed = (
        f"{evidence.observed}; the grace period is {grace_s} s, the program boots for {ctx.number('boot')} s, "
        f"and {passes} passes every {interval_s} s take up to {passes * interval_s} s more"
    )
    return Evidence(False, evidence.expected, observed, _STOPPED)


def dead_task_found(ctx: CheckContext) -> Evidence:
    """A task that never answers rightly is found within the lab's limit."""
    limit_ms = ctx.number("limit_minutes") * 60_000
    expected = f"a task that answers 404 to everything is found unhealthy within {duration(limit_ms)}"
    measured, problem = targets.hollow(ctx)
    if measured is None:
        return Evidence(False, expected, problem)
    if measured.completed:
        return Evidence(False, expected, "a release that answers 404 to everything was completed as healthy")
    if measured.found_after_ms is None:
        return Evidence(
            False, expected, f"not found within {duration(HOLLOW_LIMIT_MS)}: the grace period covers it up"
        )
    observed = f"found after {duration(measured.found_after_ms)}"
    return Evidence(measured.found_after_ms <= limit_ms, expected, observed)


def least_grace(ctx: CheckContext) -> int:
    """The seconds from a task's start to its healthy target at the worst: the boot, up to one interval until
    the first pass, and the passes that a target needs once it is unhealthy.
    """
    service = ctx.service()
    found = targets_of(ctx, service) if service else None
    if found is None:
        return ctx.number("boot")
    return int(
        ctx.number("boot") + found.group["HealthyThresholdCount"] * found.group["HealthCheckIntervalSeconds"]
    )
