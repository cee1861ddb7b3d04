"""The checks of p11-memory-leak: a release is left alone under load, and it is measured how its memory moves.

Any build that gives its memory back is right, whatever it is called. What only puts the end off has the same slope, or a smaller one,
and no slope is small enough: the feedback says when the next kill would come.
"""

from __future__ import annotations

from dataclasses import replace

from labs import memory, targets
from labs.checking import CheckContext, Evidence
from labs.memory import limits_of


def capacity(ctx: CheckContext) -> Evidence:
    """The service wants and runs the lab's number of tasks, of the report program."""
    return targets.capacity(ctx)


def steady(ctx: CheckContext) -> Evidence:
    """One deployment, COMPLETED, with every target of the load balancer healthy."""
    return targets.at_rest(ctx)


def stays_level(ctx: CheckContext) -> Evidence:
    """The memory of a task does not grow; otherwise, how fast, until when, and what has been changed that cannot help."""
    evidence = memory.stays_level(ctx)
    if evidence.passed:
        return evidence
    return replace(evidence, observed=" ".join([evidence.observed, *_beside(ctx)]))


def nothing_lost(ctx: CheckContext) -> Evidence:
    """Nobody is killed for memory in forty minutes under load, and no request comes to nothing."""
    return memory.nothing_lost(ctx)


def _beside(ctx: CheckContext) -> list[str]:
    service = ctx.service()
    if service is None:
        return []
    said, limits = [], limits_of(ctx, service)
    if service["desiredCount"] > ctx.number("desired"):
        said.append(
            f"With {service['desiredCount']} tasks each gets fewer requests and lives longer; each still fills up."
        )
    if limits.task > ctx.number("memory"):
        said.append(f"{limits.task:,} MiB take longer to fill; they do fill.")
    if limits.container.get("memoryReservation"):
        said.append("memoryReservation is a soft limit: it makes no room and stops no growth.")
    if any(story.why == "forced" for story in ctx.deployments[:-1]):
        # The last one is the check's own.
        said.append("A restart sets the level back and leaves the slope as it is.")
    return said
