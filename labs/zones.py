"""The check of Availability Zones that labs share."""

from __future__ import annotations

from labs.checking import CheckContext, Evidence, counted, missing_service


def two_zones(ctx: CheckContext) -> Evidence:
    """The service has subnets, and running tasks, in two zones."""
    expected = "subnets and running tasks in two Availability Zones"
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    ids = service["networkConfiguration"]["awsvpcConfiguration"]["subnets"]
    zones = {s["AvailabilityZone"] for s in ctx.client("ec2").describe_subnets(SubnetIds=ids)["Subnets"]}
    ecs = ctx.client("ecs")
    arns = ecs.list_tasks(cluster=ctx.name("cluster"), serviceName=ctx.name("service"))["taskArns"]
    tasks = ecs.describe_tasks(cluster=ctx.name("cluster"), tasks=arns)["tasks"] if arns else []
    used = {task["availabilityZone"] for task in tasks if task["lastStatus"] == "RUNNING"}
    observed = f"subnets in {counted(len(zones), 'zone')}, tasks in {counted(len(used), 'zone')}"
    return Evidence(len(zones) >= 2 and len(used) >= 2, expected, observed, "aws ec2 describe-subnets")
