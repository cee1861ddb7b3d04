"""p11: give the program the memory that it needs.

The index of 2.4 takes 640 MiB. The container may have 512, twice over: so says its own ``memory``, and so does its task. The
smaller of the two kills, therefore both have to give way. 256 CPU units come with 512, 1024 or 2048 MiB, and 1024 hold
the program with room to spare. A limit of the container's own is not needed; the task's memory is one already.

Or the program gives way: the compact build of 2.4 keeps its index on disk.
"""

from __future__ import annotations

from typing import Any

from labs.catalogue import Fix, WrongFix
from labs.cloud import Cloud
from solutions._aws import settle

CLUSTER = "p11"
SERVICE = "search"
IMAGE = "public.ecr.aws/fargate-lab/search"
_KEPT = ("family", "networkMode", "requiresCompatibilities", "executionRoleArn")


def solve(cloud: Cloud) -> None:
    """A pair that holds the program, and no limit of the container's own."""
    _deploy(cloud, ("256", "1024"), memory=None)


def break_again(cloud: Cloud) -> None:
    """Somebody saves half of the memory once more."""
    _deploy(cloud, ("256", "512"), memory=None)


def _deploy(cloud: Cloud, size: tuple[str, str] = ("256", "512"), **change: Any) -> None:
    """Deploy a revision of that size whose container is changed; None takes a key away."""
    ecs = cloud.client("ecs")
    current = ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0]["taskDefinition"]
    found = ecs.describe_task_definition(taskDefinition=current)["taskDefinition"]
    (container,) = found["containerDefinitions"]
    changed = {key: value for key, value in {**container, **change}.items() if value is not None}
    arn = ecs.register_task_definition(
        **{key: found[key] for key in _KEPT}, cpu=size[0], memory=size[1], containerDefinitions=[changed]
    )["taskDefinition"]["taskDefinitionArn"]
    _update(cloud, taskDefinition=arn)


def _update(cloud: Cloud, **values: Any) -> None:
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, **values)
    settle(cloud)


def _breaker(cloud: Cloud, on: bool) -> None:
    percentages = {"minimumHealthyPercent": 100, "maximumPercent": 200}
    breaker = {"enable": on, "rollback": on}
    _update(cloud, deploymentConfiguration={**percentages, "deploymentCircuitBreaker": breaker})


ALTERNATIVES = (
    Fix(
        "a larger task, and the container's own limit raised",
        lambda cloud: _deploy(cloud, ("256", "1024"), memory=1024),
    ),
    Fix(
        "a larger pair, and a limit that holds the program",
        lambda cloud: _deploy(cloud, ("512", "2048"), memory=800),
    ),
    Fix(
        "the compact build, within the limits as they are",
        lambda cloud: _deploy(cloud, image=f"{IMAGE}:2.4-compact"),
    ),
)

WRONG_FIXES = (
    WrongFix("more tasks", lambda cloud: _update(cloud, desiredCount=6), "fits", "the same limit"),
    WrongFix(
        "a larger task around the container's own limit",
        lambda cloud: _deploy(cloud, ("256", "2048")),
        "fits",
        "the container's own `memory` (its task has 2,048)",
    ),
    WrongFix("more CPU", lambda cloud: _deploy(cloud, ("512", "1024")), "fits", "CPU is no memory"),
    WrongFix(
        "no limit of its own, in a task as small as before",
        lambda cloud: _deploy(cloud, memory=None),
        "fits",
        "512 MiB, the memory of its task",
    ),
    WrongFix(
        "a larger memoryReservation",
        lambda cloud: _deploy(cloud, memoryReservation=512),
        "fits",
        "makes no room",
    ),
    WrongFix(
        "a longer grace period",
        lambda cloud: _update(cloud, healthCheckGracePeriodSeconds=900),
        "fits",
        "holds back the load balancer's verdict",
    ),
    WrongFix("a longer stopTimeout", lambda cloud: _deploy(cloud, stopTimeout=120), "fits", "no stop signal"),
    WrongFix(
        "a health check that always passes",
        lambda cloud: _deploy(cloud, healthCheck={"command": ["CMD-SHELL", "exit 0"]}),
        "fits",
        "keeps nobody alive",
    ),
    WrongFix(
        "the circuit breaker left off, for certain",
        lambda cloud: _breaker(cloud, False),
        "fits",
        "killed for memory",
    ),
    WrongFix(
        "the circuit breaker switched on",
        lambda cloud: _breaker(cloud, True),
        "capacity",
        "former build, 2.3",
    ),
    WrongFix(
        "back to the former build",
        lambda cloud: _update(cloud, taskDefinition="search:1"),
        "capacity",
        "former build, 2.3",
    ),
    WrongFix(
        "out of the load balancer",
        lambda cloud: _update(cloud, loadBalancers=[]),
        "steady",
        "no load balancer",
    ),
    WrongFix("scaled to zero", lambda cloud: _update(cloud, desiredCount=0), "capacity", "0 wanted"),
)
