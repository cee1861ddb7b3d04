"""The stage that most scenarios have: a service behind a load balancer, with the alarms that its team would have set up."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any, Literal

from gameday import pager
from labs.cloud import Cloud
from labs.staging import (
    NOTHING_OWN,
    SETTLE_LIMIT_MS,
    Balanced,
    Own,
    Stage,
    build_balancer,
    build_service,
    health_check,
    listening,
    register,
    scale_on_cpu,
)
from labs.subnets import make_subnets

SHOP = "public.ecr.aws/fargate-lab/shop:1.0"
SERVICE_NAMES = ("CLUSTER", "SCALING_RESOURCE", "SERVICE", "SERVICE_ARN", "TASK_DEFINITION")
"""What every stage gives."""
BALANCER_NAMES = (
    "BALANCER_DIMENSION",
    "GROUP_DIMENSION",
    "LISTENER",
    "LOAD_BALANCER",
    "RESOURCE_LABEL",
    "SERVICE_SUBNET_A",
    "SERVICE_SUBNET_B",
    "TARGET_GROUP",
)
NAMES = (*SERVICE_NAMES, *BALANCER_NAMES)
BREAKERS: dict[str, dict[str, bool]] = {
    "rollback": {"enable": True, "rollback": True},
    "stop": {"enable": True, "rollback": False},
    "off": {"enable": False, "rollback": False},
}
CAPACITIES: dict[str, list[dict[str, Any]]] = {
    "on-demand": [],
    "spot": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}],
    "mixed": [
        {"capacityProvider": "FARGATE", "weight": 1},
        {"capacityProvider": "FARGATE_SPOT", "weight": 1},
    ],
}


def shop(
    cloud: Cloud,
    owner: str,
    *,
    cluster: str = "shop",
    service: str = "checkout",
    image: str = SHOP,
    shell: str = "",
    desired: int = 4,
    port: int = 8080,
    grace: int = 30,
    interval: int = 10,
    draining: int = 20,
    stop_timeout: int = 30,
    breaker: Literal["rollback", "stop", "off"] = "rollback",
    minimum_percent: int = 100,
    maximum_percent: int = 200,
    capacity: Literal["on-demand", "spot", "mixed"] = "on-demand",
    prefix: int = 24,
    cpu_target: int = 0,
    maximum: int = 0,
    deployed: bool = True,
    alarms: bool = True,
    slow: int = 3,
    errors_minutes: int = 2,
    guarded: bool = False,
    fault_ready: bool = False,
) -> dict[str, str]:
    """A service behind an internet-facing load balancer, in two private subnets.

    ``shell`` is a command line that a shell runs in the place of what the image starts. ``grace``, ``interval`` (of the health
    check, on /healthz), ``draining`` and ``stop_timeout`` are seconds. ``breaker`` is rollback, stop or off; ``capacity`` on-demand,
    spot or mixed. With another ``prefix`` than 24 it has two subnets of its own, of that size. With ``cpu_target`` the service is scaled
    on its CPU, between ``desired`` and ``maximum``. Without ``deployed`` there is everything but the service. ``alarms`` are those that
    would call somebody: errors (for ``errors_minutes``), slow answers (more than ``slow`` seconds), unhealthy targets; they have no
    actions. With ``guarded`` the first of them watches deployments, and rolls back one during which it goes to ALARM.
    With ``fault_ready`` tasks have what AWS Fault Injection Service needs: the SSM agent in a container of its own, ``pidMode`` task and
    ``enableFaultInjection``.
    """
    guard = {"alarmNames": [pager.errors_of(service)], "enable": True, "rollback": True}
    stage = Stage(
        owner,
        cluster,
        service,
        desired,
        deployment={
            "minimumHealthyPercent": minimum_percent,
            "maximumPercent": maximum_percent,
            "deploymentCircuitBreaker": BREAKERS[breaker],
            **({"alarms": guard} if guarded else {}),
        },
    )
    subnets = [cloud.env["SUBNET_A"], cloud.env["SUBNET_B"]]
    if prefix != 24:
        subnets = make_subnets(cloud, owner, cluster, prefix=prefix)
    ready = ready_for_faults(cloud) if fault_ready else NOTHING_OWN
    own = replace(ready, container=started_by_shell(shell), network={"subnets": subnets})
    balanced = Balanced(
        image,
        port,
        grace,
        health_check(interval_s=interval),
        draining_s=draining,
        stop_timeout_s=stop_timeout,
    )
    return build(
        cloud,
        stage,
        balanced,
        own,
        subnets=subnets,
        strategy=CAPACITIES[capacity],
        deployed=deployed,
        alarms=alarms,
        scaled=(cpu_target, maximum) if cpu_target else None,
        slow_s=slow,
        errors_min=errors_minutes,
    )


def build(
    cloud: Cloud,
    stage: Stage,
    balanced: Balanced,
    own: Own,
    *,
    subnets: list[str],
    strategy: list[dict[str, Any]],
    deployed: bool,
    alarms: bool,
    scaled: tuple[int, int] | None = None,
    slow_s: int = 3,
    errors_min: int = 2,
) -> dict[str, str]:
    """Balancer, cluster, task definition and (if ``deployed``) service, settled; the names. ``scaled`` is CPU target and maximum."""
    group = build_balancer(cloud, stage, balanced)
    names = {**of_balancer(cloud, group), "SERVICE_SUBNET_A": subnets[0], "SERVICE_SUBNET_B": subnets[1]}
    container = listening(balanced.image, balanced.port, balanced.stop_timeout_s)
    if deployed:
        behind = {"targetGroupArn": group, "containerName": stage.service, "containerPort": balanced.port}
        build_service(
            cloud,
            stage,
            container,
            own=own,
            strategy=strategy,
            healthCheckGracePeriodSeconds=balanced.grace_s,
            loadBalancers=[behind],
        )
    else:
        tags = [{"key": "fargate-lab", "value": stage.lab}]
        cloud.client("ecs").create_cluster(clusterName=stage.cluster, tags=tags)
        register(cloud, stage, container, own)
    if scaled is not None:
        target, maximum = scaled
        scale_on_cpu(cloud, stage, maximum, target=target, scale_in_s=300)
    if alarms:
        pager.watch_balanced(cloud, stage.lab, stage.service, names, slow_s=slow_s, errors_min=errors_min)
    cloud.clock.settle(SETTLE_LIMIT_MS)
    return {**of_service(cloud, stage), **names}


def of_service(cloud: Cloud, stage: Stage) -> dict[str, str]:
    """The names of a service; there need not be one yet."""
    found = cloud.client("ecs").describe_task_definition(taskDefinition=stage.service)
    arn: str = found["taskDefinition"]["taskDefinitionArn"]
    return {
        "CLUSTER": stage.cluster,
        "SERVICE": stage.service,
        "SERVICE_ARN": f"{arn.partition(':task-definition/')[0]}:service/{stage.cluster}/{stage.service}",
        "SCALING_RESOURCE": f"service/{stage.cluster}/{stage.service}",
        "TASK_DEFINITION": arn,
    }


def of_balancer(cloud: Cloud, group: str) -> dict[str, str]:
    """The names of a target group and of the load balancer in front of it; the dimensions as CloudWatch has them."""
    elb = cloud.client("elbv2")
    balancer: str = elb.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0][
        "LoadBalancerArns"
    ][0]
    listener: str = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]["ListenerArn"]
    of_metrics = {
        "BALANCER_DIMENSION": balancer.partition(":loadbalancer/")[2],
        "GROUP_DIMENSION": group.rpartition(":")[2],
    }
    return {
        **of_metrics,
        "RESOURCE_LABEL": "/".join(of_metrics.values()),
        "TARGET_GROUP": group,
        "LOAD_BALANCER": balancer,
        "LISTENER": listener,
    }


def ready_for_faults(cloud: Cloud) -> Own:
    """What tasks need for the ECS actions of AWS Fault Injection Service. Source: FIS user guide, ecs-task-actions; ECS developer guide,
    fault-injection.
    """
    role = cloud.env["TASK_ROLE"]
    agent = {
        "name": "amazon-ssm-agent",
        "image": "public.ecr.aws/amazon-ssm-agent/amazon-ssm-agent:latest",
        "essential": False,
        "environment": [{"name": "MANAGED_INSTANCE_ROLE_NAME", "value": role.rpartition("/")[2]}],
    }
    definition = {"pidMode": "task", "enableFaultInjection": True, "taskRoleArn": role}
    return Own(definition=definition, sidecars=[agent])


def started_by_shell(line: str) -> dict[str, Any]:
    """Parts of a container that runs a command line in a shell; nothing for an empty one."""
    return {"entryPoint": ["sh", "-c"], "command": [line]} if shlex.split(line) else {}
