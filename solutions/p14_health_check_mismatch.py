"""p14: ask the shop something that it answers.

Three things must fit: the port on which the program listens, a path that it serves, and the code that it
answers with. Whatever was wrong, ``traffic-port``, ``/healthz`` and 200 are right for this shop. The targets
become healthy by themselves after HealthyThresholdCount passes, and the deployment that hung completes.

Not every check that passes is right: one that accepts a 404, or asks a container beside the shop, passes for a
shop that serves nothing as well.
"""

from __future__ import annotations

from typing import Any

from labs.catalogue import Fix, WrongFix
from labs.cloud import Cloud
from solutions._aws import new_group, register_like, settle

CLUSTER = "p14"
SERVICE = "storefront"
PORT = 8080
RIGHT: dict[str, Any] = {
    "HealthCheckPort": "traffic-port",
    "HealthCheckPath": "/healthz",
    "Matcher": {"HttpCode": "200"},
}


def solve(cloud: Cloud) -> None:
    """Align port, path and matcher with the container."""
    _check(cloud, **RIGHT)


def break_again(cloud: Cloud) -> None:
    """Somebody renames the path in the template once more."""
    _check(cloud, HealthCheckPath="/health")


def _group(cloud: Cloud) -> str:
    groups = cloud.client("elbv2").describe_target_groups(Names=[SERVICE])["TargetGroups"]
    return str(groups[0]["TargetGroupArn"])


def _check(cloud: Cloud, **check: Any) -> None:
    cloud.client("elbv2").modify_target_group(TargetGroupArn=_group(cloud), **check)
    settle(cloud)


def _update(cloud: Cloud, **values: Any) -> None:
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, **values)
    settle(cloud)


def _new_group(cloud: Cloud) -> None:
    """A second target group with a check that fits; the listener and the service move there."""
    group = new_group(cloud, SERVICE, PORT)
    _update(cloud, loadBalancers=[{"targetGroupArn": group, "containerName": SERVICE, "containerPort": PORT}])


def _container_check(cloud: Cloud) -> None:
    """Let ECS ask the container itself."""
    command = ["CMD-SHELL", f"curl -f http://localhost:{PORT}/healthz || exit 1"]
    revision = register_like(cloud, CLUSTER, SERVICE, {"healthCheck": {"command": command}})
    _update(cloud, taskDefinition=revision)


def _sidecar(cloud: Cloud) -> None:
    """An nginx beside the shop answers the load balancer."""
    nginx = {
        "name": "answers",
        "image": "public.ecr.aws/nginx/nginx:1.27",
        "portMappings": [{"containerPort": 80}],
    }
    revision = register_like(cloud, CLUSTER, SERVICE, {}, beside=nginx)
    check = {**RIGHT, "HealthCheckPort": "80", "HealthCheckPath": "/"}
    cloud.client("elbv2").modify_target_group(TargetGroupArn=_group(cloud), **check)
    _update(cloud, taskDefinition=revision)


def _another_program(cloud: Cloud) -> None:
    """nginx instead of the shop, with a check that fits nginx."""
    change = {"image": "public.ecr.aws/nginx/nginx:1.27", "portMappings": [{"containerPort": 80}]}
    revision = register_like(cloud, CLUSTER, SERVICE, change)
    check = {**RIGHT, "HealthCheckPath": "/"}
    cloud.client("elbv2").modify_target_group(TargetGroupArn=_group(cloud), **check)
    balancers = [{"targetGroupArn": _group(cloud), "containerName": SERVICE, "containerPort": 80}]
    _update(cloud, taskDefinition=revision, loadBalancers=balancers)


def _breaker(cloud: Cloud, on: bool) -> None:
    """Off, nothing fails because nobody counts; on, the deployment ends and the mismatch stays."""
    percentages = {"minimumHealthyPercent": 100, "maximumPercent": 200}
    breaker = {"enable": on, "rollback": on}
    _update(cloud, deploymentConfiguration={**percentages, "deploymentCircuitBreaker": breaker})


ALTERNATIVES = (
    Fix(
        "the port by number, the front page, any success",
        lambda cloud: _check(
            cloud, HealthCheckPort=str(PORT), HealthCheckPath="/", Matcher={"HttpCode": "200-299"}
        ),
    ),
    Fix("a new target group, and the service moved there", _new_group),
)

WRONG_FIXES = (
    WrongFix(
        "a longer grace period",
        lambda cloud: _update(cloud, healthCheckGracePeriodSeconds=3600),
        "targets-healthy",
        "does not make a target healthy",
    ),
    WrongFix(
        "deploying again", lambda cloud: _update(cloud, forceNewDeployment=True), "targets-healthy", "forcing"
    ),
    WrongFix(
        "asking less often and more patiently",
        lambda cloud: _check(cloud, HealthCheckIntervalSeconds=60, UnhealthyThresholdCount=10),
        "targets-healthy",
        "does not change the answer",
    ),
    WrongFix(
        "the circuit breaker switched on",
        lambda cloud: _breaker(cloud, True),
        "targets-healthy",
        "heals no target",
    ),
    WrongFix(
        "the circuit breaker left off, for certain",
        lambda cloud: _breaker(cloud, False),
        "targets-healthy",
        "0 of",
    ),
    WrongFix("a container health check instead", _container_check, "targets-healthy", "not instead of it"),
    WrongFix(
        "a check that accepts a 404",
        lambda cloud: _check(
            cloud,
            HealthCheckPort="traffic-port",
            HealthCheckPath="/no-such-page",
            Matcher={"HttpCode": "200-499"},
        ),
        "check-proves-something",
        "completed as healthy",
    ),
    WrongFix(
        "a container beside the shop that answers", _sidecar, "check-proves-something", "completed as healthy"
    ),
    WrongFix("another program instead of the shop", _another_program, "capacity", "nginx"),
    WrongFix("scaled to zero", lambda cloud: _update(cloud, desiredCount=0), "capacity", "0 wanted"),
)
