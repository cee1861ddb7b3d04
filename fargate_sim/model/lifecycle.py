"""A task's way through its states, one happening after the other.

PROVISIONING (network interface) - PENDING (capacity, pull) - ACTIVATING - RUNNING - STOPPING (stop signal to SIGKILL) - DEPROVISIONING
(interface released) - STOPPED. A task that cannot start goes to DEPROVISIONING from wherever it is. Source: ECS developer guide,
task-lifecycle-explanation.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from fargate_sim.kernel.seeds import digits
from fargate_sim.model import stop_reasons
from fargate_sim.model import task as states
from fargate_sim.model.startup import StartUp
from fargate_sim.model.task import Task

if TYPE_CHECKING:
    from fargate_sim.model.containers import Containers
    from fargate_sim.model.timing import Span
    from fargate_sim.model.world import World


class Lifecycle:
    """Moves tasks. Tells the scheduler what it must know; decides nothing about services."""

    def __init__(self, world: World, containers: Containers) -> None:
        self._world = world
        self._engine = world.engine
        self._timing = world.timing
        self._durations = world.seeds.stream("durations")
        self._containers = containers
        self._startup = StartUp(world, self)
        self.role_refused = self._startup.role_refused

    def draw(self, span: Span) -> int:
        """A duration from a range."""
        return self._durations.randint(*span)

    def record(self, task: Task, kind: str, **data: Any) -> None:
        """Write a fact about the task; what follows from it will name it as its cause."""
        task.cause = self._world.journal.record(
            kind, {"task": task.task_id, **data}, cause=self._engine.cause
        )

    # -- starting ----------------------------------------------------------------------------------

    def launch(self, task: Task) -> None:
        """Begin: ask for a network interface."""
        world = self._world
        world.tasks[task.task_id] = task
        world.moving += 1
        world.metrics.tasks.launched(task)
        self.record(
            task,
            "task.provisioning",
            cluster=task.cluster,
            service=task.service.name if task.service else None,
            deployment=task.deployment.deployment_id if task.deployment else None,
            task_definition=task.task_definition.label,
            subnet=task.subnet_id,
            az=task.availability_zone,
            provider=task.capacity_provider,
        )
        world.ecs_events.task_changed(task)
        if world.capacity.lacks(task.pool, task.availability_zone):
            delay_ms = self.draw(self._timing.capacity_refused)
            self.follow(task, delay_ms, partial(self._capacity_refused, task))
            return
        task.interface = world.network.attach(
            task.subnet_id,
            security_groups=task.security_groups,
            attachment_arn_prefix=world.arn("attachment"),
            public_ip=task.public_ip,
            now_ms=self._engine.now_ms,
        )
        if task.interface is None:
            gone = world.network.pool(task.subnet_id) is None
            text = stop_reasons.subnet_gone if gone else stop_reasons.subnet_full
            reason = text(task.subnet_id, public_ip=task.public_ip)
            self.follow(
                task, self.draw(self._timing.eni_refused), partial(self._network_refused, task, reason)
            )
            return
        task.address = task.interface
        task.attachment_id = task.interface.attachment_id
        world.costs.addressed(task)
        self.follow(task, self.draw(self._timing.eni_attach), partial(self._attached, task))

    def follow(self, task: Task, delay_ms: int, callback: Any) -> None:
        """What happens to the task next, unless something else does before."""
        task.next = self._engine.after(delay_ms, callback, cause=task.cause)

    def _capacity_refused(self, task: Task) -> None:
        if task.deployment is not None:
            task.deployment.dry_zones[task.pool] = task.availability_zone
        self.fail_to_start(task, stop_reasons.NO_CAPACITY)

    def _network_refused(self, task: Task, reason: str) -> None:
        if task.deployment is not None:
            task.deployment.shunned_zone = task.availability_zone
        self.fail_to_start(task, reason)

    def _attached(self, task: Task) -> None:
        interface = task.interface
        if interface is None:  # pragma: no cover - the state machine never gets here without one
            raise AssertionError("attached without an interface")
        self.record(
            task, "task.address", eni=interface.eni_id, ip=interface.private_ip, subnet=interface.subnet_id
        )
        self._enter(task, states.PENDING, "task.pending")
        self.follow(task, self.draw(self._timing.capacity), partial(self._startup.begin, task))

    def _enter(self, task: Task, status: str, kind: str | None = None) -> None:
        self._world.traffic.step()
        task.last_status = status
        task.version += 1
        if kind is not None:
            self.record(task, kind)
        if status != states.STOPPED:  # told once the containers have settled
            self._world.ecs_events.task_changed(task)

    def pulled(self, task: Task) -> None:
        """All that the containers need is there: they are started."""
        self._enter(task, states.ACTIVATING)
        delay_ms = self.draw(self._timing.container_start)
        self.follow(task, delay_ms, partial(self._containers.start_ready, task))

    def running(self, task: Task) -> None:
        """Every container has started."""
        task.started_ms = self._engine.now_ms
        self._world.moving -= 1
        self._enter(task, states.RUNNING)
        self._world.metrics.tasks.running(task)
        self._world.spot.began(task)
        service, deployment = task.service, task.deployment
        self.record(
            task,
            "task.running",
            cluster=task.cluster,
            service=service.name if service else None,
            deployment=deployment.deployment_id if deployment else None,
            task_definition=task.task_definition.label,
            images=[
                {"container": c.spec.name, "image": c.spec.image, "digest": c.image_digest}
                for c in task.containers
            ],
        )
        if service is None or deployment is None:
            return
        self._world.scheduler.task_ran(task)
        if not deployment.revision.load_balancers and not _is_checked(task):
            task.gate = self._engine.after(
                self._timing.healthy_after, partial(self.mark_healthy, task), cause=task.cause
            )
        else:
            self.consider(task)

    def consider(self, task: Task) -> None:
        """See whether a task that is checked passes all its checks: load balancers' and containers'."""
        if task.deployment is None:
            return
        balanced = bool(task.deployment.revision.load_balancers)
        if balanced and not (task.targets and all(target.state == "healthy" for target in task.targets)):
            return
        if _is_checked(task) and task.health != states.HEALTHY:
            return
        self.mark_healthy(task)

    def mark_healthy(self, task: Task) -> None:
        """The task passes the health gate of its deployment."""
        if not task.running or task.healthy or task.service is None or task.deployment is None:
            return
        task.healthy = task.ever_healthy = True
        self.record(task, "task.healthy", service=task.service.name, deployment=task.deployment.deployment_id)
        self._world.scheduler.task_healthy(task)

    def mark_unhealthy(self, task: Task, reason: str) -> None:
        """A health check of the task has failed for good: the scheduler replaces it."""
        if not task.running or task.unhealthy_reason or task.service is None or task.deployment is None:
            return
        task.healthy = False
        task.unhealthy_reason = reason
        self.record(
            task,
            "task.unhealthy",
            service=task.service.name,
            deployment=task.deployment.deployment_id,
            reason=reason,
        )
        self._world.scheduler.task_unhealthy(task)

    # -- stopping ----------------------------------------------------------------------------------

    def fail_to_start(self, task: Task, reason: str) -> None:
        """The task never runs."""
        self.stop(task, states.TASK_FAILED_TO_START, reason)

    def stop(self, task: Task, stop_code: str, reason: str) -> None:
        """Tell a task to end. One that is ending already goes on as it was."""
        if not task.live:
            return
        engine = self._engine
        self._world.traffic.stopping(task)
        engine.cancel(task.next)
        engine.cancel(task.gate)
        self._world.spot.ended(task)
        task.desired_status = states.STOPPED
        self._world.metrics.tasks.leaving(task)
        self._world.costs.leaving(task)
        task.healthy = False
        task.stop_code, task.stopped_reason = stop_code, reason
        task.version += 1
        self.record(
            task,
            "task.stop_requested",
            cluster=task.cluster,
            service=task.service.name if task.service else None,
            deployment=task.deployment.deployment_id if task.deployment else None,
            stop_code=stop_code,
            reason=reason,
            was=task.last_status,
        )
        self._world.ecs_events.task_changed(task)
        if task.last_status == states.RUNNING:
            self._world.moving += 1
        serving = any(c.status == states.RUNNING for c in task.containers if c.spec.essential)
        if serving and any(target.in_use for target in task.targets):
            self._enter(task, states.DEACTIVATING, "task.deactivating")
        else:
            self._signal(task)
        if task.service is not None:
            self._world.scheduler.task_stopping(task)

    def proceed(self, task: Task) -> None:
        """The load balancer is done with the task: now comes the stop signal."""
        if task.last_status == states.DEACTIVATING:
            self._signal(task)
            if task.service is not None:
                self._world.scheduler.wake(task.service)

    def _signal(self, task: Task) -> None:
        """Begin to stop what runs. A task none of whose containers ever started has nothing to stop."""
        if task.last_status not in (states.RUNNING, states.DEACTIVATING) and not any(
            container.started_ms is not None for container in task.containers
        ):
            self._deprovision(task)
            return
        self._containers.stop_free(task)
        task.stopping_ms = self._engine.now_ms
        if task.deployment is not None:
            task.deployment.last_stopping_ms = self._engine.now_ms
        self._enter(task, states.STOPPING, "task.stopping")
        self.consider_ended(task)

    def consider_ended(self, task: Task) -> None:
        """Take the network interface of a stopping task away if no container runs any more."""
        if not any(container.status == states.RUNNING for container in task.containers):
            self.follow(task, 0, partial(self._deprovision, task))

    def _deprovision(self, task: Task) -> None:
        task.execution_stopped_ms = self._engine.now_ms if task.started_ms is not None else None
        self._world.metrics.tasks.ended(task)
        self._enter(task, states.DEPROVISIONING, "task.deprovisioning")
        delay_ms = self.draw(self._timing.eni_release) if task.interface else 1_000
        self.follow(task, delay_ms, partial(self._stopped, task))

    def _stopped(self, task: Task) -> None:
        world = self._world
        task.stopped_ms = self._engine.now_ms
        world.costs.stopped(task)
        world.moving -= 1
        self._enter(task, states.STOPPED)
        self._containers.settle(task)
        self.record(
            task,
            "task.stopped",
            cluster=task.cluster,
            service=task.service.name if task.service else None,
            deployment=task.deployment.deployment_id if task.deployment else None,
            task_definition=task.task_definition.label,
            stop_code=task.stop_code,
            reason=task.stopped_reason,
            ran=task.started_ms is not None,
            exit_codes=[c.exit_code for c in task.containers],
        )
        self._world.ecs_events.task_changed(task)
        world.traffic.stopped(task)
        interface, task.interface = task.interface, None
        if interface is not None:
            world.network.release(interface)
            data = {
                "task": task.task_id,
                "eni": interface.eni_id,
                "ip": interface.private_ip,
                "subnet": interface.subnet_id,
            }
            world.journal.record("address.released", data, cause=task.cause)
        world.forget_later(task)
        if task.service is not None:
            world.scheduler.task_stopped(task)


def _is_checked(task: Task) -> bool:
    """Whether an essential container has a health check."""
    return any(c.spec.health_check for c in task.containers if c.spec.essential)


def runtime_id(world: World, task: Task) -> str:
    """The container runtime's id of a container: task id and digits. [R]"""
    return f"{task.task_id}-{digits(world.seeds.stream('ids'), 10)}"
