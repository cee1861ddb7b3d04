"""The checks of p07: which version runs, and whether new tasks of it start.

A version is what an image is, not what it is called: the digest of the release as it was built, of its index or of one platform. By
which name the tasks pull it, and by which way, is free.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labs import ways, zones
from labs.checking import CheckContext, Evidence, counted, missing_service, revision_of
from labs.running_images import in_words, running, version_digests, version_of

_STOPPED = "aws ecs describe-tasks, stoppedReason of the stopped tasks; aws ecr describe-images"
_SIZE = ("256", "512")


def capacity(ctx: CheckContext) -> Evidence:
    """The service wants and runs the lab's number of tasks, of whatever version."""
    desired = ctx.number("desired")
    expected = f"{desired} tasks wanted and running"
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    wanted, running = service["desiredCount"], service["runningCount"]
    return Evidence(wanted >= desired and running >= desired, expected, f"{wanted} wanted, {running} running")


def released(ctx: CheckContext) -> Evidence:
    """Every running task has the digest of the release, and the deployment is complete."""
    version = ctx.name("after")
    wanted = version_digests(ctx, version)
    expected = f"every running task has {in_words(ctx, wanted[0])}, and the deployment is COMPLETED"
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    found = running(ctx)
    state = ctx.primary(service)["rolloutState"]
    right = sum(count for digest, count in found.items() if digest in wanted)
    observed = f"{right} of {counted(found.total(), 'running task')}"
    others = [
        f"{count} with {version_of(ctx, digest) or in_words(ctx, digest)}"
        for digest, count in sorted(found.items())
        if digest not in wanted
    ]
    if others:
        observed += f", {', '.join(others)}"
    observed += f"; the deployment is {state}"
    passed = 0 < right == found.total() and state == "COMPLETED"
    if passed:
        return Evidence(True, expected, observed)
    said = [observed]
    last = ways.last_failure(ctx.history, ctx.name("cluster"), ctx.name("service"))
    if state == "IN_PROGRESS" and last is not None:
        said.append(f"The last task that failed got as far as {ways.link_of(last)}")
    return Evidence(False, expected, ". ".join([*said, *_beside(ctx, service, state)]), _STOPPED)


def every_subnet(ctx: CheckContext) -> Evidence:
    """A new task starts in each subnet that the service names."""
    return ways.every_subnet(ctx)


def two_zones(ctx: CheckContext) -> Evidence:
    """The service has subnets, and running tasks, in two zones."""
    return zones.two_zones(ctx)


def release_completes(ctx: CheckContext) -> Evidence:
    """A forced deployment completes, and no task of it fails to start."""
    return ways.release_completes(ctx)


def registry_answered(ctx: CheckContext) -> str:
    """Whether the release's first task got an answer from the registry, and be it that there is no such image."""
    ours = {task.id for task in ctx.history.tasks(ctx.name("cluster"), ctx.name("service"))}
    failed = [entry for entry in ctx.history.of("task.start_failed") if entry.data["task"] in ours]
    return "yes" if failed and failed[0].data["missing"].startswith("there is no image") else "no"


def _beside(ctx: CheckContext, service: Mapping[str, Any], state: str) -> list[str]:
    """What has been changed that cannot help, and why not."""
    said = []
    found = ctx.client("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])[
        "taskDefinition"
    ]
    if state == "COMPLETED" and service["runningCount"]:
        said.append(f"The service is whole, and {ctx.name('after')} is not out")
    elif revision_of(service["taskDefinition"]) == revision_of(ctx.deployments[0].task_definition):
        said.append("Going back is a deployment as well, and its tasks have to pull, too")
    if state == "IN_PROGRESS" and any(story.why == "forced" for story in ctx.deployments):
        said.append("A deployment that asks for the same by the same way gets the same answer")
    if service["desiredCount"] > ctx.number("desired"):
        said.append("More tasks of a revision that cannot be pulled are more tasks that do not start")
    if (found.get("cpu"), found.get("memory")) != _SIZE:
        said.append("The size of a task counts once its image is there, not before")
    if found.get("executionRoleArn") != ctx.env["EXECUTION_ROLE"]:
        said.append("Permissions do not help: nobody has refused anything")
    if service["networkConfiguration"]["awsvpcConfiguration"].get("assignPublicIp") == "ENABLED":
        said.append(
            "A public IP leads nowhere without a route to an internet gateway, and puts no image into a repository"
        )
    return said
