"""A drill in which orders come in a rush and nobody touches the service: how long they waited, minute by minute, and what Application
Auto Scaling did about it. In ``names``: ``queue``, ``rps_tenths``, ``to_rps_tenths``, ``pattern``, ``after_minutes``, ``for_minutes``, and
``day_minutes`` for the drill.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labs import queues
from labs.catalogue import Lab
from labs.checking import CheckContext, counted, duration
from labs.cloud import MINUTE_MS
from labs.queues import Orders
from labs.scalers import bounds
from labs.waves import Ridden, Step

_LOOK_MIN = 5
_FORGET_MIN = 10
_QUIET_MIN = 30
_LONGEST_CALM_MIN = 120
_STRETCH_MIN = 60
_WHOLE = "a wave of orders, with its scaling"


@dataclass(frozen=True, slots=True)
class Wave:
    """What came of a wave: its orders, the age of the oldest message at the end of each minute (virtual milliseconds), and the steps of the
    desired count, whose ``minutes`` are left empty.
    """

    orders: Orders
    ages: tuple[int, ...]
    scaling: Ridden

    def late(self, limit_ms: int) -> int:
        """Minutes at whose end a message was older than a limit."""
        return sum(age > limit_ms for age in self.ages)

    def waited(self, limit_ms: int) -> str:
        """How long orders waited, in a sentence."""
        worst = max(self.ages, default=0)
        return (
            f"{counted(self.orders.sent, 'order')}; the oldest was above {duration(limit_ms)} at the end of "
            f"{self.late(limit_ms)} of {counted(len(self.ages), 'minute')}, at worst {duration(worst)}"
        )


def orders_of(lab: Lab) -> dict[str, Any]:
    """The lab's wave, in the control API's words."""
    return {
        "rps": lab.number("rps_tenths") / 10,
        "pattern": lab.name("pattern"),
        "to_rps": lab.number("to_rps_tenths") / 10,
        "after_ms": lab.number("after_minutes") * MINUTE_MS,
        "for_ms": lab.number("for_minutes") * MINUTE_MS,
    }


def ride(ctx: CheckContext) -> tuple[Wave | None, str]:
    """One wave for all checks of a grading; None and the reason when it makes no sense to try."""

    def day(_service: Mapping[str, Any]) -> Orders:
        ctx.memo[_WHOLE] = _ride(ctx)
        return _whole(ctx).orders

    orders, problem = queues.once(ctx, "a wave of orders", day)
    return (_whole(ctx) if orders is not None else None), problem


def _whole(ctx: CheckContext) -> Wave:
    wave: Wave = ctx.memo[_WHOLE]
    return wave


def _ride(ctx: CheckContext) -> Wave:
    load, clock = orders_of(ctx.lab), ctx.clock
    began_with = 0
    ages: list[int] = []
    start_ms = mark = 0

    def calm_down() -> None:
        nonlocal began_with
        began_with = _calm_down(ctx)

    def day() -> None:
        nonlocal start_ms, mark
        start_ms, mark = clock.now_ms, ctx.history.next_seq
        left = ctx.number("day_minutes")
        while left > 0:
            clock.advance(min(left, _STRETCH_MIN) * MINUTE_MS)
            left -= _STRETCH_MIN

    queues.with_orders(ctx, calm_down, {"rps": load["rps"]})
    clock.advance(-clock.now_ms % MINUTE_MS)  # whole minutes are told apart
    orders = queues.with_orders(ctx, day, load)
    end_ms = start_ms + ctx.number("day_minutes") * MINUTE_MS
    report = ctx.cloud.queue.report(ctx.name("queue"), minutes=(clock.now_ms - start_ms) // MINUTE_MS + 2)
    for minute in report["minutes"] if report else ():
        if start_ms <= minute["at_ms"] < end_ms and minute["visible"] is not None:
            ages.append(minute["oldest_age_ms"] or 0)
    steps = tuple(
        Step(entry.at_ms - start_ms, entry.data["from"], entry.data["to"], entry.data["policy"])
        for entry in _steps(ctx, mark)
        if entry.at_ms <= end_ms
    )
    return Wave(orders, tuple(ages), Ridden(start_ms, (), steps, began_with))


def _steps(ctx: CheckContext, mark: int) -> list[Any]:
    names = {"cluster": ctx.name("cluster"), "service": ctx.name("service")}
    return list(ctx.history.since(mark).of("scaling.activity", **names))


def _calm_down(ctx: CheckContext) -> int:
    """Let the scaler take back what it has added for earlier orders; the desired count that it ends with."""
    service = ctx.service()
    desired: int = service["desiredCount"] if service else 0
    between = bounds(ctx)
    least = between[0] if between else desired
    quiet = waited = 0
    while waited < _FORGET_MIN or (quiet < _QUIET_MIN and waited < _LONGEST_CALM_MIN and desired > least):
        mark = ctx.history.next_seq
        ctx.clock.advance(_LOOK_MIN * MINUTE_MS)
        waited += _LOOK_MIN
        steps = _steps(ctx, mark)
        quiet = 0 if steps else quiet + _LOOK_MIN
        desired = steps[-1].data["to"] if steps else desired
    return desired
