"""The checks of p03: a whole swing of the load in which nobody touches the service. What scales it is not looked at; how its clients
fare, how the desired count moves, and what is left of it at the end is.
"""

from __future__ import annotations

from labs import targets
from labs.checking import CheckContext, Evidence, counted
from labs.load import pattern
from labs.waves import Ridden, ride

_FAILED_SHARE = 0.001


def capacity(ctx: CheckContext) -> Evidence:
    """The service wants and runs two tasks or more of the quotes program."""
    return targets.capacity(ctx)


def keeps_up(ctx: CheckContext) -> Evidence:
    """No minute of the swing is slower than the objective, and next to nothing fails."""
    limit_ms = ctx.number("slo_ms")
    expected = (
        f"from {ctx.number('rps')} requests a second to {ctx.number('to_rps')} and back, no minute with a p99 above "
        f"{limit_ms / 1000:g} s and at most one request of a thousand lost"
    )
    ridden, problem = _day(ctx)
    if ridden is None:
        return Evidence(False, expected, problem)
    passed = not ridden.slow(limit_ms) and ridden.failed <= ridden.sent * _FAILED_SHARE
    return Evidence(
        passed, expected, f"{ridden.fared(limit_ms)}; {ridden.scaled()}", where="fargate-lab scaling"
    )


def no_see_saw(ctx: CheckContext) -> Evidence:
    """The desired count goes up, turns once, and comes down."""
    expected = "one rise and one fall of the desired count in one swing of the load"
    ridden, problem = _day(ctx)
    if ridden is None:
        return Evidence(False, expected, problem)
    if not ridden.steps:
        return Evidence(False, expected, f"{ridden.scaled()}, whatever the load was")
    observed = f"the count turned round {counted(ridden.turns, 'time')}; {ridden.scaled()}"
    return Evidence(ridden.turns == 1, expected, observed, where="fargate-lab scaling")


def gives_back(ctx: CheckContext) -> Evidence:
    """What the peak needed is given back when it is over."""
    most = ctx.number("idle_tasks")
    expected = f"a count that rises for the peak, and at most {most} tasks wanted when the swing is over"
    ridden, problem = _day(ctx)
    if ridden is None:
        return Evidence(False, expected, problem)
    hours = sum(
        item["quantity"]
        for item in ctx.cloud.cost(ridden.start_ms)["items"]
        if item["service"] == ctx.name("service") and item["resource"] == "vcpu"
    )
    observed = (
        f"{ridden.began_with} tasks at the beginning, {ridden.most} at most, {ridden.last} at the end; "
        f"the swing took {hours:.1f} vCPU-hours"
    )
    passed = ridden.last <= most and ridden.most > ridden.last
    return Evidence(passed, expected, observed, where="fargate-lab cost")


def _day(ctx: CheckContext) -> tuple[Ridden | None, str]:
    return ride(ctx, "day", pattern(ctx.lab), ctx.number("day_minutes"))
