"""The containers of a task: order of start, health checks, exits, stop signals.

Sources: API model of ECS, ContainerDependency and HealthCheck. Times of checks: the first runs one interval after the start; a failure
inside the start period does not count; ``retries`` failures in a row make a container UNHEALTHY, one success makes it HEALTHY. At shutdown
the order of the dependencies is reversed. [A] Only what runs and depends on a container directly keeps its stop signal back; containers
that nothing keeps back get theirs together, and each has its own stopTimeout from then on.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fargate_sim.model import stop_reasons
from fargate_sim.model import task as states
from fargate_sim.model.health_command import passes
from fargate_sim.model.lifecycle import Lifecycle, runtime_id
from fargate_sim.model.logs import stream_name
from fargate_sim.model.memory import MemoryWatch
from fargate_sim.model.pid1 import SIGKILL_EXIT, StopBehaviour
from fargate_sim.model.task import Container, Task

if TYPE_CHECKING:
    from fargate_sim.model.world import World


SLOW_BOOT_MS = 5_000
"""From here on it shows in a program's output how far it is: its last line comes when it has booted."""


class Containers:
    """Starts, watches and stops containers on behalf of the lifecycle."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._engine = world.engine
        self.lifecycle = Lifecycle(world, self)
        self.memory = MemoryWatch(world, self._out_of_memory)

    # -- starting ----------------------------------------------------------------------------------

    def start_ready(self, task: Task) -> None:
        """Start every container whose dependencies hold; once all have started the task is RUNNING."""
        progress = True
        while progress and task.live:
            progress = False
            for container in task.containers:
                if container.status == states.PENDING and self._ready(task, container):
                    progress = True
                    self._start(task, container)
                    if not task.live:
                        return
        waiting = [container for container in task.containers if container.status == states.PENDING]
        if any(self._hopeless(task, container) for container in waiting):
            # [A] assumed: no public source gives the text for a dependency that cannot hold any more
            self.lifecycle.fail_to_start(task, "Task failed to start")
        elif task.last_status == states.ACTIVATING and not waiting:
            self.lifecycle.running(task)

    @staticmethod
    def _dependencies(task: Task, container: Container) -> list[tuple[str, Container]]:
        others = {other.spec.name: other for other in task.containers}
        return [(each.condition, others[each.container]) for each in container.spec.depends_on]

    def _ready(self, task: Task, container: Container) -> bool:
        return all(
            {
                "START": other.status != states.PENDING,
                "COMPLETE": other.status == states.STOPPED,
                "SUCCESS": other.status == states.STOPPED and other.exit_code == 0,
                "HEALTHY": other.health == states.HEALTHY,
            }[condition]
            for condition, other in self._dependencies(task, container)
        )

    def _hopeless(self, task: Task, container: Container) -> bool:
        """Whether a container waits for something that can no longer come."""
        return any(
            (condition == "SUCCESS" and other.exit_code not in (None, 0))
            or (
                condition == "HEALTHY"
                and (other.health == states.UNHEALTHY or other.status == states.STOPPED)
            )
            for condition, other in self._dependencies(task, container)
        )

    def _start(self, task: Task, container: Container) -> None:
        run = container.run
        if run is None:  # pragma: no cover - a container is pulled before it starts
            raise AssertionError("started before it was pulled")
        if run.error is not None:
            container.reason = run.error
            self.lifecycle.fail_to_start(task, run.error)
            return
        self._world.traffic.starting(task)
        run = container.run = self._world.programs.boot(task, container) or run
        container.status = states.RUNNING
        container.started_ms = self._engine.now_ms
        container.runtime_id = runtime_id(self._world, task)
        self.memory.starting(task, container)
        if run.app is not None and run.app.boot_ms >= SLOW_BOOT_MS:
            self._log(task, container, run.output[:-1])
            ready = partial(self._booted, task, container)
            self._engine.after(run.app.boot_ms, ready, cause=task.cause)
        else:
            self._log(task, container, run.output)
        if run.lasts_ms is not None:
            container.next = self._engine.after(
                run.lasts_ms,
                partial(self._exited, task, container, run.exit_code, run.last_words),
                cause=task.cause,
            )
        if container.spec.health_check is not None:
            self._arm_check(task, container)
        self._world.queues.starting(task, container)

    def _booted(self, task: Task, container: Container) -> None:
        """A slow program says that it is ready, if it has lived so long and was not told to stop."""
        if container.status == states.RUNNING and container.run is not None and task.live:
            self._log(task, container, container.run.output[-1:])

    def _arm_check(self, task: Task, container: Container) -> None:
        """Work out the first verdict of the health check and schedule just that."""
        check, run, image = container.spec.health_check, container.run, container.image
        if check is None or run is None or image is None:
            return
        interval_ms = check.interval_s * 1000
        boot_ms = run.app.boot_ms if run.app else 0
        good = passes(check.command, image, run.app)
        first_pass_ms = -(-max(boot_ms, 1) // interval_ms) * interval_ms if good else None
        first_counted = check.start_period_s * 1000 // interval_ms + 1
        verdict_ms = (first_counted + check.retries - 1) * interval_ms + check.timeout_s * 1000
        if first_pass_ms is not None and first_pass_ms <= verdict_ms:
            delay_ms, health = first_pass_ms, states.HEALTHY
        else:
            delay_ms, health = verdict_ms, states.UNHEALTHY
        container.check = self._engine.after(
            delay_ms, partial(self._verdict, task, container, health), cause=task.cause
        )
        if health == states.UNHEALTHY and first_pass_ms is not None and task.service is None:
            # Nobody replaces a standalone task for being unhealthy, so it lives to see its program boot.
            self._engine.after(
                first_pass_ms, partial(self._verdict, task, container, states.HEALTHY), cause=task.cause
            )

    def _verdict(self, task: Task, container: Container, health: str) -> None:
        if container.status != states.RUNNING or not task.live:
            return
        container.health = health
        if container.spec.essential:
            self._judge(task)
        self.start_ready(task)

    def _judge(self, task: Task) -> None:
        """Task health is the worst of its essential containers: UNHEALTHY, then UNKNOWN, then HEALTHY. Source: API model, HealthCheck."""
        verdicts = {c.health for c in task.containers if c.spec.essential and c.spec.health_check}
        for health in (states.UNHEALTHY, states.UNKNOWN, states.HEALTHY):
            if health in verdicts:
                task.health = health
                break
        if task.health == states.HEALTHY:
            self.lifecycle.consider(task)
        elif task.health == states.UNHEALTHY and task.service is not None:
            grace_until = (task.started_ms or self._engine.now_ms) + task.service.grace_period_s * 1000
            self._engine.at(
                max(grace_until, self._engine.now_ms),
                partial(self.lifecycle.mark_unhealthy, task, stop_reasons.FAILED_CONTAINER_CHECKS),
                cause=task.cause,
            )

    # -- ending ------------------------------------------------------------------------------------

    def _exited(
        self, task: Task, container: Container, exit_code: int, last_words: tuple[str, ...] = ()
    ) -> None:
        """A container ended by itself, or at the stop signal."""
        if container.status != states.RUNNING:
            return
        self._world.traffic.exiting(task, container, exit_code)
        self._world.queues.exiting(task, container, exit_code)
        self._world.programs.ended(container)
        self._log(task, container, last_words)
        container.status = states.STOPPED
        container.exit_code = exit_code
        self.memory.ended(container)
        self._engine.cancel(container.next)
        self._engine.cancel(container.check)
        self.lifecycle.record(
            task,
            "container.exited",
            container=container.spec.name,
            essential=container.spec.essential,
            exit_code=exit_code,
            reason=container.reason,
        )
        task.version += 1
        self._world.ecs_events.task_changed(task)
        if task.last_status == states.STOPPING:
            self.stop_free(task)
            self.lifecycle.consider_ended(task)
        if not task.live:
            return
        self._world.balancing.health.look_again(task)
        if container.spec.essential:
            noticed_ms = self.lifecycle.draw(self._world.timing.loss_noticed)
            self._engine.cancel(task.gate)
            task.healthy = False
            task.gate = self._engine.after(
                noticed_ms,
                partial(
                    self.lifecycle.stop, task, states.ESSENTIAL_CONTAINER_EXITED, stop_reasons.ESSENTIAL_EXIT
                ),
                cause=task.cause,
            )
        else:
            self.start_ready(task)

    def _out_of_memory(self, task: Task, container: Container) -> None:
        """The kernel kills a container that has exceeded a limit: no signal that a program could hear, no last words."""
        container.reason = stop_reasons.OUT_OF_MEMORY
        self._exited(task, container, SIGKILL_EXIT)

    def stop_free(self, task: Task) -> None:
        """Send the stop signal to every running container that nothing running depends on. As those end, the others are free."""
        needed = {
            dependency.container
            for other in task.containers
            if other.status == states.RUNNING
            for dependency in other.spec.depends_on
        }
        for container in task.containers:
            if (
                container.status == states.RUNNING
                and container.signalled_ms is None
                and container.spec.name not in needed
            ):
                self._signal(task, container)

    def _signal(self, task: Task, container: Container) -> None:
        """The stop signal to one container; its end is due from now on, by itself or by SIGKILL."""
        run = container.run
        if run is None:  # pragma: no cover - what runs has a process
            raise AssertionError("a running container without a process")
        busy_ms = max(
            self._world.traffic.signalled(task, container), self._world.queues.signalled(task, container)
        )
        container.signalled_ms = self._engine.now_ms
        timeout_ms = container.spec.stop_timeout_s * 1000
        if task.reclaim_ms is not None:  # Spot does not wait for a stopTimeout that is longer
            timeout_ms = min(timeout_ms, max(task.reclaim_ms - self._engine.now_ms, 0))
        self._engine.cancel(container.check)
        self._engine.cancel(container.next)
        remaining_ms = container.next.at_ms - self._engine.now_ms if container.next else None
        delay_ms, exit_code = run.stop.delay_ms, run.stop.exit_code
        last_words: tuple[str, ...] = ()
        if run.stop.graceful and run.app is not None and delay_ms is not None:
            delay_ms = max(delay_ms, busy_ms)  # it does not go before it has answered
            self._log(task, container, run.app.stopped_lines[:1])
            last_words = run.app.stopped_lines[1:]
        if remaining_ms is not None and (delay_ms is None or remaining_ms < delay_ms):
            delay_ms, exit_code, last_words = remaining_ms, run.exit_code, run.last_words
        if delay_ms is None or delay_ms > timeout_ms:
            delay_ms, exit_code, last_words = timeout_ms, SIGKILL_EXIT, ()
        container.next = self._engine.after(
            delay_ms, partial(self._exited, task, container, exit_code, last_words), cause=task.cause
        )

    def strike(self, task: Task, container: Container, blow: StopBehaviour, *, cause: int) -> None:
        """A signal from inside the task has come to a process of the container, and this is what becomes of it: no stopTimeout ends it."""
        run = container.run
        if run is None or blow.delay_ms is None or (blow.graceful and container.told):
            return  # nothing comes of the signal, or it is ending already
        delay_ms = blow.delay_ms
        last_words: tuple[str, ...] = ()
        busy_ms = self._world.traffic.signalled(task, container)
        if blow.graceful and run.app is not None:
            delay_ms = max(delay_ms, busy_ms, self._world.queues.signalled(task, container))
            self._log(task, container, run.app.stopped_lines[:1])
            last_words = run.app.stopped_lines[1:]
        container.struck_ms = self._engine.now_ms
        at_ms = self._engine.now_ms + delay_ms
        if container.next is not None and container.next.pending and container.next.at_ms <= at_ms:
            return  # its end is near anyway
        self._engine.cancel(container.next)
        container.next = self._engine.at(
            at_ms, partial(self._exited, task, container, blow.exit_code, last_words), cause=cause
        )

    def settle(self, task: Task) -> None:
        """The task has stopped: so have all its containers, started or not."""
        for container in task.containers:
            container.status = states.STOPPED

    # -- output ------------------------------------------------------------------------------------

    def _log(self, task: Task, container: Container, lines: tuple[str, ...]) -> None:
        logs = container.spec.logs
        if logs is not None:
            for line in lines:
                self._world.logs.write(
                    logs.group, stream_name(logs, container, task), self._engine.now_ms, line
                )
