"""The end of one task as its load balancer's clients lived it: the moments, what was in flight, what was lost and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fargate_sim.model.task import Task


@dataclass
class Shutdown:
    """Moments in virtual milliseconds; None for what has not happened, or never will."""

    task: Task
    stop_requested_ms: int | None = None
    deregistered_ms: int | None = None
    delay_s: int | None = None
    unused_ms: int | None = None
    signal_ms: int | None = None
    exited_ms: int | None = None
    exit_code: int | None = None
    killed: bool = False
    in_flight_at_deregistration: int | None = None
    in_flight_at_signal: int | None = None
    stray: int = 0
    """Requests that came after deregistration, in the first two seconds."""
    lost: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Failed because of the end, by kind and detail of the cause."""
    unsaved: int = 0
    """Answered, but still in the program's memory when it ended."""
