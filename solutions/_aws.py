"""What the solutions have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labs.cloud import MINUTE_MS, Cloud

REACTION_MS = 30_000
"""Longer than the service scheduler takes to act on a change (12 to 20 s): a change of the desired count
starts no deployment, so right after it nothing is under way yet.
"""
SETTLE_MS = 60 * MINUTE_MS


def settle(cloud: Cloud) -> None:
    """Wait, in virtual time, until no deployment is in progress and no task on its way."""
    cloud.clock.advance(REACTION_MS)
    cloud.clock.settle(SETTLE_MS)


def register_like(
    cloud: Cloud,
    cluster: str,
    service: str,
    change: dict[str, Any],
    *,
    beside: dict[str, Any] | None = None,
    size: Mapping[str, str] | None = None,
) -> str:
    """Register a revision like the service's whose first container is changed, with another container beside
    it if given, and with another ``size`` (``cpu`` and ``memory``) if given; its ARN.
    """
    ecs = cloud.client("ecs")
    current = ecs.describe_services(cluster=cluster, services=[service])["services"][0]["taskDefinition"]
    found = ecs.describe_task_definition(taskDefinition=current)["taskDefinition"]
    keys = (
        "family",
        "networkMode",
        "requiresCompatibilities",
        "cpu",
        "memory",
        "executionRoleArn",
        "taskRoleArn",
    )
    first, *rest = found["containerDefinitions"]
    containers = [{**first, **change}, *rest, *([beside] if beside else [])]
    arn: str = ecs.register_task_definition(
        **{**{key: found[key] for key in keys if key in found}, **(size or {})},
        containerDefinitions=containers,
    )["taskDefinition"]["taskDefinitionArn"]
    return arn


def new_group(cloud: Cloud, service: str, port: int, **settings: Any) -> str:
    """Create a second target group, ``<service>-2`` of type ip, to which the listener of ``<service>-alb``
    forwards everything from now on; its ARN. ``settings`` are CreateTargetGroup's.
    """
    elb = cloud.client("elbv2")
    group: str = elb.create_target_group(
        Name=f"{service}-2",
        Protocol="HTTP",
        Port=port,
        VpcId=cloud.env["VPC"],
        TargetType="ip",
        HealthCheckPath="/healthz",
        **settings,
    )["TargetGroups"][0]["TargetGroupArn"]
    balancer = elb.describe_load_balancers(Names=[f"{service}-alb"])["LoadBalancers"][0]["LoadBalancerArn"]
    listener = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]["ListenerArn"]
    elb.create_rule(
        ListenerArn=listener,
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/*"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    return group


def pair_names(cloud: Cloud, service: str, group: str = "") -> tuple[str, str]:
    """The load balancer ``<service>-alb`` and a target group (by name, ``<service>`` if not given) as CloudWatch names them; with a
    slash between them they are a ResourceLabel.
    """
    elb = cloud.client("elbv2")
    balancer = elb.describe_load_balancers(Names=[f"{service}-alb"])["LoadBalancers"][0]["LoadBalancerArn"]
    arn = elb.describe_target_groups(Names=[group or service])["TargetGroups"][0]["TargetGroupArn"]
    return balancer.partition(":loadbalancer/")[2], arn.rpartition(":")[2]
