"""Why a target or a task is unhealthy: what the check asks, what it gets, and how long the program boots."""

from __future__ import annotations

from statistics import median

from labs.history import Entry
from labs.why.chain import Step
from labs.why.facts import Facts, TaskFacts, step
from labs.why.rules import REPLACES_UNHEALTHY, TARGET_CHECKS


def unhealthy(facts: Facts, task: TaskFacts) -> list[Step]:
    """The failed checks of a task, and the grace period that they met; empty when it has none that still counts."""
    bad, good = task.last("target.unhealthy"), task.last("target.healthy")
    steps: list[Step] = []
    if bad is not None and (good is None or bad.seq > good.seq):
        steps.append(failed_check(facts, task, bad))
    ill = task.last("task.unhealthy")
    if ill is not None:
        steps.append(_held_against_it(facts, task, ill))
    return steps


def failed_check(facts: Facts, task: TaskFacts, bad: Entry) -> Step:
    """A target that has just become unhealthy."""
    data = bad.data
    check = data.get("check") or {}
    asks = (
        f"The health check asks GET {check['path']} on port {check['port']} every {check['interval_s']} s"
        if check
        else "The health check asks"
    )
    expects = f" and expects {check['matcher']}" if check else ""
    reason = str(data.get("reason") or "")
    saw = str(data.get("description") or reason)
    registered = task.first("target.registered")
    since = after = ""
    if registered is not None:
        since = f", {_seconds(bad.at_ms - registered.at_ms)} after the target was registered"
    often = f" {check['failures']} times in a row" if check else ""
    if reason == "Target.ResponseCodeMismatch":
        code = saw.partition("[")[2].partition("]")[0]
        said = f"the container answers {code or 'another code'}{often}"
        knob = "path, port and matcher of the target group's health check"
    elif reason == "Target.Timeout":
        said, knob = f"no answer comes in time{often}", "timeout and interval of the health check, cpu"
    else:
        said = f"no connection is taken{often}"
        boots = boot_time(facts, task)
        if boots:
            after = f"; tasks of this service that became healthy needed {_seconds(boots)}"
            knob = (
                "healthCheckGracePeriodSeconds (longer than that), interval and threshold of the health check"
            )
        else:
            knob = "port of the health check and containerPort, security group, healthCheckGracePeriodSeconds if the program boots long"
    return step(
        bad,
        f"{asks}{expects}; {said}{since}{after}. The target is unhealthy.",
        TARGET_CHECKS,
        quote=saw,
        knob=knob,
    )


def boot_time(facts: Facts, task: TaskFacts) -> int:
    """How long tasks of the service took from registered to healthy (median, ms) when their first checks failed; 0 when none did."""
    took: list[int] = []
    for other in facts.tasks.values():
        if other.service != task.service:
            continue
        registered, good, bad = (
            other.first(f"target.{kind}") for kind in ("registered", "healthy", "unhealthy")
        )
        if registered is not None and good is not None and bad is not None and bad.seq < good.seq:
            took.append(good.at_ms - registered.at_ms)
    return int(median(took)) if took else 0


def _held_against_it(facts: Facts, task: TaskFacts, ill: Entry) -> Step:
    reason = str(ill.data.get("reason") or "")
    service = task.service
    grace = facts.grace(service, ill.seq) if service and "ELB" in reason else None
    fact = f"ECS counts task {task.short} as unhealthy"
    knob = ""
    if grace is not None:
        seconds, call = grace
        fact += (
            f": the grace period of {seconds} s (set by entry {call.seq}) is over"
            if seconds
            else f": there is no grace period (healthCheckGracePeriodSeconds is 0, set by entry {call.seq})"
        )
        coded = task.last("target.unhealthy")
        if coded is None or coded.data.get("reason") != "Target.ResponseCodeMismatch":
            knob = "healthCheckGracePeriodSeconds"
    return step(ill, f"{fact}.", REPLACES_UNHEALTHY, quote=reason, knob=knob)


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.3g} s" if ms < 60_000 else f"{round(ms / 1000)} s"
