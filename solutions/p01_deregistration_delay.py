"""p01: a delay a little longer than the longest request, and not more.

A stop runs in series: about 10 s until the task is deregistered, the whole delay, about 8 s until ECS has noticed,
the program's own shutdown (3 s for this shop), about 12 s to give the address back. That is 33 s and the delay.
A request that is still open at the delay's end is cut off, and one in five takes 12 s, so the delay has to be
longer than that; and for a task to be gone within 90 s it has to stay under 50 s. 30 s is in the middle, whether the
delay was too long before or too short.

The stopTimeout begins after the delay and is independent of it. A draining target gets no new requests, so a long
delay loses nothing by itself.
"""

from __future__ import annotations

from typing import Any

from labs.catalogue import Fix, WrongFix
from labs.cloud import Cloud
from solutions._aws import new_group, register_like, settle

CLUSTER = "p01"
SERVICE = "orders"
PORT = 8080
DELAY = "deregistration_delay.timeout_seconds"


def solve(cloud: Cloud) -> None:
    """30 s, and the call that ECS refuses."""
    _fitting(cloud, 30)


def break_again(cloud: Cloud) -> None:
    """Somebody in a hurry sets it to 0."""
    _delay(cloud, 0)


def _group(cloud: Cloud) -> str:
    groups = cloud.client("elbv2").describe_target_groups(Names=[SERVICE])["TargetGroups"]
    return str(groups[0]["TargetGroupArn"])


def _delay(cloud: Cloud, seconds: int, group: str = "") -> None:
    cloud.client("elbv2").modify_target_group_attributes(
        TargetGroupArn=group or _group(cloud), Attributes=[{"Key": DELAY, "Value": str(seconds)}]
    )


def _update(cloud: Cloud, **values: Any) -> None:
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, **values)
    settle(cloud)


def _balancers(group: str) -> list[dict[str, Any]]:
    return [{"targetGroupArn": group, "containerName": SERVICE, "containerPort": PORT}]


def _try_instances(cloud: Cloud) -> None:
    """The target group that ECS refuses, tried and taken away again."""
    ecs, elb = cloud.client("ecs"), cloud.client("elbv2")
    # Who does not say a type gets instance.
    group = elb.create_target_group(
        Name=f"{SERVICE}-instances", Protocol="HTTP", Port=PORT, VpcId=cloud.env["VPC"]
    )["TargetGroups"][0]["TargetGroupArn"]
    try:
        ecs.update_service(cluster=CLUSTER, service=SERVICE, loadBalancers=_balancers(group))
    except ecs.exceptions.InvalidParameterException:
        elb.delete_target_group(TargetGroupArn=group)


def _fitting(cloud: Cloud, seconds: int) -> None:
    _delay(cloud, seconds)
    _try_instances(cloud)


def _move(cloud: Cloud) -> None:
    """A second ip target group with a delay that fits; the listener and the service move there."""
    _try_instances(cloud)
    group = new_group(cloud, SERVICE, PORT)
    _delay(cloud, 20, group)
    _update(cloud, loadBalancers=_balancers(group))


def _stop_timeout(cloud: Cloud, seconds: int) -> None:
    _update(cloud, taskDefinition=register_like(cloud, CLUSTER, SERVICE, {"stopTimeout": seconds}))


def _exec_form(cloud: Cloud) -> None:
    """The entry point that the image has anyway, spelt out."""
    _update(cloud, taskDefinition=register_like(cloud, CLUSTER, SERVICE, {"entryPoint": ["/app/shop"]}))


def _deployment(cloud: Cloud, maximum: int = 200, breaker: bool = True) -> None:
    configuration = {
        "minimumHealthyPercent": 100,
        "maximumPercent": maximum,
        "deploymentCircuitBreaker": {"enable": breaker, "rollback": breaker},
    }
    _update(cloud, deploymentConfiguration=configuration)


def _without_balancer(cloud: Cloud) -> None:
    """Nothing to be deregistered from, nothing to wait for, and nobody served."""
    _update(cloud, loadBalancers=[], forceNewDeployment=True)


ALTERNATIVES = (
    Fix("15 s, just over the longest request", lambda cloud: _fitting(cloud, 15)),
    Fix("45 s, with more air", lambda cloud: _fitting(cloud, 45)),
    Fix("a new ip target group with 20 s, and the service moved there", _move),
)

WRONG_FIXES = (
    WrongFix("no delay at all", lambda cloud: _fitting(cloud, 0), "release-loses-nothing", "delay of 0 s"),
    WrongFix("5 s, for speed", lambda cloud: _fitting(cloud, 5), "release-loses-nothing", "delay of 5 s"),
    WrongFix("120 s, to be safe", lambda cloud: _fitting(cloud, 120), "stops-in-time", "the delay is 120 s"),
    WrongFix(
        "the 300 s of the default", lambda cloud: _fitting(cloud, 300), "stops-in-time", "the delay is 300 s"
    ),
    WrongFix(
        "a stopTimeout of 2 s", lambda cloud: _stop_timeout(cloud, 2), "scale-in", "after the whole delay"
    ),
    WrongFix(
        "a stopTimeout of 120 s", lambda cloud: _stop_timeout(cloud, 120), "scale-in", "nor lengthens it"
    ),
    WrongFix("fewer tasks at once", lambda cloud: _deployment(cloud, maximum=150), "scale-in", "100/150"),
    WrongFix("more tasks", lambda cloud: _update(cloud, desiredCount=4), "scale-in", "more of them leave"),
    WrongFix(
        "the circuit breaker switched off",
        lambda cloud: _deployment(cloud, breaker=False),
        "scale-in",
        "tasks that start",
    ),
    WrongFix("the exec form, spelt out", _exec_form, "scale-in", "heard its stop signal before"),
    WrongFix(
        "out of the load balancer", _without_balancer, "release-loses-nothing", "no customer reaches it"
    ),
    WrongFix("scaled to zero", lambda cloud: _update(cloud, desiredCount=0), "capacity", "0 wanted"),
)
