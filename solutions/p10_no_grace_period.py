"""p10: give the program the time that it needs.

From a task's start to a healthy target it takes the boot (75 s), up to one interval until the first check that
passes, and, since the target has long been unhealthy by then, HealthyThresholdCount passes in a row: 75 + 5 x 10
= 125 s at the worst. A grace period of 180 s covers that with some air, and still finds a dead task after
three minutes.

A period that covers the boot alone is too short. A program that boots fast, or a check that forgives long
enough, needs no grace period at all: a target that has never been unhealthy needs one pass.
"""

from __future__ import annotations

from typing import Any

from labs.catalogue import Fix, WrongFix
from labs.cloud import MINUTE_MS, Cloud
from solutions._aws import register_like, settle

CLUSTER = "p10"
SERVICE = "catalog"


def solve(cloud: Cloud) -> None:
    """A grace period that covers the boot and the checks after it."""
    _grace(cloud, 180)


def break_again(cloud: Cloud) -> None:
    """Somebody tidies the setting away again."""
    _grace(cloud, 0)


def _update(cloud: Cloud, **values: Any) -> None:
    """Change the service once it has come to rest from the failed release."""
    cloud.clock.settle(60 * MINUTE_MS)
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, **values)
    settle(cloud)


def _grace(cloud: Cloud, seconds: int, **values: Any) -> None:
    _update(cloud, healthCheckGracePeriodSeconds=seconds, **values)


def _check(cloud: Cloud, **check: Any) -> None:
    cloud.clock.settle(60 * MINUTE_MS)
    elb = cloud.client("elbv2")
    group = elb.describe_target_groups(Names=[SERVICE])["TargetGroups"][0]["TargetGroupArn"]
    elb.modify_target_group(TargetGroupArn=group, **check)
    settle(cloud)


def _faster(cloud: Cloud) -> None:
    """The build without the warming of caches at the start."""
    image = {"image": "public.ecr.aws/fargate-lab/shop:1.0"}
    _update(cloud, taskDefinition=register_like(cloud, CLUSTER, SERVICE, image))


def _at_once(cloud: Cloud) -> None:
    """Not waiting for the rollback: the period and the release in one call, at once."""
    cloud.client("ecs").update_service(
        cluster=CLUSTER, service=SERVICE, healthCheckGracePeriodSeconds=240, forceNewDeployment=True
    )
    settle(cloud)


def _container_check(cloud: Cloud) -> None:
    """A startPeriod, which is the container health check's own and not the load balancer's."""
    command = ["CMD-SHELL", "curl -f http://localhost:8080/healthz || exit 1"]
    check = {"healthCheck": {"command": command, "startPeriod": 180, "retries": 5}}
    _update(cloud, taskDefinition=register_like(cloud, CLUSTER, SERVICE, check))


def _breaker_off(cloud: Cloud) -> None:
    """Nothing fails when nobody counts."""
    off = {"enable": False, "rollback": False}
    percentages = {"minimumHealthyPercent": 100, "maximumPercent": 200}
    configuration = {**percentages, "deploymentCircuitBreaker": off}
    _update(cloud, deploymentConfiguration=configuration, forceNewDeployment=True)


def _quick_recovery(cloud: Cloud) -> None:
    """Two passes, five seconds apart, need less after the boot, so less grace is enough."""
    _check(cloud, HealthyThresholdCount=2, HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=2)
    _grace(cloud, 100)


def _wrong_path(cloud: Cloud) -> None:
    """All the time in the world for an answer that never comes."""
    _grace(cloud, 180)
    _check(cloud, HealthCheckPath="/ready")


ALTERNATIVES = (
    Fix("a longer period, released at once", _at_once),
    Fix("a check that forgives 100 s", lambda cloud: _check(cloud, UnhealthyThresholdCount=10)),
    Fix("a program that boots in 2 s", _faster),
    Fix(
        "100 s, and a target that recovers after two quick passes",
        _quick_recovery,
    ),
)

WRONG_FIXES = (
    WrongFix("half a minute", lambda cloud: _grace(cloud, 30), "nobody-killed", "grace period is 30 s"),
    WrongFix(
        "the boot covered, the passes after it forgotten",
        lambda cloud: _grace(cloud, 90),
        "nobody-killed",
        "passes",
    ),
    WrongFix("more tasks", lambda cloud: _update(cloud, desiredCount=4), "steady", "stopped for failed"),
    WrongFix("the circuit breaker switched off", _breaker_off, "steady", "IN_PROGRESS"),
    WrongFix(
        "trying again",
        lambda cloud: _update(cloud, forceNewDeployment=True),
        "release-completes",
        "breaker failed",
    ),
    WrongFix("a startPeriod for the container", _container_check, "nobody-killed", "grace period is 0 s"),
    WrongFix(
        "time enough, but a path that does not exist",
        _wrong_path,
        "steady",
        "404",
    ),
    WrongFix("a whole day of grace", lambda cloud: _grace(cloud, 86_400), "dead-task-found", "covers it up"),
)
