"""A deployment's way: started, judged by the circuit breaker and by alarms, completed, superseded, failed, rolled back.

Sources: ECS developer guide, deployment-type-ecs, deployment-circuit-breaker, deployment-alarm-failure,
service-deployment, service-throttle-logic; API model.
"""

from __future__ import annotations

import string
from functools import partial
from typing import TYPE_CHECKING, Any

from fargate_sim.kernel.seeds import digits
from fargate_sim.model import service as s
from fargate_sim.model import service_events as say
from fargate_sim.model import task as states
from fargate_sim.model.alarm_guard import AlarmGuard
from fargate_sim.model.failures import Failures
from fargate_sim.model.grounds import ALARM, BREAKER, NO_CANDIDATE_REASON, STOPPED, Grounds
from fargate_sim.model.service import Deployment, Revision, Service, ServiceDeployment

if TYPE_CHECKING:
    from fargate_sim.model.scheduler import Scheduler
    from fargate_sim.model.world import World

_LETTERS = string.ascii_letters + string.digits

KEPT_PAST = 5
"""Completed deployments that are remembered as candidates of a rollback; only the latest is ever chosen."""


class Rollout:
    """Moves deployments from state to state."""

    def __init__(self, world: World, scheduler: Scheduler) -> None:
        self._world = world
        self._engine = world.engine
        self._timing = world.timing
        self._scheduler = scheduler
        self._ids = world.seeds.stream("ids")
        self.failures = Failures(world, scheduler, self._trip)
        self.alarms = AlarmGuard(world, self._alarmed)

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

    # -- beginning ---------------------------------------------------------------------------------

    def start(
        self, service: Service, revision: Revision, why: str, configuration: dict[str, Any]
    ) -> Deployment:
        """Make a revision the target of the service. ``why``: created, updated or forced."""
        now_ms = self._engine.now_ms
        account = ServiceDeployment(
            arn=self._world.arn(f"service-deployment/{service.cluster}/{service.name}/{self._account_id()}"),
            target=revision,
            sources=tuple(deployment.revision for deployment in service.deployments if deployment.tasks),
            created_ms=now_ms,
            updated_ms=now_ms,
            configuration=configuration,
        )
        deployment = Deployment(
            deployment_id=f"ecs-svc/{digits(self._ids, 19)}",
            revision=revision,
            created_ms=now_ms,
            updated_ms=now_ms,
            account=account,
            resolves=service.desired > 0,
        )
        deployment.reason = f"ECS deployment {deployment.deployment_id} in progress."
        service.revisions[revision.arn] = revision
        service.digests[revision.arn] = deployment.digests
        service.accounts.append(account)
        cause = self._record(
            "deployment.started",
            service,
            deployment,
            task_definition=revision.task_definition.label,
            why=why,
            service_deployment=account.arn,
        )
        self._world.ecs_events.deployment_changed(service, deployment, "IN_PROGRESS", deployment.reason)
        self._supersede(service, deployment)
        service.deployments.insert(0, deployment)
        service.steady = False
        service.said.clear()
        self._engine.cause, before = cause, self._engine.cause
        self.alarms.begin(service, deployment)
        delay_ms = self._scheduler.react(service)
        self._engine.cause = before
        deployment.not_before_ms = now_ms + delay_ms
        if not self._resolvable(revision):
            deployment.not_before_ms += self._timing.digest_resolution_refused
        return deployment

    def _account_id(self) -> str:
        return "".join(self._ids.choices(_LETTERS, k=21))

    def _resolvable(self, revision: Revision) -> bool:
        return all(
            self._world.registry.resolves(container.image)
            for container in revision.task_definition.containers
            if container.pinned
        )

    def _supersede(self, service: Service, by: Deployment) -> None:
        """The newest deployment is PRIMARY; all others with tasks are replaced together."""
        if not service.deployments:
            return
        old = service.primary
        old.status = s.ACTIVE
        if old.rollout_state == s.IN_PROGRESS:
            self._record("deployment.superseded", service, old, by=by.deployment_id)
            old.keep = len(old.live())
            self._close_account(service, old)
            old.rollback_of = None
        else:
            old.keep = service.desired if old.rollout_state == s.COMPLETED else 0
        self._engine.cancel(old.trip)
        old.uncounted.clear()
        service.deployments = [deployment for deployment in service.deployments if deployment.tasks]

    def _close_account(self, service: Service, old: Deployment) -> None:
        account = self._account_of(service, old)
        if account.finished:
            return
        now_ms = self._engine.now_ms
        account.updated_ms = now_ms
        account.breaker_status = s.MONITORING_COMPLETE if service.breaker.enabled else account.breaker_status
        self.alarms.end(account, old)
        if account.status == "ROLLBACK_IN_PROGRESS":
            account.status, account.finished_ms = "ROLLBACK_FAILED", now_ms
        else:
            account.status = "STOP_REQUESTED"
            self._engine.after(self._timing.deletion_reaction[0], partial(self._stop_account, account))

    def _stop_account(self, account: ServiceDeployment) -> None:
        if not account.finished:
            now_ms = self._engine.now_ms
            account.status = "STOPPED"
            account.stopped_ms = account.finished_ms = account.updated_ms = now_ms

    def abandon(self, service: Service) -> None:
        """The service is gone: nothing that was under way goes on."""
        for deployment in service.deployments:
            self._engine.cancel(deployment.trip)
            self._engine.cancel(deployment.alarm_look)
        for account in service.accounts:
            self._stop_account(account)

    @staticmethod
    def _account_of(service: Service, deployment: Deployment) -> ServiceDeployment:
        """The account that a deployment is working on: during a rollback, that of the deployment that failed."""
        if deployment.rollback_of is not None:
            for account in reversed(service.accounts):
                if account.status == "ROLLBACK_IN_PROGRESS":
                    return account
        return deployment.account

    def advance(self, service: Service) -> None:
        """At the beginning of a pass: what the accounts are waiting for."""
        account = self._account_of(service, service.primary)
        now_ms = self._engine.now_ms
        if account.status == "PENDING":
            account.status = "IN_PROGRESS"
            account.started_ms = account.updated_ms = now_ms
            account.breaker_status = s.MONITORING if service.breaker.enabled else s.DISABLED
        elif account.status == "ROLLBACK_REQUESTED":
            self._fail(service, service.primary, STOPPED, rollback=True)
        account.threshold = service.threshold if service.breaker.enabled else 0

    # -- judging -----------------------------------------------------------------------------------

    def _trip(self, service: Service, deployment: Deployment) -> None:
        judged = service.deployments[:1] == [deployment] and deployment.rollout_state == s.IN_PROGRESS
        if not judged or service.status != s.ACTIVE or not service.breaker.enabled:
            return
        if deployment.breaker_count < service.limit(deployment):
            return  # the desired count has grown meanwhile, or a healthy task has cleared the count
        account = self._account_of(service, deployment)
        account.breaker_status = s.TRIGGERED
        self._fail(service, deployment, BREAKER, rollback=service.breaker.rollback)

    def _alarmed(self, service: Service, deployment: Deployment) -> None:
        self._fail(service, deployment, ALARM, rollback=service.alarms.rollback)
        if not service.alarms.rollback:
            self._scheduler.wake(service)  # tasks of both revisions may be more than are wanted

    # -- failing and going back --------------------------------------------------------------------

    def _fail(self, service: Service, deployment: Deployment, grounds: Grounds, *, rollback: bool) -> None:
        now_ms = self._engine.now_ms
        account = self._account_of(service, deployment)
        self._engine.cancel(deployment.trip)
        self.alarms.end(account, deployment)
        deployment.rollout_state = s.FAILED
        deployment.reason = grounds.reason
        deployment.updated_ms = account.updated_ms = now_ms
        deployment.uncounted.clear()
        cause = self._record(
            "deployment.failed",
            service,
            deployment,
            task_definition=deployment.revision.task_definition.label,
            reason=grounds.reason,
            by=grounds.by,
            alarms=list(account.triggered_alarms) if grounds is ALARM else [],
            count=deployment.breaker_count,
            threshold=service.limit(deployment) if service.breaker.enabled else None,
        )
        self._engine.cause = cause
        self._world.ecs_events.deployment_changed(service, deployment, "FAILED", grounds.told)
        failed = say.deployment_failed(service.name, deployment.deployment_id, grounds.event)
        self._scheduler.say(service, failed)
        if not rollback:
            account.status, account.reason = "STOP_REQUESTED", None
            self._engine.after(self._timing.deletion_reaction[0], partial(self._stop_account, account))
            return
        candidate = self._candidate(service, deployment)
        if candidate is None:
            self._stall(service, deployment, account)
            return
        self._roll_back(service, deployment, candidate, account, grounds)

    @staticmethod
    def _candidate(service: Service, failed: Deployment) -> Deployment | None:
        """The most recent deployment in COMPLETED."""
        for past in reversed(service.past):
            if past is not failed and past.rollout_state == s.COMPLETED:
                return past
        return None

    def _stall(self, service: Service, deployment: Deployment, account: ServiceDeployment) -> None:
        """Nothing to go back to: no tasks are launched until somebody updates the service."""
        deployment.stalled = True
        asked = account.status == "ROLLBACK_REQUESTED"
        account.status = "STOPPED" if asked else "ROLLBACK_FAILED"
        account.reason = NO_CANDIDATE_REASON
        account.finished_ms = account.updated_ms = self._engine.now_ms
        if asked:
            account.stopped_ms = self._engine.now_ms
        self._record("deployment.stalled", service, deployment)

    def _roll_back(
        self,
        service: Service,
        failed: Deployment,
        candidate: Deployment,
        account: ServiceDeployment,
        grounds: Grounds,
    ) -> None:
        """The candidate becomes PRIMARY again under its old id, and must complete anew."""
        now_ms = self._engine.now_ms
        self._scheduler.say(service, say.rolling_back(service.name, candidate.deployment_id))
        account.status = "ROLLBACK_IN_PROGRESS"
        account.reason = account.rollback_reason = grounds.account
        account.rollback_started_ms = account.updated_ms = now_ms
        account.rollback_revision = candidate.revision.arn
        failed.status, failed.keep = s.ACTIVE, 0
        candidate.status = s.PRIMARY
        candidate.rollout_state = s.IN_PROGRESS
        candidate.reason = f"{grounds.back} {candidate.deployment_id}."
        candidate.updated_ms = now_ms
        candidate.rollback_of = failed.deployment_id
        candidate.failed_tasks = candidate.breaker_count = candidate.attempt = 0
        candidate.retry_at_ms = candidate.not_before_ms = 0
        candidate.droughts.clear()
        candidate.stalled = False
        others = [deployment for deployment in service.deployments if deployment is not candidate]
        service.deployments = [candidate, *(deployment for deployment in others if deployment.tasks)]
        service.steady = False
        service.said.clear()
        self._record(
            "deployment.rolling_back",
            service,
            candidate,
            task_definition=candidate.revision.task_definition.label,
            **{"from": failed.deployment_id},
        )
        self._world.ecs_events.deployment_changed(service, candidate, "IN_PROGRESS", candidate.reason)
        candidate.stable_from_ms = now_ms + self._scheduler.react(service) + self._timing.healthy_after

    def request_rollback(self, service: Service, account: ServiceDeployment) -> None:
        """StopServiceDeployment: the next pass goes back. Source: ECS developer guide, stop-service-deployment."""
        account.status = "ROLLBACK_REQUESTED"
        account.updated_ms = self._engine.now_ms
        self._scheduler.react(service)

    # -- completing --------------------------------------------------------------------------------

    def complete_if_done(self, service: Service) -> None:
        """The target is whole and healthy, and no task of another deployment is left to be told to stop."""
        primary = service.primary
        if primary.rollout_state != s.IN_PROGRESS:
            return
        others = service.deployments[1:]
        # A task that never ran got no stop signal, so it has to be gone. [A] fitted: rollbacks take a minute and more in public logs
        leaving = [task for deployment in others for task in deployment.tasks.values()]
        if any(t.live or t.started_ms is None or t.last_status == states.DEACTIVATING for t in leaving):
            return
        live = primary.live()
        if len(live) != service.desired or not all(task.healthy for task in live):
            return
        last_ms = max((deployment.last_stopping_ms for deployment in others), default=0)
        ready_ms = max(last_ms + self._timing.completion_lag[0] if last_ms else 0, primary.stable_from_ms)
        if self._engine.now_ms < ready_ms:
            self._scheduler.wake(service, ready_ms)
            return
        if (primary.trip is not None and primary.trip.pending) or self.alarms.pending(primary):
            return
        baked_ms = self.alarms.bake_until(service, primary)
        if self._engine.now_ms < baked_ms:
            self._scheduler.wake(service, baked_ms)
            return
        self._complete(service, primary)

    def _complete(self, service: Service, deployment: Deployment) -> None:
        now_ms = self._engine.now_ms
        account = self._account_of(service, deployment)
        for other in service.deployments[1:]:
            other.status = s.INACTIVE
        service.deployments = [deployment]
        deployment.rollout_state = s.COMPLETED
        deployment.reason = f"ECS deployment {deployment.deployment_id} completed."
        deployment.updated_ms = account.updated_ms = account.finished_ms = now_ms
        deployment.ever_completed = True
        deployment.keep = service.desired
        rollback_of, deployment.rollback_of = deployment.rollback_of, None
        account.status = "ROLLBACK_SUCCESSFUL" if rollback_of else "SUCCESSFUL"
        if account.breaker_status == s.MONITORING:
            account.breaker_status = s.MONITORING_COMPLETE
        self.alarms.end(account, deployment)
        if deployment in service.past:
            service.past.remove(deployment)
        service.past = [*service.past, deployment][-KEPT_PAST:]
        self._engine.cause = self._record(
            "deployment.completed",
            service,
            deployment,
            task_definition=deployment.revision.task_definition.label,
            rollback_of=rollback_of,
            running=deployment.running_count,
        )
        self._world.ecs_events.deployment_changed(service, deployment, "COMPLETED", deployment.reason)
        self._scheduler.say(service, say.deployment_completed(service.name, deployment.deployment_id))
        self._scheduler.steady(service)
