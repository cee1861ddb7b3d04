"""Setting the stage of a repair lab: a service that works, before the lab's faults reach it. Everything
carries the tag ``fargate-lab``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chaos.targets import free_blocks
from labs.catalogue import Lab
from labs.cloud import MINUTE_MS, Cloud
from labs.images import push

GOOD_IMAGE = "public.ecr.aws/nginx/nginx:1.27"
SETTLE_LIMIT_MS = 60 * MINUTE_MS
_COPIED = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn")


@dataclass(frozen=True, slots=True)
class Stage:
    """A cluster with one service of ``desired`` tasks in two private subnets, 100/200, breaker on with rollback
    unless ``breaker`` is false.
    """

    lab: str
    cluster: str
    service: str
    desired: int
    breaker: bool = True

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
    RegisterTaskDefinition (roles, say) and of its awsvpcConfiguration.
    """

    container: Mapping[str, Any] = field(default_factory=dict)
    definition: Mapping[str, Any] = field(default_factory=dict)
    network: Mapping[str, Any] = field(default_factory=dict)


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
    build_service(cloud, stage, _listening(GOOD_IMAGE, 80))


def build_balanced(cloud: Cloud, stage: Stage, balanced: Balanced, own: Own = NOTHING_OWN) -> None:
    """The same behind an internet-facing load balancer: ``<service>-alb`` with a listener on port 80 that
    forwards to the target group ``<service>``.
    """
    elb, env = cloud.client("elbv2"), cloud.env
    tags = [{"Key": "fargate-lab", "Value": stage.lab}]
    group = elb.create_target_group(
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
    build_service(
        cloud,
        stage,
        _listening(balanced.image, balanced.port, balanced.stop_timeout_s),
        own=own,
        healthCheckGracePeriodSeconds=balanced.grace_s,
        loadBalancers=[
            {"targetGroupArn": group, "containerName": stage.service, "containerPort": balanced.port}
        ],
    )


def build_service(
    cloud: Cloud,
    stage: Stage,
    container: Mapping[str, Any],
    *,
    insights: str | None = None,
    own: Own = NOTHING_OWN,
    settle_ms: int = SETTLE_LIMIT_MS,
    **service: Any,
) -> None:
    """The stage's cluster, a task definition of one container (an essential one that writes to the log group and is named like
    the service, for the rest as given), and its service, settled (as far as it gets within ``settle_ms``). ``network`` changes what
    its awsvpcConfiguration says; ``definition`` has further parameters of RegisterTaskDefinition, ``service`` of CreateService.
    """
    ecs, env = cloud.client("ecs"), cloud.env
    tags = [{"key": "fargate-lab", "value": stage.lab}]
    settings = [{"name": "containerInsights", "value": insights}] if insights else []
    ecs.create_cluster(clusterName=stage.cluster, settings=settings, tags=tags)
    logs = {
        "awslogs-group": env["LOG_GROUP"],
        "awslogs-region": env["AWS_REGION"],
        "awslogs-stream-prefix": stage.service,
    }
    definition = {"cpu": "256", "memory": "512", "executionRoleArn": env["EXECUTION_ROLE"], **own.definition}
    ecs.register_task_definition(
        family=stage.service,
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        **definition,
        containerDefinitions=[
            {
                "name": stage.service,
                "essential": True,
                "logConfiguration": {"logDriver": "awslogs", "options": logs},
                **container,
                **own.container,
            }
        ],
        tags=tags,
    )
    base = {"subnets": [env["SUBNET_A"], env["SUBNET_B"]], "securityGroups": [env["SG"]]}
    network = {**base, "assignPublicIp": "DISABLED", **own.network}
    ecs.create_service(
        cluster=stage.cluster,
        serviceName=stage.service,
        taskDefinition=stage.service,
        desiredCount=stage.desired,
        launchType="FARGATE",
        deploymentConfiguration={
            "minimumHealthyPercent": 100,
            "maximumPercent": 200,
            "deploymentCircuitBreaker": {"enable": stage.breaker, "rollback": stage.breaker},
        },
        networkConfiguration={"awsvpcConfiguration": network},
        tags=tags,
        **service,
    )
    cloud.clock.settle(settle_ms)


def build_subnets(cloud: Cloud, lab: Lab) -> tuple[list[str], str]:
    """Two private subnets of the lab's own, ``<cluster>-a`` and ``<cluster>-b``, in the zones of the base environment's, with a route
    table ``<cluster>`` that leads nowhere; their ids and that of the table.
    """
    ec2, env, name = cloud.client("ec2"), cloud.env, lab.name("cluster")
    vpc = ec2.describe_vpcs(VpcIds=[env["VPC"]])["Vpcs"][0]
    every = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [env["VPC"]]}])["Subnets"]
    zones = {subnet["SubnetId"]: subnet["AvailabilityZone"] for subnet in every}
    blocks = free_blocks([vpc["CidrBlock"]], [subnet["CidrBlock"] for subnet in every], 24, 2)
    table: str = ec2.create_route_table(
        VpcId=env["VPC"], TagSpecifications=ec2_tags(lab, "route-table", name)
    )["RouteTable"]["RouteTableId"]
    created = []
    for like, block, letter in zip((env["SUBNET_A"], env["SUBNET_B"]), blocks, "ab", strict=True):
        subnet = ec2.create_subnet(
            VpcId=env["VPC"],
            CidrBlock=block,
            AvailabilityZone=zones[like],
            TagSpecifications=ec2_tags(lab, "subnet", f"{name}-{letter}"),
        )["Subnet"]["SubnetId"]
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        created.append(subnet)
    return created, table


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
    tags = [{"Key": "Name", "Value": name}, {"Key": "fargate-lab", "Value": lab.id}]
    return [{"ResourceType": kind, "Tags": tags}]


def _listening(image: str, port: int, stop_timeout_s: int = 30) -> dict[str, Any]:
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
