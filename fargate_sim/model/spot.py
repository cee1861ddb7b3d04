"""Fargate Spot takes capacity back: a notice, two minutes, and the end.

At the notice the task is told to stop: it is deregistered from its load balancer, then gets the stop signal, then SIGKILL after its
stopTimeout. Sources: ECS developer guide, fargate-capacity-providers; What's New 2023-02 (deregistration comes before the stop signal).

All of it fits into two minutes. [A] The deregistration delay may take what they leave, but the last ``KEPT_FOR_STOP`` seconds, or the
stopTimeout if it is shorter, are kept for the stop: then the signal comes, drained or not. What still runs at the end is killed, whatever
its stopTimeout says.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from fargate_sim.kernel.engine import Happening
from fargate_sim.model import stop_reasons
from fargate_sim.model import task as states
from fargate_sim.model.task import Task

if TYPE_CHECKING:
    from fargate_sim.model.world import World

BUDGET_MS = 120_000
"""From the notice to the end. Source: API model of ECS, CapacityProviderStrategyItem (a two-minute warning)."""
KEPT_FOR_STOP_MS = 30_000
"""[A] ECS's default stopTimeout."""


class Spot:
    """Interrupts tasks of FARGATE_SPOT: by hand, or by the weather, which gives every one of them a life of random length."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._engine = world.engine
        self._choice = world.seeds.stream("spot")
        self._lives = world.seeds.stream("spot:weather")
        self.mean_ms: int | None = None
        """How long a task lives on average in this weather; None when it is calm."""
        self.interrupted = 0
        self._due: dict[str, Happening] = {}

    # -- which tasks -------------------------------------------------------------------------------

    def running(
        self, *, cluster: str | None = None, service: str | None = None, zone: str | None = None
    ) -> list[Task]:
        """Spot tasks that could get a notice now, oldest first."""
        return [
            task
            for task in self._world.tasks.values()
            if _is_spot(task)
            and task.running
            and cluster in (None, task.cluster)
            and zone in (None, task.availability_zone)
            and (service is None or (task.service is not None and task.service.name == service))
        ]

    def draw(self, tasks: Sequence[Task], count: int) -> list[Task]:
        """So many of them by chance, in their order."""
        chosen = sorted(self._choice.sample(range(len(tasks)), count))
        return [tasks[index] for index in chosen]

    # -- what happens ------------------------------------------------------------------------------

    def interrupt(self, tasks: Sequence[Task], why: str = "asked") -> None:
        """Give running Spot tasks their notice. ``why``: asked or weather."""
        if not tasks:
            return
        self.interrupted += len(tasks)
        ids = [task.task_id for task in tasks]
        cause = self._world.journal.record(
            "spot.interrupted", {"tasks": ids, "why": why}, cause=self._engine.cause
        )
        before, self._engine.cause = self._engine.cause, cause
        for task in tasks:
            now_ms = self._engine.now_ms
            task.reclaim_ms = now_ms + BUDGET_MS
            self._world.lifecycle.stop(task, states.SPOT_INTERRUPTION, stop_reasons.SPOT_INTERRUPTED)
            if task.last_status == states.DEACTIVATING:
                longest_ms = max(container.spec.stop_timeout_s for container in task.containers) * 1000
                signal_ms = task.reclaim_ms - min(longest_ms, KEPT_FOR_STOP_MS)
                self._engine.at(signal_ms, partial(self._world.lifecycle.proceed, task), cause=task.cause)
        self._engine.cause = before

    # -- the weather -------------------------------------------------------------------------------

    def storm(self, mean_minutes: float) -> None:
        """From now on every Spot task lives for a random time, exponential with this mean, from now or from when it runs."""
        if not 0.5 <= mean_minutes <= 10_000:
            raise ValueError(f"mean_minutes must be 0.5 to 10000, not {mean_minutes:g}")
        self._forget_all()
        self.mean_ms = int(mean_minutes * 60_000)
        self._world.journal.record("spot.weather", {"mean_minutes": mean_minutes})
        for task in self.running():
            self.began(task)

    def calm(self) -> None:
        """No more interruptions but by hand. ValueError when it is calm already."""
        if self.mean_ms is None:
            raise ValueError("the Spot weather is calm already")
        self._forget_all()
        self.mean_ms = None
        self._world.journal.record("spot.weather", {"mean_minutes": None})

    def began(self, task: Task) -> None:
        """A task runs: in this weather its life has an end."""
        if self.mean_ms is None or not _is_spot(task):
            return
        life_ms = max(1, int(self._lives.expovariate(1.0 / self.mean_ms)))
        self._due[task.task_id] = self._engine.after(life_ms, partial(self._strike, task), cause=task.cause)

    def ended(self, task: Task) -> None:
        """A task is being stopped, for whatever reason: the weather need not do it."""
        self._engine.cancel(self._due.pop(task.task_id, None))

    def _strike(self, task: Task) -> None:
        del self._due[task.task_id]
        if task.running:
            self.interrupt([task], why="weather")

    def _forget_all(self) -> None:
        for happening in self._due.values():
            self._engine.cancel(happening)
        self._due.clear()


def _is_spot(task: Task) -> bool:
    return task.capacity_provider == states.FARGATE_SPOT
