"""Making it happen again, and measuring.

A drill deploys through the AWS API, lets virtual time pass until the service has settled, reads what happened
from the history, and puts things back. It is given a service that has settled; ``settled`` says why one is
not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chaos.revisions import register_changed
from labs.checking import CheckContext, counted, revision_of
from labs.cloud import MINUTE_MS
from labs.history import DeploymentStory, History, Minimum

DRILL_LIMIT_MS = 60 * MINUTE_MS
ATTEMPT_LIMIT_MS = 3 * MINUTE_MS
"""Long enough for the first tasks of a release to have asked for all that they need."""
HOLLOW_LIMIT_MS = 20 * MINUTE_MS
"""Long enough for a release that is taken for healthy to complete."""
REACTION_MS = 30_000
"""Longer than the service scheduler takes to act on a new desired count."""
NO_ADDRESS = "InsufficientFreeAddressesInSubnet"
KILLED_BY_BALANCER = "Task failed ELB health checks"
HOLLOW_IMAGE = "public.ecr.aws/fargate-lab/shop:1.0-hollow"
"""The shop with no routes: it starts, listens on 8080, and answers 404 to everything."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a drill's deployment did: its story (None when none began), the lowest running count, how many
    tasks started, were refused an address, and were stopped for the load balancer's checks.
    """

    story: DeploymentStory | None
    lowest: Minimum
    started: int
    refused: int
    took_ms: int
    killed: int = 0


@dataclass(frozen=True, slots=True)
class HollowMeasured:
    """What became of a release that answers 404 to everything: whether it was taken for healthy, and how long
    its first condemned task had run (None when none was).
    """

    completed: bool
    found_after_ms: int | None


def unsettled(ctx: CheckContext, service: Mapping[str, Any]) -> str:
    """Why the service is not ready for a drill; empty when it is."""
    primary = ctx.primary(service)
    if len(service["deployments"]) > 1 or primary["rolloutState"] != "COMPLETED":
        return f"a deployment is still {primary['rolloutState']}"
    if service["desiredCount"] == 0:
        return "the service wants no tasks"
    if service["runningCount"] != service["desiredCount"]:
        return f"{service['runningCount']} of {counted(service['desiredCount'], 'task')} running"
    return ""


def release(ctx: CheckContext, meanwhile: Callable[[], None] = lambda: None) -> Measured:
    """Deploy the service anew as it is; a release that cannot end is taken back. ``meanwhile`` happens once it has been asked for."""
    ecs, name = ctx.client("ecs"), {"cluster": ctx.name("cluster"), "service": ctx.name("service")}
    mark = ctx.history.next_seq
    ecs.update_service(**name, forceNewDeployment=True)
    meanwhile()
    ctx.clock.settle(DRILL_LIMIT_MS)
    measured = _measure(ctx, mark)
    if measured.story is None or measured.story.in_progress:
        _stop_deployments(ctx)
    return measured


def want(ctx: CheckContext, desired: int) -> None:
    """Let the service want so many tasks, and wait until it has them, or for the limit."""
    ctx.client("ecs").update_service(
        cluster=ctx.name("cluster"), service=ctx.name("service"), desiredCount=desired
    )
    ctx.clock.advance(REACTION_MS)
    ctx.clock.settle(DRILL_LIMIT_MS)


def bad_deploy(ctx: CheckContext, service: Mapping[str, Any]) -> Measured:
    """Deploy a copy of the service's revision that crashes at once; go back by hand if nothing else does."""
    ecs, name = ctx.client("ecs"), {"cluster": ctx.name("cluster"), "service": ctx.name("service")}
    before = service["taskDefinition"]
    mark = ctx.history.next_seq
    revision = register_changed(ctx.client, before, f"drill-{ctx.lab.id}", command=["exit 1"])
    ecs.update_service(**name, taskDefinition=revision)
    ctx.clock.settle(DRILL_LIMIT_MS)
    measured = _measure(ctx, mark)
    _go_back(ctx, before)
    ecs.deregister_task_definition(taskDefinition=revision)
    return measured


def hollow_deploy(ctx: CheckContext, service: Mapping[str, Any]) -> HollowMeasured:
    """Deploy a copy of the revision whose container behind the load balancer answers 404 to everything; go
    back by hand if nothing else does.
    """
    ecs, name = ctx.client("ecs"), {"cluster": ctx.name("cluster"), "service": ctx.name("service")}
    before = service["taskDefinition"]
    mark = ctx.history.next_seq
    revision = register_changed(
        ctx.client,
        before,
        f"drill-{ctx.lab.id}",
        image=HOLLOW_IMAGE,
        only=service["loadBalancers"][0]["containerName"],
    )
    ecs.update_service(**name, taskDefinition=revision)
    ctx.clock.settle(HOLLOW_LIMIT_MS)
    history = ctx.history.since(mark)
    tasks = {
        task.id: task
        for task in history.tasks(name["cluster"], name["service"])
        if revision_of(task.task_definition) == revision_of(revision)
    }
    found = [
        entry.at_ms - running_ms
        for entry in history.of("task.unhealthy")
        if entry.data["task"] in tasks and (running_ms := tasks[entry.data["task"]].running_ms) is not None
    ]
    completed = any(
        story.completed_ms is not None
        for story in history.deployments(name["cluster"], name["service"])
        if revision_of(story.task_definition) == revision_of(revision)
    )
    _go_back(ctx, before)
    ecs.deregister_task_definition(taskDefinition=revision)
    return HollowMeasured(completed, min(found, default=None))


def attempt(ctx: CheckContext) -> Measured:
    """Deploy the service anew as it is while something is under way that does not end, and watch the first tasks. Nothing is taken
    back, because there was nothing at rest to go back to.
    """
    mark = ctx.history.next_seq
    ctx.client("ecs").update_service(
        cluster=ctx.name("cluster"), service=ctx.name("service"), forceNewDeployment=True
    )
    ctx.clock.settle(ATTEMPT_LIMIT_MS)
    return _measure(ctx, mark)


def _go_back(ctx: CheckContext, before: str) -> None:
    """To the revision from before the drill, unless the service has gone back by itself."""
    now = ctx.service()
    if now is not None and now["taskDefinition"] != before:
        ctx.client("ecs").update_service(
            cluster=ctx.name("cluster"), service=ctx.name("service"), taskDefinition=before
        )
    ctx.clock.settle(DRILL_LIMIT_MS)


def _measure(ctx: CheckContext, mark: int) -> Measured:
    history: History = ctx.history.since(mark)
    cluster, service = ctx.name("cluster"), ctx.name("service")
    since_ms = next((entry.at_ms for entry in history), ctx.clock.now_ms)
    stories = history.deployments(cluster, service)
    story = stories[0] if stories else None
    tasks = [task for task in history.tasks(cluster, service) if task.provisioning_ms >= since_ms]
    ends = [story.completed_ms, story.rollback_completed_ms] if story else []
    end_ms = next((end for end in ends if end is not None), ctx.clock.now_ms)
    return Measured(
        story,
        history.minimum_running(cluster, service, since_ms),
        len(tasks),
        sum(NO_ADDRESS in (task.stopped_reason or "") for task in tasks),
        end_ms - since_ms,
        sum((task.stopped_reason or "").startswith(KILLED_BY_BALANCER) for task in tasks),
    )


def _stop_deployments(ctx: CheckContext) -> None:
    """Roll back what is in progress, the way StopServiceDeployment does."""
    ecs = ctx.client("ecs")
    found = ecs.list_service_deployments(
        cluster=ctx.name("cluster"), service=ctx.name("service"), status=["PENDING", "IN_PROGRESS"]
    )
    for deployment in found["serviceDeployments"]:
        ecs.stop_service_deployment(
            serviceDeploymentArn=deployment["serviceDeploymentArn"], stopType="ROLLBACK"
        )
    ctx.clock.settle(DRILL_LIMIT_MS)
