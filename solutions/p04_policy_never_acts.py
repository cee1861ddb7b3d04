"""p04: let the policy watch the pair through which the requests go.

A policy of request count scales by one metric, RequestCountPerTarget, with two dimensions: the load balancer and the
target group. Both stand in the ResourceLabel, ``app/<name>/<id>/targetgroup/<name>/<id>``, the ends of the two ARNs with
a slash between them. What AWS checks when the policy is put is the form, and that the target group is one of the
service's at this moment. It looks up neither the load balancer nor, later on, whether the service is still there. A
metric of a pair without a request has no datapoint, an alarm without datapoints is INSUFFICIENT_DATA, and no policy acts
on that, in either direction.

So the label has to be that of the listener's load balancer and the service's own target group, whichever half was
wrong. Nothing else of the policy was.
"""

from __future__ import annotations

from typing import Any

from labs.catalogue import Fix, WrongFix
from labs.cloud import Cloud
from solutions._aws import settle

CLUSTER = "p04"
SERVICE = "quotes"
NEIGHBOUR = "backoffice"
POLICY = "requests"
TARGET = 180.0
REQUESTS = "ALBRequestCountPerTarget"
IDENTITY: dict[str, Any] = {
    "ServiceNamespace": "ecs",
    "ResourceId": f"service/{CLUSTER}/{SERVICE}",
    "ScalableDimension": "ecs:service:DesiredCount",
}

_ALARM_KEYS = (
    "AlarmName",
    "AlarmActions",
    "MetricName",
    "Namespace",
    "Statistic",
    "Dimensions",
    "Period",
    "EvaluationPeriods",
    "Threshold",
    "ComparisonOperator",
)


def solve(cloud: Cloud) -> None:
    """The same policy, with the label of the pair that carries the traffic."""
    _label(cloud, "/".join(_pair(cloud)))


def break_again(cloud: Cloud) -> None:
    """Somebody copies the first half from the neighbour."""
    _label(cloud, f"{_balancer(cloud, NEIGHBOUR)}/{_pair(cloud)[1]}")


def _group_arn(cloud: Cloud) -> str:
    found = cloud.client("ecs").describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0]
    return str(found["loadBalancers"][0]["targetGroupArn"])


def _pair(cloud: Cloud) -> tuple[str, str]:
    """Load balancer and target group of the service, as CloudWatch names them."""
    arn = _group_arn(cloud)
    group = cloud.client("elbv2").describe_target_groups(TargetGroupArns=[arn])["TargetGroups"][0]
    return group["LoadBalancerArns"][0].partition(":loadbalancer/")[2], arn.rpartition(":")[2]


def _balancer(cloud: Cloud, service: str) -> str:
    found = cloud.client("elbv2").describe_load_balancers(Names=[f"{service}-alb"])["LoadBalancers"]
    return str(found[0]["LoadBalancerArn"].partition(":loadbalancer/")[2])


def _track(cloud: Cloud, name: str, target: float, **metric: Any) -> None:
    """A target tracking policy."""
    configuration = {"TargetValue": target, "ScaleOutCooldown": 60, "ScaleInCooldown": 120, **metric}
    cloud.client("application-autoscaling").put_scaling_policy(
        **IDENTITY,
        PolicyName=name,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=configuration,
    )
    settle(cloud)


def _label(cloud: Cloud, label: str, name: str = POLICY, target: float = TARGET) -> None:
    metric = {"PredefinedMetricType": REQUESTS, "ResourceLabel": label}
    _track(cloud, name, target, PredefinedMetricSpecification=metric)


def _present_label(cloud: Cloud) -> str:
    """The label that the policy has now."""
    (policy,) = cloud.client("application-autoscaling").describe_scaling_policies(
        ServiceNamespace="ecs", PolicyNames=[POLICY]
    )["ScalingPolicies"]
    configuration = policy["TargetTrackingScalingPolicyConfiguration"]
    return str(configuration["PredefinedMetricSpecification"]["ResourceLabel"])


def _forget(cloud: Cloud) -> None:
    cloud.client("application-autoscaling").delete_scaling_policy(**IDENTITY, PolicyName=POLICY)


def _dimensions(cloud: Cloud) -> list[dict[str, str]]:
    balancer, group = _pair(cloud)
    return [{"Name": "LoadBalancer", "Value": balancer}, {"Name": "TargetGroup", "Value": group}]


# -- other ways that work ----------------------------------------------------------------------------


def _another_policy(cloud: Cloud) -> None:
    """A policy of another name with the right label, and the deaf one deleted."""
    _forget(cloud)
    _label(cloud, "/".join(_pair(cloud)), "per-target")


def _customized(cloud: Cloud) -> None:
    """The metric spelt out instead of the label; it exists by target group alone as well."""
    metric = {
        "Namespace": "AWS/ApplicationELB",
        "MetricName": "RequestCountPerTarget",
        "Dimensions": _dimensions(cloud)[1:],
        "Statistic": "Sum",
    }
    _track(cloud, POLICY, TARGET, CustomizedMetricSpecification=metric)


def _stepping(cloud: Cloud) -> None:
    """Two step scaling policies with alarms of one's own, and the deaf policy deleted."""
    _forget(cloud)
    out = [
        {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 60.0, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 60.0, "ScalingAdjustment": 3},
    ]
    above = {"ComparisonOperator": "GreaterThanThreshold", "Threshold": TARGET, "EvaluationPeriods": 2}
    _step(cloud, "more", out, **above)
    back = [{"MetricIntervalUpperBound": 0.0, "ScalingAdjustment": -1}]
    below = {"ComparisonOperator": "LessThanThreshold", "Threshold": 110.0, "EvaluationPeriods": 8}
    _step(cloud, "fewer", back, **below)
    settle(cloud)


def _step(cloud: Cloud, name: str, steps: list[dict[str, Any]], **alarm: Any) -> None:
    """A step scaling policy and the alarm that calls it."""
    arn = cloud.client("application-autoscaling").put_scaling_policy(
        **IDENTITY,
        PolicyName=name,
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": steps,
            "Cooldown": 120,
        },
    )["PolicyARN"]
    cloud.client("cloudwatch").put_metric_alarm(
        AlarmName=f"{SERVICE}-{name}",
        Namespace="AWS/ApplicationELB",
        MetricName="RequestCountPerTarget",
        Dimensions=_dimensions(cloud),
        Statistic="Sum",
        Period=60,
        AlarmActions=[arn],
        **alarm,
    )


def move_to_the_label(cloud: Cloud) -> None:
    """The listener and the service go to the target group that the label names: where the service was moved away from it."""
    label = _present_label(cloud)
    elb, tail = cloud.client("elbv2"), label.split("/", 3)[3]
    groups = elb.describe_target_groups()["TargetGroups"]
    group = next(item["TargetGroupArn"] for item in groups if item["TargetGroupArn"].endswith(f":{tail}"))
    balancer = elb.describe_load_balancers(Names=[f"{SERVICE}-alb"])["LoadBalancers"][0]["LoadBalancerArn"]
    listener = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]["ListenerArn"]
    elb.modify_listener(ListenerArn=listener, DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])
    cloud.client("ecs").update_service(
        cluster=CLUSTER,
        service=SERVICE,
        loadBalancers=[{"targetGroupArn": group, "containerName": SERVICE, "containerPort": 8080}],
    )
    settle(cloud)
    # The clients of the lab ask the listener that they know; it forwards to another group now.
    demand = cloud.traffic.report()["demand"]
    cloud.traffic.stop()
    cloud.traffic.start({**demand, "target_group": group})
    cloud.clock.advance(180_000)


# -- ways that do not --------------------------------------------------------------------------------


def _cpu(cloud: Cloud) -> None:
    """A policy of CPU beside the deaf one, for a program that waits."""
    metric = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
    _track(cloud, "cpu", 60.0, PredefinedMetricSpecification=metric)


def _lower_target(cloud: Cloud) -> None:
    """Half the target value, with the same label."""
    # Where the service was moved, the label's target group is no longer its own, and now AWS says so.
    _perhaps_refused(cloud, _present_label(cloud), TARGET / 2)


def _edit_alarm(cloud: Cloud) -> None:
    """Missing data counts as a breach, set by hand on the alarm that is not to be edited."""
    cloudwatch = cloud.client("cloudwatch")
    for alarm in cloudwatch.describe_alarms()["MetricAlarms"]:
        if "AlarmHigh" in alarm["AlarmName"]:
            kept = {key: alarm[key] for key in _ALARM_KEYS}
            cloudwatch.put_metric_alarm(**kept, TreatMissingData="breaching")
    cloud.clock.advance(600_000)
    settle(cloud)


def _minimum(cloud: Cloud) -> None:
    """As many tasks as the peak needs, always."""
    cloud.client("application-autoscaling").register_scalable_target(**IDENTITY, MinCapacity=6, MaxCapacity=8)
    settle(cloud)


def _perhaps_refused(cloud: Cloud, label: str, target: float = TARGET) -> None:
    """A policy that AWS may not take."""
    scaling = cloud.client("application-autoscaling")
    try:
        _label(cloud, label, target=target)
    except scaling.exceptions.ValidationException:
        settle(cloud)


def _swapped(cloud: Cloud) -> None:
    """The halves of the label in the other order."""
    _perhaps_refused(cloud, "/".join(reversed(_pair(cloud))))


def _of_the_neighbour(cloud: Cloud) -> None:
    """The whole label of the neighbour: a pair that fits together, and is not the service's."""
    group = cloud.client("elbv2").describe_target_groups(Names=[NEIGHBOUR])["TargetGroups"][0]
    _perhaps_refused(cloud, f"{_balancer(cloud, NEIGHBOUR)}/{group['TargetGroupArn'].rpartition(':')[2]}")


def _second_policy(cloud: Cloud) -> None:
    """A policy with the right label beside the deaf one, which stays."""
    _label(cloud, "/".join(_pair(cloud)), "per-target")


def _by_hand(cloud: Cloud) -> None:
    """Six tasks, because somebody has asked for them."""
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, desiredCount=6)
    settle(cloud)


ALTERNATIVES = (
    Fix("another policy with the right label, and the deaf one deleted", _another_policy),
    Fix("the metric spelt out in a customised specification", _customized),
    Fix("step scaling with alarms of one's own", _stepping),
)

WRONG_FIXES = (
    WrongFix("a policy of CPU beside it", _cpu, "grows", "CPUUtilization was at most"),
    WrongFix("half the target value", _lower_target, "hears", "no datapoint since"),
    WrongFix("the managed alarm edited by hand", _edit_alarm, "hears", "without a datapoint"),
    WrongFix("the minimum raised to the peak", _minimum, "shrinks", "stayed at 6. The minimum is 6"),
    WrongFix("scaled up by hand", _by_hand, "grows", "stayed at 6"),
    WrongFix("the halves of the label swapped", _swapped, "hears", "AWS refused"),
    WrongFix("the label of the neighbour", _of_the_neighbour, "hears", "is not attached to the ECS service"),
    WrongFix(
        "the right target group, and the neighbour's load balancer",
        break_again,
        "hears",
        "no request went through load balancer app/backoffice-alb",
    ),
    WrongFix("a second policy beside the deaf one", _second_policy, "shrinks", "none of them takes tasks"),
)
