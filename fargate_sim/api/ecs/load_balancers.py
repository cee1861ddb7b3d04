"""The loadBalancers of a service: read, checked, shown. Sentences without a mark are AWS's, from public error reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fargate_sim.api.ecs.common import Params, invalid, not_modelled
from fargate_sim.model.service import LoadBalancerSpec
from fargate_sim.model.task_definition import TaskDefinition
from fargate_sim.model.world import World

MAX_TARGET_GROUPS = 5
"""Target groups per service. Source: Amazon ECS service quotas."""


def read_load_balancers(
    world: World, definition: TaskDefinition, items: Iterable[Params] | None
) -> tuple[LoadBalancerSpec, ...]:
    """Which target group goes to which container and port, after AWS's checks."""
    specs = tuple(_read(world, definition, item) for item in items or ())
    if len(specs) > MAX_TARGET_GROUPS:
        raise invalid(
            f"load balancers can have at most {MAX_TARGET_GROUPS} items."
        )  # [A] wording assumed; limit [C]
    return specs


def _read(world: World, definition: TaskDefinition, item: Params) -> LoadBalancerSpec:
    if item.get("loadBalancerName"):
        raise not_modelled("Classic Load Balancers", "Name a targetGroupArn.")
    if item.get("advancedConfiguration"):
        raise not_modelled("loadBalancers.advancedConfiguration")
    arn, name, port = item.get("targetGroupArn"), item.get("containerName"), item.get("containerPort")
    if not arn:
        raise invalid("Target group ARN can not be blank.")  # [A] wording assumed
    facts = world.surroundings.target_group(arn)
    if facts is None:
        raise invalid(
            f"The specified target group does not exist. targetGroupArn: {arn}"
        )  # [A] wording assumed
    if facts.target_type != "ip":
        raise invalid(
            f"The provided target group {arn} has target type {facts.target_type}, which is incompatible with the "
            "awsvpc network mode specified in the task definition."
        )
    if not facts.attached:
        raise invalid(
            f"The target group with targetGroupArn {arn} does not have an associated load balancer."
        )
    container = next((each for each in definition.containers if each.name == name), None)
    if container is None:
        raise invalid(f"The container {name} does not exist in the task definition.")
    if port not in container.ports:
        raise invalid(f"The container {name} did not have a container port {port} defined.")
    return LoadBalancerSpec(arn, container.name, int(port))


def show_load_balancers(specs: Sequence[LoadBalancerSpec]) -> list[Params]:
    """Load balancers as the API shows them."""
    return [
        {"targetGroupArn": spec.target_group, "containerName": spec.container, "containerPort": spec.port}
        for spec in specs
    ]
