"""The core lab, done in one go.

Why it is done this way:

* The log group comes before anything that logs into it, because ECS does not create it and a task without it
  does not start.
* The service is created with the breaker on *and* with rollback. Detection alone ends a bad deployment but
  leaves the service on it.
* 100/200 lets ECS start two new tasks beside two old ones, so the broken revision never costs a running task.
* The broken revision differs by its tag alone. It is registered and deployed without complaint, since nothing
  asks the registry before a task is placed.
* Nothing is done about the failure: the breaker counts to three, fails the deployment, and goes back to the
  one that completed.
* The load balancer comes before the service is told of it: ECS refuses a target group that no listener uses. The
  deregistration delay is a little over the longest request, and the load begins before the release and ends when
  the old tasks have stopped.
* Cleaning up goes from what runs to what holds names; the tasks must be STOPPED before the cluster can go.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from labs.catalogue import Fix, WrongFix
from labs.cloud import MINUTE_MS, Cloud
from solutions._aws import settle

CLUSTER = "core-lab"
SERVICE = "web"
LOG_GROUP = "/ecs/core-lab"
GOOD_IMAGE = "public.ecr.aws/nginx/nginx:1.27"
BAD_IMAGE = "public.ecr.aws/nginx/nginx:does-not-exist"
TAGS = [{"key": "fargate-lab", "value": "core-lab"}]


@dataclass(frozen=True)
class Way:
    """How one walk through the lab differs from the reference."""

    insights: str = "enhanced"
    memory: str = "512"
    breaker: bool = True
    rollback: bool = True
    subnets: tuple[str, ...] = ("SUBNET_A", "SUBNET_B")
    maximum_percent: int = 200
    image: str = GOOD_IMAGE
    bad_image: str = BAD_IMAGE
    keep_log_group: bool = False
    late_settings: bool = False
    scale_down_first: bool = False
    delay_s: int = 30
    load_from: str = "before the release"
    keep_balancer: bool = False


def solve(cloud: Cloud) -> None:
    """Walk through the lab as the guide does."""
    _walk(cloud, Way())


def break_again(cloud: Cloud) -> None:
    """Leave a cluster behind after the clean-up."""
    cloud.client("ecs").create_cluster(clusterName=CLUSTER, tags=TAGS)


def _walk(cloud: Cloud, way: Way) -> None:
    """Go on from whatever is there already."""
    ecs, logs = cloud.client("ecs"), cloud.client("logs")
    _create_cluster(ecs, way)
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=LOG_GROUP)
    _register(cloud, way, way.image)
    _create_service(cloud, way)
    settle(cloud)
    _register(cloud, way, way.bad_image)
    ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition="web")
    settle(cloud)
    _release_under_load(cloud, way)
    _clean_up(cloud, way)


def _create_cluster(ecs: Any, way: Way) -> None:
    settings = [{"name": "containerInsights", "value": way.insights}]
    if way.late_settings or ecs.describe_clusters(clusters=[CLUSTER])["clusters"]:
        ecs.create_cluster(clusterName=CLUSTER, tags=TAGS)
        ecs.update_cluster_settings(cluster=CLUSTER, settings=settings)
    else:
        ecs.create_cluster(clusterName=CLUSTER, settings=settings, tags=TAGS)


def _register(cloud: Cloud, way: Way, image: str) -> None:
    cloud.client("ecs").register_task_definition(
        family="web",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory=way.memory,
        executionRoleArn=cloud.env["EXECUTION_ROLE"],
        containerDefinitions=[
            {
                "name": "web",
                "image": image,
                "essential": True,
                "stopTimeout": 30,
                "portMappings": [{"containerPort": 80}],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": LOG_GROUP,
                        "awslogs-region": cloud.env["AWS_REGION"],
                        "awslogs-stream-prefix": "web",
                    },
                },
            }
        ],
        tags=TAGS,
    )


def _create_service(cloud: Cloud, way: Way) -> None:
    ecs = cloud.client("ecs")
    wanted = {
        "minimumHealthyPercent": 100,
        "maximumPercent": way.maximum_percent,
        "deploymentCircuitBreaker": {"enable": way.breaker, "rollback": way.rollback},
    }
    network = {
        "awsvpcConfiguration": {
            "subnets": [cloud.env[name] for name in way.subnets],
            "securityGroups": [cloud.env["SG"]],
            "assignPublicIp": "DISABLED",
        }
    }
    there = ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"]
    if not there or there[0]["status"] != "ACTIVE":
        first = {"minimumHealthyPercent": 50, "maximumPercent": 200} if way.late_settings else wanted
        ecs.create_service(
            cluster=CLUSTER,
            serviceName=SERVICE,
            taskDefinition="web",
            desiredCount=2,
            launchType="FARGATE",
            deploymentConfiguration=first,
            networkConfiguration=network,
            tags=TAGS,
        )
        if not way.late_settings:
            return
    ecs.update_service(
        cluster=CLUSTER,
        service=SERVICE,
        taskDefinition="web",
        desiredCount=2,
        deploymentConfiguration=wanted,
        networkConfiguration=network,
    )


def _release_under_load(cloud: Cloud, way: Way) -> None:
    """Put a load balancer in front, then release while clients send requests."""
    ecs, group = cloud.client("ecs"), _balancer(cloud, way)
    service = {"cluster": CLUSTER, "service": SERVICE}
    balancers = [{"targetGroupArn": group, "containerName": "web", "containerPort": 80}]
    # The revision is named, so that it does not matter which one the service was left on.
    good = [
        story.task_definition
        for story in cloud.history.deployments(CLUSTER, SERVICE)
        if story.completed_ms is not None
    ]
    ecs.update_service(
        **service, taskDefinition=good[0], loadBalancers=balancers, healthCheckGracePeriodSeconds=30
    )
    settle(cloud)
    load = {"target_group": group, "rps": 20, "long_share": 0.03, "long_ms": 8000}
    if way.load_from == "before the release":
        cloud.traffic.start(load)
    ecs.update_service(**service, forceNewDeployment=True)
    settle(cloud)
    if way.load_from == "after the release":
        cloud.traffic.start(load)
        cloud.clock.advance(MINUTE_MS)
    if way.load_from != "nowhere":
        cloud.traffic.stop()


def _balancer(cloud: Cloud, way: Way) -> str:
    """The target group, of type ip; the one that is there already, if a walk has made it before."""
    elb, env = cloud.client("elbv2"), cloud.env
    tags = [{"Key": "fargate-lab", "Value": CLUSTER}]
    group: str = elb.create_target_group(
        Name=CLUSTER,
        Protocol="HTTP",
        Port=80,
        VpcId=env["VPC"],
        TargetType="ip",
        HealthCheckIntervalSeconds=10,
        Tags=tags,
    )["TargetGroups"][0]["TargetGroupArn"]
    delay = {"Key": "deregistration_delay.timeout_seconds", "Value": str(way.delay_s)}
    elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=[delay])
    balancer = elb.create_load_balancer(
        Name=CLUSTER,
        Subnets=[env["PUBLIC_SUBNET_A"], env["PUBLIC_SUBNET_B"]],
        SecurityGroups=[env["ALB_SG"]],
        Tags=tags,
    )["LoadBalancers"][0]["LoadBalancerArn"]
    elb.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    return group


def _remove_balancer(cloud: Cloud) -> None:
    elb = cloud.client("elbv2")
    for balancer in elb.describe_load_balancers(Names=[CLUSTER])["LoadBalancers"]:
        elb.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    for group in elb.describe_target_groups(Names=[CLUSTER])["TargetGroups"]:
        elb.delete_target_group(TargetGroupArn=group["TargetGroupArn"])


def _clean_up(cloud: Cloud, way: Way) -> None:
    ecs = cloud.client("ecs")
    if way.scale_down_first:
        ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=0)
        settle(cloud)
        ecs.delete_service(cluster=CLUSTER, service=SERVICE)
    else:
        ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    settle(cloud)
    if not way.keep_balancer:
        _remove_balancer(cloud)
    ecs.delete_cluster(cluster=CLUSTER)
    if not way.keep_log_group:
        cloud.client("logs").delete_log_group(logGroupName=LOG_GROUP)


def _by(way: Way) -> Callable[[Cloud], None]:
    return lambda cloud: _walk(cloud, way)


ALTERNATIVES = (
    Fix("another image, settings made afterwards", _by(Way(image="nginx:1.27", late_settings=True))),
    Fix("scaled to zero before the service is deleted", _by(Way(scale_down_first=True))),
    Fix(
        "a registry name that does not exist", _by(Way(bad_image="public.ecr.aws/nginx/no-such-repository:1"))
    ),
)

WRONG_FIXES = (
    WrongFix(
        "Container Insights enabled, not enhanced",
        _by(Way(insights="enabled")),
        "container-insights",
        "enabled",
    ),
    WrongFix("the next size up", _by(Way(memory="1024")), "task-size", "1024"),
    WrongFix("one subnet", _by(Way(subnets=("SUBNET_A",))), "service-network", "1 subnet"),
    WrongFix("a smaller surge", _by(Way(maximum_percent=150)), "service-percentages", "150"),
    WrongFix("breaker without rollback", _by(Way(rollback=False)), "rolled-back", "rollback is off"),
    WrongFix(
        "no breaker",
        _by(Way(breaker=False, rollback=False)),
        "breaker-tripped",
        "breaker of this service is off",
    ),
    WrongFix(
        "a second revision that works",
        _by(Way(bad_image="public.ecr.aws/nginx/nginx:1.28")),
        "tasks-fail",
        "no second",
    ),
    WrongFix(
        "the load only after the release",
        _by(Way(load_from="after the release")),
        "released-under-load",
        "before a release",
    ),
    WrongFix("no load at all", _by(Way(load_from="nowhere")), "nothing-lost", "no release under load"),
    WrongFix(
        "a delay shorter than the longest request",
        _by(Way(delay_s=2)),
        "nothing-lost",
        "delay of 2 s was over",
    ),
    WrongFix(
        "the load balancer stays", _by(Way(keep_balancer=True)), "balancer-gone", "load balancer core-lab"
    ),
    WrongFix("the log group stays", _by(Way(keep_log_group=True)), "log-group-gone", "still there"),
)
