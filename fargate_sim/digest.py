"""A checksum of a whole world at a moment: its history, what the model holds, what is due, where its random numbers stand, and what
moto holds of the account. A world that has lived through the same inputs has the same one, in any process, whoever has looked meanwhile.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fargate_sim import capacity_api, scaling_api, snapshot
from fargate_sim.model.queues import report as queue_report
from fargate_sim.model.traffic.report import report as traffic_report

if TYPE_CHECKING:
    from fargate_sim.cloud import Cloud
    from fargate_sim.model.world import World

PARTS = ("history", "model", "due", "chance", "account")


def digest(cloud: Cloud) -> dict[str, Any]:
    """``{"now_ms", "seq", "digest", "parts": {part: checksum}}``. Needs the cloud's lock, and waits for its base environment."""
    worlds = cloud.worlds()
    for world in worlds.values():
        world.traffic.settle()
        world.queues.catch_up()
    parts = {
        "history": _of(entry.to_json() for entry in cloud.journal),
        "model": _of(_state(world) for world in worlds.values()),
        "due": _of(f"{at_ms} {priority} {name}" for at_ms, priority, name in cloud.engine.due()),
        "chance": _of(
            f"{region} {line}" for region, world in worlds.items() for line in world.seeds.states()
        ),
        "account": _of(f"{name} {checksum}" for name, checksum in cloud.fingerprints().items()),
    }
    whole = _of([str(cloud.engine.now_ms), *(parts[name] for name in PARTS)])
    return {"now_ms": cloud.engine.now_ms, "seq": len(cloud.journal), "digest": whole, "parts": parts}


def _state(world: World) -> str:
    now_ms = world.engine.now_ms
    shown = {
        "screen": snapshot.take(world),
        "traffic": traffic_report(world.traffic, now_ms),
        "queues": queue_report.report(world),
        "capacity": capacity_api.show(world),
        "scaling": scaling_api.report(world, 0),
        "experiments": _experiments(world),
    }
    return json.dumps(shown, sort_keys=True, default=str)


def _experiments(world: World) -> dict[str, Any]:
    fis = world.experiments
    return {
        "templates": {key: [each.updated_ms, each.tags] for key, each in fis.templates.items()},
        "experiments": {
            key: [each.state, each.resolved, {name: run.state for name, run in each.runs.items()}, each.tags]
            for key, each in fis.experiments.items()
        },
    }


def _of(lines: Iterable[str]) -> str:
    found = hashlib.sha256()
    for line in lines:
        found.update(line.encode())
        found.update(b"\n")
    return found.hexdigest()
