"""Network configuration, launch type and capacity provider strategy of a request: read, checked, shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fargate_sim.api.ecs.common import Params, invalid, not_modelled
from fargate_sim.model.cluster import Cluster
from fargate_sim.model.service import StrategyItem
from fargate_sim.model.task import FARGATE, FARGATE_SPOT, PLATFORM_VERSION
from fargate_sim.model.task_definition import TaskDefinition
from fargate_sim.model.world import Placement, World
from fargate_sim.wire.errors import AwsError

MAX_SUBNETS = 16
MAX_SECURITY_GROUPS = 5
MAX_PROVIDERS = 20
"""Items of a strategy. Source: API model of ECS, CapacityProviderStrategyItem."""
FARGATE_PROVIDERS = (FARGATE, FARGATE_SPOT)
NOT_ASSOCIATED = (
    "The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. "
    "Associate the capacity provider with the cluster and try again."
)
"""[R]"""
PLATFORM_VERSIONS = ("LATEST", "1.4.0")


def read_placement(
    world: World, cluster: Cluster, definition: TaskDefinition, params: Params, *, launch_type: str | None
) -> Placement:
    """Where and on what the tasks of a request run. ``launch_type`` is what the request, or the service before it, says."""
    strategy = read_strategy(params.get("capacityProviderStrategy"))
    if strategy and params.get("launchType"):
        raise invalid(
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again."
        )
    if strategy:
        check_strategy(strategy, cluster.capacity_providers)
        launch_type = None
    elif launch_type is None:
        strategy = cluster.default_strategy
    if launch_type not in (None, "FARGATE") or (launch_type is None and not strategy):
        raise not_modelled(
            f"the launch type {launch_type or 'EC2'}",
            "Ask for FARGATE, or for a capacity provider strategy of FARGATE and FARGATE_SPOT.",
        )
    if "FARGATE" not in definition.compatibilities:
        raise invalid("Task definition does not support launch_type FARGATE.")
    check_platform_version(params.get("platformVersion"))
    subnets, groups, public_ip = read_network(world, params.get("networkConfiguration"))
    return Placement(subnets, groups, public_ip, launch_type, strategy)


def check_platform_version(version: str | None) -> None:
    """Linux tasks run on 1.4.0; older ones are history."""
    if version in (None, "", *PLATFORM_VERSIONS):
        return
    if version in ("1.3.0", "1.2.0", "1.1.0", "1.0.0"):
        raise not_modelled(f"platform version {version}", "Use LATEST, which is 1.4.0.")
    raise AwsError(
        "PlatformUnknownException", f"The specified platform version does not exist: {version}"
    )  # [A] wording


def read_network(world: World, configuration: Params | None) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """Subnets, security groups and public IP of an awsvpc configuration. Limits: API model of ECS, AwsVpcConfiguration."""
    awsvpc = (configuration or {}).get("awsvpcConfiguration")
    if not awsvpc:
        raise invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    subnets = tuple(dict.fromkeys(awsvpc.get("subnets") or ()))
    groups = tuple(dict.fromkeys(awsvpc.get("securityGroups") or ()))
    if not subnets:
        raise invalid("subnets can not be empty.")
    if len(subnets) > MAX_SUBNETS:
        raise invalid(f"subnets can have at most {MAX_SUBNETS} items.")  # [A] wording assumed
    if len(groups) > MAX_SECURITY_GROUPS:
        raise invalid(f"securityGroups can have at most {MAX_SECURITY_GROUPS} items.")  # [A] wording assumed
    vpc_id = ""
    for subnet_id in subnets:
        facts = world.surroundings.subnet(subnet_id)
        if facts is None:
            raise invalid(
                f"Error retrieving subnet information for [{subnet_id}]: The subnet ID '{subnet_id}' does not exist "
                "(ErrorCode: InvalidSubnetID.NotFound)"
            )
        if vpc_id and facts.vpc_id != vpc_id:
            raise invalid("Subnets must be in the same VPC.")  # [A] wording assumed
        vpc_id = facts.vpc_id
    for group_id in groups:
        group_vpc = world.surroundings.security_group_vpc(group_id)
        if group_vpc is None:
            raise invalid(
                f"Error retrieving security group information for [{group_id}]: The security group '{group_id}' does not exist "
                "(ErrorCode: InvalidGroup.NotFound)"
            )
        if group_vpc != vpc_id:
            raise invalid("Security groups and subnets must be in the same VPC.")  # [A] wording assumed
    public_ip = awsvpc.get("assignPublicIp", "DISABLED") == "ENABLED"
    return subnets, groups or (world.surroundings.default_security_group(vpc_id),), public_ip


def show_network(subnets: Sequence[str], groups: Sequence[str], public_ip: bool) -> Params:
    """A network configuration as the API shows it."""
    return {
        "awsvpcConfiguration": {
            "subnets": list(subnets),
            "securityGroups": list(groups),
            "assignPublicIp": "ENABLED" if public_ip else "DISABLED",
        }
    }


def read_strategy(items: Iterable[Params] | None) -> tuple[StrategyItem, ...]:
    """A capacity provider strategy; a weight that is not given is 0 (API model, CapacityProviderStrategyItem)."""
    return tuple(
        StrategyItem(item["capacityProvider"], item.get("base") or 0, item.get("weight") or 0)
        for item in items or ()
    )


def check_strategy(strategy: Sequence[StrategyItem], providers: Sequence[str]) -> None:
    """A strategy that the cluster can follow; the ranges are the wire's. Source: API model of ECS, CapacityProviderStrategyItem."""
    if not strategy:
        return
    if len(strategy) > MAX_PROVIDERS:
        raise invalid(
            f"A capacity provider strategy can contain a maximum of {MAX_PROVIDERS} capacity providers."
        )  # [A] the sentence of the API model
    if len({item.provider for item in strategy}) < len(strategy):
        raise invalid("A capacity provider can be in the strategy only once.")  # [A]
    for item in strategy:
        if item.provider not in FARGATE_PROVIDERS:
            raise invalid(
                f"The specified capacity provider '{item.provider}' was not found. Specify a valid name or ARN and try again."
            )  # [A] wording assumed
        if item.provider not in providers:
            raise invalid(NOT_ASSOCIATED)
    if not any(item.weight for item in strategy):
        raise invalid(
            "There are no capacity providers in the capacity provider strategy with a weight value greater than zero."
        )
    if sum(item.base > 0 for item in strategy) > 1:
        raise invalid(
            "Only one capacity provider in the strategy can have a base value greater than zero."
        )  # [A]


def show_strategy(strategy: Sequence[StrategyItem]) -> list[Params]:
    """A strategy as the API shows it."""
    return [
        {"capacityProvider": item.provider, "weight": item.weight, "base": item.base} for item in strategy
    ]


def show_platform(version: str | None = None) -> Params:
    """Platform members of services, deployments and tasks."""
    return {"platformVersion": version or PLATFORM_VERSION, "platformFamily": "Linux"}
