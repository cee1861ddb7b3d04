"""A program asks a service that it depends on, over a bad line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fargate_sim.model.app_dependency import AppDependency
    from fargate_sim.model.disturbances.interference import Leg


class Tried(NamedTuple):
    """How it went: what the line has cost, in microseconds, and whether there was an answer."""

    took_us: int
    good: bool


def ask(dependency: AppDependency, leg: Leg, own_us: int, random: Callable[[], float]) -> Tried:
    """Ask a service that takes ``own_us`` itself on average, as often as the program does.

    [A] The program's time-out runs while the service works and the line is slow; how long the service works is taken at its mean for it.
    """
    timeout_us = dependency.timeout_ms * 1000
    took_us = 0
    for _ in range(dependency.tries):
        lag_us = leg.lag_us(random)
        if lag_us is not None and own_us + lag_us <= timeout_us:
            return Tried(took_us + lag_us, good=True)
        took_us += timeout_us
    return Tried(took_us, good=False)
