"""The checks of p15: a task started in every subnet of the service, and a release.

Every way out is right that tasks get out by: a NAT gateway, VPC endpoints, public addresses with a route to an internet gateway, subnets
that have one of them. Which it was, and what it costs, the evidence says.
"""

from __future__ import annotations

from typing import Any

from labs import ways
from labs.checking import CheckContext, Evidence, counted, duration, missing_service
from labs.drills import DRILL_LIMIT_MS, release


def capacity(ctx: CheckContext) -> Evidence:
    """The service runs the lab's number of tasks, with the image from the account's registry and with its logs."""
    desired, repository = ctx.number("desired"), ctx.name("repository")
    expected = f"{desired} tasks running, with the image of {repository} and logs in CloudWatch"
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    found = ctx.client("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])
    containers = found["taskDefinition"]["containerDefinitions"]
    other = _other_program(ctx, containers)
    wanted, running = service["desiredCount"], service["runningCount"]
    observed = [f"{wanted} wanted, {running} running", *([other] if other else [])]
    if running < desired and (
        last := ways.last_failure(ctx.history, ctx.name("cluster"), ctx.name("service"))
    ):
        observed.append(f"of the last task that failed, {ways.stopped_at(last)}")
    passed = not other and wanted >= desired and running >= desired
    return Evidence(
        passed, expected, "; ".join(observed), "aws ecs describe-services; aws ecs describe-tasks"
    )


def every_subnet(ctx: CheckContext) -> Evidence:
    """A new task starts in each subnet that the service names."""
    return ways.every_subnet(ctx)


def two_zones(ctx: CheckContext) -> Evidence:
    """The service has subnets, and running tasks, in two zones."""
    expected = "subnets and running tasks in two Availability Zones"
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    ids = service["networkConfiguration"]["awsvpcConfiguration"]["subnets"]
    found = ctx.client("ec2").describe_subnets(SubnetIds=ids)["Subnets"]
    zones = {subnet["AvailabilityZone"] for subnet in found}
    ecs, name = ctx.client("ecs"), ctx.name("cluster")
    arns = ecs.list_tasks(cluster=name, serviceName=ctx.name("service"))["taskArns"]
    tasks = ecs.describe_tasks(cluster=name, tasks=arns)["tasks"] if arns else []
    used = {task["availabilityZone"] for task in tasks if task["lastStatus"] == "RUNNING"}
    observed = f"subnets in {counted(len(zones), 'zone')}, running tasks in {counted(len(used), 'zone')}"
    return Evidence(len(zones) >= 2 and len(used) >= 2, expected, observed, "aws ec2 describe-subnets")


def release_completes(ctx: CheckContext) -> Evidence:
    """A forced deployment completes, and no task of it fails to start."""
    expected = "a release completes, and every task of it starts"
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    stuck = [start for start in ways.start_everywhere(ctx, service) if not start.runs]
    if stuck:
        return Evidence(False, expected, f"not tried: {stuck[0].label} lets no task start")
    mark = ctx.history.next_seq
    measured = release(ctx)
    story = measured.story
    if story is None or story.completed_ms is None:
        return Evidence(False, expected, f"not complete after {duration(DRILL_LIMIT_MS)}")
    failed = ways.last_failure(ctx.history.since(mark), ctx.name("cluster"), ctx.name("service"))
    if failed is not None:
        return Evidence(False, expected, f"it completed, but of one of its tasks {ways.stopped_at(failed)}")
    return Evidence(True, expected, f"completed after {duration(measured.took_ms)}, every task started")


def _other_program(ctx: CheckContext, containers: list[dict[str, Any]]) -> str:
    """What the task definition does not do any more; empty when it does all that it did."""
    first = containers[0]
    if f"/{ctx.name('repository')}" not in first["image"]:
        return f"the image is {first['image']}, not one of the account's repository {ctx.name('repository')}"
    if first.get("logConfiguration", {}).get("logDriver") != "awslogs":
        return "the container writes no logs to CloudWatch any more"
    return ""
