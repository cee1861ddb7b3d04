"""The arithmetic of a rolling deployment. Integers only: a float would turn 2.9999 into a lost task.

Source: API model of ECS, DeploymentConfiguration: the lower bound rounds up, the upper bound rounds down.
"""

from __future__ import annotations


def floor_of(desired: int, minimum_healthy_percent: int) -> int:
    """How many tasks must stay running and healthy."""
    return (desired * minimum_healthy_percent + 99) // 100


def ceiling_of(desired: int, maximum_percent: int) -> int:
    """How many tasks may be running or on their way at once."""
    return desired * maximum_percent // 100
