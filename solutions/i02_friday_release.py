"""i02: room for a release, the build that was tested, and somebody who ends the next bad one.

Three things are wrong. Two /28 subnets have 22 addresses; sixteen tasks have one each, and at maximumPercent 200 a release wants
sixteen more, with those of tasks that drain on top. Larger subnets in both zones are the repair, or a surge of one task.

What was released is not what was tested. It depends on the world whether nobody had pushed it, its start line names a script that is
not in the image, or it is a candidate that answers 404. shop:1.1, started as 1.0 is, is right for all of them.

The circuit breaker is off, so a hopeless deployment has no end. On, with rollback, it ends in two minutes.

The order matters where it is not all one call. With the breaker on and no room, a good release is taken back: eight tasks without an
address are eight failures. And a rollback goes to the last service revision that completed, its subnets included.

The deregistration delay of 40 s, the five addresses that AWS keeps, and the security group are innocent.
"""

from __future__ import annotations

from typing import Any

from labs.catalogue import Fix, WrongFix
from labs.cloud import Cloud
from solutions._aws import settle

CLUSTER = "i02"
SERVICE = "vouchers"
PORT = 8080
GOOD = "public.ecr.aws/fargate-lab/shop:1.1"
BREAKER: dict[str, Any] = {"enable": True, "rollback": True}
OFF: dict[str, Any] = {"enable": False, "rollback": False}
TAG = {"Key": "fargate-lab", "Value": "i02-friday-release"}
DELAY = "deregistration_delay.timeout_seconds"
_COPIED = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn")


def solve(cloud: Cloud) -> None:
    """All three, in one deployment."""
    _repair(cloud)


def break_again(cloud: Cloud) -> None:
    """Somebody switches the breaker off again to get a release through."""
    _update(cloud, deploymentConfiguration=bounds(breaker=OFF))


def bounds(minimum: int = 100, maximum: int = 200, breaker: dict[str, Any] | None = None) -> dict[str, Any]:
    """A deployment configuration, with the breaker on unless another one is given."""
    return {
        "minimumHealthyPercent": minimum,
        "maximumPercent": maximum,
        "deploymentCircuitBreaker": breaker or BREAKER,
    }


def good_build(cloud: Cloud) -> str:
    """Register a revision like the first one, with the build that was tested; its ARN."""
    ecs = cloud.client("ecs")
    found = ecs.describe_task_definition(taskDefinition=f"{SERVICE}:1")["taskDefinition"]
    (container,) = found["containerDefinitions"]
    arn: str = ecs.register_task_definition(
        **{key: found[key] for key in _COPIED}, containerDefinitions=[{**container, "image": GOOD}]
    )["taskDefinition"]["taskDefinitionArn"]
    return arn


def network(cloud: Cloud, *subnets: str) -> dict[str, Any]:
    """A network configuration; the base environment's private subnets if none are given."""
    chosen = list(subnets) or [cloud.env["SUBNET_A"], cloud.env["SUBNET_B"]]
    return {
        "awsvpcConfiguration": {
            "subnets": chosen,
            "securityGroups": [cloud.env["SG"]],
            "assignPublicIp": "DISABLED",
        }
    }


def _update(cloud: Cloud, **values: Any) -> None:
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, **values)
    settle(cloud)


def _repair(cloud: Cloud, **instead: Any) -> None:
    """The whole repair in one call, but for what is given instead."""
    values = {
        "taskDefinition": good_build(cloud),
        "networkConfiguration": network(cloud),
        "deploymentConfiguration": bounds(),
    }
    _update(cloud, **{**values, **instead})


def way(cloud: Cloud) -> None:
    """Room, and nothing else."""
    _without_waiting(cloud, networkConfiguration=network(cloud))


def release(cloud: Cloud) -> None:
    """The build that was tested, and nothing else."""
    _update(cloud, taskDefinition=good_build(cloud))


def net(cloud: Cloud) -> None:
    """The breaker, and nothing else."""
    _update(cloud, deploymentConfiguration=bounds())


def _without_waiting(cloud: Cloud, **values: Any) -> None:
    """With a bad revision there is no end to wait for."""
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, **values)
    cloud.clock.advance(180_000)


def _small_surge(cloud: Cloud, maximum: int) -> None:
    """The two /28 kept, and a few tasks at a time."""
    _repair(
        cloud,
        networkConfiguration=network(cloud, *tiny_subnets(cloud)),
        deploymentConfiguration=bounds(maximum=maximum),
    )


def tiny_subnets(cloud: Cloud) -> list[str]:
    """The ids of the two that the service was moved into."""
    filters = [{"Name": "tag:fargate-lab-fault", "Values": [f"tiny-subnet-{SERVICE}"]}]
    found = cloud.client("ec2").describe_subnets(Filters=filters)["Subnets"]
    return [str(subnet["SubnetId"]) for subnet in found]


def _step_by_step(cloud: Cloud) -> None:
    """Back to 1.0 to have peace, then room, the release and the breaker, each by itself."""
    _update(cloud, taskDefinition=f"{SERVICE}:1")
    _update(cloud, networkConfiguration=network(cloud))
    release(cloud)
    threshold = {"thresholdConfiguration": {"type": "COUNT", "value": 4}}
    _update(cloud, deploymentConfiguration=bounds(breaker={**BREAKER, **threshold}))


def _anew(cloud: Cloud, task_definition: str, where: dict[str, Any], breaker: dict[str, Any]) -> None:
    """Delete the service and create it once more."""
    ecs = cloud.client("ecs")
    before = ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0]
    ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    settle(cloud)
    ecs.create_service(
        cluster=CLUSTER,
        serviceName=SERVICE,
        taskDefinition=task_definition,
        desiredCount=16,
        launchType="FARGATE",
        deploymentConfiguration=bounds(breaker=breaker),
        networkConfiguration=where,
        loadBalancers=before["loadBalancers"],
        healthCheckGracePeriodSeconds=before["healthCheckGracePeriodSeconds"],
    )
    cloud.clock.advance(240_000)


def _same_again(cloud: Cloud) -> None:
    _anew(cloud, f"{SERVICE}:2", network(cloud, *tiny_subnets(cloud)), OFF)


def _delay(cloud: Cloud, seconds: int) -> None:
    elb = cloud.client("elbv2")
    group = elb.describe_target_groups(Names=[SERVICE])["TargetGroups"][0]["TargetGroupArn"]
    elb.modify_target_group_attributes(
        TargetGroupArn=group, Attributes=[{"Key": DELAY, "Value": str(seconds)}]
    )


def _shorter_delay_instead_of_room(cloud: Cloud) -> None:
    _delay(cloud, 5)
    release(cloud)
    net(cloud)


def _and_a_shorter_delay(cloud: Cloud) -> None:
    _delay(cloud, 5)
    _repair(cloud)


def _net_first(cloud: Cloud) -> None:
    """The breaker, then the release, without room."""
    net(cloud)
    release(cloud)


def _room_then_net(cloud: Cloud) -> None:
    """Room, then the breaker, which takes the room back with the release."""
    way(cloud)
    net(cloud)


ALTERNATIVES = (
    Fix("two tasks more at a time, in the subnets that there are", lambda cloud: _small_surge(cloud, 118)),
    Fix("peace first, then one after the other, with a threshold", _step_by_step),
    Fix(
        "deleted and created as it should have been",
        lambda cloud: _anew(cloud, good_build(cloud), network(cloud), BREAKER),
    ),
)

WRONG_FIXES = (
    WrongFix(
        "the release once more",
        lambda cloud: _without_waiting(cloud, forceNewDeployment=True),
        "out",
        "the same tasks again",
    ),
    WrongFix(
        "more tasks",
        lambda cloud: _without_waiting(cloud, desiredCount=24),
        "out",
        "more tasks of the same kind",
    ),
    WrongFix("deleted and created as it was", _same_again, "serving", "0 healthy"),
    WrongFix(
        "back to 1.0", lambda cloud: _update(cloud, taskDefinition=f"{SERVICE}:1"), "out", "16 tasks run 1.0"
    ),
    WrongFix("only room", way, "bad-release-ends", "circuit breaker off"),
    WrongFix("only the tested build", release, "nobody-refused", "got no address"),
    WrongFix("only the breaker", net, "out", "what was to go out is not out"),
    WrongFix("the breaker first, then the tested build", _net_first, "out", "taken back"),
    WrongFix("room, then the breaker", _room_then_net, "nobody-refused", "got no address"),
    WrongFix(
        "everything, but no rollback",
        lambda cloud: _repair(cloud, deploymentConfiguration=bounds(breaker={**BREAKER, "rollback": False})),
        "bad-release-ends",
        "without rollback",
    ),
    WrongFix(
        "everything, but old tasks first",
        lambda cloud: _repair(cloud, deploymentConfiguration=bounds(50, 100)),
        "full-strength",
        "8 running",
    ),
    WrongFix(
        "a shorter delay instead of room", _shorter_delay_instead_of_room, "nobody-refused", "no address"
    ),
    WrongFix("everything, and a shorter delay", _and_a_shorter_delay, "same-friday", "delay"),
    WrongFix(
        "room in one zone",
        lambda cloud: _repair(cloud, networkConfiguration=network(cloud, cloud.env["SUBNET_A"])),
        "two-zones",
        "1 zone",
    ),
    WrongFix("fewer tasks, which fit", lambda cloud: _repair(cloud, desiredCount=8), "serving", "8 wanted"),
)
