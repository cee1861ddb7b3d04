"""Reading CloudWatch: what the load balancer in front of a service, or a queue, has counted in the last minutes.

CloudWatch publishes a minute one or two minutes after its end, so the newest are missing. Metrics, dimensions and what
they count: user guide for application load balancers, load-balancer-cloudwatch-metrics.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chaos.errors import FaultError
from chaos.labels import balancer_part, group_part
from chaos.toolkit.steadiness import described
from chaos.toolkit.surroundings import Surroundings

MOST_MINUTES = 1440
"""A day: what the offline cloud keeps, and what CloudWatch gives at once in points of a minute."""
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Answers:
    """What became of the requests to a load balancer: how many came, and how many were answered with 5xx."""

    requests: int
    server_errors: int


def read(
    around: Surroundings,
    namespace: str,
    metric: str,
    dimensions: Mapping[str, str],
    *,
    stat: str,
    minutes: int,
    period_s: int = 60,
) -> list[float]:
    """The published values of the last ``minutes`` whole minutes, newest first. FaultError when that is no number of
    minutes that CloudWatch can tell.
    """
    if not 1 <= minutes <= MOST_MINUTES:
        raise FaultError(f"{minutes} minutes cannot be looked at.", f"Choose 1 to {MOST_MINUTES}.")
    end_ms = around.clock.now_ms() // _MINUTE_MS * _MINUTE_MS
    query = {
        "Id": "m",
        "MetricStat": {
            "Metric": {
                "Namespace": namespace,
                "MetricName": metric,
                "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
            },
            "Period": period_s,
            "Stat": stat,
        },
    }
    answer = around.clients("cloudwatch").get_metric_data(
        MetricDataQueries=[query],
        StartTime=_time(end_ms - minutes * _MINUTE_MS),
        EndTime=_time(end_ms),
        ScanBy="TimestampDescending",
    )
    return [float(value) for value in answer["MetricDataResults"][0]["Values"]]


def answers(around: Surroundings, cluster: str, service: str, minutes: int) -> Answers:
    """What the service's load balancer answered in the last ``minutes``, all of it: also what it sends elsewhere.

    A request for which no target could be chosen is answered with 503 and not in RequestCount, so it is added.
    """
    balancer = {"LoadBalancer": balancer_part(_group(around, cluster, service)["LoadBalancerArns"][0])}

    def count(metric: str) -> int:
        return round(sum(read(around, "AWS/ApplicationELB", metric, balancer, stat="Sum", minutes=minutes)))

    return Answers(
        count("RequestCount") + count("HTTPCode_ELB_503_Count"),
        count("HTTPCode_Target_5XX_Count") + count("HTTPCode_ELB_5XX_Count"),
    )


def response_time(
    around: Surroundings, cluster: str, service: str, percentile: str, minutes: int
) -> float | None:
    """That percentile (``p99``) of the seconds that the service's targets took to answer in the last ``minutes``; None when
    they answered nothing. The longer one, should CloudWatch make two periods of them.
    """
    group = _group(around, cluster, service)
    both = {
        "LoadBalancer": balancer_part(group["LoadBalancerArns"][0]),
        "TargetGroup": group_part(group["TargetGroupArn"]),
    }
    name = "TargetResponseTime"
    found = read(
        around, "AWS/ApplicationELB", name, both, stat=percentile, minutes=minutes, period_s=minutes * 60
    )
    return max(found, default=None)


def target_groups(around: Surroundings, cluster: str, service: str) -> list[str]:
    """The ARNs of the service's target groups. FaultError when it has none."""
    found = [
        item["targetGroupArn"]
        for item in described(around.clients, cluster, service).get("loadBalancers", [])
        if "targetGroupArn" in item
    ]
    if not found:
        raise FaultError(
            f"The service {service!r} stands behind no load balancer.",
            "Leave this probe out of the experiment.",
        )
    return found


def _group(around: Surroundings, cluster: str, service: str) -> dict[str, Any]:
    """The service's first target group as DescribeTargetGroups has it. FaultError when no load balancer sends to it."""
    arns = target_groups(around, cluster, service)
    group = around.clients("elbv2").describe_target_groups(TargetGroupArns=arns[:1])["TargetGroups"][0]
    if not group["LoadBalancerArns"]:
        raise FaultError(
            f"No listener sends anything to the target group of {service!r}.",
            "Leave this probe out, or let a listener forward to it.",
        )
    return dict(group)


def _time(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
