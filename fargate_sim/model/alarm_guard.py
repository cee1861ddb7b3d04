"""Watches the alarms of deployments in progress, and fails a deployment when one of them goes to ALARM.

As ECS does it: an alarm that is in ALARM when a deployment begins switches the watch off for that deployment; the watch begins with
the deployment's first task in RUNNING, and lasts to the end of the bake time. Sources: ECS developer guide, deployment-alarm-failure;
AWS containers blog, "Automate rollbacks for Amazon ECS rolling deployments with CloudWatch alarms" (when the watch begins).

ECS polls; here a change of an alarm's state is told, and looked at as late as a poll would have seen it. An alarm that is no longer in
ALARM by then was not seen. [A] The alarms do not judge a rollback. [A] Names and switches hold as they are now, like those of the
circuit breaker, but what a deployment has begun without is not switched on in its midst. [A] An alarm that does not exist is no error:
it watches from the moment at which it is made. [R] AWS's own infrastructure code makes such alarms after the service.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from fargate_sim.model import service as s
from fargate_sim.model.alarms.alarm import ALARM, Alarm
from fargate_sim.model.deployment_alarms import bake_ms
from fargate_sim.model.service import (
    DISABLED,
    MONITORING,
    MONITORING_COMPLETE,
    TRIGGERED,
    Deployment,
    Service,
    ServiceDeployment,
)

if TYPE_CHECKING:
    from fargate_sim.model.world import World

Fail = Callable[[Service, Deployment], None]


class AlarmGuard:
    """``fail`` is called when alarms have been seen in ALARM; which, the deployment's account says."""

    def __init__(self, world: World, fail: Fail) -> None:
        self._world = world
        self._engine = world.engine
        self._rng = world.seeds.stream("deployment alarms")
        self._fail = fail
        world.alarms.listeners.append(self._changed)

    def begin(self, service: Service, deployment: Deployment) -> None:
        """A deployment begins: from the state of its alarms at this moment follows whether they watch it."""
        account = deployment.account
        if not service.alarms.enabled:
            return
        account.alarm_names = service.alarms.names
        blind = self._in_alarm(service)
        if not blind:
            account.alarms_status = MONITORING
            return
        self._world.journal.record(
            "deployment.alarms_ignored",
            {
                "cluster": service.cluster,
                "service": service.name,
                "deployment": deployment.deployment_id,
                "alarms": list(blind),
            },
        )

    def configured(self, service: Service) -> None:
        """The service's alarms are others now, or switched off."""
        primary = service.primary
        account = primary.account
        if account.alarms_status != MONITORING:
            return
        if service.alarms.enabled:
            account.alarm_names = service.alarms.names
            self._look_at_once(service)
        else:
            account.alarms_status = DISABLED
            self._engine.cancel(primary.alarm_look)
            primary.bake_until_ms = None

    def task_ran(self, service: Service, deployment: Deployment) -> None:
        """A task reached RUNNING: with the first one of a deployment its watch begins."""
        if not deployment.ever_ran:
            deployment.ever_ran = True
            self._look_at_once(service)

    def end(self, account: ServiceDeployment, deployment: Deployment) -> None:
        """A deployment's outcome is decided, by whatever."""
        self._engine.cancel(deployment.alarm_look)
        deployment.bake_until_ms = None
        if account.alarms_status == MONITORING:
            account.alarms_status = MONITORING_COMPLETE

    @staticmethod
    def pending(deployment: Deployment) -> bool:
        """Whether an alarm has gone to ALARM that ECS has not looked at yet."""
        return deployment.alarm_look is not None and deployment.alarm_look.pending

    def bake_until(self, service: Service, deployment: Deployment) -> int:
        """The moment at which a deployment that is in place is complete; its bake begins with the first time that this is asked."""
        if deployment.bake_until_ms is None:
            now_ms = self._engine.now_ms
            if deployment.rollback_of is not None:
                return now_ms
            watched = self._watched(service) if self._watching(service) else []
            lasts_ms = bake_ms(service.bake_minutes, watched, self._world.timing.metric_publish)
            deployment.bake_until_ms = now_ms + lasts_ms
            if lasts_ms:
                self._world.journal.record(
                    "deployment.baking",
                    {
                        "cluster": service.cluster,
                        "service": service.name,
                        "deployment": deployment.deployment_id,
                        "until": deployment.bake_until_ms,
                        "alarms": [alarm.spec.name for alarm in watched],
                    },
                )
        return deployment.bake_until_ms

    # -- watching ----------------------------------------------------------------------------------

    def _watched(self, service: Service) -> list[Alarm]:
        found = [self._world.alarms.get(name) for name in service.alarms.names]
        return [alarm for alarm in found if alarm is not None]

    def _in_alarm(self, service: Service) -> tuple[str, ...]:
        return tuple(alarm.spec.name for alarm in self._watched(service) if alarm.state == ALARM)

    @staticmethod
    def _watching(service: Service) -> bool:
        """Whether the deployment of the moment is being watched."""
        if service.status != s.ACTIVE or not service.in_rollout:
            return False
        primary = service.primary
        return (
            primary.ever_ran and primary.rollback_of is None and primary.account.alarms_status == MONITORING
        )

    def _changed(self, alarm: Alarm) -> None:
        if alarm.state != ALARM:
            return
        for service in self._world.services.values():
            if alarm.spec.name in service.alarms.names:
                self._look_at_once(service)

    def _look_at_once(self, service: Service) -> None:
        """Look at the alarms when a poll would: if there is something to see, and nobody is about to look anyway."""
        primary = service.primary
        if not self._watching(service) or self.pending(primary) or not self._in_alarm(service):
            return
        delay_ms = self._rng.randint(*self._world.timing.alarm_noticed)
        primary.alarm_look = self._engine.after(delay_ms, partial(self._look, service, primary))

    def _look(self, service: Service, deployment: Deployment) -> None:
        if service.primary is not deployment or not self._watching(service):
            return
        seen = self._in_alarm(service)
        if not seen:
            self._world.scheduler.wake(service)
            return
        deployment.account.alarms_status = TRIGGERED
        deployment.account.triggered_alarms = seen
        self._fail(service, deployment)
