"""d02: scale on the backlog, in steps, and give back when hands are idle.

A task of invoices has two hands, and an order needs 8 s of one, which it spends waiting for a partner. So a task does a quarter of an
order in a second, with its CPU at one or two percent, and goes on doing so with a thousand orders before it. A policy on the CPU sees
nothing.

What is waiting is in the queue: ApproximateNumberOfMessagesVisible rises in the first minute. Divided by the running tasks it says how
many minutes of work there are, whatever the size of the service. Steps turn that into tasks: +1 for a little, +6 for a lot, again after
two minutes if it is still a lot. One task at a time comes too late, as do large steps twenty minutes apart, or a maximum below what the
rush needs. Target tracking expects that twice the tasks halve the number; with the messages in total, at a comfortable 300, it starts
late and then overshoots. On the backlog for each task, with a target of what may wait, it keeps the promise, though it goes back and forth.

Scaling in needs a number of its own, since an empty queue says nothing about idle hands: messages in flight for each task do. Tasks that
are taken away are at work; the program finishes what it has begun, if stopTimeout leaves it the 10 s that the longest order takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from labs.catalogue import Fix, WrongFix
from labs.cloud import Cloud
from solutions._aws import register_like, settle

CLUSTER = "d02"
SERVICE = "invoices"
QUEUE = "orders"
TARGET = {
    "ServiceNamespace": "ecs",
    "ResourceId": f"service/{CLUSTER}/{SERVICE}",
    "ScalableDimension": "ecs:service:DesiredCount",
}
CPU = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
OF_QUEUE = [{"Name": "QueueName", "Value": QUEUE}]
OF_SERVICE = [{"Name": "ClusterName", "Value": CLUSTER}, {"Name": "ServiceName", "Value": SERVICE}]
Steps = Sequence[tuple[float | None, float | None, int]]
OUT: Steps = ((0, 20, 1), (20, 100, 3), (100, None, 6))
IN: Steps = ((None, 0, -1),)


def solve(cloud: Cloud) -> None:
    """An alarm on the backlog for each task, with steps; one on the messages in work for the way back."""
    _no_cpu(cloud)
    _steps(cloud, "more", OUT, cooldown_s=120)
    _alarm(cloud, "more", "GreaterThanThreshold", 10, 1, queries=_per_task())
    _steps(cloud, "less", IN, cooldown_s=300)
    _alarm(cloud, "less", "LessThanThreshold", 1.5, 5, queries=_in_hand())


def break_again(cloud: Cloud) -> None:
    """Somebody tidies up the alarms."""
    cloud.client("cloudwatch").delete_alarms(AlarmNames=[f"{SERVICE}-more"])


def _no_cpu(cloud: Cloud) -> None:
    cloud.client("application-autoscaling").delete_scaling_policy(**TARGET, PolicyName="cpu")


def _metric(query: str, namespace: str, name: str, dimensions: Any, statistic: str) -> dict[str, Any]:
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions}
    return {
        "Id": query,
        "MetricStat": {"Metric": metric, "Period": 60, "Stat": statistic},
        "ReturnData": False,
    }


def _per_task() -> list[dict[str, Any]]:
    """Messages that nobody has begun, for each running task."""
    return [
        _metric("waiting", "AWS/SQS", "ApproximateNumberOfMessagesVisible", OF_QUEUE, "Maximum"),
        _metric("tasks", "ECS/ContainerInsights", "RunningTaskCount", OF_SERVICE, "Average"),
        {"Id": "backlog", "Expression": "waiting / tasks", "ReturnData": True},
    ]


def _in_hand() -> list[dict[str, Any]]:
    """Messages in work or waiting, for each running task: four are full hands."""
    return [
        _metric("waiting", "AWS/SQS", "ApproximateNumberOfMessagesVisible", OF_QUEUE, "Maximum"),
        _metric("work", "AWS/SQS", "ApproximateNumberOfMessagesNotVisible", OF_QUEUE, "Maximum"),
        _metric("tasks", "ECS/ContainerInsights", "RunningTaskCount", OF_SERVICE, "Average"),
        {"Id": "hands", "Expression": "(waiting + FILL(work, 0)) / tasks", "ReturnData": True},
    ]


def _steps(cloud: Cloud, name: str, steps: Steps, *, cooldown_s: int) -> None:
    adjustments = []
    for low, high, change in steps:
        bounds = {"MetricIntervalLowerBound": low, "MetricIntervalUpperBound": high}
        adjustments.append(
            {key: value for key, value in bounds.items() if value is not None} | {"ScalingAdjustment": change}
        )
    cloud.client("application-autoscaling").put_scaling_policy(
        **TARGET,
        PolicyName=name,
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": adjustments,
            "Cooldown": cooldown_s,
            "MetricAggregationType": "Maximum",
        },
    )


def _alarm(cloud: Cloud, name: str, comparison: str, threshold: float, minutes: int, **metric: Any) -> None:
    found = cloud.client("application-autoscaling").describe_scaling_policies(
        ServiceNamespace="ecs", PolicyNames=[name]
    )["ScalingPolicies"]
    queries = metric.pop("queries", None)
    asked = {"Metrics": queries} if queries else {**metric, "Period": 60}
    cloud.client("cloudwatch").put_metric_alarm(
        AlarmName=f"{SERVICE}-{name}",
        **asked,
        EvaluationPeriods=minutes,
        Threshold=threshold,
        ComparisonOperator=comparison,
        AlarmActions=[found[0]["PolicyARN"]],
    )


def _visible() -> dict[str, Any]:
    return {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateNumberOfMessagesVisible",
        "Dimensions": OF_QUEUE,
        "Statistic": "Maximum",
    }


def _total(cloud: Cloud) -> None:
    """Steps on the messages in the queue as a whole, in and out."""
    _no_cpu(cloud)
    _steps(cloud, "more", ((0, 120, 3), (120, None, 5)), cooldown_s=180)
    _alarm(cloud, "more", "GreaterThanThreshold", 30, 1, **_visible())
    _steps(cloud, "less", ((None, 0, -2),), cooldown_s=300)
    _alarm(cloud, "less", "LessThanThreshold", 5, 5, **_visible())


def _track(cloud: Cloud, metric: dict[str, Any], target: float, *, in_s: int = 300) -> None:
    cloud.client("application-autoscaling").put_scaling_policy(
        **TARGET,
        PolicyName="backlog",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": target,
            "CustomizedMetricSpecification": metric,
            "ScaleOutCooldown": 60,
            "ScaleInCooldown": in_s,
        },
    )


def _tracked_metrics(queries: list[dict[str, Any]]) -> dict[str, Any]:
    """The same queries as Application Auto Scaling wants them, which knows no period."""
    found = []
    for query in queries:
        stat = query.get("MetricStat")
        shown = dict(query)
        if stat:
            shown["MetricStat"] = {"Metric": stat["Metric"], "Stat": stat["Stat"]}
        found.append(shown)
    return {"Metrics": found}


def _tracks_backlog(cloud: Cloud) -> None:
    """Target tracking on the backlog per task, at the two minutes that an order may wait: 15 orders."""
    _no_cpu(cloud)
    _track(cloud, _tracked_metrics(_per_task()), 15)


def _tracks_total(cloud: Cloud) -> None:
    _no_cpu(cloud)
    _track(cloud, _visible(), 300)


def _cpu_lower(cloud: Cloud) -> None:
    cloud.client("application-autoscaling").put_scaling_policy(
        **TARGET,
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 20,
            "PredefinedMetricSpecification": CPU,
            "ScaleOutCooldown": 60,
            "ScaleInCooldown": 300,
        },
    )


def _small_steps(cloud: Cloud) -> None:
    solve(cloud)
    _steps(cloud, "more", ((0, None, 1),), cooldown_s=300)


def _long_cooldown(cloud: Cloud) -> None:
    solve(cloud)
    _steps(cloud, "more", ((0, 20, 1), (20, None, 3)), cooldown_s=1200)


def _bounds(cloud: Cloud, low: int, high: int) -> None:
    cloud.client("application-autoscaling").register_scalable_target(
        **TARGET, MinCapacity=low, MaxCapacity=high
    )
    settle(cloud)


def _low_maximum(cloud: Cloud) -> None:
    solve(cloud)
    _bounds(cloud, 2, 5)


def _never_in(cloud: Cloud) -> None:
    solve(cloud)
    cloud.client("cloudwatch").delete_alarms(AlarmNames=[f"{SERVICE}-less"])


def _no_time_to_stop(cloud: Cloud) -> None:
    solve(cloud)
    revision = register_like(cloud, CLUSTER, SERVICE, {"stopTimeout": 5})
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=revision)
    settle(cloud)


ALTERNATIVES = (
    Fix("steps on the queue as a whole", _total),
    Fix("target tracking on the backlog for each task", _tracks_backlog),
)

WRONG_FIXES = (
    WrongFix("a lower target for the CPU", _cpu_lower, "keeps-up", "stayed at 2"),
    WrongFix("target tracking on the messages in the queue", _tracks_total, "keeps-up", "above 5 min"),
    WrongFix("one task at a time", _small_steps, "keeps-up", "at worst"),
    WrongFix("twenty minutes between two steps", _long_cooldown, "keeps-up", "at worst"),
    WrongFix("at most five tasks", _low_maximum, "keeps-up", "at worst"),
    WrongFix("a minimum for the peak", lambda cloud: _bounds(cloud, 12, 20), "gives-back", "12 at the end"),
    WrongFix("nothing that scales in", _never_in, "gives-back", "at the end"),
    WrongFix(
        "five seconds to stop, so that scaling in is quick", _no_time_to_stop, "leaves-nothing", "cut off"
    ),
)
