"""Orders to queues for the control API and for resuming: a JSON body in, the model's commands out.

ValueError says what is wrong with a body.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fargate_sim.demands import Bearable, demand_of
from fargate_sim.model.queues.queues import queue_name
from fargate_sim.model.traffic import Demand
from fargate_sim.model.world import World

BEARABLE = Bearable("orders", 500_000, 5_000)
"""A jump that takes half a minute of this machine's time; beyond the rate a world could not keep up with its own clock."""
ACTIONS = ("start", "stop")

_OF_REQUESTS = frozenset({"path", "long_share", "long_ms", "client_timeout_ms"})
"""What a load of requests has, and orders have not."""


def act(
    world: World, body: Mapping[str, Any], *, speed: float | str = 1.0, bearable: Bearable = BEARABLE
) -> None:
    """Carry out ``{"action": "start", "queue": ..., ...}`` or ``{"action": "stop"}``; ``speed`` is that of the clock."""
    action = body.get("action")
    name = body.get("queue")
    if name is not None and not isinstance(name, str):
        raise ValueError(f"queue must be text, not {name!r}")
    if action == "stop":
        world.queues.stop(queue_name(name) if name else None)
    elif action == "start":
        demand = _demand(body, name)
        bearable.refuse_pace(world.queues.peak_rps + demand.peak_rps, speed)
        world.queues.start(demand)
    else:
        raise ValueError(f"{action!r} is no action of a queue; there are {', '.join(ACTIONS)}")


def _demand(body: Mapping[str, Any], name: str | None) -> Demand:
    if not name:
        raise ValueError("queue is missing: the name or URL of an SQS queue")
    given = {key: value for key, value in body.items() if key not in ("action", "queue")}
    return demand_of(given, queue_name(name), "orders", without=_OF_REQUESTS)
