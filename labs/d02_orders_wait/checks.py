"""The checks of d02: a whole wave of orders in which nobody touches the service. What scales it is not looked at; how long orders wait, how
the desired count moves, what it costs, and what becomes of orders when tasks are taken away is.
"""

from __future__ import annotations

from labs.checking import CheckContext, Evidence, counted, duration, missing_service
from labs.order_waves import Wave, ride


def capacity(ctx: CheckContext) -> Evidence:
    """The service runs the invoices program."""
    expected = f"the service {ctx.name('service')} runs {ctx.name('image')}, and nothing is being deployed"
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    found = ctx.client("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])
    images = [each["image"] for each in found["taskDefinition"]["containerDefinitions"]]
    ours = any(image.startswith((f"{ctx.name('image')}:", f"{ctx.name('image')}@")) for image in images)
    resting = len(service["deployments"]) == 1
    observed = f"{counted(service['runningCount'], 'task')} of {', '.join(images)}"
    observed += "" if resting else "; a deployment is under way"
    return Evidence(ours and resting and service["runningCount"] > 0, expected, observed)


def keeps_up(ctx: CheckContext) -> Evidence:
    """At the end of no minute is a message older than the objective."""
    limit_ms = ctx.number("slo_seconds") * 1000
    expected = (
        f"from {ctx.number('rps_tenths') / 10:g} orders a second to {ctx.number('to_rps_tenths') / 10:g} and back, "
        f"the oldest message is never "
        f"older than {duration(limit_ms)}"
    )
    wave, problem = ride(ctx)
    if wave is None:
        return Evidence(False, expected, problem)
    passed = not wave.late(limit_ms) and not wave.orders.left
    observed = f"{wave.waited(limit_ms)}; {wave.scaling.scaled()}"
    return Evidence(passed, expected, observed, where="fargate-lab scaling")


def gives_back(ctx: CheckContext) -> Evidence:
    """What the peak needed is given back, and no more is taken than it needs."""
    most, hours_most = ctx.number("idle_tasks"), ctx.number("vcpu_hours")
    expected = (
        f"a count that rises for the peak, at most {most} tasks wanted when the wave is over, and at most "
        f"{hours_most} vCPU-hours for all of it"
    )
    wave, problem = ride(ctx)
    if wave is None:
        return Evidence(False, expected, problem)
    hours, scaling = _vcpu_hours(ctx, wave), wave.scaling
    observed = (
        f"{scaling.began_with} tasks at the beginning, {scaling.most} at most, {scaling.last} at the end; "
        f"the wave took {hours:.1f} vCPU-hours"
    )
    passed = scaling.last <= most and scaling.most > scaling.last and hours <= hours_most
    return Evidence(passed, expected, observed, where="fargate-lab cost")


def leaves_nothing(ctx: CheckContext) -> Evidence:
    """Tasks come and go in the wave, and take no order along."""
    expected = "tasks are taken away in the wave, and none of them has an order in its hands when it ends"
    wave, problem = ride(ctx)
    if wave is None:
        return Evidence(False, expected, problem)
    orders, fewer = wave.orders, any(step.after < step.before for step in wave.scaling.steps)
    observed = str(orders) + ("" if fewer else "; no task was ever taken away")
    return Evidence(
        fewer and not (orders.cut or orders.twice or orders.lost),
        expected,
        observed,
        where="fargate-lab queue",
    )


def _vcpu_hours(ctx: CheckContext, wave: Wave) -> float:
    return float(
        sum(
            item["quantity"]
            for item in ctx.cloud.cost(wave.scaling.start_ms)["items"]
            if item["service"] == ctx.name("service") and item["resource"] == "vcpu"
        )
    )
