"""Traffic for the control API and for resuming: a JSON body in, the model's commands out. ValueError says what is wrong with a body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fargate_sim.demands import Bearable, demand_of
from fargate_sim.model import service as s
from fargate_sim.model.traffic import Demand
from fargate_sim.model.world import World

BEARABLE = Bearable("requests", 5_000_000, 50_000)
"""A jump that takes half a minute of this machine's time and more; beyond the rate a world could not keep up with its own clock."""
ACTIONS = ("start", "stop")


def act(
    world: World, body: Mapping[str, Any], *, speed: float | str = 1.0, bearable: Bearable = BEARABLE
) -> None:
    """Carry out ``{"action": "start", ...}`` or ``{"action": "stop"}``; ``speed`` is that of the clock."""
    action = body.get("action")
    if action == "stop":
        world.traffic.stop()
    elif action == "start":
        demand = _demand(world, body)
        bearable.refuse_pace(demand.peak_rps, speed)
        world.traffic.start(demand)
    else:
        raise ValueError(f"{action!r} is no action of the traffic; there are {', '.join(ACTIONS)}")


def _demand(world: World, body: Mapping[str, Any]) -> Demand:
    given = {key: value for key, value in body.items() if key not in ("action", "target_group")}
    group = body.get("target_group")
    if group is not None and not isinstance(group, str):
        raise ValueError(f"target_group must be text, not {group!r}")
    demand_of(given, "", "requests")  # what is wrong with the rest is told first
    return demand_of(given, group or _only_group(world), "requests")


def _only_group(world: World) -> str:
    """The target group that services use, when it is one."""
    groups = sorted(
        {
            spec.target_group
            for service in world.services.values()
            if service.status != s.INACTIVE
            for spec in service.primary.revision.load_balancers
        }
    )
    if len(groups) == 1:
        return groups[0]
    if not groups:
        raise ValueError("no service has a target group, so there is nothing to send requests to")
    raise ValueError(f"say which target_group: services use {', '.join(groups)}")
