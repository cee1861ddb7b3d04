"""Why a deployment fails, in AWS's words: the circuit breaker, an alarm, or a person who stops it.

Sources: ECS developer guide, ecs_service_deployment_events, service-event-messages-list; public logs and service events. What is
marked [A] is ours, because no public record shows it.
"""

from __future__ import annotations

from typing import NamedTuple

NO_CANDIDATE_REASON = "No rollback candidate was found to run the rollback."


class Grounds(NamedTuple):
    """``by`` is the journal's word. ``reason`` is the rolloutStateReason of the failed deployment, ``told`` the event's on the bus, and
    ``event`` ends the service event; ``back`` is the reason of the deployment gone back to, before its id; ``account`` is the
    statusReason of the service deployment.
    """

    by: str
    reason: str
    told: str
    event: str
    back: str
    account: str


_BREAKER_BACK = "ECS deployment circuit breaker: rolling back to deploymentId"

BREAKER = Grounds(
    by="breaker",
    reason="ECS deployment circuit breaker: tasks failed to start.",
    told="ECS deployment circuit breaker: task failed to start.",  # the event has the singular, DescribeServices the plural
    event="tasks failed to start",
    back=_BREAKER_BACK,
    account="Service deployment rolled back because the circuit breaker threshold was exceeded.",
)
ALARM = Grounds(
    by="alarm",
    reason="ECS deployment failed: alarm detected.",  # [A] formed after the service event
    told="ECS deployment failed: alarm detected.",  # [A] the same
    event="alarm detected",  # [R] public evidence pages and tools
    back="ECS deployment alarm: rolling back to deploymentId",  # [A] formed after the circuit breaker's
    account="Service deployment rolled back because of one or more active alarms.",  # [R] of a canary deployment
)
_STOPPED = "Service deployment rolled back because a stop was requested."
# [A] AWS publishes no text for a rollback that a person asked for.
STOPPED = Grounds(
    by="person",
    reason=_STOPPED,
    told=_STOPPED,
    event="tasks failed to start",
    back=_BREAKER_BACK,
    account=_STOPPED,
)
