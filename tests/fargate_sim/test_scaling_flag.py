"""The snapshot's word on scaling."""

from __future__ import annotations

from .conftest import Offline


def test_it_counts_targets_alarms_and_those_in_alarm(offline: Offline) -> None:
    def flag() -> dict[str, int]:
        found: dict[str, int] = (offline.control.get("/_lab/snapshot") or {})["scaling"]
        return found

    assert flag() == {"targets": 0, "alarms": 0, "in_alarm": 0}
    cloudwatch = offline.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="errors", Namespace="App", MetricName="errors", Statistic="Sum", Period=60, EvaluationPeriods=1,
        Threshold=0, ComparisonOperator="GreaterThanOrEqualToThreshold", TreatMissingData="breaching",
    )  # fmt: skip
    assert flag() == {"targets": 0, "alarms": 1, "in_alarm": 0}
    offline.control.post("/_lab/clock", {"action": "advance", "ms": 300_000})
    assert flag() == {"targets": 0, "alarms": 1, "in_alarm": 1}
