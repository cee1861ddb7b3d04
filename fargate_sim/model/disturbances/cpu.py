"""How much of a task's CPU a stressor takes, and for how long it did."""

from __future__ import annotations

from collections.abc import Sequence

from fargate_sim.model.disturbances.kinds import CpuStress

VCPU_UNITS = 1024


def stress_share(stress: CpuStress, cpu_units: int) -> float:
    """The share of a task's CPU that a stressor wants. [A] A task has a CPU for each 1024 units begun, and each is as fast as the other."""
    cpus = max(1, -(-cpu_units // VCPU_UNITS))
    workers = stress.workers or cpus
    return stress.percent / 100 * min(1.0, workers / cpus)


def average(changes: Sequence[tuple[int, float]], begin_ms: int, end_ms: int) -> float:
    """The mean of a share over a time, from its changes, oldest first; it is 0 before the first."""
    total, share, since_ms = 0.0, 0.0, begin_ms
    for at_ms, after in (*changes, (end_ms, 0.0)):
        until_ms = min(max(at_ms, begin_ms), end_ms)
        total += share * (until_ms - since_ms)
        share, since_ms = after, until_ms
    return total / (end_ms - begin_ms)
