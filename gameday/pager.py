"""The alarms of a team: what would call somebody in the night. They have no actions, because whoever is on call watches them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labs.cloud import Cloud

_MISSING = "notBreaching"
"""An idle load balancer publishes nothing, and nothing is wrong then."""


def watch_balanced(
    cloud: Cloud, owner: str, service: str, names: Mapping[str, str], *, slow_s: int = 3, errors_min: int = 2
) -> None:
    """Errors (``<service>-errors``: more than one of twenty requests, for ``errors_min`` minutes), slow answers
    (``<service>-slow``: the 95th percentile above ``slow_s`` in three minutes), unhealthy targets (``<service>-unhealthy``: two minutes).
    """
    balancer = {"Name": "LoadBalancer", "Value": names["BALANCER_DIMENSION"]}
    both = [balancer, {"Name": "TargetGroup", "Value": names["GROUP_DIMENSION"]}]
    bad = " + ".join(f"FILL({each}, 0)" for each in ("elb5", "elb4", "target5", "target4"))
    _put(
        cloud,
        owner,
        errors_of(service),
        EvaluationPeriods=errors_min,
        Threshold=5,
        Metrics=[
            _metric("elb5", "HTTPCode_ELB_5XX_Count", [balancer]),
            _metric("elb4", "HTTPCode_ELB_4XX_Count", [balancer]),
            _metric("target5", "HTTPCode_Target_5XX_Count", [balancer]),
            _metric("target4", "HTTPCode_Target_4XX_Count", [balancer]),
            _metric("sent", "RequestCount", [balancer]),
            {"Id": "share", "Expression": f"100 * ({bad}) / (sent + FILL(elb5, 0))"},
        ],
    )
    _put(
        cloud,
        owner,
        f"{service}-slow",
        Namespace="AWS/ApplicationELB",
        MetricName="TargetResponseTime",
        Dimensions=both,
        Period=60,
        EvaluationPeriods=3,
        ExtendedStatistic="p95",
        Threshold=slow_s,
    )
    _put(
        cloud,
        owner,
        f"{service}-unhealthy",
        Namespace="AWS/ApplicationELB",
        MetricName="UnHealthyHostCount",
        Dimensions=both,
        Period=60,
        EvaluationPeriods=2,
        Statistic="Maximum",
        Threshold=0,
    )


def errors_of(service: str) -> str:
    """The name of the alarm that goes off when too many requests fail."""
    return f"{service}-errors"


def watch_queue(cloud: Cloud, owner: str, service: str, names: Mapping[str, str]) -> None:
    """Orders that wait (``<service>-waiting``: the oldest for more than two minutes) and orders that nobody could work on
    (``<service>-dead``: any in the dead-letter queue).
    """
    for name, metric, queue, threshold in (
        ("waiting", "ApproximateAgeOfOldestMessage", names["QUEUE"], 120),
        ("dead", "ApproximateNumberOfMessagesVisible", names["DEAD_QUEUE"], 0),
    ):
        _put(
            cloud,
            owner,
            f"{service}-{name}",
            Namespace="AWS/SQS",
            MetricName=metric,
            Dimensions=[{"Name": "QueueName", "Value": queue}],
            Period=60,
            EvaluationPeriods=2,
            Statistic="Maximum",
            Threshold=threshold,
        )


def _put(cloud: Cloud, owner: str, name: str, **alarm: Any) -> None:
    cloud.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData=_MISSING,
        Tags=[{"Key": "fargate-lab", "Value": owner}],
        **alarm,
    )


def _metric(name: str, metric: str, dimensions: list[dict[str, str]]) -> dict[str, Any]:
    stat = {"Namespace": "AWS/ApplicationELB", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": name, "MetricStat": {"Metric": stat, "Period": 60, "Stat": "Sum"}, "ReturnData": False}
