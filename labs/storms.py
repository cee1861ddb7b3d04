"""Drills in which Spot takes back what it has lent, under load: at rest, with no Spot capacity for others for a while; and in the middle
of a release. What stays, what clients lived through and how the programs ended is measured. Checks that labs have in common are here, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from labs.checking import CheckContext, Evidence, counted, duration, missing_service
from labs.costs import dollars
from labs.drills import DRILL_LIMIT_MS, release
from labs.errors import ControlError
from labs.history import Minimum
from labs.load import Lived, under_load
from labs.targets import ready

ON_DEMAND = "FARGATE"
SPOT = "FARGATE_SPOT"
SHORT_MS = 4 * 60_000
"""How long there is none: longer than the two minutes that a task has, and than what ECS needs to take its interface away."""
NOTICE_MS = 120_000
_TICK_MS = 5_000
_TICKS = 60
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Weathered:
    """What came of a storm: what clients lived through, how many tasks were taken, and the lowest running count."""

    lived: Lived
    taken: int
    lowest: Minimum

    def __str__(self) -> str:
        """``12 tasks were taken, 0 were running at the lowest``."""
        return f"{counted(self.taken, 'task was', 'tasks were')} taken, {self.lowest.count} were running at the lowest"


def weathered(ctx: CheckContext) -> tuple[Weathered | None, str]:
    """One storm at rest for all drills of a grading; None and the reason when it makes no sense to try."""
    return _once(ctx, "storm", _at_rest)


def released(ctx: CheckContext) -> tuple[Weathered | None, str]:
    """One release for all drills of a grading that Spot interrupts as soon as a task of it runs; Spot has others at once."""
    return _once(ctx, "release in a storm", _in_a_release)


def _once(
    ctx: CheckContext, key: str, drill: Callable[[CheckContext, Mapping[str, Any]], Weathered]
) -> tuple[Weathered | None, str]:
    if key not in ctx.memo:
        service, problem = ready(ctx)
        try:
            with ctx.clock.hold():
                ctx.memo[key] = (drill(ctx, service) if service else None, problem)
        except ControlError as error:
            ctx.memo[key] = (None, f"not tried: {error}")
    found: tuple[Weathered | None, str] = ctx.memo[key]
    return found


def _ours(ctx: CheckContext) -> dict[str, str]:
    return {"cluster": ctx.name("cluster"), "service": ctx.name("service")}


def _at_rest(ctx: CheckContext, service: Mapping[str, Any]) -> Weathered:
    capacity, clock, ours = ctx.cloud.capacity, ctx.clock, _ours(ctx)
    there = [each["zone"] for each in capacity.report()["shortages"] if each["provider"] == SPOT]
    short = None in there
    taken: list[str] = []
    began_ms: list[int] = []

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
    since_ms = began_ms[0]
    lowest = ctx.history.minimum_running(ours["cluster"], ours["service"], since_ms, since_ms + SHORT_MS)
    clock.settle(DRILL_LIMIT_MS)
    return Weathered(lived, len(taken), lowest)


def _in_a_release(ctx: CheckContext, service: Mapping[str, Any]) -> Weathered:
    taken: list[str] = []

    def interrupt() -> None:
        for _ in range(_TICKS):
            deployment = ctx.primary(ctx.service() or service)
            if deployment["rolloutState"] == "IN_PROGRESS" and deployment["runningCount"]:
                break
            ctx.clock.advance(_TICK_MS)
        taken.extend(ctx.cloud.capacity.interrupt(share=1, **_ours(ctx)))

    lived = under_load(ctx, service, lambda: release(ctx, interrupt))
    if lived.release is None:  # pragma: no cover - the drill is a release
        raise AssertionError("a release that was not measured")
    return Weathered(lived, len(taken), lived.release.lowest)


def ends_in_words(lived: Lived) -> str:
    """How the slowest of the killed programs came to its end, moment by moment; empty when none was killed."""
    killed = [
        end
        for end in lived.ends
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


# -- checks that labs have in common --------------------------------------------------------------------


def mostly_spot(ctx: CheckContext) -> Evidence:
    """At least the lab's ``spot_percent`` of the running tasks is on Spot."""
    percent = ctx.number("spot_percent")
    expected = f"at least {percent} % of the tasks on {SPOT}: that is what the budget allows"
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    found = _providers(ctx)
    total, spot = sum(found.values()), found[SPOT]
    hourly = dollars(float(ctx.cloud.cost()["per_hour_now"]))
    observed = (
        f"{spot} of {counted(total, 'task')} on {SPOT}, {total - spot} at the full price; "
        f"all in all about {hourly} an hour now"
    )
    return Evidence(total > 0 and spot * 100 >= percent * total, expected, observed)


def floor(ctx: CheckContext) -> Evidence:
    """A storm leaves the lab's ``floor`` of tasks running."""
    least = ctx.number("floor")
    expected = f"never fewer than {least} tasks running while Spot takes its tasks back and has none to give"
    seen, problem = weathered(ctx)
    if seen is None:
        return Evidence(False, expected, problem)
    observed = str(seen)
    if seen.lowest.count >= least:
        return Evidence(True, expected, observed)
    refused = sum(cause["count"] for cause in seen.lived.causes if cause["kind"] == "no_targets")
    if refused:
        observed += f", and {refused:,} of {seen.lived.sent:,} requests found nobody"
    return Evidence(False, expected, f"{observed}. {_strategy(ctx.service() or {})}")


def _providers(ctx: CheckContext) -> Counter[str]:
    """How many tasks of the service run on which capacity."""
    ecs, cluster = ctx.client("ecs"), ctx.name("cluster")
    arns = ecs.list_tasks(cluster=cluster, serviceName=ctx.name("service"))["taskArns"]
    found: Counter[str] = Counter()
    for first in range(0, len(arns), _PAGE):
        tasks = ecs.describe_tasks(cluster=cluster, tasks=arns[first : first + _PAGE])["tasks"]
        found.update(task.get("capacityProviderName", ON_DEMAND) for task in tasks)
    return found


def _strategy(service: Mapping[str, Any]) -> str:
    """Where the service runs its tasks, in words."""
    items = service.get("capacityProviderStrategy", [])
    if not items:
        return f"It runs with the launch type {service.get('launchType', 'of nobody')}"
    told = ", ".join(
        f"{item['capacityProvider']} base {item['base']} weight {item['weight']}" for item in items
    )
    if not any(item["base"] for item in items):
        return f"Its strategy: {told}. No base keeps anything on demand"
    return f"Its strategy: {told}"
