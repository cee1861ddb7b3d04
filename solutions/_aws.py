"""What the solutions have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labs.cloud import MINUTE_MS, Cloud

REACTION_MS = 30_000
"""Longer than the service scheduler takes to act on a change (12 to 20 s): a change of the desired count
starts no deployment, so right after it nothing is under way yet.
"""
SETTLE_MS = 60 * MINUTE_MS


def settle(cloud: Cloud) -> None:
    """Wait, in virtual time, until no deployment is in progress and no task on its way."""
    cloud.clock.advance(REACTION_MS)
    cloud.clock.settle(SETTLE_MS)


def register_like(
    cloud: Cloud,
    cluster: str,
    service: str,
    change: dict[str, Any],
    *,
    beside: dict[str, Any] | None = None,
    size: Mapping[str, str] | None = None,
) -> str:
    """Register a revision like the service's whose first container is changed, with another container beside
    it if given, and with another ``size`` (``cpu`` and ``memory``) if given; its ARN.
    """
    ecs = cloud.client("ecs")
    current = ecs.describe_services(cluster=cluster, services=[service])["services"][0]["taskDefinition"]
    found = ecs.describe_task_definition(taskDefinition=current)["taskDefinition"]
    keys = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn")
    first, *rest = found["containerDefinitions"]
    containers = [{**first, **change}, *rest, *([beside] if beside else [])]
    arn: str = ecs.register_task_definition(
        **{**{key: found[key] for key in keys}, **(size or {})}, containerDefinitions=containers
    )["taskDefinition"]["taskDefinitionArn"]
    return arn
