"""The service scheduler: one pass at a time it compares what should run with what runs, and starts and stops tasks.

AWS publishes rules, not an algorithm; a pass about every ten seconds per service fits what public logs show. [R] A pass is scheduled only
when something has changed. The rules of a pass, in order:

1. Failures whose waiting time is over are reckoned with (rollout.py judges).
2. Source deployments replace tasks that they lost (they heal themselves, since 2025-11).
3. The target deployment starts what it lacks, as far as the upper bound allows.
4. Unhealthy tasks are stopped: start-first, so only when enough others are healthy, or when there is no room for a replacement.
5. Source tasks are stopped as far as the lower bound allows; of a source that never was whole, those on their way at once.
6. Tasks beyond the desired count are stopped. Scaling in is not bounded by minimumHealthyPercent. [A]

Tasks that are already stopping count neither as healthy nor against the upper bound. Source: API model, DeploymentConfiguration.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from fargate_sim.kernel.seeds import hex_id, uuid
from fargate_sim.model import service as s
from fargate_sim.model import service_events as say
from fargate_sim.model import stop_reasons
from fargate_sim.model import task as states
from fargate_sim.model.placement import ZoneSpread, leaving_order, next_providers
from fargate_sim.model.rollout import Rollout
from fargate_sim.model.service import Deployment, Service, ServiceEvent
from fargate_sim.model.task import Container, Task, pool_of
from fargate_sim.model.timing import HOUR

if TYPE_CHECKING:
    from fargate_sim.model.world import World

IDS_PER_EVENT = 10
"""How many task ids one `has started` event names. [A]"""
REPEAT_AFTER_MS = 6 * HOUR
"""A message is not repeated before this, or before its cause has cleared. Source: ECS developer guide, service-event-messages."""


class Scheduler:
    """Runs the passes of all services of a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._engine = world.engine
        self._timing = world.timing
        self._rng = world.seeds.stream("placement")
        self._pace = world.seeds.stream("scheduler")
        self._ids = world.seeds.stream("ids")
        self.rollout = Rollout(world, self)

    # -- when --------------------------------------------------------------------------------------

    def wake(self, service: Service, at_ms: int = 0) -> None:
        """See to it that a pass runs at ``at_ms`` or as soon as the cadence allows."""
        due_ms = max(at_ms, self._engine.now_ms, service.earliest_pass_ms)
        scheduled = service.next_pass
        if scheduled is not None and scheduled.pending:
            if scheduled.at_ms <= due_ms:
                return
            self._engine.cancel(scheduled)
        service.next_pass = self._engine.at(due_ms, partial(self._pass, service))

    def react(self, service: Service) -> int:
        """A pass after the time that the control plane takes to notice a call; returns the delay in milliseconds."""
        delay_ms = self._pace.randint(*self._timing.reaction)
        self.wake(service, self._engine.now_ms + delay_ms)
        return delay_ms

    # -- what the lifecycle reports ----------------------------------------------------------------

    def task_ran(self, task: Task) -> None:
        """A task reached RUNNING: start throttling ends."""
        if task.deployment is not None and task.service is not None:
            self._world.scaling.tasks_moved(task.service)
            self.rollout.alarms.task_ran(task.service, task.deployment)
            task.deployment.attempt = 0
            task.deployment.droughts.pop(task.pool, None)
            task.service.said.clear()
            if task.deployment.revision.load_balancers:
                self.wake(task.service)

    def task_healthy(self, task: Task) -> None:
        """A task passed the health gate."""
        if task.deployment is not None and task.service is not None:
            self.rollout.failures.healthy(task.service, task.deployment)
            self.wake(task.service)

    def task_unhealthy(self, task: Task) -> None:
        """A task failed its health checks."""
        if task.service is not None:
            if task.unhealthy_reason == stop_reasons.FAILED_CONTAINER_CHECKS:
                self.say(task.service, say.failed_container_check(task.service.name, task.task_id))
            task.service.steady = False
            self.wake(task.service)

    def task_stopping(self, task: Task) -> None:
        """A task was told to stop, by whomever."""
        if task.service is not None:
            task.service.steady = False
            self._world.scaling.tasks_moved(task.service)
            self.wake(task.service)

    def task_stopped(self, task: Task) -> None:
        """A task is gone."""
        service, deployment = task.service, task.deployment
        if service is None or deployment is None:
            return
        del deployment.tasks[task.task_id]
        self.rollout.failures.task_stopped(service, deployment, task)
        self.wake(service)

    # -- the pass ----------------------------------------------------------------------------------

    def _pass(self, service: Service) -> None:
        now_ms = self._engine.now_ms
        service.earliest_pass_ms = now_ms + self._pace.randint(*self._timing.scheduler_pass)
        if service.status == s.DRAINING:
            self._drain(service)
            return
        if service.status != s.ACTIVE:
            return
        self._world.balancing.attend(service)
        self.rollout.advance(service)
        primary = service.primary
        self.rollout.failures.reckon(service, primary)
        acted = False
        for source in service.deployments[1:]:
            if source.ever_completed and source.rollout_state != s.FAILED:
                acted |= self._start(service, source, source.keep)
        if primary.rollout_state != s.FAILED:
            acted |= self._start(service, primary, service.desired)
        acted |= self._stop_unhealthy(service)
        if primary.rollout_state != s.FAILED:
            acted |= self._stop_sources(service, primary)
        acted |= self._stop_surplus(service, primary)
        if not acted:
            self._complain_if_blocked(service, primary)
        self.rollout.complete_if_done(service)
        self._note_steady(service)

    def _drain(self, service: Service) -> None:
        """A deleted service: stop all, then be INACTIVE once its tasks are at least STOPPING. Source: API model, DeleteService."""
        tasks = [task for deployment in service.deployments for task in deployment.live()]
        self._stop(service, tasks, stop_reasons.scaling(service.primary.deployment_id))
        self._world.balancing.attend(service)
        everyone = [task for deployment in service.deployments for task in deployment.tasks.values()]
        if any(task.last_status == states.DEACTIVATING for task in everyone):
            return
        service.status = s.INACTIVE
        service.inactive_ms = self._engine.now_ms
        self._engine.cancel(service.steady_repeat)
        self.rollout.abandon(service)
        self._world.journal.record("service.inactive", {"cluster": service.cluster, "service": service.name})

    # -- starting ----------------------------------------------------------------------------------

    def _start(self, service: Service, deployment: Deployment, wanted: int) -> bool:
        """Start what a deployment lacks, within the ceiling and its waiting times."""
        live = deployment.live()
        fit = sum(1 for task in live if not task.unhealthy_reason)
        # A failed attempt holds its place until it has stopped: its failure is judged first. [A] fitted to public timelines
        held = sum(
            1 for task in deployment.tasks.values() if not task.live and not task.ever_healthy and task.failed
        )
        live_all = sum(1 for each in service.deployments for task in each.tasks.values() if task.live)
        room = service.ceiling - live_all - self._reserved(service, deployment)
        lost = wanted - len(live) - held
        missing = wanted - fit - held
        count = min(missing, max(room, min(lost, service.ceiling - live_all)))
        if wanted > fit:
            service.steady = False
        if count <= 0:
            return False
        wait_until = max(deployment.retry_at_ms, deployment.not_before_ms)
        if wait_until > self._engine.now_ms:
            self.wake(service, wait_until)
            return True  # there is something to do, only not yet
        refused = self._world.lifecycle.role_refused(deployment.revision.task_definition)
        if refused is not None:
            self.rollout.failures.not_launched(service, deployment, refused)
            return True
        providers = self._providers(service, deployment, missing)[:count]
        if providers:
            replaced = min(len(providers), sum(1 for task in live if task.unhealthy_reason))
            self._launch(service, deployment, providers, replaced)
        return True

    def _providers(self, service: Service, deployment: Deployment, missing: int) -> list[str | None]:
        """The capacity providers of the tasks that a deployment lacks, without those that are out of capacity and not yet to be
        tried again: they do not hold up the others. [A] Each deployment of a service follows the strategy by itself. [A]
        """
        strategy = deployment.revision.strategy
        counts = Counter(
            task.capacity_provider
            for task in deployment.tasks.values()
            if task.live and not task.unhealthy_reason and task.capacity_provider is not None
        )
        waiting = {
            pool: drought.retry_at_ms
            for pool, drought in deployment.droughts.items()
            if drought.retry_at_ms > self._engine.now_ms
        }
        if waiting:
            self.wake(service, min(waiting.values()))
        return [each for each in next_providers(strategy, counts, missing) if pool_of(each) not in waiting]

    def _reserved(self, service: Service, deployment: Deployment) -> int:
        """The place that replacements of a source's unhealthy tasks leave to the target while it lacks tasks; without it a release
        that repairs the health checks could never begin. [A] no document says
        """
        primary = service.primary
        if deployment is primary or primary.rollout_state == s.FAILED:
            return 0
        return int(sum(1 for task in primary.live() if not task.unhealthy_reason) < service.desired)

    def _launch(
        self, service: Service, deployment: Deployment, providers: list[str | None], replaced: int
    ) -> None:
        revision = deployment.revision
        subnets = [
            facts for subnet_id in revision.subnets if (facts := self._world.surroundings.subnet(subnet_id))
        ] or [self._world.lost_subnet(subnet_id) for subnet_id in revision.subnets]
        spread = ZoneSpread(
            (
                (task.availability_zone, task.capacity_provider)
                for task in deployment.tasks.values()
                if task.live
            ),
            (
                task.availability_zone
                for each in service.deployments
                for task in each.tasks.values()
                if task.live
            ),
        )
        shunned, deployment.shunned_zone = deployment.shunned_zone, None
        dry = {pool: deployment.dry_zones.pop(pool, None) for pool in {pool_of(each) for each in providers}}
        ids: list[str] = []
        for provider in providers:
            subnet = spread.choose(subnets, self._rng, shunned or dry[pool_of(provider)], provider)
            task = self._new_task(service, deployment, subnet.subnet_id, subnet.availability_zone, provider)
            deployment.tasks[task.task_id] = task
            ids.append(task.task_id)
            self._world.lifecycle.launch(task)
        for first in range(0, len(ids), IDS_PER_EVENT):
            batch = ids[first : first + IDS_PER_EVENT]
            self.say(service, say.started(service.name, batch, replaced=min(replaced, len(batch))))
            replaced = max(replaced - len(batch), 0)

    def _new_task(
        self, service: Service, deployment: Deployment, subnet_id: str, zone: str, provider: str | None
    ) -> Task:
        revision = deployment.revision
        task_id = hex_id(self._ids, 32)
        return Task(
            task_id=task_id,
            arn=self._world.arn(f"task/{service.cluster}/{task_id}"),
            cluster=service.cluster,
            task_definition=revision.task_definition,
            group=f"service:{service.name}",
            started_by=deployment.deployment_id,
            subnet_id=subnet_id,
            availability_zone=zone,
            security_groups=revision.security_groups,
            public_ip=revision.public_ip,
            launch_type=None if revision.strategy else revision.launch_type,
            capacity_provider=provider,
            containers=[Container(spec, uuid(self._ids)) for spec in revision.task_definition.containers],
            created_ms=self._engine.now_ms,
            service=service,
            deployment=deployment,
            tags=self._world.task_tags(service, revision.task_definition),
            exec_enabled=bool(service.settings.get("enableExecuteCommand")),
            execution_role=revision.task_definition.execution_role,
            task_role=revision.task_definition.task_role,
        )

    # -- stopping ----------------------------------------------------------------------------------

    def _healthy_total(self, service: Service) -> int:
        return sum(deployment.healthy_count for deployment in service.deployments)

    def _stop_unhealthy(self, service: Service) -> bool:
        unhealthy = [
            task
            for deployment in service.deployments
            for task in deployment.tasks.values()
            if task.live and task.unhealthy_reason
        ]
        if not unhealthy:
            return False
        if self._healthy_total(service) < service.floor:
            starting = any(
                task.live and not task.healthy and not task.unhealthy_reason
                for deployment in service.deployments
                for task in deployment.tasks.values()
            )
            live_all = sum(len(deployment.live()) for deployment in service.deployments)
            if starting or live_all < service.ceiling:
                return True  # replacements first
            unhealthy = unhealthy[:1]
        for task in unhealthy:
            self._stop(service, [task], task.unhealthy_reason or "")
        return True

    def _stop_sources(self, service: Service, primary: Deployment) -> bool:
        sources = service.deployments[1:]
        if not any(deployment.tasks for deployment in sources):
            return False
        reason = stop_reasons.scaling(primary.deployment_id)
        spare = self._healthy_total(service) - service.floor
        target_suffices = primary.healthy_count >= service.floor
        leaving: list[Task] = []
        fit: list[Task] = []
        for source in sources:
            # A source that once was whole still heals and grows; what it has on its way is not for the cutting yet.
            whole = source.ever_completed and source.rollout_state != s.FAILED
            for task in source.live():
                if task.healthy:
                    fit.append(task)
                elif (whole and target_suffices) or (not whole and (task.pending or spare >= 0)):
                    leaving.append(task)
        leaving += leaving_order(fit, sources[0].revision.strategy)[: max(spare, 0)]
        for task in leaving:
            if task.deployment is not None:
                task.deployment.keep = max(task.deployment.keep - 1, 0)
        self._stop(service, leaving, reason)
        return bool(leaving)

    def _stop_surplus(self, service: Service, primary: Deployment) -> bool:
        if primary.rollout_state == s.FAILED:
            live = [task for deployment in service.deployments for task in deployment.live()]
        else:
            live = [task for task in primary.live() if not task.unhealthy_reason]
        surplus = len(live) - service.desired
        if surplus <= 0:
            return False
        leaving = leaving_order(live, primary.revision.strategy)[:surplus]
        self._stop(service, leaving, stop_reasons.scaling(primary.deployment_id))
        return True

    def _stop(self, service: Service, tasks: list[Task], reason: str) -> None:
        running = [task.task_id for task in tasks if not task.pending]
        pending = len(tasks) - len(running)
        for task in tasks:
            self._world.lifecycle.stop(task, states.SERVICE_SCHEDULER_INITIATED, reason)
        for first in range(0, len(running), IDS_PER_EVENT):
            self.say(service, say.stopped_running(service.name, running[first : first + IDS_PER_EVENT]))
        if pending:
            self.say(service, say.stopped_pending(service.name, pending))

    # -- saying ------------------------------------------------------------------------------------

    def say(self, service: Service, message: str) -> None:
        """Write a service event."""
        service.events.appendleft(ServiceEvent(uuid(self._ids), self._engine.now_ms, message))
        self._world.journal.record(
            "service.event", {"cluster": service.cluster, "service": service.name, "message": message}
        )

    def say_once(self, service: Service, message: str) -> bool:
        """Write a service event unless it was written already and its cause has not cleared since; whether it was written."""
        said_ms = service.said.get(message)
        if said_ms is not None and self._engine.now_ms - said_ms < REPEAT_AFTER_MS:
            return False
        service.said[message] = self._engine.now_ms
        self.say(service, message)
        return True

    def _complain_if_blocked(self, service: Service, primary: Deployment) -> None:
        """The percentages leave no room: nothing is on its way and nothing may be started or stopped."""
        if primary.rollout_state != s.IN_PROGRESS or len(primary.live()) >= service.desired:
            return
        moving = any(
            not task.healthy for deployment in service.deployments for task in deployment.tasks.values()
        )
        if not moving:
            self.say_once(service, say.blocked_by_configuration(service.name))

    def _note_steady(self, service: Service) -> None:
        """Announce a steady state that was reached without a deployment, such as after scaling or healing: once who leaves is
        deregistered, though it is still draining. [R]
        """
        primary = service.primary
        if service.steady or primary.rollout_state != s.COMPLETED or len(service.deployments) > 1:
            return
        live = primary.live()
        leaving = any(not task.live for task in service.registered)
        if len(live) == service.desired and all(task.healthy for task in live) and not leaving:
            self.steady(service)

    def steady(self, service: Service) -> None:
        """Say so, now and every six hours as long as it holds."""
        service.steady = True
        self.say(service, say.steady(service.name))
        self._world.ecs_events.steady(service)
        self._engine.cancel(service.steady_repeat)
        service.steady_repeat = self._engine.after(
            self._timing.steady_repeat, partial(self._repeat_steady, service), quiet=True
        )

    def _repeat_steady(self, service: Service) -> None:
        if service.status == s.ACTIVE and service.steady and not service.in_rollout:
            self.steady(service)
