"""Setting the stage of a repair lab: a service that works, before the lab's faults reach it. Everything
carries the tag ``fargate-lab``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labs.catalogue import Lab
from labs.cloud import MINUTE_MS, Cloud
from labs.images import push
from labs.subnets import make_subnets, tags_of

GOOD_IMAGE = "public.ecr.aws/nginx/nginx:1.27"
SETTLE_LIMIT_MS = 60 * MINUTE_MS
_COPIED = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn")


@dataclass(frozen=True, slots=True)
class Stage:
    """A cluster with one service of ``desired`` tasks in two private subnets, 100/200, breaker on with rollback
    unless ``breaker`` is false; ``deployment`` says otherwise, in the words of CreateService's deploymentConfiguration. ``lab`` is the
    value of the tag, the id of a lab or a scenario.
    """

    lab: str
    cluster: str
    service: str
    desired: int
    breaker: bool = True
    deployment: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, lab: Lab) -> Stage:
        """By the names in ``lab.yaml``: cluster, service, desired."""
        return cls(lab.id, lab.name("cluster"), lab.name("service"), lab.number("desired"))


@dataclass(frozen=True, slots=True)
class Balanced:
    """The load balancer in front of a service: the container's image and port, the target group's health
    check (CreateTargetGroup's parameters), the service's grace period in seconds.
    """

    image: str
    port: int
    grace_s: int
    check: Mapping[str, str | int]
    matcher: str = "200"
    draining_s: int = 20
    stop_timeout_s: int = 30


@dataclass(frozen=True, slots=True)
class Own:
    """What a service has of its own, beside or instead of what the base environment gives: parts of its container, of
    RegisterTaskDefinition (roles, say) and of its awsvpcConfiguration; further containers of its tasks.
    """

    container: Mapping[str, Any] = field(default_factory=dict)
    definition: Mapping[str, Any] = field(default_factory=dict)
    network: Mapping[str, Any] = field(default_factory=dict)
    sidecars: Sequence[Mapping[str, Any]] = ()


NOTHING_OWN = Own()


def health_check(
    *, interval_s: int = 10, timeout_s: int = 5, healthy: int = 2, unhealthy: int = 3
) -> dict[str, str | int]:
    """CreateTargetGroup's parameters of a health check that asks ``/healthz``."""
    return {
        "HealthCheckPath": "/healthz",
        "HealthCheckIntervalSeconds": interval_s,
        "HealthCheckTimeoutSeconds": timeout_s,
        "HealthyThresholdCount": healthy,
        "UnhealthyThresholdCount": unhealthy,
    }


def register_next(cloud: Cloud, lab: Lab, task_definition: str, image: str) -> str:
    """Register a revision like ``task_definition``, of one container, with another image; its ARN."""
    ecs = cloud.client("ecs")
    found = ecs.describe_task_definition(taskDefinition=task_definition)["taskDefinition"]
    (container,) = found["containerDefinitions"]
    registered = ecs.register_task_definition(
        **{key: found[key] for key in _COPIED},
        containerDefinitions=[{**container, "image": image}],
        tags=[{"key": "fargate-lab", "value": lab.id}],
    )
    return str(registered["taskDefinition"]["taskDefinitionArn"])


def build(cloud: Cloud, stage: Stage) -> None:
    """Create it all and wait until the service has settled. The task definition's family is named like the
    service.
    """
    build_service(cloud, stage, listening(GOOD_IMAGE, 80))


def build_balanced(cloud: Cloud, stage: Stage, balanced: Balanced, own: Own = NOTHING_OWN) -> None:
    """The same behind an internet-facing load balancer, as ``build_balancer`` makes it."""
    group = build_balancer(cloud, stage, balanced)
    build_service(
        cloud,
        stage,
        listening(balanced.image, balanced.port, balanced.stop_timeout_s),
        own=own,
        healthCheckGracePeriodSeconds=balanced.grace_s,
        loadBalancers=[
            {"targetGroupArn": group, "containerName": stage.service, "containerPort": balanced.port}
        ],
    )


def build_balancer(cloud: Cloud, stage: Stage, balanced: Balanced) -> str:
    """An internet-facing load balancer ``<service>-alb`` with a listener on port 80 that forwards to the target group
    ``<service>``; the group's ARN.
    """
    elb, env = cloud.client("elbv2"), cloud.env
    tags = [{"Key": "fargate-lab", "Value": stage.lab}]
    group: str = elb.create_target_group(
        Name=stage.service,
        Protocol="HTTP",
        Port=balanced.port,
        VpcId=env["VPC"],
        TargetType="ip",
        Matcher={"HttpCode": balanced.matcher},
        Tags=tags,
        **balanced.check,
    )["TargetGroups"][0]["TargetGroupArn"]
    delay = {"Key": "deregistration_delay.timeout_seconds", "Value": str(balanced.draining_s)}
    elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=[delay])
    balancer = elb.create_load_balancer(
        Name=f"{stage.service}-alb",
        Subnets=[env["PUBLIC_SUBNET_A"], env["PUBLIC_SUBNET_B"]],
        SecurityGroups=[env["ALB_SG"]],
        Tags=tags,
    )["LoadBalancers"][0]["LoadBalancerArn"]
    elb.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        Tags=tags,
    )
    return group


def build_service(
    cloud: Cloud,
    stage: Stage,
    container: Mapping[str, Any],
    *,
    insights: str | None = None,
    own: Own = NOTHING_OWN,
    settle_ms: int = SETTLE_LIMIT_MS,
    strategy: Sequence[Mapping[str, Any]] = (),
    **service: Any,
) -> None:
    """The stage's cluster, a task definition as ``register`` makes it, and its service, settled (as far as it gets within
    ``settle_ms``). ``strategy`` is a capacity provider strategy in the place of the launch type; ``service`` has further parameters of
    CreateService.
    """
    ecs, env = cloud.client("ecs"), cloud.env
    tags = [{"key": "fargate-lab", "value": stage.lab}]
    settings = [{"name": "containerInsights", "value": insights}] if insights else []
    providers = {"capacityProviders": ["FARGATE", "FARGATE_SPOT"]} if strategy else {}
    ecs.create_cluster(clusterName=stage.cluster, settings=settings, tags=tags, **providers)
    register(cloud, stage, container, own)
    base = {"subnets": [env["SUBNET_A"], env["SUBNET_B"]], "securityGroups": [env["SG"]]}
    network = {**base, "assignPublicIp": "DISABLED", **own.network}
    ecs.create_service(
        cluster=stage.cluster,
        serviceName=stage.service,
        taskDefinition=stage.service,
        desiredCount=stage.desired,
        deploymentConfiguration={
            "minimumHealthyPercent": 100,
            "maximumPercent": 200,
            "deploymentCircuitBreaker": {"enable": stage.breaker, "rollback": stage.breaker},
            **stage.deployment,
        },
        networkConfiguration={"awsvpcConfiguration": network},
        tags=tags,
        **({"capacityProviderStrategy": list(strategy)} if strategy else {"launchType": "FARGATE"}),
        **service,
    )
    cloud.clock.settle(settle_ms)


def register(cloud: Cloud, stage: Stage, container: Mapping[str, Any], own: Own = NOTHING_OWN) -> str:
    """Register a task definition whose family is named like the stage's service: an essential container of that name that writes to
    the log group (for the rest as given), and ``own.sidecars``; its ARN.
    """
    env = cloud.env
    logs = {
        "awslogs-group": env["LOG_GROUP"],
        "awslogs-region": env["AWS_REGION"],
        "awslogs-stream-prefix": stage.service,
    }
    definition = {"cpu": "256", "memory": "512", "executionRoleArn": env["EXECUTION_ROLE"], **own.definition}
    main = {
        "name": stage.service,
        "essential": True,
        "logConfiguration": {"logDriver": "awslogs", "options": logs},
        **container,
        **own.container,
    }
    registered = cloud.client("ecs").register_task_definition(
        family=stage.service,
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        **definition,
        containerDefinitions=[main, *own.sidecars],
        tags=[{"key": "fargate-lab", "value": stage.lab}],
    )
    return str(registered["taskDefinition"]["taskDefinitionArn"])


def build_subnets(cloud: Cloud, lab: Lab) -> tuple[list[str], str]:
    """Two private subnets of the lab's own, ``<cluster>-a`` and ``<cluster>-b``, in the zones of the base environment's, with a route
    table ``<cluster>`` that leads nowhere; their ids and that of the table.
    """
    name = lab.name("cluster")
    table: str = cloud.client("ec2").create_route_table(
        VpcId=cloud.env["VPC"], TagSpecifications=ec2_tags(lab, "route-table", name)
    )["RouteTable"]["RouteTableId"]
    return make_subnets(cloud, lab.id, name, prefix=24, table=table), table


def build_repository(cloud: Cloud, lab: Lab, *tags: str) -> str:
    """A private repository named by the lab's ``repository``, with its public ``image`` under each of the tags; its URI."""
    name = lab.name("repository")
    made = cloud.client("ecr").create_repository(
        repositoryName=name, tags=[{"Key": "fargate-lab", "Value": lab.id}]
    )
    for tag in tags:
        push(cloud, f"{lab.name('image')}:{tag}", name, tag)
    return str(made["repository"]["repositoryUri"])


def ec2_tags(lab: Lab, kind: str, name: str) -> list[dict[str, Any]]:
    """TagSpecifications of something that a lab creates in EC2."""
    return tags_of(lab.id, kind, name)


def listening(image: str, port: int, stop_timeout_s: int = 30) -> dict[str, Any]:
    """Parts of a container that listens on a port."""
    return {"image": image, "stopTimeout": stop_timeout_s, "portMappings": [{"containerPort": port}]}


def scale_on_cpu(cloud: Cloud, stage: Stage, maximum: int, *, target: float, scale_in_s: int) -> None:
    """Let target tracking on the CPU scale the service between the stage's ``desired`` and ``maximum``; cooldowns: a minute
    out, ``scale_in_s`` in.
    """
    scaling = cloud.client("application-autoscaling")
    of_service = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{stage.cluster}/{stage.service}",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    scaling.register_scalable_target(**of_service, MinCapacity=stage.desired, MaxCapacity=maximum)
    scaling.put_scaling_policy(
        **of_service,
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": target,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
            "ScaleOutCooldown": 60,
            "ScaleInCooldown": scale_in_s,
        },
    )
