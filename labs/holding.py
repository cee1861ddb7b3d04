"""Keeping the scaler of a lab's service out of the way: a drill that measures how tasks come and go is not to be disturbed by one that
adds and takes away tasks of its own, and one that is about to begin waits for those that are on their way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from labs.checking import CheckContext
from labs.drills import DRILL_LIMIT_MS
from labs.scalers import scalable_target
from labs.targets import ready

_SUSPENDED = (
    "DynamicScalingInSuspended",
    "DynamicScalingOutSuspended",
    "ScheduledScalingSuspended",
)


def ready_and_still(ctx: CheckContext) -> tuple[dict[str, Any] | None, str]:
    """The same as ``targets.ready``, but tasks that a scaler has sent for, or away, are waited for."""
    service, problem = ready(ctx)
    if service is None and _only_scaling(ctx):
        ctx.clock.settle(DRILL_LIMIT_MS)
        return ready(ctx)
    return service, problem


@contextmanager
def held(ctx: CheckContext) -> Iterator[None]:
    """Nothing scales the service meanwhile; afterwards it is as it was, and a policy whose alarm is in ALARM acts again. A service that
    wants no tasks is left alone: to touch its scalable target would bring it back.
    """
    target, service = scalable_target(ctx), ctx.service()
    if target is None or service is None or not service["desiredCount"]:
        yield
        return
    scaling = ctx.client("application-autoscaling")
    of_service = {key: target[key] for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
    scaling.register_scalable_target(**of_service, SuspendedState=dict.fromkeys(_SUSPENDED, True))
    try:
        yield
    finally:
        scaling.register_scalable_target(**of_service, SuspendedState=target["SuspendedState"])


def _only_scaling(ctx: CheckContext) -> bool:
    """Whether the service has a scaler, and nothing but a change of its count can be under way."""
    service = ctx.service()
    if service is None or not service["desiredCount"] or scalable_target(ctx) is None:
        return False
    return len(service["deployments"]) == 1 and ctx.primary(service)["rolloutState"] == "COMPLETED"
