"""A drill in which Spot takes back what it has lent: under load every Spot task of the service gets its notice at once, and there is no
Spot capacity for others. What stays, what clients lived through and how the programs ended is measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labs.checking import CheckContext, counted, duration
from labs.drills import DRILL_LIMIT_MS
from labs.errors import ControlError
from labs.history import Minimum
from labs.load import Lived, under_load
from labs.targets import ready

SPOT = "FARGATE_SPOT"
SHORT_MS = 4 * 60_000
"""How long there is none: longer than the two minutes that a task has, and than what ECS needs to take its interface away."""
NOTICE_MS = 120_000


@dataclass(frozen=True, slots=True)
class Weathered:
    """What came of a storm: what clients lived through, how many tasks were taken of how many, and the lowest running count."""

    lived: Lived
    taken: int
    of: int
    lowest: Minimum

    def __str__(self) -> str:
        """``12 of 12 tasks were taken, 0 were left at the lowest``."""
        return f"{self.taken} of {counted(self.of, 'task')} were taken, {self.lowest.count} were running at the lowest"


def weathered(ctx: CheckContext) -> tuple[Weathered | None, str]:
    """One storm for all drills of a grading; None and the reason when it makes no sense to try."""
    if "storm" not in ctx.memo:
        service, problem = ready(ctx)
        try:
            ctx.memo["storm"] = (_weathered(ctx, service) if service else None, problem)
        except ControlError as error:
            ctx.memo["storm"] = (None, f"not tried: {error}")
    found: tuple[Weathered | None, str] = ctx.memo["storm"]
    return found


def _weathered(ctx: CheckContext, service: Mapping[str, Any]) -> Weathered:
    capacity, clock = ctx.cloud.capacity, ctx.clock
    there = [each["zone"] for each in capacity.report()["shortages"] if each["provider"] == SPOT]
    short = None in there
    taken: list[str] = []
    began_ms: list[int] = []
    ours = {"cluster": ctx.name("cluster"), "service": ctx.name("service")}

    def happen() -> None:
        began_ms.append(clock.now_ms)
        taken.extend(capacity.interrupt(share=1, **ours))
        clock.advance(SHORT_MS)

    if not short:
        capacity.shortage(SPOT)
    try:
        lived = under_load(ctx, service, happen)
    finally:
        if not short:
            capacity.restore(SPOT)
            for zone in there:  # what was short before is short again
                capacity.shortage(SPOT, zone)
    lowest = ctx.history.minimum_running(
        ours["cluster"], ours["service"], began_ms[0], began_ms[0] + SHORT_MS
    )
    clock.settle(DRILL_LIMIT_MS)
    return Weathered(lived, len(taken), service["runningCount"], lowest)


def ends_in_words(weathered: Weathered) -> str:
    """How the slowest of the killed programs came to its end, moment by moment; empty when none was killed."""
    killed = [
        end
        for end in weathered.lived.ends
        if end["killed"] and end["signal_ms"] is not None and end["stop_requested_ms"] is not None
    ]
    if not killed:
        return ""
    end = max(killed, key=lambda each: each["exited_ms"] - each["stop_requested_ms"])
    waited_ms = end["signal_ms"] - end["stop_requested_ms"]
    stopping_ms = end["exited_ms"] - end["signal_ms"]
    told = f"the stop signal came {duration(waited_ms)} after the notice, SIGKILL {duration(stopping_ms)} after the signal"
    if waited_ms + stopping_ms < NOTICE_MS - 500:
        return f"{told}, when the stopTimeout was over"
    return (
        f"{told}, when the two minutes were over: the deregistration delay of {end['delay_s']} s comes first, "
        "and the program gets what is left"
    )
