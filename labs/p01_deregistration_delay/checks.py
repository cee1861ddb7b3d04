"""The checks of p01: a release and a scale-in made to happen under load, and a call that ECS refused.

Any delay is right with which no request is lost and every task is gone in time. Both are measured, nothing is
read from the setting; the setting is named only to say why something failed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from labs import load, targets
from labs.checking import CheckContext, Evidence, duration

_DELAY = "aws elbv2 describe-target-group-attributes --target-group-arn $TG"
_WAIT = "Wait until the service has settled, with `aws ecs wait services-stable`, and check again."
_WRONG_TYPE = "has target type instance, which is incompatible with the awsvpc network mode"
"""What ECS says of a target group whose targets are instances."""


def capacity(ctx: CheckContext) -> Evidence:
    """The service wants and runs the lab's number of tasks, of the shop."""
    return targets.capacity(ctx)


def release_loses_nothing(ctx: CheckContext) -> Evidence:
    """A release under load completes, and no request is lost."""
    return _explained(ctx, load.release_loses_nothing(ctx))


def stops_in_time(ctx: CheckContext) -> Evidence:
    """Every task of the release that left was gone within the lab's limit."""
    expected = f"every task that leaves has stopped within {_limit(ctx)} of being told to"
    lived, problem = load.released(ctx)
    if lived is None:
        return _explained(ctx, Evidence(False, expected, problem))
    return _explained(ctx, Evidence(_in_time(ctx, lived), expected, _slowest(lived.ends)))


def scale_in(ctx: CheckContext) -> Evidence:
    """A scale-in under load loses nothing either, and the task is gone in time."""
    expected = f"a scale-in under load that loses no request, and is over within {_limit(ctx)}"
    lived, problem = load.scaled_in(ctx)
    if lived is None:
        return _explained(ctx, Evidence(False, expected, problem))
    evidence = load.scale_in_loses_nothing(ctx)
    passed = evidence.passed and _in_time(ctx, lived)
    observed = f"{evidence.observed.rstrip('.')}. {_slowest(lived.ends)}"
    return _explained(ctx, Evidence(passed, expected, observed))


def instance_refused(ctx: CheckContext) -> Evidence:
    """ECS has refused the service a target group whose targets are instances."""
    expected = "ECS refuses the service a target group of type instance"
    ready = ctx.history.last("lab.ready")
    tried = [
        entry
        for entry in ctx.history.since(ready.seq if ready else 0).of("call", service="ecs")
        if entry.data["operation"] in {"CreateService", "UpdateService"}
        and (entry.data.get("params") or {}).get("loadBalancers")
    ]
    said = [str(entry.data.get("message") or "") for entry in tried]
    if any(_WRONG_TYPE in text for text in said):
        return Evidence(True, expected, f"refused: the group {_WRONG_TYPE} of the task definition")
    refused = [text for text in said if text]
    if refused:
        return Evidence(False, expected, f"refused, but for something else: {refused[-1]}")
    observed = "no service has been given another target group yet"
    if tried:
        observed = "a service was given a target group, and ECS took it: its targets are addresses"
    return Evidence(False, expected, observed)


def _limit(ctx: CheckContext) -> str:
    return duration(ctx.number("limit_s") * 1000)


def _in_time(ctx: CheckContext, lived: load.Lived) -> bool:
    return bool(lived.ends) and lived.longest_stop_ms <= ctx.number("limit_s") * 1000


def _slowest(ends: Sequence[Mapping[str, Any]]) -> str:
    """The longest stop of several, and the timers that ran in it one after the other."""
    whole = [end for end in ends if end["stop_requested_ms"] is not None and end["stopped_ms"] is not None]
    if not whole:
        return "No task was told to stop"
    end = max(whole, key=lambda item: item["stopped_ms"] - item["stop_requested_ms"])
    marks = (
        ("until it was deregistered", end["deregistered_ms"]),
        (f"draining (the delay is {end['delay_s']} s)", end["unused_ms"]),
        ("until the stop signal", end["signal_ms"]),
        ("until the program had ended", end["exited_ms"]),
        ("until the address was given back", end["stopped_ms"]),
    )
    parts, before = [], end["stop_requested_ms"]
    for what, at_ms in marks:
        if at_ms is not None:
            parts.append(f"{duration(at_ms - before)} {what}")
            before = at_ms
    took = duration(end["stopped_ms"] - end["stop_requested_ms"])
    who = f"The slowest of {len(whole)} tasks" if len(whole) > 1 else "The task"
    return f"{who} took {took}: {', '.join(parts)}"


def _explained(ctx: CheckContext, evidence: Evidence) -> Evidence:
    """A failure together with what has been changed that cannot help, and why not."""
    if evidence.passed:
        return evidence
    if "a deployment is still" in evidence.observed:
        return replace(evidence, hint=_WAIT)
    service = ctx.service()
    beside = _beside(ctx, service) if service else []
    observed = ". ".join([evidence.observed.rstrip("."), *beside])
    return replace(evidence, observed=observed, where=_DELAY)


def _beside(ctx: CheckContext, service: Mapping[str, Any]) -> list[str]:
    if not service.get("loadBalancers"):
        return ["Nothing has to drain there, since no customer reaches it"]
    said = []
    container = ctx.client("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])[
        "taskDefinition"
    ]["containerDefinitions"][0]
    if container.get("stopTimeout") != ctx.number("stop_timeout"):
        said.append(
            f"The stopTimeout of {container.get('stopTimeout')} s counts from the stop signal on, and that comes after "
            "the whole delay: it neither shortens the delay nor lengthens it"
        )
    if container.get("entryPoint") or container.get("command"):
        said.append(
            "The program is started in another way; it heard its stop signal before, and no signal comes before the "
            "delay is over"
        )
    configuration = service["deploymentConfiguration"]
    percentages = (configuration["minimumHealthyPercent"], configuration["maximumPercent"])
    if percentages != (100, 200):
        said.append(
            f"The percentages {percentages[0]}/{percentages[1]} say how many tasks change places at once, not how "
            "each of them leaves"
        )
    if service["desiredCount"] > ctx.number("desired"):
        said.append("With more tasks, more of them leave, and each in the same way")
    if not configuration.get("deploymentCircuitBreaker", {}).get("enable"):
        said.append("The circuit breaker judges tasks that start; it has no say in how one leaves")
    return said
