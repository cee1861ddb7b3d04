"""Traffic for the control API and for resuming: a JSON body in, the model's commands out. ValueError says what is wrong with a body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fargate_sim.model import service as s
from fargate_sim.model.traffic import Demand
from fargate_sim.model.world import World

LARGEST_JUMP = 5_000_000
"""Requests that one jump of the clock may bring: half a minute of this machine's time and more."""
BUSIEST = 50_000
"""Requests per second of the wall clock: beyond this a world could not keep up with its own clock."""

_NUMBERS = ("rps", "to_rps", "long_share")
_WHOLE = ("after_ms", "for_ms", "long_ms", "client_timeout_ms")
_TEXTS = ("target_group", "pattern", "path")
ACTIONS = ("start", "stop")


def act(world: World, body: Mapping[str, Any], *, speed: float | str = 1.0) -> None:
    """Carry out ``{"action": "start", ...}`` or ``{"action": "stop"}``; ``speed`` is that of the clock."""
    action = body.get("action")
    if action == "stop":
        world.traffic.stop()
    elif action == "start":
        demand = _demand(world, body)
        refuse_pace(demand.peak_rps, speed)
        world.traffic.start(demand)
    else:
        raise ValueError(f"{action!r} is no action of the traffic; there are {', '.join(ACTIONS)}")


def refuse_jump(world: World, jump_ms: int) -> None:
    """ValueError when a jump of the clock would bring more requests than anybody wants to wait for."""
    coming = world.traffic.peak_rps * jump_ms / 1000
    if coming > LARGEST_JUMP:
        raise ValueError(
            f"traffic runs: a jump of {jump_ms / 1000:g} s would bring up to {coming:,.0f} requests "
            f"(at most {LARGEST_JUMP:,}); stop the traffic first, or jump less far"
        )


def refuse_pace(peak_rps: float, speed: float | str) -> None:
    """ValueError when a rate and a speed of the clock together are more than a world can keep up with."""
    if not isinstance(speed, str) and peak_rps * speed > BUSIEST:
        raise ValueError(
            f"{peak_rps:g} requests a second at {speed:g}x are more than a world can keep up with "
            f"({BUSIEST:,} a second of yours); fewer requests, or a slower clock"
        )


def _demand(world: World, body: Mapping[str, Any]) -> Demand:
    given = {key: value for key, value in body.items() if value is not None and key != "action"}
    unknown = sorted(given.keys() - {*_NUMBERS, *_WHOLE, *_TEXTS})
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is nothing that traffic has")
    kinds: tuple[tuple[tuple[str, ...], type | tuple[type, ...], str], ...] = (
        (_NUMBERS, (int, float), "a number"),
        (_WHOLE, int, "a whole number"),
        (_TEXTS, str, "text"),
    )
    for names, kind, called in kinds:
        for name in names:
            if name in given and (isinstance(given[name], bool) or not isinstance(given[name], kind)):
                raise ValueError(f"{name} must be {called}, not {given[name]!r}")
    if "rps" not in given:
        raise ValueError("rps is missing: how many requests a second")
    given.setdefault("target_group", None)
    given["target_group"] = given["target_group"] or _only_group(world)
    return Demand(**given)


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
