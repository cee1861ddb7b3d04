"""p06: unblock the pipeline, and switch the breaker on with rollback.

The deployment in progress cannot succeed, and with the breaker off nothing ends it; so somebody has to give
the service another revision. The one to go back to is that of the last COMPLETED deployment. The same call
sets the deployment configuration: the breaker, because the next bad release should end by itself, and its
rollback, because ending alone leaves the service on the bad revision. The percentages are repeated so that
nothing depends on what an update leaves out.

Going back by hand alone is no repair: it takes as long next time. A threshold that is never reached is no
breaker either.
"""

from __future__ import annotations

from typing import Any

from labs.catalogue import Fix, WrongFix
from labs.cloud import MINUTE_MS, Cloud
from solutions._aws import settle

CLUSTER = "p06"
SERVICE = "orders"
GOOD = "orders:1"
BREAKER: dict[str, Any] = {"enable": True, "rollback": True}
OFF: dict[str, Any] = {"enable": False, "rollback": False}


def solve(cloud: Cloud) -> None:
    """Back to the good revision with the breaker on, in one call."""
    _update(cloud, BREAKER, taskDefinition=GOOD)


def break_again(cloud: Cloud) -> None:
    """Somebody switches the breaker off again to get a release through."""
    _update(cloud, OFF)


def _update(
    cloud: Cloud, breaker: dict[str, Any], *, minimum: int = 100, maximum: int = 200, **values: Any
) -> None:
    cloud.client("ecs").update_service(
        cluster=CLUSTER,
        service=SERVICE,
        deploymentConfiguration={
            "minimumHealthyPercent": minimum,
            "maximumPercent": maximum,
            "deploymentCircuitBreaker": breaker,
        },
        **values,
    )
    settle(cloud)


def _by_count(cloud: Cloud) -> None:
    """A cumulative count of two instead of the default threshold."""
    threshold = {"thresholdConfiguration": {"type": "COUNT", "value": 2}, "resetOnHealthyTask": False}
    _update(cloud, {**BREAKER, **threshold}, taskDefinition=GOOD)


def _fix_forward(cloud: Cloud) -> None:
    """A new revision with a tag that exists, the breaker in a second call."""
    ecs = cloud.client("ecs")
    container = ecs.describe_task_definition(taskDefinition=GOOD)["taskDefinition"]
    keys = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn")
    containers = [
        {**item, "image": "public.ecr.aws/nginx/nginx:1.28"} for item in container["containerDefinitions"]
    ]
    ecs.register_task_definition(**{key: container[key] for key in keys}, containerDefinitions=containers)
    ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition="orders")
    settle(cloud)
    _update(cloud, BREAKER)


def _anew(cloud: Cloud) -> None:
    """Delete the service and create it as it should have been."""
    ecs = cloud.client("ecs")
    network = ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0][
        "networkConfiguration"
    ]
    ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    settle(cloud)
    ecs.create_service(
        cluster=CLUSTER,
        serviceName=SERVICE,
        taskDefinition=GOOD,
        desiredCount=2,
        launchType="FARGATE",
        deploymentConfiguration={"deploymentCircuitBreaker": BREAKER},
        networkConfiguration=network,
    )
    settle(cloud)


def _scale_to_zero(cloud: Cloud) -> None:
    """A service without tasks has no failing tasks."""
    _update(cloud, BREAKER, taskDefinition=GOOD, desiredCount=0)


def _wait(cloud: Cloud) -> None:
    """Give it time: an hour and a half later it is still trying."""
    cloud.clock.advance(90 * MINUTE_MS)


ALTERNATIVES = (
    Fix("breaker on, and let it end the bad deployment", lambda cloud: _update(cloud, BREAKER)),
    Fix("a cumulative threshold by COUNT", _by_count),
    Fix("fixed forward with a tag that exists", _fix_forward),
    Fix("deleted and created anew", _anew),
)

WRONG_FIXES = (
    WrongFix(
        "breaker on without rollback",
        lambda cloud: _update(cloud, {"enable": True, "rollback": False}, taskDefinition=GOOD),
        "rollback-on",
        "rollback off",
    ),
    WrongFix(
        "back by hand, the breaker left off",
        lambda cloud: _update(cloud, OFF, taskDefinition=GOOD),
        "breaker-on",
        "circuit breaker off",
    ),
    WrongFix(
        "a threshold that is never reached",
        lambda cloud: _update(
            cloud,
            {**BREAKER, "thresholdConfiguration": {"type": "COUNT", "value": 1000}},
            taskDefinition=GOOD,
        ),
        "bad-deploy-rolls-back",
        "threshold of 1000",
    ),
    WrongFix(
        "breaker on, but old tasks are stopped first",
        lambda cloud: _update(cloud, BREAKER, minimum=0, maximum=100, taskDefinition=GOOD),
        "users-unharmed",
        "running",
    ),
    WrongFix("scaled to zero", _scale_to_zero, "capacity", "0 wanted"),
    WrongFix("waiting", _wait, "steady", "IN_PROGRESS"),
)
