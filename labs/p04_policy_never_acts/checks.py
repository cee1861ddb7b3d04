"""The checks of p04: whether an alarm that calls a policy has anything to see, and what comes of it when the load rises and falls.

Any policy is right that adds tasks before the clients feel it and takes them away afterwards. That is tried, with a load that
rises to five times what it was and falls again, and nobody touches the service. What a policy watches is named only to say
why it did nothing.
"""

from __future__ import annotations

from typing import Any

from labs import scalers, targets
from labs.checking import CheckContext, Evidence, counted, duration, missing_service
from labs.cloud import MINUTE_MS
from labs.scalers import Watch, clock, watches
from labs.waves import Ridden, Step, ride

_ALARMS = "aws cloudwatch describe-alarms --alarm-name-prefix TargetTracking-service/p04/quotes"
_SCALING = "fargate-lab scaling"
_FAILED_SHARE = 0.001


def capacity(ctx: CheckContext) -> Evidence:
    """The service wants and runs at least the lab's number of tasks, of quotes."""
    return targets.capacity(ctx)


def hears(ctx: CheckContext) -> Evidence:
    """An alarm that calls a scaling policy of the service has had a datapoint lately."""
    expected = "an alarm that calls a scaling policy of quotes has data"
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    found = watches(ctx)
    hearing = [watch for watch in found if watch.hears]
    if hearing:
        told = [f"{watch.name} ({watch.metric}) was at {watch.points[-1][1]:.5g}" for watch in hearing]
        return Evidence(True, expected, "; ".join(told))
    if not scalers.policies(ctx):
        return Evidence(False, expected, "quotes has no scaling policy, so nothing ever adds a task", _ALARMS)
    observed = [_silence(ctx, service, found[0])] if found else ["no alarm calls the policies of quotes"]
    return Evidence(False, expected, ". ".join([*observed, *_beside(ctx)]), _ALARMS)


def grows(ctx: CheckContext) -> Evidence:
    """While the load rises, a policy adds tasks."""
    expected = f"under {_load_said(ctx)}, a policy adds tasks"
    ridden, problem = _ridden(ctx)
    if ridden is None:
        return Evidence(False, expected, problem)
    if any(step.after > step.before for step in _by_policy(ridden)):
        return Evidence(True, expected, ridden.scaled())
    return Evidence(False, expected, ". ".join([ridden.scaled(), *_why_not(ctx, ridden)]), _SCALING)


def clients_served(ctx: CheckContext) -> Evidence:
    """The clients do not feel that the load changes."""
    limit_ms, spared = ctx.number("slo_p99_ms"), ctx.number("spared_min")
    expected = (
        f"under {_load_said(ctx)}, p99 is above {duration(limit_ms)} in at most {counted(spared, 'minute')}"
    )
    ridden, problem = _ridden(ctx)
    if ridden is None:
        return Evidence(False, expected, problem)
    passed = (
        len(ridden.slow(limit_ms)) <= spared
        and ridden.sent > 0
        and ridden.failed <= _FAILED_SHARE * ridden.sent
    )
    return Evidence(passed, expected, f"{ridden.fared(limit_ms)}; {ridden.scaled()}")


def shrinks(ctx: CheckContext) -> Evidence:
    """When the load falls, a policy takes tasks away again."""
    expected = f"under {_load_said(ctx)}, a policy takes away at the end what was added"
    ridden, problem = _ridden(ctx)
    if ridden is None:
        return Evidence(False, expected, problem)
    if any(step.after < step.before for step in _by_policy(ridden)) and ridden.last < ridden.most:
        return Evidence(True, expected, ridden.scaled())
    said = [ridden.scaled()]
    bounds = scalers.bounds(ctx)
    if bounds and bounds[0] >= ridden.most > ctx.number("desired"):
        said.append(
            f"The minimum is {bounds[0]}, so nothing is ever taken away: {bounds[0]} tasks are paid for day and night"
        )
    deaf = [watch for watch in watches(ctx) if not watch.hears and not watch.looks_up]
    if deaf and ridden.most > ridden.began_with:
        said.append(
            f"{deaf[0].name} has had {deaf[0].silence}, and as long as one target tracking policy of a service has no data, "
            "none of them takes tasks away"
        )
    return Evidence(False, expected, ". ".join(said), _SCALING)


def per_target(ctx: CheckContext) -> int:
    """Requests for each target and minute, at the load that the learner finds."""
    return ctx.number("now_rps") * 60 // ctx.number("desired")


def _load_said(ctx: CheckContext) -> str:
    return f"a load that rises from {ctx.number('quiet_rps')} to {ctx.number('peak_rps')} requests/s and falls again"


def _ridden(ctx: CheckContext) -> tuple[Ridden | None, str]:
    """One wave for all drills of a grading."""
    minutes = ctx.number("wave_min")
    load: dict[str, Any] = {
        "rps": ctx.number("quiet_rps"),
        "path": ctx.name("path"),
        "pattern": "wave",
        "to_rps": ctx.number("peak_rps"),
        "for_ms": minutes * MINUTE_MS,
    }
    return ride(ctx, "wave", load, minutes)


def _by_policy(ridden: Ridden) -> list[Step]:
    """The steps that a policy took: not those of a changed bound."""
    return [step for step in ridden.steps if step.policy]


def _silence(ctx: CheckContext, service: dict[str, Any], watch: Watch) -> str:
    """Why an alarm has no data, in a sentence; where the requests go instead."""
    said = f"{watch.name} has had {watch.silence}"
    balancer, group = watch.dimensions.get("LoadBalancer"), watch.dimensions.get("TargetGroup")
    if balancer and group:
        said += f": no request went through load balancer {balancer} to {group}"
    stands = targets.targets_of(ctx, service)
    if stands is None:
        return said
    arn, behind = stands.group["TargetGroupArn"], stands.group["LoadBalancerArns"]
    through = f", behind {behind[0].partition(':loadbalancer/')[2]}" if behind else ""
    said += f". The targets of quotes are in {arn.rpartition(':')[2]}{through}"
    if not ctx.cloud.traffic.report()["running"]:
        said += ". No client sends anything just now, either: `fargate-lab traffic start`"
    return said


def _beside(ctx: CheckContext) -> list[str]:
    """What has been tried and cannot help, or has been refused."""
    ready = ctx.history.last("lab.ready")
    since = ctx.history.since(ready.seq if ready else 0)
    puts = since.of("call", operation="PutScalingPolicy")
    said = []
    if puts and puts[-1].data.get("error"):
        said.append(
            f"AWS refused the last policy, and left the one before as it was: {puts[-1].data['message']}"
        )
    elif puts:
        said.append("A new target value, or new cooldowns, change nothing for an alarm that sees nothing")
    if since.of("call", operation="PutMetricAlarm"):
        said.append(
            "What counts as missing is not the trouble: without a datapoint there is no number to reckon with, whatever "
            "the alarm is told to make of it"
        )
    return said


def _why_not(ctx: CheckContext, ridden: Ridden) -> list[str]:
    """For each alarm that calls when something is high: what it saw during the wave."""
    service = ctx.service()
    from_ms, to_ms = ridden.minutes[0].at_ms, ridden.minutes[-1].at_ms + MINUTE_MS
    said = []
    for watch in watches(ctx):
        if not watch.looks_up:
            continue
        highest = watch.highest(from_ms, to_ms)
        if highest is not None:
            said.append(
                f"{watch.name}: {watch.metric} was at most {highest:.4g} between {clock(from_ms)} and {clock(to_ms)}, "
                f"and the alarm waits for more than {watch.alarm['Threshold']:g}"
            )
        elif service is not None:
            said.append(_silence(ctx, service, watch))
    return said
