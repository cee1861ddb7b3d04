"""The scaling policies of a lab's service, and what the alarms that call them have seen: for checks of labs that scale.

An alarm that is in OK or ALARM may still be deaf: missing data can be told to count as something. So what counts here are the
datapoints of what it watches, asked of CloudWatch as the alarm asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from labs.checking import CheckContext
from labs.cloud import MINUTE_MS

_LOOK_BACK_MS = 180 * MINUTE_MS
_LATELY_MS = 15 * MINUTE_MS
"""As long as the slower alarm of target tracking looks back."""


@dataclass(frozen=True, slots=True)
class Watch:
    """An alarm that calls a scaling policy. ``points`` are the last three hours, oldest first, as (moment, value)."""

    policy: str
    alarm: Mapping[str, Any]
    points: tuple[tuple[int, float], ...]
    now_ms: int

    @property
    def hears(self) -> bool:
        """Whether there has been a datapoint lately."""
        return bool(self.points) and self.points[-1][0] >= self.now_ms - _LATELY_MS

    @property
    def name(self) -> str:
        """``AlarmHigh of policy requests``; an alarm of somebody's own by its whole name."""
        name = str(self.alarm["AlarmName"])
        if name.startswith("TargetTracking-"):
            name = next((side for side in ("AlarmHigh", "AlarmLow") if side in name), name)
        return f"{name} of policy {self.policy}"

    @property
    def metric(self) -> str:
        """What it watches, for people."""
        return str(self.alarm.get("MetricName", "an expression"))

    @property
    def dimensions(self) -> dict[str, str]:
        """Of its metric; empty for an expression."""
        return {item["Name"]: item["Value"] for item in self.alarm.get("Dimensions", [])}

    @property
    def looks_up(self) -> bool:
        """Whether it calls when a value is high."""
        return str(self.alarm["ComparisonOperator"]).startswith("Greater")

    @property
    def silence(self) -> str:
        """``no datapoint since 09:02``: since the last one, or else since the alarm was made or changed."""
        if self.points:
            return f"no datapoint since {clock(self.points[-1][0])}"
        made_ms = round(self.alarm["AlarmConfigurationUpdatedTimestamp"].timestamp() * 1000)
        return f"no datapoint since {clock(max(made_ms, self.now_ms - _LOOK_BACK_MS))}"

    def highest(self, from_ms: int, to_ms: int) -> float | None:
        """The highest value of a stretch of time; None without a datapoint in it."""
        return max((value for at_ms, value in self.points if from_ms <= at_ms < to_ms), default=None)


def clock(at_ms: int) -> str:
    """``09:02``, in UTC as the API tells it."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%H:%M")


def resource_id(ctx: CheckContext) -> str:
    """The lab's service as Application Auto Scaling names it."""
    return f"service/{ctx.name('cluster')}/{ctx.name('service')}"


def policies(ctx: CheckContext) -> list[dict[str, Any]]:
    """The scaling policies of the lab's service."""
    found = ctx.client("application-autoscaling").describe_scaling_policies(
        ServiceNamespace="ecs", ResourceId=resource_id(ctx)
    )
    return list(found["ScalingPolicies"])


def scalable_target(ctx: CheckContext) -> Mapping[str, Any] | None:
    """The lab's service as DescribeScalableTargets has it; None when it is no scalable target."""
    found = ctx.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[resource_id(ctx)]
    )
    return next(iter(found["ScalableTargets"]), None)


def bounds(ctx: CheckContext) -> tuple[int, int] | None:
    """Minimum and maximum of the lab's service; None when it is no scalable target."""
    target = scalable_target(ctx)
    return (target["MinCapacity"], target["MaxCapacity"]) if target else None


def watches(ctx: CheckContext) -> list[Watch]:
    """Every alarm that calls a scaling policy of the lab's service."""
    alarms = ctx.client("cloudwatch").describe_alarms()["MetricAlarms"]
    now_ms = ctx.clock.now_ms
    return [
        Watch(policy["PolicyName"], alarm, _points(ctx, alarm, now_ms), now_ms)
        for policy in policies(ctx)
        for alarm in alarms
        if any(action.startswith(policy["PolicyARN"]) for action in alarm["AlarmActions"])
    ]


def _points(ctx: CheckContext, alarm: Mapping[str, Any], now_ms: int) -> tuple[tuple[int, float], ...]:
    found = ctx.client("cloudwatch").get_metric_data(
        MetricDataQueries=_queries(alarm),
        StartTime=datetime.fromtimestamp((now_ms - _LOOK_BACK_MS) / 1000, UTC),
        EndTime=datetime.fromtimestamp(now_ms / 1000, UTC),
        ScanBy="TimestampAscending",
    )["MetricDataResults"][0]
    return tuple(
        (round(at.timestamp() * 1000), value)
        for at, value in zip(found["Timestamps"], found["Values"], strict=True)
    )


def _queries(alarm: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """What the alarm asks, as GetMetricData takes it."""
    if "MetricName" not in alarm:
        return list(alarm["Metrics"])
    metric = {key: alarm[key] for key in ("Namespace", "MetricName", "Dimensions") if key in alarm}
    statistic = alarm.get("Statistic") or alarm["ExtendedStatistic"]
    return [{"Id": "m1", "MetricStat": {"Metric": metric, "Period": alarm["Period"], "Stat": statistic}}]
