"""p12: a floor on demand, and a program that hears its stop signal.

Everything ran on Spot. What Spot takes back it takes back together, and a service whose strategy names nothing else waits until there is
some again. A base on FARGATE keeps a floor; the weights divide the rest, so that most of it stays cheap. Base 2 with weights 1 to 4 is 4
on demand and 8 on Spot of 12; base 4 with weight 0 is the same here, and would not grow with the service.

The program writes its baskets back when it is told to stop, and it was not told: the start line is a script, ``sh`` in this image is
dash, and dash stays PID 1 and passes nothing on. ``exec`` puts the program in its place. The farewell takes 40 s. Spot leaves two minutes
for the deregistration delay, the stop and what ECS needs in between: 30 s and 60 s fit. 300 s do not, whatever stopTimeout says.
"""

from __future__ import annotations

from typing import Any

from labs.catalogue import Fix, WrongFix
from labs.cloud import Cloud
from solutions._aws import register_like, settle

CLUSTER = "p12"
SERVICE = "baskets"
RUN = "/app/baskets"
LIMIT = "ulimit -n 4096"
SHELL = ["sh", "-c"]
EXEC: dict[str, Any] = {"entryPoint": SHELL, "command": [f"{LIMIT} && exec {RUN}"]}
PLAIN: dict[str, Any] = {"entryPoint": [RUN], "command": []}
INIT: dict[str, Any] = {"linuxParameters": {"initProcessEnabled": True}}
DELAY = "deregistration_delay.timeout_seconds"

Items = tuple[tuple[str, int, int], ...]
"""(capacity provider, base, weight)"""
BASE_2: Items = (("FARGATE", 2, 1), ("FARGATE_SPOT", 0, 4))
BASE_4: Items = (("FARGATE", 4, 0), ("FARGATE_SPOT", 0, 1))
HALF: Items = (("FARGATE", 0, 1), ("FARGATE_SPOT", 0, 1))


def solve(cloud: Cloud) -> None:
    """Base 2 and one to four, and the program in the shell's place."""
    _deploy(cloud, EXEC, BASE_2)


def break_again(cloud: Cloud) -> None:
    """Somebody reads the bill."""
    _deploy(cloud, {}, (("FARGATE_SPOT", 0, 1),))


def _deploy(cloud: Cloud, change: dict[str, Any] | None, items: Items | None = None) -> None:
    """A revision with another container, or with another strategy, or both."""
    ecs = cloud.client("ecs")
    values: dict[str, Any] = {"cluster": CLUSTER, "service": SERVICE, "forceNewDeployment": True}
    if change:
        values["taskDefinition"] = register_like(cloud, CLUSTER, SERVICE, change)
    if items is not None:
        ecs.put_cluster_capacity_providers(
            cluster=CLUSTER, capacityProviders=["FARGATE", "FARGATE_SPOT"], defaultCapacityProviderStrategy=[]
        )
        values["capacityProviderStrategy"] = [
            {"capacityProvider": provider, "base": base, "weight": weight} for provider, base, weight in items
        ]
    ecs.update_service(**values)
    settle(cloud)


def _delay(cloud: Cloud, seconds: int) -> None:
    elb = cloud.client("elbv2")
    group = elb.describe_target_groups(Names=[SERVICE])["TargetGroups"][0]["TargetGroupArn"]
    elb.modify_target_group_attributes(
        TargetGroupArn=group, Attributes=[{"Key": DELAY, "Value": str(seconds)}]
    )


def _with_delay(cloud: Cloud, seconds: int, change: dict[str, Any], items: Items) -> None:
    _delay(cloud, seconds)
    _deploy(cloud, change, items)


def _more(cloud: Cloud) -> None:
    """Twice as many, all of them on Spot."""
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, desiredCount=24)
    _deploy(cloud, EXEC)


def _scaled_to_zero(cloud: Cloud) -> None:
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, desiredCount=0)
    settle(cloud)


ALTERNATIVES = (
    Fix("a base of 4 and the rest on Spot", lambda cloud: _deploy(cloud, PLAIN, BASE_4)),
    Fix(
        "half and half, and an init with the program as its child",
        lambda cloud: _deploy(cloud, {**PLAIN, **INIT}, HALF),
    ),
    Fix(
        "a short delay, and all that is left for the program",
        lambda cloud: _with_delay(cloud, 15, {**EXEC, "stopTimeout": 120}, BASE_2),
    ),
)

WRONG_FIXES = (
    WrongFix("only a base", lambda cloud: _deploy(cloud, None, BASE_2), "loses-nothing", "killed"),
    WrongFix("only a program that hears", lambda cloud: _deploy(cloud, EXEC), "floor", "found nobody"),
    WrongFix("more Spot tasks", _more, "floor", "24 tasks were taken"),
    WrongFix(
        "everything on demand again",
        lambda cloud: _deploy(cloud, EXEC, ()),
        "mostly-spot",
        "12 at the full price",
    ),
    WrongFix(
        "more on demand than the budget allows",
        lambda cloud: _deploy(cloud, EXEC, (("FARGATE", 2, 1), ("FARGATE_SPOT", 0, 1))),
        "mostly-spot",
        "5 of 12 tasks",
    ),
    WrongFix(
        "a base below the floor",
        lambda cloud: _deploy(cloud, EXEC, (("FARGATE", 2, 0), ("FARGATE_SPOT", 0, 1))),
        "floor",
        "base 2 weight 0",
    ),
    WrongFix(
        "a base on Spot",
        lambda cloud: _deploy(cloud, EXEC, (("FARGATE", 0, 1), ("FARGATE_SPOT", 4, 4))),
        "floor",
        "FARGATE_SPOT base 4",
    ),
    WrongFix(
        "a base, and a stopTimeout of two minutes for a program that hears nothing",
        lambda cloud: _deploy(cloud, {"stopTimeout": 120}, BASE_2),
        "nobody-killed",
        "two minutes were over",
    ),
    WrongFix(
        "a base, a program that hears, and a delay of 300 s",
        lambda cloud: _with_delay(cloud, 300, {**EXEC, "stopTimeout": 120}, BASE_2),
        "loses-nothing",
        "delay of 300 s comes first",
    ),
    WrongFix(
        "a base, a program that hears, and too short a stopTimeout",
        lambda cloud: _deploy(cloud, {**EXEC, "stopTimeout": 30}, BASE_2),
        "nobody-killed",
        "when the stopTimeout was over",
    ),
    WrongFix(
        "an init in front of the shell",
        lambda cloud: _deploy(cloud, INIT, BASE_2),
        "loses-nothing",
        "exit code 143",
    ),
    WrongFix("scaled to zero", _scaled_to_zero, "capacity", "0 wanted"),
)
