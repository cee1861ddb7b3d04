"""The contract with experiments; the model itself comes with another branch, whose package takes this file's place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fargate_sim.model.task import Task


class DisturbanceRefusedError(Exception):
    """A fault that cannot be. ``reason`` is a sentence, AWS's own where known."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(eq=False)
class Disturbance:
    """A fault in tasks, or in subnets."""

    id: str
    kind: str
    tasks: list[Task]
    params: Mapping[str, Any]
    why: str


@dataclass
class Disturbances:
    """Those of a world."""

    active: list[Disturbance] = field(default_factory=list)
    begun: int = 0

    def begin(self, kind: str, tasks: Sequence[Task], params: Mapping[str, Any], *, why: str) -> Disturbance:
        """Start a fault in running tasks."""
        self.begun += 1
        found = Disturbance(f"d-{self.begun}", kind, list(tasks), dict(params), why)
        self.active.append(found)
        return found

    def begin_subnets(self, subnet_ids: Sequence[str], scope: str, *, why: str) -> Disturbance:
        """Start a fault in subnets."""
        return self.begin("subnets", (), {"subnets": tuple(subnet_ids), "scope": scope}, why=why)

    def kill(self, tasks: Sequence[Task], process_name: str, signal: str, *, why: str) -> list[str]:
        """The ids of tasks in which a process got the signal."""
        del process_name, signal, why
        return [task.task_id for task in tasks]

    def end(self, disturbance: Disturbance) -> None:
        """End a fault; idempotent."""
        if disturbance in self.active:
            self.active.remove(disturbance)
