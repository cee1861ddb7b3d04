"""Memory in labs: its limits, and a drill in which a fresh release grows old under load.

How fast the memory of a task grows is read from CloudWatch, the utilisation of the service minute by minute, as anybody could. It is the
median of what the minutes brought, so that a task that comes or goes meanwhile does not hide it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median
from typing import Any

from labs.checking import CheckContext, Evidence
from labs.cloud import MINUTE_MS
from labs.drills import release
from labs.errors import ControlError
from labs.kills import Kill, kills_of, told
from labs.load import Lived, under_load
from labs.targets import ready

_PUBLISHED_MS = 3 * MINUTE_MS
"""A minute's point has appeared in CloudWatch by then."""
_LEVEL_MIB_PER_HOUR = 1.0
"""Less than this is called level: 24 MiB a day."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The hard limits of a task definition in MiB: the task's, and the container's own if it has one."""

    cpu: int
    task: int
    own: int | None
    container: Mapping[str, Any]

    @property
    def least(self) -> int:
        """What the container may use."""
        return min(self.task, self.own or self.task)

    def __str__(self) -> str:
        """``512 MiB, the container's own `memory` (its task has 1,024)``."""
        if self.own is not None and self.own < self.task:
            return f"{self.own:,} MiB, the container's own `memory` (its task has {self.task:,})"
        if self.own is not None:
            return f"{self.task:,} MiB, the memory of its task and the container's own `memory` alike"
        return f"{self.task:,} MiB, the memory of its task"


@dataclass(frozen=True, slots=True)
class Aged:
    """What a fresh release lived through in a stretch of time under load. ``used`` are MiB of a task, minute by minute: the mean over
    the tasks, and of the fullest at the end.
    """

    lived: Lived
    kills: list[Kill]
    used: tuple[float, ...]
    fullest: float
    limits: Limits
    minutes: int

    @property
    def growth(self) -> float:
        """MiB an hour for a task."""
        steps = [later - earlier for earlier, later in pairwise(self.used)]
        return 60 * median(steps) if steps else 0.0

    @property
    def level(self) -> bool:
        """Whether memory stays where it is."""
        return self.growth < _LEVEL_MIB_PER_HOUR

    @property
    def hours_left(self) -> float:
        """Until the fullest task is killed, at this pace."""
        return max(self.limits.least - self.fullest, 0.0) / self.growth


def limits_of(ctx: CheckContext, service: Mapping[str, Any]) -> Limits:
    """Those of the container behind the load balancer; of the first when there is none."""
    found = ctx.client("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])[
        "taskDefinition"
    ]
    balanced = {item["containerName"] for item in service.get("loadBalancers", [])}
    containers = found["containerDefinitions"]
    container = next((item for item in containers if item["name"] in balanced), containers[0])
    return Limits(int(found["cpu"]), int(found["memory"]), container.get("memory"), container)


# -- the drill -----------------------------------------------------------------------------------------


def aged(ctx: CheckContext) -> tuple[Aged | None, str]:
    """One release that is left alone under load for the lab's ``aged_minutes``, for all checks of a grading; None and the reason when it
    makes no sense to try.
    """
    if "aged" not in ctx.memo:
        service, problem = ready(ctx)
        try:
            ctx.memo["aged"] = (_aged(ctx, service) if service else None, problem)
        except ControlError as error:
            ctx.memo["aged"] = (None, f"no load could be sent: {error}")
    found: tuple[Aged | None, str] = ctx.memo["aged"]
    return found


def _aged(ctx: CheckContext, service: Mapping[str, Any]) -> Aged:
    minutes, mark = ctx.number("aged_minutes"), ctx.history.next_seq
    begun: list[int] = []

    def live() -> Any:
        measured = release(ctx)
        begun.append(ctx.clock.now_ms + MINUTE_MS)
        ctx.clock.advance(minutes * MINUTE_MS)
        return measured

    lived = under_load(ctx, service, live)
    history = ctx.history
    end_ms = begun[0] + (minutes - 1) * MINUTE_MS
    ctx.clock.advance(max(0, end_ms + _PUBLISHED_MS - ctx.clock.now_ms))
    limits = limits_of(ctx, ctx.service() or service)
    names = ctx.name("cluster"), ctx.name("service")
    points = [limits.task * each / 100 for each in _utilisation(ctx, begun[0], end_ms, "Average")]
    most = _utilisation(ctx, begun[0], end_ms, "Maximum")
    return Aged(
        lived,
        kills_of(history.since(mark), *names),
        tuple(points),
        limits.task * most[-1] / 100 if most else 0.0,
        limits,
        minutes,
    )


def _utilisation(ctx: CheckContext, since_ms: int, until_ms: int, statistic: str) -> list[float]:
    """MemoryUtilization of the service in percent, minute by minute."""
    metric = {
        "Namespace": "AWS/ECS",
        "MetricName": "MemoryUtilization",
        "Dimensions": [
            {"Name": "ClusterName", "Value": ctx.name("cluster")},
            {"Name": "ServiceName", "Value": ctx.name("service")},
        ],
    }
    found = ctx.client("cloudwatch").get_metric_data(
        MetricDataQueries=[
            {"Id": "memory", "MetricStat": {"Metric": metric, "Period": 60, "Stat": statistic}}
        ],
        StartTime=datetime.fromtimestamp(since_ms / 1000, UTC),
        EndTime=datetime.fromtimestamp(until_ms / 1000, UTC),
        ScanBy="TimestampAscending",
    )
    return [float(value) for value in found["MetricDataResults"][0]["Values"]]


def nothing_lost(ctx: CheckContext) -> Evidence:
    """A release that is left alone under load: nobody is killed for memory, and no request comes to nothing."""
    expected = f"no task killed for memory and no request lost in {ctx.number('aged_minutes')} min under load"
    found, problem = aged(ctx)
    if found is None:
        return Evidence(False, expected, problem)
    lived = found.lived
    observed = f"{told(found.kills)}; {lived}"
    passed = not found.kills and lived.lost == 0 and lived.sent > 0
    return Evidence(passed, expected, observed if passed else f"{observed}. {lived.why}".rstrip(". ") + ".")


def stays_level(ctx: CheckContext) -> Evidence:
    """The memory of a task stays where it is while requests come."""
    expected = "the memory of a task stays level under load, so that nothing has to end it"
    found, problem = aged(ctx)
    if found is None:
        return Evidence(False, expected, problem)
    if len(found.used) < 2:
        return Evidence(False, expected, f"CloudWatch has too few points of {ctx.name('service')} to tell")
    span = f"{found.used[0]:,.0f} MiB at first, {found.used[-1]:,.0f} MiB after {len(found.used)} min"
    if found.level:
        return Evidence(not found.kills, expected, f"level: {span}; {told(found.kills)}")
    # A level of before a kill and one of after it have nothing to do with each other.
    rate = f"memory still grows by {found.growth:,.0f} MiB an hour" + ("" if found.kills else f" ({span})")
    left = f"the next kill, at {found.limits.least:,} MiB, comes in about {_hours(found.hours_left)}"
    died = f" Meanwhile: {told(found.kills)}." if found.kills else ""
    return Evidence(False, expected, f"{rate}; {left}.{died}")


def _hours(hours: float) -> str:
    return f"{hours:.1f} hours" if hours >= 1 else f"{hours * 60:.0f} min"
