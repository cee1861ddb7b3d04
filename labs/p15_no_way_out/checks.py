"""The checks of p15: a task started in every subnet of the service, and a release.

Every way out is right that tasks get out by: a NAT gateway, VPC endpoints, public addresses with a route to an internet gateway, subnets
that have one of them. Which it was, and what it costs, the evidence says.
"""

from __future__ import annotations

import re
from typing import Any

from labs import ways, zones
from labs.checking import CheckContext, Evidence, missing_service
from labs.running_images import main_of


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
        observed.append(f"the last task that failed got as far as {ways.link_of(last)}")
    passed = not other and wanted >= desired and running >= desired
    return Evidence(
        passed, expected, "; ".join(observed), "aws ecs describe-services; aws ecs describe-tasks"
    )


def every_subnet(ctx: CheckContext) -> Evidence:
    """A new task starts in each subnet that the service names."""
    return ways.every_subnet(ctx)


def two_zones(ctx: CheckContext) -> Evidence:
    """The service has subnets, and running tasks, in two zones."""
    return zones.two_zones(ctx)


def release_completes(ctx: CheckContext) -> Evidence:
    """A forced deployment completes, and no task of it fails to start."""
    return ways.release_completes(ctx)


def _other_program(ctx: CheckContext, containers: list[dict[str, Any]]) -> str:
    """What the task definition does not do any more; empty when it does all that it did."""
    container, repository = main_of(containers, ctx.name("service")), ctx.name("repository")
    found = ctx.client("ecr").describe_repositories(repositoryNames=[repository])["repositories"][0]
    if re.split("[:@]", container["image"])[0] != found["repositoryUri"]:
        return f"the image is {container['image']}, not one of the account's repository {repository}"
    if container.get("logConfiguration", {}).get("logDriver") != "awslogs":
        return "the container writes no logs to CloudWatch any more"
    return ""
