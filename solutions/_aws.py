"""What the solutions have in common."""

from __future__ import annotations

import json
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


def settle_soon(cloud: Cloud, limit_ms: int) -> None:
    """The same, at most for ``limit_ms``: time for new tasks to start, or to fail once. A release that hangs never settles."""
    cloud.clock.advance(REACTION_MS)
    cloud.clock.settle(limit_ms)


def lab_subnets(cloud: Cloud, cluster: str) -> list[str]:
    """The two subnets that ``labs.staging.build_subnets`` has built for a lab, in the order of their zones."""
    names = [f"{cluster}-a", f"{cluster}-b"]
    found = cloud.client("ec2").describe_subnets(Filters=[{"Name": "tag:Name", "Values": names}])["Subnets"]
    return [str(each["SubnetId"]) for each in sorted(found, key=lambda each: str(each["AvailabilityZone"]))]


def lab_table(cloud: Cloud, cluster: str) -> str:
    """Their route table."""
    tables = cloud.client("ec2").describe_route_tables(Filters=[{"Name": "tag:Name", "Values": [cluster]}])
    return str(tables["RouteTables"][0]["RouteTableId"])


def register_like(
    cloud: Cloud,
    cluster: str,
    service: str,
    change: dict[str, Any],
    *,
    beside: dict[str, Any] | None = None,
    size: Mapping[str, str] | None = None,
    roles: Mapping[str, str | None] | None = None,
) -> str:
    """Register a revision like the service's whose first container is changed, with another container beside
    it if given, and with another ``size`` (``cpu`` and ``memory``) and other ``roles`` (``taskRoleArn`` and ``executionRoleArn``; None
    for none) if given; its ARN.
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
    kept = {**{key: found.get(key) for key in keys}, **(size or {}), **(roles or {})}
    arn: str = ecs.register_task_definition(
        **{key: value for key, value in kept.items() if value}, containerDefinitions=containers
    )["taskDefinition"]["taskDefinitionArn"]
    return arn


def platform_digest(cloud: Cloud, repository: str, tag: str) -> str:
    """The digest of the manifest for linux/amd64 that the index behind a tag lists."""
    found = cloud.client("ecr").batch_get_image(
        repositoryName=repository,
        imageIds=[{"imageTag": tag}],
        acceptedMediaTypes=["application/vnd.oci.image.index.v1+json"],
    )["images"][0]
    listed = json.loads(found["imageManifest"])["manifests"]
    return next(str(each["digest"]) for each in listed if each["platform"]["architecture"] == "amd64")


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
