"""The checks of p11-out-of-memory: who of the present deployment was killed, then a release made to live under load.

Any way to have the new build within its limits is right: a larger pair, a container without a limit of its own, a smaller build. What
limits are written down is only told, never graded; a program that fits is not killed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labs import memory, targets
from labs.checking import CheckContext, Evidence, counted, duration, missing_service
from labs.kills import kills_of
from labs.memory import Limits, limits_of

_CPU_UNITS, _STOP_TIMEOUT_S = 256, 30
"""What the service has had from the beginning."""


def capacity(ctx: CheckContext) -> Evidence:
    """The service wants and runs the lab's number of tasks, and none of them is of the former build."""
    evidence = targets.capacity(ctx)
    expected = f"{evidence.expected}, and none of {ctx.name('former')} any more"
    if not evidence.passed:
        return Evidence(False, expected, evidence.observed)
    tasks = _running(ctx)
    before = _digests(ctx, ctx.name("former"))
    old = sum(any(each.get("imageDigest") in before for each in task["containers"]) for task in tasks)
    if not old:
        return Evidence(True, expected, evidence.observed)
    return Evidence(
        False,
        expected,
        f"{old} of {counted(len(tasks), 'running task')} still of the former build, {ctx.name('former')}",
    )


def fits(ctx: CheckContext) -> Evidence:
    """The present deployment has completed, and none of its tasks was killed for its memory."""
    expected = "the release complete, and none of its tasks killed for memory"
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    primary, limits = ctx.primary(service), limits_of(ctx, service)
    kills = kills_of(ctx.history, ctx.name("cluster"), ctx.name("service"), primary["id"])
    state = f"the deployment is {primary['rolloutState']}"
    if not kills:
        done = primary["rolloutState"] == "COMPLETED"
        return Evidence(done, expected, f"no task killed, {state}; the limit is {limits}")
    last = duration(kills[-1].lived_ms)
    observed = (
        f"{counted(len(kills), 'task')} of this deployment killed for memory, the last after {last} of running, "
        f"at {limits}; {state}"
    )
    where = f"aws ecs describe-tasks --cluster {ctx.name('cluster')} --tasks {kills[-1].task}"
    return Evidence(False, expected, ". ".join([observed, *_beside(ctx, service, limits)]), where)


def steady(ctx: CheckContext) -> Evidence:
    """One deployment, COMPLETED, with every target of the load balancer healthy."""
    return targets.at_rest(ctx)


def release_loses_nothing(ctx: CheckContext) -> Evidence:
    """A release that is left alone under load: nobody is killed, nothing is lost."""
    return memory.nothing_lost(ctx)


def _running(ctx: CheckContext) -> list[Mapping[str, Any]]:
    ecs, cluster = ctx.client("ecs"), ctx.name("cluster")
    arns = ecs.list_tasks(cluster=cluster, serviceName=ctx.name("service"))["taskArns"]
    found = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
    return [task for task in found if task["lastStatus"] == "RUNNING"]


def _digests(ctx: CheckContext, tag: str) -> set[str]:
    """What a tag of the lab's image was when tasks ran it."""
    wanted = f"{ctx.name('image')}:{tag}"
    return {
        each["digest"]
        for entry in ctx.history.of("task.running")
        for each in entry.data["images"]
        if each["image"] == wanted
    }


def _beside(ctx: CheckContext, service: Mapping[str, Any], limits: Limits) -> list[str]:
    """What has been changed that cannot help, and why not."""
    said, container = [], limits.container
    if service["desiredCount"] > ctx.number("desired"):
        said.append(f"{service['desiredCount']} tasks are as many programs, each with the same limit")
    if container.get("memoryReservation"):
        said.append(f"memoryReservation ({container['memoryReservation']}) is a soft limit: it makes no room")
    if limits.cpu > _CPU_UNITS:
        said.append(f"CPU is no memory: with {limits.cpu} CPU units it fills the same {limits.least:,} MiB")
    if service.get("healthCheckGracePeriodSeconds", 0) > ctx.number("grace"):
        said.append("A grace period holds back the load balancer's verdict; the kernel asks for no verdict")
    if container.get("stopTimeout", _STOP_TIMEOUT_S) != _STOP_TIMEOUT_S:
        said.append("There is no stop signal before such a kill, so stopTimeout has nothing to wait for")
    if container.get("healthCheck"):
        said.append("A health check that passes keeps nobody alive who has been killed")
    return said
