"""The faults. This module *is* the catalogue: a function in ``__all__`` is a fault, its keyword arguments are
its settings, its docstring says what it does. Adding one is adding a function here, or to a module beside this
one from which it is imported, and a test.

A fault is applied through the AWS API alone. It writes down how it is taken back (``record``) before it
changes anything, touches only services tagged ``fargate-lab``, and tags everything that it creates.
``clients("ecs")`` gives a boto3 client.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable
from typing import Any

from chaos.errors import FaultError
from chaos.experiments import az_loss, cpu_stress, kill_process, task_stop
from chaos.hardening import another_key, read_by_tag, renamed_password
from chaos.haste import half_at_a_time, hasty_stop
from chaos.interference import (
    blackhole_port,
    failing_dependency,
    network_latency,
    packet_loss,
    slow_dependency,
)
from chaos.labels import wrong_label
from chaos.pulls import cannot_pull
from chaos.releases import bad_release
from chaos.revisions import deploy_changed, main_container
from chaos.roles import broad_task_role
from chaos.secrets import secret_denied
from chaos.spot import all_on_spot
from chaos.tags import moved_tag, tag_per_task
from chaos.targets import (
    CIRCUIT_BREAKER_OFF,
    breaker_of,
    free_blocks,
    our_service,
    our_target_group,
)
from chaos.undo import FAULT_TAG, OWNER_TAG, Clients, Undo, UndoStep

__all__ = [
    "all_on_spot",
    "another_key",
    "az_loss",
    "bad_image",
    "bad_release",
    "blackhole_port",
    "breaker_off",
    "broad_task_role",
    "cannot_pull",
    "cpu_stress",
    "failing_dependency",
    "half_at_a_time",
    "hasty_stop",
    "health_check_mismatch",
    "kill_process",
    "memory_cap",
    "memory_leak",
    "moved_tag",
    "network_latency",
    "no_grace_period",
    "packet_loss",
    "read_by_tag",
    "renamed_password",
    "secret_denied",
    "shell_as_pid1",
    "slow_dependency",
    "tag_per_task",
    "task_stop",
    "tiny_subnet",
    "wrong_delay",
    "wrong_label",
]

Record = Callable[[Undo], None]

MISSING_IMAGE = "public.ecr.aws/nginx/nginx:does-not-exist"
LEAKING_IMAGE = "public.ecr.aws/fargate-lab/reports:1.4"
"""Keeps 64 KiB of every request that it has answered."""
LEAST_MEMORY_MIB = 6
"""Docker gives no container less. Source: API model of ECS, ContainerDefinition.memory."""
MISMATCHES = ("port", "path", "matcher")
DELAY_KEY = "deregistration_delay.timeout_seconds"
DELAYS = {"long": 300, "short": 5}
"""Deregistration delays in seconds: what a target group has when nobody chose, and what somebody in a hurry chooses."""


def bad_image(
    clients: Clients,
    record: Record,
    *,
    cluster: str,
    service: str,
    image: str = MISSING_IMAGE,
    crash: bool = False,
) -> Undo:
    """Deploy a revision that cannot work.

    Registers a copy of the service's task definition whose image has a tag that does not exist, and deploys
    it: tasks fail before they run. With ``crash`` the image stays and the command exits with 1 right after
    the start: tasks fail after RUNNING, which ECS does not slow down. Taken back by deploying the former
    revision and deregistering ours.
    """
    change: dict[str, Any] = {"command": ["exit 1"]} if crash else {"image": image}
    found = our_service(clients, cluster, service)
    return deploy_changed(clients, record, "bad_image", found, **change)


def breaker_off(
    clients: Clients, record: Record, *, cluster: str, service: str, keep_detection: bool = False
) -> Undo:
    """Switch the deployment circuit breaker off.

    With ``keep_detection`` only the rollback is switched off: a failed deployment is noticed and stopped, and
    nothing takes the service back. Starts no deployment. Taken back by setting the former breaker.
    """
    found = our_service(clients, cluster, service)
    undo = Undo(
        "breaker_off",
        f"the circuit breaker of service {service}",
        (UndoStep("update_service", _with_breaker(cluster, found, breaker_of(found))),),
    )
    record(undo)
    breaker = {"enable": True, "rollback": False} if keep_detection else CIRCUIT_BREAKER_OFF
    clients("ecs").update_service(**_with_breaker(cluster, found, breaker))
    return undo


def health_check_mismatch(
    clients: Clients, record: Record, *, cluster: str, service: str, mismatch: str = "any"
) -> Undo:
    """Let the target group ask what the container does not answer, then deploy.

    With ``mismatch`` port, the health check knocks at a port that no container of the task maps; with path,
    it asks for a path one letter short; with matcher, it expects 204 (or 202) where it expected something
    else. ``any`` chooses one of the three by the target group's ARN: another world, another mismatch. Then the
    service is deployed anew, as it is. Taken back by setting the former health check.
    """
    found = our_service(clients, cluster, service)
    group = our_target_group(clients, found)
    check = {key: group[key] for key in ("HealthCheckPort", "HealthCheckPath", "Matcher")}
    change = _mismatch(clients, found, group, mismatch)
    undo = Undo(
        "health_check_mismatch",
        f"the health check of service {service}",
        (UndoStep("modify_target_group", {"target_group": group["TargetGroupArn"], **check}),),
    )
    record(undo)
    clients("elbv2").modify_target_group(TargetGroupArn=group["TargetGroupArn"], **change)
    clients("ecs").update_service(cluster=cluster, service=service, forceNewDeployment=True)
    return undo


def memory_cap(
    clients: Clients, record: Record, *, cluster: str, service: str, memory: int = 64, image: str = ""
) -> Undo:
    """Deploy a revision whose container may use only so much memory.

    The container behind the load balancer (or the first one) gets a hard limit of ``memory`` MiB of its own, and
    another ``image`` if one is given: a release that has outgrown its limit. Whether its program fits is up to
    the program; if not, it is killed, with exit code 137. Taken back by deploying the former revision and
    deregistering ours.
    """
    found = our_service(clients, cluster, service)
    definition = clients("ecs").describe_task_definition(taskDefinition=found["taskDefinition"])
    room = int(definition["taskDefinition"].get("memory", 0))
    if not LEAST_MEMORY_MIB <= memory <= room:
        raise FaultError(
            f"A container of {service!r} cannot have a limit of {memory} MiB.",
            f"Choose {LEAST_MEMORY_MIB} to {room}, the memory of its tasks.",
        )
    only = main_container(clients, found)["name"]
    return deploy_changed(clients, record, "memory_cap", found, memory=memory, image=image or None, only=only)


def memory_leak(
    clients: Clients, record: Record, *, cluster: str, service: str, image: str = LEAKING_IMAGE
) -> Undo:
    """Deploy a build that never gives all of its memory back.

    The container behind the load balancer (or the first one) gets another ``image``, by default one that keeps
    something of every request. Its tasks work until their memory is full. Taken back by deploying the former
    revision and deregistering ours.
    """
    found = our_service(clients, cluster, service)
    only = main_container(clients, found)["name"]
    return deploy_changed(clients, record, "memory_leak", found, image=image, only=only)


def no_grace_period(
    clients: Clients, record: Record, *, cluster: str, service: str, seconds: int = 0
) -> Undo:
    """Take away the time that new tasks have before the load balancer's verdict counts.

    Sets ``healthCheckGracePeriodSeconds`` to ``seconds`` and deploys the service anew, as it is: running tasks
    stay as they are, and tasks that start slowly are stopped before they are ready. Taken back by setting the
    former period.
    """
    found = our_service(clients, cluster, service)
    our_target_group(clients, found)
    former = int(found.get("healthCheckGracePeriodSeconds", 0))
    undo = Undo(
        "no_grace_period",
        f"the grace period of service {service}",
        (
            UndoStep(
                "update_service",
                {"cluster": cluster, "service": service, "healthCheckGracePeriodSeconds": former},
            ),
        ),
    )
    if seconds < 0 or seconds >= former:
        raise FaultError(
            f"The grace period of {service!r} is {former} s, so a fault cannot make it {seconds} s.",
            "Choose fewer seconds than the service has, and not below 0.",
        )
    record(undo)
    clients("ecs").update_service(
        cluster=cluster, service=service, healthCheckGracePeriodSeconds=seconds, forceNewDeployment=True
    )
    return undo


def shell_as_pid1(
    clients: Clients, record: Record, *, cluster: str, service: str, run: str = "", script: str = "{run}"
) -> Undo:
    """Deploy a revision whose program is started by a shell.

    The container behind the load balancer (or the first one) gets the entry point ``sh -c`` and the program's
    command line as one string, as the shell form of a Dockerfile does; ``script`` may put more around
    ``{run}``. Whether the program still hears its stop signal is then up to the shell. ``run`` is needed when the
    task definition says neither entryPoint nor command, because ECS does not show the image's own. Taken back by
    deploying the former revision and deregistering ours.
    """
    found = our_service(clients, cluster, service)
    container = main_container(clients, found)
    run = run or shlex.join([*container.get("entryPoint", []), *container.get("command", [])])
    if not run:
        raise FaultError(
            f"The task definition of {service!r} leaves the command line to the image.",
            "Say what it runs, for example `--set run=/app/shop`.",
        )
    return deploy_changed(
        clients,
        record,
        "shell_as_pid1",
        found,
        f"the command line of service {service}",
        command=[script.replace("{run}", run)],
        only=container["name"],
    )


def tiny_subnet(
    clients: Clients, record: Record, *, cluster: str, service: str, zones: int = 2, prefix: int = 28
) -> Undo:
    """Move the service into subnets with too few addresses.

    Creates one small subnet (``prefix`` 28 leaves 11 usable addresses) in each of ``zones`` Availability
    Zones of the service's own subnets, with the same route tables, and moves the service there. Its tasks
    fit; a rolling deployment's extra tasks may not. Taken back by moving the service to its former subnets
    and deleting ours.
    """
    found = our_service(clients, cluster, service)
    network = found["networkConfiguration"]["awsvpcConfiguration"]
    tag = f"tiny-subnet-{service}"
    plan = _plan_subnets(clients, list(network["subnets"]), zones, prefix)
    undo = Undo(
        "tiny_subnet",
        f"the subnets of service {service}",
        (
            UndoStep(
                "update_service",
                {
                    "cluster": cluster,
                    "service": service,
                    "networkConfiguration": {"awsvpcConfiguration": dict(network)},
                },
            ),
            UndoStep("delete_subnets", {"tag": tag}),
        ),
    )
    record(undo)
    created = [_create_subnet(clients, tag, cidr, like) for like, cidr in plan]
    clients("ecs").update_service(
        cluster=cluster,
        service=service,
        networkConfiguration={"awsvpcConfiguration": {**network, "subnets": created}},
    )
    return undo


def wrong_delay(clients: Clients, record: Record, *, cluster: str, service: str, delay: str = "any") -> Undo:
    """Give the target group a deregistration delay that does not fit its requests.

    With ``delay`` long, 300 s: every task that leaves keeps its address, and its price, for that long. With short,
    5 s: requests that take longer are cut off when their task leaves. ``any`` chooses one of the two by the target
    group's ARN: another world, another delay. Starts no deployment. Taken back by setting the former delay.
    """
    found = our_service(clients, cluster, service)
    arn = our_target_group(clients, found)["TargetGroupArn"]
    elb = clients("elbv2")
    if delay == "any":
        delay = sorted(DELAYS)[hashlib.sha256(arn.encode()).digest()[0] % len(DELAYS)]
    if delay not in DELAYS:
        raise FaultError(f"There is no delay {delay!r}.", f"Choose any, {' or '.join(sorted(DELAYS))}.")
    attributes = elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    former = {item["Key"]: item["Value"] for item in attributes}[DELAY_KEY]
    undo = Undo(
        "wrong_delay",
        f"the deregistration delay of service {service}",
        (
            UndoStep(
                "modify_target_group_attributes", {"target_group": arn, "attributes": {DELAY_KEY: former}}
            ),
        ),
    )
    record(undo)
    elb.modify_target_group_attributes(
        TargetGroupArn=arn, Attributes=[{"Key": DELAY_KEY, "Value": str(DELAYS[delay])}]
    )
    return undo


def _with_breaker(cluster: str, service: dict[str, Any], breaker: dict[str, Any]) -> dict[str, Any]:
    """UpdateService's arguments; the percentages are repeated, so that the change cannot depend on how AWS
    merges.
    """
    configured = service["deploymentConfiguration"]
    kept = {key: configured[key] for key in ("minimumHealthyPercent", "maximumPercent") if key in configured}
    return {
        "cluster": cluster,
        "service": service["serviceName"],
        "deploymentConfiguration": {**kept, "deploymentCircuitBreaker": dict(breaker)},
    }


def _mismatch(
    clients: Clients, service: dict[str, Any], group: dict[str, Any], mismatch: str
) -> dict[str, Any]:
    """ModifyTargetGroup's arguments for a mismatch of that kind."""
    if mismatch == "any":
        digest = hashlib.sha256(group["TargetGroupArn"].encode()).digest()
        mismatch = MISMATCHES[digest[0] % len(MISMATCHES)]
    if mismatch == "port":
        definition = clients("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])
        containers = definition["taskDefinition"]["containerDefinitions"]
        mapped = {port["containerPort"] for item in containers for port in item.get("portMappings", [])}
        return {"HealthCheckPort": str(next(port for port in range(9090, 9999) if port not in mapped))}
    if mismatch == "path":
        path = str(group["HealthCheckPath"])
        return {"HealthCheckPath": path[:-1] if len(path) > 2 else "/health"}
    if mismatch == "matcher":
        return {"Matcher": {"HttpCode": "202" if group["Matcher"]["HttpCode"] == "204" else "204"}}
    raise FaultError(
        f"There is no mismatch {mismatch!r}.",
        f"Choose any, {', '.join(MISMATCHES[:-1])} or {MISMATCHES[-1]}.",
    )


def _plan_subnets(
    clients: Clients, subnet_ids: list[str], zones: int, prefix: int
) -> list[tuple[dict[str, Any], str]]:
    """For each of the first ``zones`` Availability Zones: a subnet of the service to imitate, and a free CIDR
    block.
    """
    ec2 = clients("ec2")
    by_zone: dict[str, dict[str, Any]] = {}
    found = {item["SubnetId"]: item for item in ec2.describe_subnets(SubnetIds=subnet_ids)["Subnets"]}
    for subnet_id in subnet_ids:
        by_zone.setdefault(found[subnet_id]["AvailabilityZone"], found[subnet_id])
    if not 1 <= zones <= len(by_zone):
        raise FaultError(
            f"The service has subnets in {len(by_zone)} Availability Zones, so 'zones' cannot be {zones}.",
            f"Choose 1 to {len(by_zone)}.",
        )
    if not 16 <= prefix <= 28:
        raise FaultError(
            f"A subnet cannot have the prefix /{prefix}.", "Choose 16 to 28, as Amazon VPC does."
        )
    chosen = list(by_zone.values())[:zones]
    vpc_id = chosen[0]["VpcId"]
    vpc = ec2.describe_vpcs(VpcIds=[vpc_id])["Vpcs"][0]
    ranges = [item["CidrBlock"] for item in vpc.get("CidrBlockAssociationSet", [])] or [vpc["CidrBlock"]]
    every = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["Subnets"]
    blocks = free_blocks(ranges, [item["CidrBlock"] for item in every], prefix, zones)
    return list(zip(chosen, blocks, strict=True))


def _create_subnet(clients: Clients, tag: str, cidr: str, like: dict[str, Any]) -> str:
    """Create a tagged subnet in the zone of ``like`` and give it the same route table; its id."""
    ec2 = clients("ec2")
    zone = like["AvailabilityZone"]
    tags = {"Name": f"tiny-{zone[-1]}", OWNER_TAG: "fault", FAULT_TAG: tag}
    subnet_id: str = ec2.create_subnet(
        VpcId=like["VpcId"],
        CidrBlock=cidr,
        AvailabilityZone=zone,
        TagSpecifications=[
            {"ResourceType": "subnet", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
        ],
    )["Subnet"]["SubnetId"]
    tables = ec2.describe_route_tables(
        Filters=[{"Name": "association.subnet-id", "Values": [like["SubnetId"]]}]
    )
    for table in tables["RouteTables"]:
        ec2.associate_route_table(RouteTableId=table["RouteTableId"], SubnetId=subnet_id)
    return subnet_id
