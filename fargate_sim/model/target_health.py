"""The targets of load balancers: registered, checked, drained.

A target is one registration, not an address: an address that comes back later is another target. Sources: Elastic Load Balancing user
guide for Application Load Balancers, target-group-health-checks and edit-target-group-attributes; API model of ELBv2, TargetHealth. One
passed check makes a new target healthy; ``unhealthy_threshold`` failures in a row make a target unhealthy, ``healthy_threshold`` passes
healthy again. A check is scheduled only while its outcome can still change the target's state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from fargate_sim.kernel.engine import Happening
from fargate_sim.model.target_checks import TargetChecks
from fargate_sim.model.task import Container, Task

if TYPE_CHECKING:
    from fargate_sim.model.surroundings import TargetGroupFacts
    from fargate_sim.model.world import World

INITIAL = "initial"
HEALTHY = "healthy"
UNHEALTHY = "unhealthy"
DRAINING = "draining"
UNUSED = "unused"

REGISTERING = ("Elb.RegistrationInProgress", "Target registration is in progress")
CHECKING = ("Elb.InitialHealthChecking", "Initial health checks in progress")
DEREGISTERING = ("Target.DeregistrationInProgress", "Target deregistration is in progress")


@dataclass(eq=False)
class Target:
    """One registration of a task's container and port with a target group."""

    group: str
    task: Task
    container: Container
    port: int
    registered_ms: int
    state: str = INITIAL
    reason: str | None = REGISTERING[0]
    description: str | None = REGISTERING[1]
    first_check_ms: int = 0
    passes: int = 0
    failures: int = 0
    slow_from_ms: int | None = None
    """When it entered slow start; None when it did not."""
    next: Happening | None = None

    @property
    def ip(self) -> str:
        """The task's address, remembered after it is gone."""
        return self.task.address.private_ip if self.task.address else ""

    @property
    def zone(self) -> str:
        """The Availability Zone of the task."""
        return self.task.availability_zone

    @property
    def in_use(self) -> bool:
        """Registered and not on its way out."""
        return self.state in (INITIAL, HEALTHY, UNHEALTHY)

    def slow_until_ms(self, facts: TargetGroupFacts) -> int:
        """When its slow start is over, or was; 0 when it never was in it."""
        return 0 if self.slow_from_ms is None else self.slow_from_ms + facts.slow_start_ms


class TargetHealth:
    """All targets of a world. Says what became of a target; what follows for the task is the scheduler's."""

    def __init__(
        self, world: World, changed: Callable[[Target], None], drained: Callable[[Target], None]
    ) -> None:
        self._world = world
        self._engine = world.engine
        self._timing = world.timing
        self._durations = world.seeds.stream("targets")
        self._checks = TargetChecks(world)
        self._changed = changed
        self._drained = drained
        self.targets: dict[str, list[Target]] = {}

    def of(self, group: str) -> list[Target]:
        """Targets of a group that the API shows, oldest first."""
        return self.targets.get(group, [])

    def _record(self, target: Target, kind: str, **data: Any) -> None:
        target.task.cause = self._world.journal.record(
            kind,
            {
                "task": target.task.task_id,
                "target_group": target.group,
                "ip": target.ip,
                "port": target.port,
                **data,
            },
        )

    def register(self, task: Task, container: Container, port: int, group: str) -> Target:
        """Add a target; its first check follows within seconds. [A]"""
        self._world.traffic.catch_up()
        target = Target(group, task, container, port, self._engine.now_ms)
        self.targets.setdefault(group, []).append(target)
        self._world.metrics.hosts.moved(group, None, target.state)
        self._record(target, "target.registered")
        delay_ms = self._durations.randint(*self._timing.first_target_check)
        target.first_check_ms = self._engine.now_ms + delay_ms
        target.next = self._engine.at(target.first_check_ms, partial(self._check, target), cause=task.cause)
        return target

    def _check(self, target: Target) -> None:
        facts = self._world.surroundings.target_group(target.group)
        if not target.in_use or facts is None:
            return
        outcome = self._checks.look(target, facts)
        if outcome.passed:
            target.passes, target.failures = target.passes + 1, 0
        else:
            target.passes, target.failures = 0, target.failures + 1
        before = target.state
        if outcome.passed and (before == INITIAL or target.passes >= facts.healthy_threshold):
            self._set(target, HEALTHY, None, None)
        elif not outcome.passed and target.failures >= facts.unhealthy_threshold:
            self._set(target, UNHEALTHY, outcome.reason, outcome.description)
        elif before == INITIAL:
            target.reason, target.description = CHECKING
        settled = target.state == (HEALTHY if outcome.passed else UNHEALTHY)
        if not settled:
            self._check_at(target, self._engine.now_ms + facts.interval_s * 1000)
        elif outcome.until_ms is not None:
            self._check_at(target, self._on_grid(target, facts, outcome.until_ms))

    def _check_at(self, target: Target, at_ms: int) -> None:
        self._engine.cancel(target.next)
        target.next = self._engine.at(at_ms, partial(self._check, target), cause=target.task.cause)

    @staticmethod
    def _on_grid(target: Target, facts: TargetGroupFacts, at_ms: int) -> int:
        """The first check at or after a moment: checks are independent of their answers."""
        interval_ms = facts.interval_s * 1000
        steps = -(-max(at_ms - target.first_check_ms, 0) // interval_ms)
        return target.first_check_ms + steps * interval_ms

    def _set(self, target: Target, state: str, reason: str | None, description: str | None) -> None:
        changed = target.state != state
        if changed:
            self._world.traffic.catch_up()
            target.slow_from_ms = self._slow_start(target) if state == HEALTHY else None
            self._world.metrics.hosts.moved(target.group, target.state, state)
        target.state, target.reason, target.description = state, reason, description
        if changed:
            self._record(
                target,
                f"target.{state}",
                reason=reason,
                description=description,
                check=self._check_of(target),
            )
            self._changed(target)

    def _check_of(self, target: Target) -> dict[str, Any] | None:
        """What the health check asks, and how often, as the journal tells it; None when the group is gone."""
        facts = self._world.surroundings.target_group(target.group)
        if facts is None:
            return None
        return {
            "port": facts.check_port or target.port,
            "path": facts.path,
            "matcher": facts.matcher,
            "interval_s": facts.interval_s,
            "failures": facts.unhealthy_threshold,
        }

    def _slow_start(self, target: Target) -> int | None:
        """Now, if a target that has just become healthy enters slow start: another must be healthy and not in slow start itself."""
        facts, now_ms = self._world.surroundings.target_group(target.group), self._engine.now_ms
        if facts is None or not facts.slow_start_ms:
            return None
        others = (other for other in self.of(target.group) if other is not target and other.state == HEALTHY)
        return now_ms if any(other.slow_until_ms(facts) <= now_ms for other in others) else None

    def look_again(self, task: Task) -> None:
        """Something in the task has changed: the checks see it from the next one on."""
        for target in task.targets:
            facts = self._world.surroundings.target_group(target.group)
            if target.in_use and facts is not None:
                self._check_at(target, self._on_grid(target, facts, self._engine.now_ms))

    def groups_changed(self) -> None:
        """Somebody has changed target groups: targets that had come to rest are checked again, as the groups now say."""
        self._world.metrics.hosts.look_again()
        for targets in self.targets.values():
            for target in targets:
                facts = self._world.surroundings.target_group(target.group)
                if facts is None or not facts.slow_start_ms:
                    target.slow_from_ms = None  # healthy targets do not enter slow start when it is turned on
                if target.in_use and facts is not None:
                    self._check_at(target, self._on_grid(target, facts, self._engine.now_ms + 1))

    def deregister(self, target: Target) -> None:
        """No new requests; ``unused`` after the whole deregistration delay, connections or not."""
        if not target.in_use:
            return
        self._engine.cancel(target.next)
        self._world.traffic.deregistering(target)
        self._world.metrics.hosts.moved(target.group, target.state, None)
        target.state = DRAINING
        target.reason, target.description = DEREGISTERING
        self._record(target, "target.draining")
        facts = self._world.surroundings.target_group(target.group)
        delay_ms = facts.deregistration_delay_s * 1000 if facts else 0
        target.next = self._engine.after(delay_ms, partial(self._gone, target), cause=target.task.cause)

    def _gone(self, target: Target) -> None:
        self._world.traffic.delay_over(target)
        target.state = UNUSED
        self._record(target, "target.unused")
        self.targets[target.group].remove(target)
        self._drained(target)
