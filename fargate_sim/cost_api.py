"""Costs for the control API and for the screen."""

from __future__ import annotations

from typing import Any

from fargate_sim.model.world import World


def costs(world: World, since_ms: int | None = None) -> dict[str, Any]:
    """What the world would have cost since a moment (None: ever). ValueError for a moment that has not come."""
    # Exact numbers take a moment to import, which the first answer of a world need not wait for.
    from fargate_sim.model.cost.report import report  # noqa: PLC0415
    from fargate_sim.prices import default_prices  # noqa: PLC0415

    now_ms, start_ms = world.engine.now_ms, world.engine.start_ms
    if since_ms is not None and since_ms > now_ms:
        raise ValueError(f"since must not be after now ({now_ms})")
    since_ms = None if since_ms is None or since_ms <= start_ms else since_ms
    world.costs.look_once()
    found = report(world.costs, default_prices(), since_ms, now_ms)
    return {"now_ms": now_ms, "since_ms": start_ms if since_ms is None else since_ms, **found}


def rate(world: World) -> dict[str, float]:
    """The total ever and what an hour costs now, for the screen."""
    found = costs(world)
    return {"total": found["total"], "per_hour_now": found["per_hour_now"]}
