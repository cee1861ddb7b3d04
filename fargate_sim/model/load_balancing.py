"""A service and its target groups: tasks are registered once they run, deregistered when they stop, judged by the load balancer's checks.

Both happen in the passes of the scheduler: a task told to stop is DEACTIVATING until the next pass deregisters it, then through the whole
deregistration delay; only when the target is ``unused`` does it get its stop signal. Sources: ECS developer guide,
load-balancer-connection-draining; public event logs for the order and the pace.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from fargate_sim.model import service_events as say
from fargate_sim.model import stop_reasons
from fargate_sim.model import task as states
from fargate_sim.model.service import Service
from fargate_sim.model.target_health import HEALTHY, UNHEALTHY, UNUSED, Target, TargetHealth

if TYPE_CHECKING:
    from fargate_sim.model.world import World


class LoadBalancing:
    """Keeps the target groups of services in step with their tasks."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._engine = world.engine
        self.health = TargetHealth(world, self._changed, self._drained)

    def shown(self, group: str) -> list[Target]:
        """The targets of a group, as the load balancer would list them."""
        return self.health.of(group)

    def attend(self, service: Service) -> None:
        """In a pass: register what runs, deregister what is leaving."""
        self._register(service)
        self._deregister(service)

    def _register(self, service: Service) -> None:
        added: Counter[str] = Counter()
        for deployment in service.deployments:
            for task in deployment.tasks.values() if deployment.revision.load_balancers else ():
                if not task.running or task.targets:
                    continue
                containers = {container.spec.name: container for container in task.containers}
                for spec in deployment.revision.load_balancers:
                    target = self.health.register(
                        task, containers[spec.container], spec.port, spec.target_group
                    )
                    task.targets.append(target)
                    self._world.memory.watch(task)  # requests can come to it from now on
                    added[spec.target_group] += 1
                service.registered.append(task)
        for group, count in added.items():
            self._world.scheduler.say(service, say.registered(service.name, count, group))

    def _deregister(self, service: Service) -> None:
        leaving = [task for task in service.registered if not task.live]
        if not leaving:
            return
        service.registered = [task for task in service.registered if task.live]
        removed: Counter[str] = Counter()
        drained: Counter[str] = Counter()
        for task in leaving:
            for target in task.targets:
                removed[target.group] += 1
                self.health.deregister(target)
            drained[task.started_by or ""] += 1
        for group, count in removed.items():
            self._world.scheduler.say(service, say.deregistered(service.name, count, group))
        for deployment_id, count in drained.items():
            self._world.scheduler.say(service, say.draining(service.name, deployment_id, count))

    def _changed(self, target: Target) -> None:
        task = target.task
        if target.state == HEALTHY:
            self._world.lifecycle.consider(task)
        elif target.state == UNHEALTHY and task.service is not None:
            grace_ms = (task.started_ms or 0) + task.service.grace_period_s * 1000
            self._engine.at(grace_ms, partial(self._verdict, target), cause=task.cause)

    def _verdict(self, target: Target) -> None:
        """The grace period is over, or there was none: an unhealthy target condemns its task."""
        task = target.task
        if target.state != UNHEALTHY or not task.running or task.service is None or task.unhealthy_reason:
            return
        text = say.failed_target_check(
            task.service.name, task.task_id, target.port, target.group, target.description or ""
        )
        self._world.scheduler.say(task.service, text)
        self._world.lifecycle.mark_unhealthy(task, stop_reasons.failed_target_checks(target.group))

    def _drained(self, target: Target) -> None:
        task = target.task
        if task.last_status == states.DEACTIVATING and all(other.state == UNUSED for other in task.targets):
            delay_ms = self._world.lifecycle.draw(self._world.timing.unused_noticed)
            self._engine.after(delay_ms, partial(self._world.lifecycle.proceed, task), cause=task.cause)
