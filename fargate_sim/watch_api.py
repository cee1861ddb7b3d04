"""Samples for the control API and for resuming: a JSON body in, the model's command out. ValueError says what is wrong with a body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fargate_sim.model.world import World


def act(world: World, body: Mapping[str, Any]) -> dict[str, Any]:
    """Carry out ``{"every_ms": 10000}``, or null for no more; the answer says what holds now."""
    every_ms = body.get("every_ms")
    if every_ms is not None and (isinstance(every_ms, bool) or not isinstance(every_ms, int)):
        raise ValueError(f"every_ms must be a whole number or null, not {every_ms!r}")
    world.samples.watch(every_ms)
    return {"now_ms": world.engine.now_ms, "every_ms": world.samples.every_ms}
