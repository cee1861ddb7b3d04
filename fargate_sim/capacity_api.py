"""Capacity and Spot for the control API and for resuming: a JSON body in, the model's commands out. ValueError says what is wrong with
a body.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fargate_sim.model.capacity import POOLS
from fargate_sim.model.task import Task
from fargate_sim.model.world import World

_FILTERS = ("cluster", "service", "zone")
_HOW_MANY = ("count", "share", "tasks")


def act(world: World, body: Mapping[str, Any]) -> dict[str, Any]:
    """Carry out ``{"action": ...}``; the answer is that of ``show``, with the ids of tasks that were interrupted."""
    action = body.get("action")
    actions: dict[str, tuple[Callable[[World, Mapping[str, Any]], list[Task]], tuple[str, ...]]] = {
        "interrupt": (_interrupt, (*_HOW_MANY, *_FILTERS)),
        "shortage": (_shortage, ("provider", "zone")),
        "restore": (_restore, ("provider", "zone")),
        "weather": (_weather, ("mean_minutes",)),
        "calm": (_calm, ()),
    }
    if not isinstance(action, str) or action not in actions:
        raise ValueError(f"{action!r} is no action on the capacity; there are {', '.join(actions)}")
    perform, fields = actions[action]
    given = {key: value for key, value in body.items() if value is not None and key != "action"}
    unknown = sorted(given.keys() - set(fields))
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is nothing that {action} has")
    for name in ("provider", *_FILTERS):
        if name in given and not isinstance(given[name], str):
            raise ValueError(f"{name} must be text, not {given[name]!r}")
    tasks = perform(world, given)
    return {"interrupted": [task.task_id for task in tasks], **show(world)}


def show(world: World) -> dict[str, Any]:
    """Shortages, the weather, and the Spot tasks that run."""
    spot = world.spot
    return {
        "now_ms": world.engine.now_ms,
        "shortages": [
            {"provider": provider, "zone": zone, "since_ms": since_ms}
            for (provider, zone), since_ms in world.capacity.shortages.items()
        ],
        "weather": None if spot.mean_ms is None else {"mean_minutes": spot.mean_ms / 60_000},
        "interruptions": spot.interrupted,
        "spot_tasks": [
            {
                "task": task.task_id,
                "cluster": task.cluster,
                "service": task.service.name if task.service else None,
                "az": task.availability_zone,
                "started_ms": task.started_ms,
            }
            for task in spot.running()
        ],
    }


def _interrupt(world: World, given: Mapping[str, Any]) -> list[Task]:
    asked = [name for name in _HOW_MANY if name in given]
    if len(asked) > 1:
        raise ValueError(f"say one of {', '.join(_HOW_MANY)}, not {' and '.join(asked)}")
    filters = {name: given[name] for name in _FILTERS if name in given}
    there = world.spot.running(**filters)
    if "tasks" in given:
        chosen = _named(there, given["tasks"])
    else:
        if not there:
            where = ", ".join(f"{name} {value}" for name, value in filters.items())
            raise ValueError(
                f"no task runs on FARGATE_SPOT{f' ({where})' if where else ''}, so there is nothing to interrupt"
            )
        chosen = world.spot.draw(there, _count(given, len(there)))
    world.spot.interrupt(chosen)
    return chosen


def _count(given: Mapping[str, Any], there: int) -> int:
    """How many of those that are there; a share is rounded up."""
    if "share" in given:
        share = given["share"]
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
            raise ValueError(f"share must be a number above 0, up to 1, not {share!r}")
        return max(1, min(there, -int(-share * there // 1)))
    count = given.get("count", 1)
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise ValueError(f"count must be a whole number from 1, not {count!r}")
    return min(count, there)


def _named(there: list[Task], ids: object) -> list[Task]:
    """Tasks by id or ARN, or by the first digits of an id, eight or more."""
    if not isinstance(ids, list) or not ids or not all(isinstance(each, str) for each in ids):
        raise ValueError(f"tasks must be a list of task ids, not {ids!r}")
    chosen: list[Task] = []
    for each in dict.fromkeys(ids):
        short = each.rpartition("/")[2]
        found = [task for task in there if len(short) >= 8 and task.task_id.startswith(short)]
        if len(found) != 1:
            raise ValueError(f"{each} is no running task on FARGATE_SPOT")
        chosen += found
    return chosen


def _provider(given: Mapping[str, Any]) -> str:
    if "provider" not in given:
        raise ValueError(f"provider is missing: {' or '.join(POOLS)}")
    return str(given["provider"])


def _shortage(world: World, given: Mapping[str, Any]) -> list[Task]:
    world.capacity.run_out(_provider(given), given.get("zone"))
    return []


def _restore(world: World, given: Mapping[str, Any]) -> list[Task]:
    world.capacity.restore(given.get("provider"), given.get("zone"))
    return []


def _weather(world: World, given: Mapping[str, Any]) -> list[Task]:
    mean = given.get("mean_minutes")
    if isinstance(mean, bool) or not isinstance(mean, int | float):
        raise ValueError(
            f"mean_minutes must be a number, not {mean!r}: how long a Spot task lives on average"
        )
    world.spot.storm(mean)
    return []


def _calm(world: World, _given: Mapping[str, Any]) -> list[Task]:
    world.spot.calm()
    return []
