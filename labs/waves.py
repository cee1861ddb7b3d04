"""A drill in which the load changes and nobody touches the service: clients come and go in a wave or a ramp, and it is measured how they
fared minute by minute, and what Application Auto Scaling did about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labs.checking import CheckContext, counted, duration
from labs.cloud import MINUTE_MS
from labs.errors import ControlError
from labs.history import Entry
from labs.holding import ready_and_still
from labs.scalers import bounds

MEDIAN = 50
"""For labs whose clients send requests that take long by nature: the 99th percentile would only tell of those."""
_LOOK_MIN = 5
_FORGET_MIN = 10
"""Longer than an alarm that is about to scale out remembers what it saw."""
_QUIET_MIN = 30
"""Longer than a policy of target tracking needs to see that less would do."""
_LONGEST_CALM_MIN = 120
_CHANGE = ("pattern", "to_rps", "after_ms", "for_ms")
_STRETCH_MIN = 30
"""The traffic report has the last hour by minute, so it is read at least this often."""


@dataclass(frozen=True, slots=True)
class Minute:
    """A minute of the clients' time. The percentiles are None when no request was answered well."""

    at_ms: int
    sent: int
    failed: int
    p99_ms: float | None
    p50_ms: float | None = None

    def latency_ms(self, percent: int) -> float | None:
        """The 50th or the 99th percentile."""
        return self.p50_ms if percent == MEDIAN else self.p99_ms


@dataclass(frozen=True, slots=True)
class Step:
    """Application Auto Scaling changed the desired count; ``after_ms`` counts from the beginning of the drill."""

    after_ms: int
    before: int
    after: int
    policy: str | None

    def __str__(self) -> str:
        """``2 to 4 after 12 min``."""
        return f"{self.before} to {self.after} after {duration(self.after_ms // MINUTE_MS * MINUTE_MS)}"


@dataclass(frozen=True, slots=True)
class Ridden:
    """What came of a changing load: the minutes, the steps of the desired count, and the count at the beginning."""

    start_ms: int
    minutes: tuple[Minute, ...]
    steps: tuple[Step, ...]
    began_with: int

    @property
    def sent(self) -> int:
        """Requests in all."""
        return sum(minute.sent for minute in self.minutes)

    @property
    def failed(self) -> int:
        """Requests that failed."""
        return sum(minute.failed for minute in self.minutes)

    def slow(self, limit_ms: int, percent: int = 99) -> list[Minute]:
        """Minutes whose percentile was above a limit, or in which nothing was answered."""
        found = ((minute, minute.latency_ms(percent)) for minute in self.minutes if minute.sent)
        return [minute for minute, latency_ms in found if latency_ms is None or latency_ms > limit_ms]

    def worst_ms(self, percent: int = 99) -> float:
        """The worst percentile of a minute; infinite when nothing was answered in one."""
        found = [minute.latency_ms(percent) for minute in self.minutes if minute.sent]
        return max((float("inf") if each is None else each for each in found), default=0.0)

    @property
    def most(self) -> int:
        """The highest desired count."""
        return max([self.began_with, *(step.after for step in self.steps)])

    @property
    def last(self) -> int:
        """The desired count at the end."""
        return self.steps[-1].after if self.steps else self.began_with

    @property
    def turns(self) -> int:
        """How often the count turned round. One task to and fro is no turn: it has to go back by two or more."""
        turns, up, extreme = 0, True, self.began_with
        for count in [step.after for step in self.steps]:
            if (count >= extreme) if up else (count <= extreme):
                extreme = count
            elif abs(count - extreme) > 1:
                turns, up, extreme = turns + 1, not up, count
        return turns

    def fared(self, limit_ms: int, percent: int = 99) -> str:
        """The clients' side in a sentence: ``43,200 requests, 12 failed; p99 above 1 s in 3 of 60 minutes, at worst 4.2 s``."""
        slow, worst_ms = len(self.slow(limit_ms, percent)), self.worst_ms(percent)
        worst = (
            "at worst nothing was answered" if worst_ms == float("inf") else f"at worst {_seconds(worst_ms)}"
        )
        name = "median" if percent == MEDIAN else f"p{percent}"
        return (
            f"{self.sent:,} requests, {self.failed:,} failed; {name} above {_seconds(limit_ms)} in {slow} of "
            f"{counted(len(self.minutes), 'minute')}, {worst}"
        )

    def scaled(self) -> str:
        """The scaler's side in a sentence."""
        if not self.steps:
            return f"the desired count stayed at {self.began_with}"
        shown = ", ".join(str(step) for step in self.steps[:6])
        more = f" and {len(self.steps) - 6} more" if len(self.steps) > 6 else ""
        return f"{counted(len(self.steps), 'change')} of the desired count: {shown}{more}"


def _seconds(ms: float) -> str:
    return f"{ms / 1000:.3g} s"


def ride(ctx: CheckContext, key: str, load: Mapping[str, Any], minutes: int) -> tuple[Ridden | None, str]:
    """One drill for all checks of a grading that share ``key``; None and the reason when it makes no sense to try. ``load`` has the
    settings of the traffic but for its target group.
    """
    if key not in ctx.memo:
        service, problem = ready_and_still(ctx)
        try:
            ctx.memo[key] = (_ridden(ctx, service, load, minutes) if service else None, problem)
        except ControlError as error:
            ctx.memo[key] = (None, f"no load could be sent: {error}")
    found: tuple[Ridden | None, str] = ctx.memo[key]
    return found


def _ridden(ctx: CheckContext, service: Mapping[str, Any], load: Mapping[str, Any], minutes: int) -> Ridden:
    traffic, clock = ctx.cloud.traffic, ctx.clock
    group = service["loadBalancers"][0]["targetGroupArn"]
    before = traffic.report()
    if before["running"]:
        traffic.stop()
    try:
        began_with = _calm_down(ctx, {"target_group": group, **_constant(load)})
        clock.advance(-clock.now_ms % MINUTE_MS)  # whole minutes are told apart
        start_ms, mark = clock.now_ms, ctx.history.next_seq
        traffic.start({**load, "target_group": group})
        seen: dict[int, Minute] = {}
        left = minutes
        while left > 0:
            clock.advance(min(left, _STRETCH_MIN) * MINUTE_MS)
            left -= _STRETCH_MIN
            for each in traffic.report()["minutes"]:
                if start_ms <= each["at_ms"] <= clock.now_ms - MINUTE_MS:
                    seen[each["at_ms"]] = Minute(
                        each["at_ms"], each["sent"], each["failed"], each["p99_ms"], each["p50_ms"]
                    )
    finally:
        # What stopped the drill must not leave the world with the drill's clients, or with none.
        if traffic.report()["running"]:
            traffic.stop()
        if before["running"]:
            traffic.start({**before["demand"], "target_group": group})
    steps = tuple(
        Step(entry.at_ms - start_ms, entry.data["from"], entry.data["to"], entry.data["policy"])
        for entry in _steps(ctx, mark)
    )
    return Ridden(start_ms, tuple(seen[at_ms] for at_ms in sorted(seen)), steps, began_with)


def _constant(load: Mapping[str, Any]) -> dict[str, Any]:
    """The load that a changing one begins with."""
    return {key: value for key, value in load.items() if key not in _CHANGE}


def _steps(ctx: CheckContext, mark: int) -> list[Entry]:
    """What the scaler has done to the service since an entry."""
    found = ctx.history.since(mark).of(
        "scaling.activity", cluster=ctx.name("cluster"), service=ctx.name("service")
    )
    return list(found)


def _calm_down(ctx: CheckContext, load: Mapping[str, Any]) -> int:
    """Let alarms forget an earlier load, and the scaler take back what it has added for it, under the load that the drill begins
    with: a drill begins where the last one began. The desired count that it ends with.
    """
    service = ctx.service()
    desired: int = service["desiredCount"] if service else 0
    between = bounds(ctx)
    if between is None:
        return desired
    ctx.cloud.traffic.start(load)
    quiet = waited = 0
    while waited < _FORGET_MIN or (
        quiet < _QUIET_MIN and waited < _LONGEST_CALM_MIN and desired > between[0]
    ):
        mark = ctx.history.next_seq
        ctx.clock.advance(_LOOK_MIN * MINUTE_MS)
        waited += _LOOK_MIN
        steps = _steps(ctx, mark)
        quiet = 0 if steps else quiet + _LOOK_MIN
        desired = steps[-1].data["to"] if steps else desired
    ctx.cloud.traffic.stop()
    return desired
