"""The alarms that judge a deployment: what a service says of them, and how long a deployment that they watch bakes.

Source: ECS developer guide, deployment-alarm-failure; API model, DeploymentAlarms.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fargate_sim.model.timing import MINUTE

if TYPE_CHECKING:
    from fargate_sim.model.alarms import Alarm


@dataclass(frozen=True)
class DeploymentAlarms:
    """Which alarms a service's deployments are judged by. ``configured``: a request has said so, so the API shows it."""

    names: tuple[str, ...] = ()
    enabled: bool = False
    rollback: bool = False
    configured: bool = False


def bake_ms(minutes: int | None, watched: Iterable[Alarm], publish_ms: int) -> int:
    """How long a deployment that is in place is watched before it is complete, in virtual milliseconds.

    ``minutes`` is the service's bakeTimeInMinutes, ``publish_ms`` the time from the end of a minute to its data points. Without a time
    of its own ECS computes one from the alarms, less than five minutes by default [C]. [A] The longest stretch that one of the alarms
    looks at, and the time until its last data point is there: so every alarm has seen the new revision alone.
    """
    if minutes:
        return minutes * MINUTE
    return max((alarm.spec.window_s * 1000 + publish_ms for alarm in watched), default=0)
