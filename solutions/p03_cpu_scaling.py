"""p03: scale on requests per target, and let a scale-in see what it has done before the next.

A task of quotes works on four requests at a time. Each takes 0.08 s of its quarter of a vCPU and 0.7 s of waiting, so a task is full at
4 / 0.78 = 5.1 requests a second, with its CPU at 41 %. A policy that waits for 60 % of the CPU waits for ever.

Requests per target and minute rise with the load, whatever a task does with them. From the moment at which a target of 160 is passed, it
takes three minutes above it, a minute and a half until points appear, and a minute for a task to start: six minutes, in which the load
goes on rising. A target at half of what a task can do (308) leaves room for that; one at four fifths does not.

A scale-in looks at points that are minutes old, and at the tasks that are left. Without a cooldown it decides again a minute later, with
points from before its first step, and takes away too much. Ten minutes of ScaleInCooldown let it see what it has done.
"""

from __future__ import annotations

from typing import Any

from labs.catalogue import Fix, WrongFix
from labs.cloud import Cloud
from solutions._aws import pair_names, register_like, settle

CLUSTER = "p03"
SERVICE = "quotes"
TARGET = {
    "ServiceNamespace": "ecs",
    "ResourceId": f"service/{CLUSTER}/{SERVICE}",
    "ScalableDimension": "ecs:service:DesiredCount",
}
CPU = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
MEMORY = {"PredefinedMetricType": "ECSServiceAverageMemoryUtilization"}


def solve(cloud: Cloud) -> None:
    """Requests per target lead, the CPU stays as a backstop, both with a cooldown for scaling in."""
    _track(cloud, "requests", _requests(cloud), 160)
    _track(cloud, "cpu", CPU, 60)


def break_again(cloud: Cloud) -> None:
    """Somebody tidies up: one policy is enough, and everybody has one on the CPU."""
    cloud.client("application-autoscaling").delete_scaling_policy(**TARGET, PolicyName="requests")


def _names(cloud: Cloud) -> tuple[str, str]:
    """The load balancer and the target group as CloudWatch names them."""
    return pair_names(cloud, SERVICE)


def _requests(cloud: Cloud) -> dict[str, str]:
    return {"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": "/".join(_names(cloud))}


def _track(
    cloud: Cloud,
    name: str,
    metric: dict[str, str],
    value: float,
    *,
    in_s: int = 600,
    **more: Any,
) -> None:
    cloud.client("application-autoscaling").put_scaling_policy(
        **TARGET,
        PolicyName=name,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": value,
            "PredefinedMetricSpecification": metric,
            "ScaleOutCooldown": 60,
            "ScaleInCooldown": in_s,
            **more,
        },
    )


def _bounds(cloud: Cloud, low: int, high: int) -> None:
    cloud.client("application-autoscaling").register_scalable_target(
        **TARGET, MinCapacity=low, MaxCapacity=high
    )
    settle(cloud)


def _own_metric(cloud: Cloud) -> None:
    """The same number, asked for by its name."""
    balancer, group = _names(cloud)
    cloud.client("application-autoscaling").put_scaling_policy(
        **TARGET,
        PolicyName="own",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 150,
            "CustomizedMetricSpecification": {
                "Namespace": "AWS/ApplicationELB",
                "MetricName": "RequestCountPerTarget",
                "Dimensions": [
                    {"Name": "LoadBalancer", "Value": balancer},
                    {"Name": "TargetGroup", "Value": group},
                ],
                "Statistic": "Sum",
            },
            "ScaleOutCooldown": 60,
            "ScaleInCooldown": 900,
        },
    )
    _track(cloud, "cpu", CPU, 60)


def _steps(cloud: Cloud) -> None:
    """Two alarms and two step policies in the place of target tracking."""
    scaling, group = cloud.client("application-autoscaling"), _names(cloud)[1]
    scaling.delete_scaling_policy(**TARGET, PolicyName="cpu")
    for name, threshold, comparison, periods, steps in (
        (
            "more",
            160,
            "GreaterThanThreshold",
            2,
            [
                {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 60, "ScalingAdjustment": 1},
                {"MetricIntervalLowerBound": 60, "ScalingAdjustment": 3},
            ],
        ),
        (
            "less",
            90,
            "LessThanThreshold",
            10,
            [{"MetricIntervalUpperBound": 0, "ScalingAdjustment": -1}],
        ),
    ):
        arn = scaling.put_scaling_policy(
            **TARGET,
            PolicyName=name,
            PolicyType="StepScaling",
            StepScalingPolicyConfiguration={
                "AdjustmentType": "ChangeInCapacity",
                "StepAdjustments": steps,
                "Cooldown": 120 if name == "more" else 300,
            },
        )["PolicyARN"]
        cloud.client("cloudwatch").put_metric_alarm(
            AlarmName=f"quotes-{name}",
            Namespace="AWS/ApplicationELB",
            MetricName="RequestCountPerTarget",
            Dimensions=[{"Name": "TargetGroup", "Value": group}],
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=periods,
            Threshold=threshold,
            ComparisonOperator=comparison,
            AlarmActions=[arn],
        )


def _larger(cloud: Cloud) -> None:
    definition = register_like(cloud, CLUSTER, SERVICE, {}, size={"cpu": "1024", "memory": "2048"})
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=definition)
    settle(cloud)


def _never_in(cloud: Cloud) -> None:
    _track(cloud, "requests", _requests(cloud), 160, DisableScaleIn=True)
    _track(cloud, "cpu", CPU, 60, DisableScaleIn=True)


def _no_cooldown(cloud: Cloud) -> None:
    _track(cloud, "requests", _requests(cloud), 160, in_s=0)


ALTERNATIVES = (
    Fix("the number of requests by its own name", _own_metric),
    Fix("steps instead of a target", _steps),
    Fix("the CPU, far below the height at which it stays", lambda cloud: _track(cloud, "cpu", CPU, 22)),
)

WRONG_FIXES = (
    WrongFix(
        "a lower target for the CPU", lambda cloud: _track(cloud, "cpu", CPU, 40), "keeps-up", "p99 above 4 s"
    ),
    WrongFix(
        "the memory beside it", lambda cloud: _track(cloud, "memory", MEMORY, 60), "keeps-up", "stayed at 2"
    ),
    WrongFix("larger tasks", _larger, "keeps-up", "p99 above 4 s"),
    WrongFix("a higher maximum", lambda cloud: _bounds(cloud, 2, 40), "keeps-up", "stayed at 2"),
    WrongFix(
        "requests per target, at what a task can just do",
        lambda cloud: _track(cloud, "requests", _requests(cloud), 300),
        "keeps-up",
        "p99 above 4 s",
    ),
    WrongFix("a minimum for the peak", lambda cloud: _bounds(cloud, 10, 12), "gives-back", "10 at the end"),
    WrongFix("a scaler that may not scale in", _never_in, "gives-back", "at the end"),
    WrongFix("no time between two scale-ins", _no_cooldown, "no-see-saw", "turned round"),
)
