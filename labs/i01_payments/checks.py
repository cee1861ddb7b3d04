"""The checks of i01: the service at rest, releases and scale-ins under load and how long they take, and a whole swing of the load in
which nobody touches the service.

Which task definition, target group or policy does it is not looked at: what clients lived through is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from labs import load, targets
from labs.checking import CheckContext, Evidence, counted, duration, revision_of
from labs.history import Entry
from labs.load import Lived
from labs.waves import MEDIAN, Ridden, ride

_FAILED_SHARE = 0.001
_KILLED = 137
_ENDED_BY_SIGTERM = 143


def capacity(ctx: CheckContext) -> Evidence:
    """The service wants and runs the lab's number of tasks, of the payments program."""
    return targets.capacity(ctx)


def at_rest(ctx: CheckContext) -> Evidence:
    """One deployment, COMPLETED, with the lab's number of healthy targets. A task more or less, that a scaler has asked for, is no
    unrest.
    """
    least = ctx.number("desired")
    expected = f"one deployment, COMPLETED, with {least} healthy targets or more"
    there = targets.behind_balancer(ctx, expected)
    if isinstance(there, Evidence):
        return there
    service, found = there
    primary = ctx.primary(service)
    passed = (
        len(service["deployments"]) == 1 and primary["rolloutState"] == "COMPLETED" and found.healthy >= least
    )
    observed = (
        f"{counted(len(service['deployments']), 'deployment')}, that of {revision_of(primary['taskDefinition'])} "
        f"is {primary['rolloutState']}; {service['desiredCount']} wanted, {found}"
    )
    return Evidence(passed, expected, observed)


def release_loses_nothing(ctx: CheckContext) -> Evidence:
    """A release under load completes, and no payment is refused, cut off or forgotten."""
    return _with_what_else(ctx, load.release_loses_nothing(ctx), load.released(ctx)[0])


def scale_in_loses_nothing(ctx: CheckContext) -> Evidence:
    """The same for a task that leaves because one fewer is wanted."""
    return load.scale_in_loses_nothing(ctx)


def nobody_killed(ctx: CheckContext) -> Evidence:
    """Every program of the release ended by itself."""
    return load.nobody_killed(ctx)


def release_in_time(ctx: CheckContext) -> Evidence:
    """A release under load completes within the lab's limit."""
    limit_ms = ctx.number("release_minutes") * 60_000
    expected = f"a release under load, which a rollback is as well, completes within {duration(limit_ms)}"
    lived, problem = load.released(ctx)
    if lived is None or lived.release is None:
        return Evidence(False, expected, problem)
    story = lived.release.story
    if story is None or story.completed_ms is None:
        return Evidence(False, expected, f"the release did not complete within an hour; {lived}")
    took_ms = lived.release.took_ms
    observed = f"completed after {duration(took_ms)}; the slowest task to leave: {_parts(lived)}"
    return Evidence(took_ms <= limit_ms, expected, observed)


def gone_in_time(ctx: CheckContext) -> Evidence:
    """Every task that leaves, in a release or a scale-in, has stopped within the lab's limit."""
    limit_ms = ctx.number("gone_seconds") * 1000
    expected = f"a task that was told to leave is gone, and its address free, within {duration(limit_ms)}"
    drills = (load.released(ctx), load.scaled_in(ctx))
    lived = [found for found, _ in drills if found is not None and found.ends]
    if len(lived) < len(drills):
        return Evidence(False, expected, next((said for _, said in drills if said), "no task has left"))
    slowest = max(lived, key=lambda each: each.longest_stop_ms)
    ends = sum(len(each.ends) for each in lived)
    observed = f"the slowest of {ends} was gone after {duration(slowest.longest_stop_ms)}: {_parts(slowest)}"
    return Evidence(slowest.longest_stop_ms <= limit_ms, expected, observed)


def holds_the_peak(ctx: CheckContext) -> Evidence:
    """In no minute of the swing half of the payments are slower than the objective, and next to nothing fails."""
    limit_ms = ctx.number("slo_s") * 1000
    expected = (
        f"from {ctx.number('rps')} payments a second to {ctx.number('to_rps')} and back, in every minute half of them "
        f"within {duration(limit_ms)}, and at most one of a thousand fails"
    )
    ridden, problem = _swing(ctx)
    if ridden is None:
        return Evidence(False, expected, problem)
    passed = not ridden.slow(limit_ms, MEDIAN) and ridden.failed <= ridden.sent * _FAILED_SHARE
    said = [
        f"{ridden.fared(limit_ms, MEDIAN)}; {ridden.scaled()}",
        *([] if passed else _larger(*_revisions(ctx))),
    ]
    return Evidence(passed, expected, ". ".join(said), where="fargate-lab scaling")


def gives_back(ctx: CheckContext) -> Evidence:
    """What the peak needed is given back when it is over."""
    most = ctx.number("idle_tasks")
    expected = f"a count that rises for the peak, and at most {most} tasks wanted when the swing is over"
    ridden, problem = _swing(ctx)
    if ridden is None:
        return Evidence(False, expected, problem)
    observed = f"{ridden.began_with} tasks at the beginning, {ridden.most} at most, {ridden.last} at the end"
    passed = ridden.last <= most and ridden.most > ridden.last
    return Evidence(passed, expected, observed, where="fargate-lab cost")


def _swing(ctx: CheckContext) -> tuple[Ridden | None, str]:
    return ride(ctx, "swing", load.pattern(ctx.lab), ctx.number("swing_minutes"))


def exit_code(ctx: CheckContext) -> int:
    """The exit code of the last task that had stopped when the learner came."""
    ready = ctx.history.last("lab.ready")
    left = [entry for entry in _stopped(ctx) if ready is None or entry.seq < ready.seq]
    return int(left[-1].data["exit_codes"][0])


def longest_payment(ctx: CheckContext) -> int:
    """How long the slow payments of the lab's clients take, in seconds."""
    return ctx.number("long_s")


def _parts(lived: Lived) -> str:
    """Where the time of the slowest task to leave went."""
    whole = [
        end
        for end in lived.ends
        if None not in (end["deregistered_ms"], end["unused_ms"], end["signal_ms"], end["exited_ms"])
    ]
    if not whole:
        return "it was never seen to drain and to stop"
    end = max(whole, key=lambda each: each["exited_ms"] - each["deregistered_ms"])
    drained, stopping = end["unused_ms"] - end["deregistered_ms"], end["exited_ms"] - end["signal_ms"]
    return f"its target drained for {duration(drained)}, its program ended {duration(stopping)} after the stop signal"


def _stopped(ctx: CheckContext) -> list[Entry]:
    """The tasks of the service that have run and stopped since the lab's start."""
    stopped = ctx.history.of("task.stopped", cluster=ctx.name("cluster"), service=ctx.name("service"))
    return [entry for entry in stopped if entry.data["ran"] and entry.data["exit_codes"]]


def _in_vain(ctx: CheckContext, lived: Lived) -> list[str]:
    """What is different from the beginning and did not help, or not enough."""
    service = ctx.service()
    if service is None:
        return []
    first, now = _revisions(ctx)
    return [
        *_larger(first, now),
        *_more(ctx, service, lived),
        *_longer(first, now, lived),
        *_init(now, lived),
        *_to_and_fro(ctx, service, lived),
    ]


def _revisions(ctx: CheckContext) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The task definitions that the service began with and that it has now; the first twice when it has gone."""
    service, first = ctx.service(), ctx.deployments[0].task_definition
    return _definition(ctx, first), _definition(ctx, service["taskDefinition"] if service else first)


def _definition(ctx: CheckContext, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = ctx.client("ecs").describe_task_definition(taskDefinition=name)[
        "taskDefinition"
    ]
    return found


def _larger(first: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    before, after = ((int(item["cpu"]), int(item["memory"])) for item in (first, now))
    if after <= before:
        return []
    return [
        f"The tasks have {after[0]} CPU units and {after[1]} MiB instead of {before[0]} and {before[1]}: "
        "scaling the task up does not help"
    ]


def _more(ctx: CheckContext, service: Mapping[str, Any], lived: Lived) -> list[str]:
    before, after = ctx.number("desired"), service["desiredCount"]
    if after <= before or not lived.killed:
        return []
    return [f"{after} tasks instead of {before}: more of them left, and {lived.killed} were killed"]


def _longer(first: Mapping[str, Any], now: Mapping[str, Any], lived: Lived) -> list[str]:
    before, after = (item["containerDefinitions"][0].get("stopTimeout", 30) for item in (first, now))
    if after <= before or not lived.killed:
        return []
    return [
        f"They were given {after} s instead of {before} s, and were killed at the end of them all the same"
    ]


def _init(now: Mapping[str, Any], lived: Lived) -> list[str]:
    has_init = any(
        item.get("linuxParameters", {}).get("initProcessEnabled") for item in now["containerDefinitions"]
    )
    if not has_init or not any(
        end["unsaved"] and end["exit_code"] == _ENDED_BY_SIGTERM for end in lived.ends
    ):
        return []
    return [
        f"The init passes the signal on to its own child, and that one ended with {_ENDED_BY_SIGTERM}: "
        "what it had started was told nothing"
    ]


def _to_and_fro(ctx: CheckContext, service: Mapping[str, Any], lived: Lived) -> list[str]:
    ready = ctx.history.last("lab.ready")
    found_here = {
        entry.data["task_definition"]
        for entry in ctx.history.of("deployment.started")
        if ready is None or entry.seq < ready.seq
    }
    killed = sorted(
        {entry.data["task_definition"] for entry in _stopped(ctx) if _KILLED in entry.data["exit_codes"]}
    )
    if not lived.killed or len(killed) < 2 or revision_of(service["taskDefinition"]) not in found_here:
        return []
    return [
        f"Tasks of {' and '.join(killed)} have ended with exit code {_KILLED} alike: "
        "to go from one to the other changes nothing"
    ]


def _with_what_else(ctx: CheckContext, evidence: Evidence, lived: Lived | None) -> Evidence:
    """The evidence of a drill that failed, and what has been changed in vain."""
    if evidence.passed or lived is None:
        return evidence
    said = [evidence.observed.rstrip("."), *_in_vain(ctx, lived)]
    return replace(evidence, observed=". ".join(said))
