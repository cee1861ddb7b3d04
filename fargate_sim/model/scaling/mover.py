"""Moves the desired count of a service, and follows what becomes of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fargate_sim.kernel.seeds import uuid
from fargate_sim.model import service as s
from fargate_sim.model.scaling.activities import OVERRIDDEN, UNFULFILLED, Activities, Activity
from fargate_sim.model.scaling.target import ScalableTarget

if TYPE_CHECKING:
    from fargate_sim.model.service import Service
    from fargate_sim.model.world import World


class Mover:
    """The only way in which scaling changes a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ids = world.seeds.stream("scaling-ids")
        self.activities = Activities()

    def service_of(self, target: ScalableTarget) -> Service | None:
        """The service of a target, as long as it is ACTIVE."""
        service = self._world.services.get((target.cluster, target.service))
        return service if service is not None and service.status == s.ACTIVE else None

    def new_id(self) -> str:
        """An id as activities, policies and alarms have them."""
        return uuid(self._ids)

    def into_bounds(self, target: ScalableTarget) -> None:
        """Move the capacity between minimum and maximum, at once. Source: API reference, RegisterScalableTarget."""
        service = self.service_of(target)
        if service is None:
            return
        if service.desired < target.minimum:
            cause = f"minimum capacity was set to {target.minimum}"
            self.move(target, service, target.minimum, cause, policy=None, alarm=None)
        elif service.desired > target.maximum:
            cause = f"maximum capacity was set to {target.maximum}"
            self.move(target, service, target.maximum, cause, policy=None, alarm=None)

    def move(
        self,
        target: ScalableTarget,
        service: Service,
        to: int,
        cause: str,
        *,
        policy: str | None,
        alarm: str | None,
    ) -> Activity:
        """Set the desired count."""
        world, engine = self._world, self._world.engine
        before = service.desired
        activity = self.activities.begin(
            self.new_id(), target.resource_id, engine.now_ms, cause, before=before, after=to
        )
        entry = world.journal.record(
            "scaling.activity",
            {
                "resource_id": target.resource_id,
                "cluster": target.cluster,
                "service": target.service,
                "policy": policy,
                "alarm": alarm,
                "from": before,
                "to": to,
                "cause": cause,
            },
        )
        outer, engine.cause = engine.cause, entry
        world.update_service(service, changed=["desiredCount"], desired=to)
        target.ongoing = activity
        target.timeout = engine.after(world.timing.scaling_timeout, partial(self._time_out, target, activity))
        engine.cause = outer
        self.look(target, service)
        return activity

    def overtaken(self, target: ScalableTarget, desired: int) -> None:
        """Somebody has set another desired count."""
        if target.ongoing is not None and target.ongoing.after != desired:
            self._end(target, OVERRIDDEN)

    def look(self, target: ScalableTarget, service: Service) -> None:
        """See whether the service has come to where it was sent."""
        activity = target.ongoing
        if activity is None:
            return
        grows = activity.after > activity.before
        there = service.running_count >= activity.after if grows else service.running_count <= activity.after
        if there:
            self.activities.fulfil(activity, self._world.engine.now_ms)
            self._end(target, None)

    def _time_out(self, target: ScalableTarget, activity: Activity) -> None:
        if target.ongoing is activity:
            self._end(target, UNFULFILLED)

    def _end(self, target: ScalableTarget, status: str | None) -> None:
        activity, target.ongoing = target.ongoing, None
        self._world.engine.cancel(target.timeout)
        if activity is not None and status is not None:
            self.activities.give_up(activity, self._world.engine.now_ms, status)
