"""The checks of p05: the present state of the service, and a release made to happen again.

What is judged is what a release does, not which way out was chosen: larger subnets and a smaller surge both
pass if they work.
"""

from __future__ import annotations

from labs import room, zones
from labs.checking import CheckContext, Evidence, counted, duration, missing_service
from labs.drills import DRILL_LIMIT_MS

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
    tried, problem = room.once(ctx)
    if tried is None:
        return Evidence(False, expected, problem)
    measured = tried.measured
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
            f"nothing moved for {duration(DRILL_LIMIT_MS)}: {room.bounds(ctx)}",
            hint="ECS needs room to start a task above the floor, or leave to stop one below the ceiling.",
        )
    refused = (
        f"{counted(measured.refused, 'task')} got no address" if measured.refused else "it is still going on"
    )
    return Evidence(False, expected, f"not complete after {duration(DRILL_LIMIT_MS)}: {refused}", _STOPPED)


def nobody_refused(ctx: CheckContext) -> Evidence:
    """No task of a release, nor of the one after it, failed for want of an address."""
    return room.nobody_refused(ctx, _STOPPED)


def full_strength(ctx: CheckContext) -> Evidence:
    """The running count never fell below the lab's number, in a release that completed."""
    return room.full_strength(ctx)


def two_zones(ctx: CheckContext) -> Evidence:
    """The service has subnets, and running tasks, in two zones."""
    return zones.two_zones(ctx)
