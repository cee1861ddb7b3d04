"""Orders to queues for the control API and for resuming: a JSON body in, the model's commands out.

ValueError says what is wrong with a body.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from fargate_sim.model.queues.queues import queue_name
from fargate_sim.model.traffic import Demand
from fargate_sim.model.world import World

LARGEST_JUMP = 500_000
"""Orders that one jump of the clock may bring: half a minute of this machine's time."""
BUSIEST = 5_000
"""Orders per second of the wall clock: beyond this a world could not keep up with its own clock."""
ACTIONS = ("start", "stop")

_OF_REQUESTS = frozenset({"target_group", "path", "long_share", "long_ms", "client_timeout_ms"})
"""What a load of requests has, and orders have not."""


def act(world: World, body: Mapping[str, Any], *, speed: float | str = 1.0) -> None:
    """Carry out ``{"action": "start", "queue": ..., ...}`` or ``{"action": "stop"}``; ``speed`` is that of the clock."""
    action = body.get("action")
    name = body.get("queue")
    if name is not None and not isinstance(name, str):
        raise ValueError(f"queue must be text, not {name!r}")
    if action == "stop":
        world.queues.stop(queue_name(name) if name else None)
    elif action == "start":
        demand = _demand(body, name)
        refuse_pace(world.queues.peak_rps + demand.peak_rps, speed)
        world.queues.start(demand)
    else:
        raise ValueError(f"{action!r} is no action of a queue; there are {', '.join(ACTIONS)}")


def refuse_jump(world: World, jump_ms: int) -> None:
    """ValueError when a jump of the clock would bring more orders than anybody wants to wait for."""
    coming = world.queues.peak_rps * jump_ms / 1000
    if coming > LARGEST_JUMP:
        raise ValueError(
            f"orders are coming: a jump of {jump_ms / 1000:g} s would bring up to {coming:,.0f} "
            f"(at most {LARGEST_JUMP:,}); stop them first, or jump less far"
        )


def refuse_pace(peak_rps: float, speed: float | str) -> None:
    """ValueError when a rate and a speed of the clock together are more than a world can keep up with."""
    if not isinstance(speed, str) and peak_rps * speed > BUSIEST:
        raise ValueError(
            f"{peak_rps:g} orders a second at {speed:g}x are more than a world can keep up with "
            f"({BUSIEST:,} a second of yours); fewer orders, or a slower clock"
        )


def _demand(body: Mapping[str, Any], name: str | None) -> Demand:
    if not name:
        raise ValueError("queue is missing: the name or URL of an SQS queue")
    given = {
        key: value for key, value in body.items() if value is not None and key not in ("action", "queue")
    }
    known = {each.name for each in fields(Demand)} - _OF_REQUESTS
    unknown = sorted(given.keys() - known)
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is nothing that orders have")
    if "rps" not in given:
        raise ValueError("rps is missing: how many orders a second")
    for key, value in given.items():
        whole = key.endswith("_ms")
        good = (
            isinstance(value, str) if key == "pattern" else isinstance(value, int if whole else int | float)
        )
        if isinstance(value, bool) or not good:
            kind = "text" if key == "pattern" else "a whole number" if whole else "a number"
            raise ValueError(f"{key} must be {kind}, not {value!r}")
    return Demand(target_group=queue_name(name), **given)
