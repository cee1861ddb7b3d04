"""An alarm: what it watches, and the state that it is in. Source of fields and ranges: CloudWatch API reference, PutMetricAlarm."""

from __future__ import annotations

from dataclasses import dataclass, field

from fargate_sim.model.metrics import Metric

OK = "OK"
ALARM = "ALARM"
INSUFFICIENT_DATA = "INSUFFICIENT_DATA"

MISSING = "missing"
NOT_BREACHING = "notBreaching"
BREACHING = "breaching"
IGNORE = "ignore"

Reading = tuple[int, float | None]
"""The beginning of a period (virtual milliseconds) and its value, None where there is no data."""


@dataclass(frozen=True)
class Query:
    """One item of a metric math alarm: a metric with its statistic, or an expression over the ids of others."""

    query_id: str
    metric: Metric | None = None
    statistic: str = "Average"
    period_s: int = 60
    unit: str | None = None
    expression: str | None = None
    label: str | None = None
    returns: bool = True


@dataclass(frozen=True)
class AlarmSpec:
    """What PutMetricAlarm asks for. Either ``metric`` or ``queries`` is given; ``comparison`` is spelled as AWS spells it."""

    name: str
    threshold: float
    comparison: str = "GreaterThanThreshold"
    evaluation_periods: int = 1
    datapoints_to_alarm: int | None = None
    """None: all of them."""
    metric: Metric | None = None
    statistic: str = "Average"
    period_s: int = 60
    unit: str | None = None
    queries: tuple[Query, ...] = ()
    treat_missing: str = MISSING
    treat_missing_given: bool = False
    description: str | None = None
    actions_enabled: bool = True
    ok_actions: tuple[str, ...] = ()
    alarm_actions: tuple[str, ...] = ()
    insufficient_data_actions: tuple[str, ...] = ()

    @property
    def needed(self) -> int:
        """How many breaching datapoints of the evaluated ones put it into ALARM."""
        return self.datapoints_to_alarm or self.evaluation_periods

    @property
    def window_s(self) -> int:
        """How far back an evaluation looks, in seconds: all of its periods."""
        period_s = max((query.period_s for query in self.queries), default=self.period_s)
        return period_s * self.evaluation_periods

    def breaches(self, value: float) -> bool:
        """Whether a value is on the wrong side of the threshold."""
        return {
            "GreaterThanThreshold": value > self.threshold,
            "GreaterThanOrEqualToThreshold": value >= self.threshold,
            "LessThanThreshold": value < self.threshold,
            "LessThanOrEqualToThreshold": value <= self.threshold,
        }[self.comparison]


@dataclass(eq=False)
class Alarm:
    """An alarm of one account and region. Times are virtual milliseconds."""

    spec: AlarmSpec
    arn: str
    configured_ms: int
    state: str = INSUFFICIENT_DATA
    reason: str = "Unchecked: Initial alarm creation"
    reason_data: str | None = None
    updated_ms: int = 0
    transitioned_ms: int = 0
    readings: list[Reading] = field(default_factory=list)
    """The periods of the last evaluation, oldest first."""
    tags: dict[str, str] = field(default_factory=dict)

    def actions(self) -> tuple[str, ...]:
        """The ARNs that the present state is to be told to."""
        return {
            OK: self.spec.ok_actions,
            ALARM: self.spec.alarm_actions,
            INSUFFICIENT_DATA: self.spec.insufficient_data_actions,
        }[self.state]
