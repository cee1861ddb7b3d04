"""Which CPU and memory pairs Fargate runs. Source: API model of ECS, Task.cpu and Task.memory."""

from __future__ import annotations

GIB = 1024

_MEMORY_MIB: dict[int, tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1 * GIB, 4 * GIB + 1, GIB)),
    1024: tuple(range(2 * GIB, 8 * GIB + 1, GIB)),
    2048: tuple(range(4 * GIB, 16 * GIB + 1, GIB)),
    4096: tuple(range(8 * GIB, 30 * GIB + 1, GIB)),
    8192: tuple(range(16 * GIB, 60 * GIB + 1, 4 * GIB)),
    16384: tuple(range(32 * GIB, 120 * GIB + 1, 8 * GIB)),
}


def is_fargate_size(cpu_units: int, memory_mib: int) -> bool:
    """Whether a task of this many CPU units and MiB can run on Fargate."""
    return memory_mib in _MEMORY_MIB.get(cpu_units, ())


def memory_choices(cpu_units: int) -> tuple[int, ...]:
    """The memory sizes, in MiB, that go with a CPU size; empty for a CPU size that does not exist."""
    return _MEMORY_MIB.get(cpu_units, ())


def fargate_sizes() -> list[tuple[int, int]]:
    """Every valid (CPU units, MiB) pair, small to large."""
    return [(cpu, memory) for cpu, choices in _MEMORY_MIB.items() for memory in choices]
