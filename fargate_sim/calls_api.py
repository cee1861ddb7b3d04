"""Calls of roles for the control API."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fargate_sim.model.world import World


def calls(world: World, role: str | None = None, since_ms: int | None = None) -> dict[str, Any]:
    """What roles have called: of one role, by its ARN or its name, or of all; since a moment. ValueError for a moment that has not come."""
    now_ms = world.engine.now_ms
    if since_ms is not None and since_ms > now_ms:
        raise ValueError(f"since must not be after now ({now_ms})")
    shown = [
        {"role": each.role_arn.rpartition("/")[2], **asdict(each)}
        for each in world.trail.usage(since_ms=since_ms)
    ]
    return {
        "now_ms": now_ms,
        "since_ms": world.engine.start_ms if since_ms is None else since_ms,
        "calls": [each for each in shown if role is None or role in (each["role"], each["role_arn"])],
    }
