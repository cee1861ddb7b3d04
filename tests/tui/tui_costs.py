"""Estimates for the screens' tests, in the shape of `GET /_lab/cost` (docs/control-api.md)."""

from __future__ import annotations

from typing import Any

import tui_worlds
from tui_fakes import FakeSession

_ITEMS: tuple[tuple[str, str | None, float, float, float], ...] = (
    ("fargate", "vcpu", 0.52, 0.04048, 0.5),
    ("fargate", "memory", 1.04, 0.004445, 1),
    ("fargate_spot", "vcpu", 0.43, 0.01288871, 0.5),
    ("fargate_spot", "memory", 0.87, 0.00141527, 1),
    ("alb", None, 0.85, 0.0225, 1),
    ("nat", None, 0.87, 0.045, 1),
    ("public_ip", None, 2.57, 0.005, 3),
)
"""Kind, resource, hours so far, price of one, how many there are now."""

COSTS: dict[str, Any] = {
    "now_ms": tui_worlds.START_MS + 3_120_000,
    "since_ms": tui_worlds.START_MS,
    "region": "us-east-1",
    "price_date": "2026-09-30",
    "total": sum(hours * price for _, _, hours, price, _ in _ITEMS),
    "per_hour_now": sum(count * price for _, _, _, price, count in _ITEMS),
    "saved": 0.0163,
    "of_which": {"leaving": 0.0031, "never_ran": 0.0008},
    "items": [
        {
            "kind": kind,
            "resource": resource,
            "cluster": "core-lab" if resource else None,
            "service": "web" if resource else None,
            "family": None,
            "architecture": "x86_64" if resource else None,
            "quantity": hours,
            "price": price,
            "amount": hours * price,
            "per_hour_now": count * price,
            "assumed": False,
        }
        for kind, resource, hours, price, count in _ITEMS
    ],
}


def with_costs(world: dict[str, Any]) -> FakeSession:
    """A world that has cost something."""
    session = FakeSession({**world, "cost": {"total": 0.4312, "per_hour_now": 1.27}})
    session.costs = COSTS
    return session
