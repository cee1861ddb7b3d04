"""i04: something that stays, a release that takes nothing away, and the time to finish.

Three things are wrong, and none of them is the version that was blamed.

The strategy of the service is FARGATE_SPOT alone. What Spot takes back it takes back together, and a service never falls back on demand.
A base of 2 on FARGATE with weights 1 to 4 keeps 3 of 8 tasks on demand, and 5 cheap.

A release goes down to half of the tasks before it starts others: minimumHealthyPercent 50, maximumPercent 100. When Spot came, four
tasks were left that served. With 100 and 200 a release adds first; 75 and 150 keep six.

The stopTimeout is 2 s and the program's farewell takes 3. It is told, begins to write, and is killed; the orders that were confirmed and
not yet written go with it, in every release and every interruption. 30 s are enough.

The circuit breaker counted tasks that found no capacity, as it has to, and took the release back. Turning it off repairs nothing, and
neither do more tasks of the same kind.
"""

from __future__ import annotations

from typing import Any

from labs.catalogue import Fix, WrongFix
from labs.cloud import Cloud
from solutions._aws import register_like, settle

CLUSTER = "i04"
SERVICE = "shop"
BREAKER = {"enable": True, "rollback": True}
FINISH: dict[str, Any] = {"stopTimeout": 30}

Items = tuple[tuple[str, int, int], ...]
"""(capacity provider, base, weight)"""
BASE_2: Items = (("FARGATE", 2, 1), ("FARGATE_SPOT", 0, 4))


def solve(cloud: Cloud) -> None:
    """All three, in one deployment."""
    _repair(cloud)


def break_again(cloud: Cloud) -> None:
    """Addresses are short once more."""
    _update(cloud, deploymentConfiguration=_bounds(50, 100))


def _bounds(minimum: int, maximum: int, breaker: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "minimumHealthyPercent": minimum,
        "maximumPercent": maximum,
        "deploymentCircuitBreaker": breaker or BREAKER,
    }


def _strategy(items: Items) -> list[dict[str, Any]]:
    return [
        {"capacityProvider": provider, "base": base, "weight": weight} for provider, base, weight in items
    ]


def _update(cloud: Cloud, **values: Any) -> None:
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, **values)
    settle(cloud)


def _repair(
    cloud: Cloud,
    *,
    items: Items | None = BASE_2,
    bounds: tuple[int, int] | None = (100, 200),
    change: dict[str, Any] | None = None,
    **values: Any,
) -> None:
    """Wait for the rollback, then change what is given, in one deployment."""
    settle(cloud)
    ecs = cloud.client("ecs")
    change = FINISH if change is None else change
    if items is not None:
        ecs.put_cluster_capacity_providers(
            cluster=CLUSTER, capacityProviders=["FARGATE", "FARGATE_SPOT"], defaultCapacityProviderStrategy=[]
        )
        values["capacityProviderStrategy"] = _strategy(items)
    if bounds is not None:
        values["deploymentConfiguration"] = _bounds(*bounds)
    if change:
        values["taskDefinition"] = register_like(cloud, CLUSTER, SERVICE, change)
    _update(cloud, forceNewDeployment=True, **values)


ALTERNATIVES = (
    Fix(
        "a base of 3, and releases by quarters",
        lambda cloud: _repair(cloud, items=(("FARGATE", 3, 0), ("FARGATE_SPOT", 0, 1)), bounds=(75, 150)),
    ),
    Fix(
        "half and half, one more at a time, and two minutes to finish",
        lambda cloud: _repair(
            cloud,
            items=(("FARGATE", 0, 1), ("FARGATE_SPOT", 0, 1)),
            bounds=(100, 125),
            change={"stopTimeout": 120},
        ),
    ),
    Fix(
        "the version that was blamed, and the revision from before the hurry",
        lambda cloud: _repair(
            cloud, change={"stopTimeout": 30, "image": "public.ecr.aws/fargate-lab/shop:1.1-batch"}
        ),
    ),
)

WRONG_FIXES = (
    WrongFix("waiting for the rollback", settle, "floor", "8 tasks were taken"),
    WrongFix(
        "the release once more",
        lambda cloud: _repair(
            cloud, items=None, bounds=None, change={"image": "public.ecr.aws/fargate-lab/shop:1.1-batch"}
        ),
        "release-keeps",
        "4 of 8 were running",
    ),
    WrongFix(
        "the breaker off",
        lambda cloud: _repair(
            cloud,
            items=None,
            bounds=None,
            change={},
            deploymentConfiguration=_bounds(50, 100, {"enable": False, "rollback": False}),
        ),
        "same-night",
        "at the lowest",
    ),
    WrongFix(
        "twice as many",
        lambda cloud: _repair(cloud, items=None, bounds=None, change={}, desiredCount=16),
        "floor",
        "16 tasks were taken",
    ),
    WrongFix("no Spot any more", lambda cloud: _repair(cloud, items=()), "bill", "8 at the full price"),
    WrongFix(
        "only a base",
        lambda cloud: _repair(cloud, bounds=None, change={}),
        "release-keeps",
        "minimumHealthyPercent 50",
    ),
    WrongFix(
        "only room for a release", lambda cloud: _repair(cloud, items=None, change={}), "floor", "No base"
    ),
    WrongFix(
        "only time to finish",
        lambda cloud: _repair(cloud, items=None, bounds=None),
        "same-night",
        "0 were running",
    ),
    WrongFix(
        "no time to finish",
        lambda cloud: _repair(cloud, change={}),
        "release-loses-nothing",
        "stopTimeout was over",
    ),
    WrongFix(
        "room above, and a floor that is still half",
        lambda cloud: _repair(cloud, bounds=(50, 200)),
        "release-keeps",
        "maximumPercent 200",
    ),
    WrongFix(
        "an init, which was the answer last time",
        lambda cloud: _repair(cloud, change={"linuxParameters": {"initProcessEnabled": True}}),
        "nobody-killed",
        "killed at the end of the stopTimeout",
    ),
    WrongFix(
        "nobody there to be taken", lambda cloud: _update(cloud, desiredCount=0), "capacity", "0 wanted"
    ),
)
