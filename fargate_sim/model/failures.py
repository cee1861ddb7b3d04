"""Tasks of a deployment that failed: when the next attempt is due, and when each counts against the deployment.

Sources: ECS developer guide, deployment-circuit-breaker, service-throttle-logic, service-event-messages-list.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from fargate_sim.model import service as s
from fargate_sim.model import service_events as say
from fargate_sim.model import stop_reasons
from fargate_sim.model import task as states
from fargate_sim.model.events.ecs import NO_CAPACITY
from fargate_sim.model.service import Deployment, Drought, Failure, Service
from fargate_sim.model.task import Task

if TYPE_CHECKING:
    from fargate_sim.model.scheduler import Scheduler
    from fargate_sim.model.world import World

NEVER_RUNNING = "never_running"
NOT_LAUNCHED = "not_launched"
EXITED_BEFORE_HEALTHY = "exited_before_healthy"
FAILED_HEALTH_CHECK = "unhealthy"


class Failures:
    """Keeps the count. ``trip`` is what the circuit breaker does when the count has reached its threshold."""

    def __init__(
        self, world: World, scheduler: Scheduler, trip: Callable[[Service, Deployment], None]
    ) -> None:
        self._world = world
        self._engine = world.engine
        self._timing = world.timing
        self._scheduler = scheduler
        self._trip = trip

    def _record(self, kind: str, service: Service, deployment: Deployment, **data: Any) -> int:
        return self._world.journal.record(
            kind,
            {
                "cluster": service.cluster,
                "service": service.name,
                "deployment": deployment.deployment_id,
                **data,
            },
        )

    def healthy(self, service: Service, deployment: Deployment) -> None:
        """A task of the deployment passed its gate: by default, failures before it are forgiven."""
        if service.breaker.reset_on_healthy_task:
            deployment.failed_tasks = deployment.breaker_count = 0
            deployment.account.failure_count = 0
            deployment.uncounted.clear()

    def task_stopped(self, service: Service, deployment: Deployment, task: Task) -> None:
        """See whether a stopped task is a failure of its deployment, and how long the next attempt waits."""
        if task.started_ms is None:
            deployment.last_stopping_ms = self._engine.now_ms
        if task.stop_code == states.SPOT_INTERRUPTION:
            return  # no fault of the revision [A]
        pool = None
        if task.stop_code == states.TASK_FAILED_TO_START:
            pool = task.pool if task.stopped_reason == stop_reasons.NO_CAPACITY else None
            self._throttle(service, deployment, task, pool)
            why = NEVER_RUNNING
        elif task.stop_code == states.ESSENTIAL_CONTAINER_EXITED and not task.ever_healthy:
            why = EXITED_BEFORE_HEALTHY
        elif task.unhealthy_reason:
            why = FAILED_HEALTH_CHECK
        else:
            return
        judged = deployment.rollout_state == s.IN_PROGRESS and service.deployments[:1] == [deployment]
        if judged and service.status == s.ACTIVE:
            deployment.uncounted.append(Failure(task.task_id, why, pool))

    def not_launched(self, service: Service, deployment: Deployment, error: str) -> None:
        """No task could be launched, which is tried again after a while. [A] It counts like a task that never ran."""
        deployment.retry_at_ms = self._engine.now_ms + self._timing.role_retry
        self._scheduler.say_once(service, say.failed_to_launch(service.name, error))
        self._record(
            "service.not_launched", service, deployment, reason=error, retry_at=deployment.retry_at_ms
        )
        judged = deployment.rollout_state == s.IN_PROGRESS and service.deployments[:1] == [deployment]
        if judged and service.status == s.ACTIVE:
            deployment.uncounted.append(Failure(None, NOT_LAUNCHED))
        self._scheduler.wake(service, deployment.retry_at_ms)

    def _throttle(self, service: Service, deployment: Deployment, task: Task, pool: str | None) -> None:
        """Tasks that never ran are tried again after growing gaps; those of one attempt wait together, those that lacked one kind
        of capacity apart from the others. [A]
        """
        now_ms = self._engine.now_ms
        reason = task.stopped_reason or ""
        tried: Deployment | Drought = (
            deployment if pool is None else deployment.droughts.setdefault(pool, Drought())
        )
        placeable = deployment in service.deployments and service.status == s.ACTIVE
        if placeable and deployment.rollout_state != s.FAILED:
            said = self._scheduler.say_once(service, say.unable_to_place(service.name, reason))
            if said and pool is not None:
                self._world.ecs_events.no_capacity(service, pool)
        if tried.retry_at_ms > now_ms:
            return
        gaps = self._timing.retry_gaps
        gap_ms = gaps[min(tried.attempt, len(gaps) - 1)]
        tried.attempt += 1
        tried.retry_at_ms = now_ms + gap_ms
        if not placeable or deployment.rollout_state == s.FAILED:
            return
        if pool is not None:
            self._record(
                "service.placement_failed",
                service,
                deployment,
                provider=pool,
                az=task.availability_zone,
                reason=NO_CAPACITY,
            )
        self._record(
            "service.throttled",
            service,
            deployment,
            retry_at=tried.retry_at_ms,
            attempt=tried.attempt,
        )
        if gap_ms >= self._timing.throttle_event_from:
            impaired = say.unable_to_start_consistently(service.name)
            if self._scheduler.say_once(service, impaired):
                self._world.ecs_events.start_impaired(service)

    def reckon(self, service: Service, deployment: Deployment) -> None:
        """Count failures whose waiting time is over: the breaker counts through the same delays as the attempts. [R]"""
        now_ms = self._engine.now_ms
        if not deployment.uncounted:
            return
        if deployment.retry_at_ms > now_ms:
            self._scheduler.wake(service, deployment.retry_at_ms)
            return
        dry = {pool for pool, drought in deployment.droughts.items() if drought.retry_at_ms > now_ms}
        if dry:
            self._scheduler.wake(service, min(deployment.droughts[pool].retry_at_ms for pool in dry))
        waiting = [failure for failure in deployment.uncounted if failure.pool in dry]
        enabled = service.breaker.enabled
        for task_id, why, pool in deployment.uncounted:
            if pool in dry:
                continue
            if deployment.rollout_state != s.IN_PROGRESS or (deployment.trip and deployment.trip.pending):
                break
            deployment.failed_tasks += 1
            deployment.breaker_count += 1
            deployment.account.failure_count = deployment.breaker_count
            deployment.updated_ms = now_ms
            cause = self._record(
                "deployment.failure_counted",
                service,
                deployment,
                task=task_id,
                count=deployment.breaker_count,
                threshold=service.limit(deployment) if enabled else None,
                why=why,
            )
            if enabled and deployment.breaker_count >= service.limit(deployment):
                deployment.trip = self._engine.after(
                    self._timing.breaker_evaluation, partial(self._trip, service, deployment), cause=cause
                )
        deployment.uncounted[:] = waiting
