"""The checks of p05: the present state of the service, and a release made to happen again.

What is judged is what a release does, not which way out was chosen: larger subnets and a smaller surge both
pass if they work.
"""

from __future__ import annotations

from typing import Any

from labs import zones
from labs.checking import CheckContext, Evidence, counted, duration, missing_service
from labs.drills import DRILL_LIMIT_MS, Measured, release, unsettled

_STOPPED = "aws ecs list-tasks --cluster p05 --service-name checkout --desired-status STOPPED"


def capacity(ctx: CheckContext) -> Evidence:
    """The service wants and runs the lab's number of tasks."""
    desired = ctx.number("desired")
    expected = f"{desired} tasks wanted and running"
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    observed = (
        f"{service['desiredCount']} wanted, {service['runningCount']} running; the shop needs {desired}"
    )
    return Evidence(
        service["desiredCount"] >= desired and service["runningCount"] >= desired, expected, observed
    )


def release_completes(ctx: CheckContext) -> Evidence:
    """A forced deployment completes."""
    expected = "a release completes within an hour"
    measured, problem = _measured(ctx)
    if measured is None:
        return Evidence(False, expected, problem)
    story = measured.story
    if story is not None and story.completed_ms is not None:
        return Evidence(True, expected, f"completed after {duration(measured.took_ms)}")
    if story is not None and story.failed_ms is not None:
        refused = f"{counted(measured.refused, 'task')} got no address" if measured.refused else story.reason
        after = duration(story.failed_ms - story.started_ms)
        return Evidence(False, expected, f"the breaker failed it after {after}: {refused}", _STOPPED)
    if measured.started == 0:
        return Evidence(
            False,
            expected,
            f"nothing moved for {duration(DRILL_LIMIT_MS)}: {_bounds(ctx)}",
            hint="ECS needs room to start a task above the floor, or leave to stop one below the ceiling.",
        )
    refused = (
        f"{counted(measured.refused, 'task')} got no address" if measured.refused else "it is still going on"
    )
    return Evidence(False, expected, f"not complete after {duration(DRILL_LIMIT_MS)}: {refused}", _STOPPED)


def nobody_refused(ctx: CheckContext) -> Evidence:
    """No task of a release, nor of the one after it, failed for want of an address."""
    expected = "no task stopped with InsufficientFreeAddressesInSubnet"
    measured, problem = _again(ctx)
    if measured is None:
        return Evidence(False, expected, problem)
    observed = f"{measured.refused} of {counted(measured.started, 'task')} got no address"
    return Evidence(measured.refused == 0 and measured.started > 0, expected, observed, _STOPPED)


def full_strength(ctx: CheckContext) -> Evidence:
    """The running count never fell below the lab's number, in a release that completed."""
    desired = ctx.number("desired")
    expected = f"a release during which {desired} tasks run all the while"
    measured, problem = _again(ctx)
    if measured is None:
        return Evidence(False, expected, problem)
    completed = measured.story is not None and measured.story.completed_ms is not None
    observed = f"at the lowest, {measured.lowest.count} running" + (
        "" if completed else ", and it did not complete"
    )
    return Evidence(completed and measured.lowest.count >= desired, expected, observed)


def two_zones(ctx: CheckContext) -> Evidence:
    """The service has subnets, and running tasks, in two zones."""
    return zones.two_zones(ctx)


def _bounds(ctx: CheckContext) -> str:
    service = ctx.service() or {}
    configured: dict[str, Any] = service.get("deploymentConfiguration", {})
    desired = service.get("desiredCount", 0)
    least, most = configured.get("minimumHealthyPercent", 100), configured.get("maximumPercent", 200)
    # ECS developer guide, deployment-type-ecs: the lower bound is rounded up, the upper bound down.
    return (
        f"the floor is ceil({desired} × {least} / 100) = {(desired * least + 99) // 100}, "
        f"the ceiling floor({desired} × {most} / 100) = {desired * most // 100}"
    )


def _again(ctx: CheckContext) -> tuple[Measured | None, str]:
    """The release that follows a good one: the first may have had room because the zones were uneven before
    it, and leaves them even. A first that is not good speaks for itself.
    """
    first, problem = _measured(ctx)
    completed = first is not None and first.story is not None and first.story.completed_ms is not None
    if first is None or not completed or first.refused:
        return first, problem
    if "again" not in ctx.memo:
        ctx.memo["again"] = release(ctx)
    return ctx.memo["again"], ""


def _measured(ctx: CheckContext) -> tuple[Measured | None, str]:
    """One release for all drills of a grading; None and the reason when it makes no sense to try."""
    if "release" in ctx.memo:
        return ctx.memo["release"], ""
    service = ctx.service()
    if service is None:
        return None, "there is no service to release"
    problem = unsettled(ctx, service)
    if problem:
        return None, f"not tried: {problem}"
    ctx.memo["release"] = release(ctx)
    return ctx.memo["release"], ""
