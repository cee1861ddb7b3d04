"""Whether a release of a lab's service has room: addresses for all of its tasks, and nobody missing meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from labs.checking import CheckContext, Evidence, counted
from labs.drills import Measured, attempt, release, unsettled


@dataclass(frozen=True, slots=True)
class Tried:
    """A release that was made to happen. ``at_rest``: before it, nothing was under way, so that it could complete."""

    measured: Measured
    at_rest: bool

    @property
    def completed(self) -> bool:
        """Whether it completed."""
        return self.measured.story is not None and self.measured.story.completed_ms is not None


def nobody_refused(ctx: CheckContext, where: str, *, under_way: bool = False) -> Evidence:
    """No task of a release, nor of the one after it, failed for want of an address."""
    expected = "no task stopped with InsufficientFreeAddressesInSubnet"
    tried, problem = twice(ctx, under_way=under_way)
    if tried is None:
        return Evidence(False, expected, problem)
    measured = tried.measured
    observed = f"{measured.refused} of {counted(measured.started, 'task')} got no address"
    if not measured.started:
        observed = f"no task was started: {bounds(ctx)}"
    return Evidence(measured.refused == 0 and measured.started > 0, expected, observed, where)


def full_strength(ctx: CheckContext, *, under_way: bool = False) -> Evidence:
    """The running count never fell below the lab's number, in a release that completed (if it could)."""
    desired = ctx.number("desired")
    expected = f"a release during which {desired} tasks run all the while"
    tried, problem = twice(ctx, under_way=under_way)
    if tried is None:
        return Evidence(False, expected, problem)
    lowest, unfinished = tried.measured.lowest.count, tried.at_rest and not tried.completed
    observed = f"at the lowest, {lowest} running" + (", and it did not complete" if unfinished else "")
    return Evidence(lowest >= desired and not unfinished, expected, observed)


def bounds(ctx: CheckContext) -> str:
    """The floor and the ceiling of a release, as they are computed."""
    service = ctx.service() or {}
    configured: dict[str, Any] = service.get("deploymentConfiguration", {})
    desired = service.get("desiredCount", 0)
    least, most = configured.get("minimumHealthyPercent", 100), configured.get("maximumPercent", 200)
    # ECS developer guide, deployment-type-ecs: the lower bound is rounded up, the upper bound down.
    return (
        f"the floor is ceil({desired} × {least} / 100) = {(desired * least + 99) // 100}, "
        f"the ceiling floor({desired} × {most} / 100) = {desired * most // 100}"
    )


def once(ctx: CheckContext, *, under_way: bool = False) -> tuple[Tried | None, str]:
    """One release for all drills of a grading; None and the reason when it makes no sense to try. With ``under_way`` one is also
    tried while another, that cannot complete, is under way: its first tasks are watched.
    """
    if "release" not in ctx.memo:
        service = ctx.service()
        if service is None:
            return None, "there is no service to release"
        problem = unsettled(ctx, service)
        if problem and not (under_way and service["desiredCount"]):
            return None, f"not tried: {problem}"
        measured = attempt(ctx) if problem else release(ctx)
        ctx.memo["release"] = Tried(measured, at_rest=not problem)
    return ctx.memo["release"], ""


def twice(ctx: CheckContext, *, under_way: bool = False) -> tuple[Tried | None, str]:
    """The release that follows a good one: the first may have had room because the zones were uneven before it, and leaves them
    even. A first that is not good speaks for itself.
    """
    first, problem = once(ctx, under_way=under_way)
    if first is None or not first.completed or first.measured.refused:
        return first, problem
    if "again" not in ctx.memo:
        ctx.memo["again"] = Tried(release(ctx), at_rest=True)
    return ctx.memo["again"], ""
