"""A cluster: a name for services and tasks, with settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fargate_sim.model.service import StrategyItem

ACTIVE = "ACTIVE"
INACTIVE = "INACTIVE"


@dataclass(eq=False)
class Cluster:
    """``container_insights``: enabled, disabled or enhanced. ``settings`` is what the API gives back and nothing else reads."""

    name: str
    arn: str
    created_ms: int
    container_insights: str = "disabled"
    status: str = ACTIVE
    capacity_providers: list[str] = field(default_factory=list)
    default_strategy: tuple[StrategyItem, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
