"""The fault of ResourceLabels, which say what load balancer and what target group a policy of request count watches.

A label is the end of the load balancer's ARN and the end of the target group's, with a slash between them:
``app/<name>/<id>/targetgroup/<name>/<id>``. Source: PredefinedMetricSpecification of the Application Auto Scaling API.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from chaos.errors import FaultError
from chaos.targets import our_service, our_target_group
from chaos.undo import FAULT_TAG, OWNER_TAG, Clients, Undo, UndoStep

Record = Callable[[Undo], None]

LABELS = ("balancer", "replaced")
REQUESTS = "ALBRequestCountPerTarget"
_COPIED = (
    "Protocol",
    "Port",
    "VpcId",
    "TargetType",
    "HealthCheckProtocol",
    "HealthCheckPort",
    "HealthCheckPath",
    "HealthCheckIntervalSeconds",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "UnhealthyThresholdCount",
    "Matcher",
)
_KEPT = ("PolicyName", "ServiceNamespace", "ResourceId", "ScalableDimension", "PolicyType")
_SETTINGS = "TargetTrackingScalingPolicyConfiguration"


def wrong_label(clients: Clients, record: Record, *, cluster: str, service: str, label: str = "any") -> Undo:
    """Let a policy of request count watch a pair through which no request goes.

    With ``label`` balancer, the policy's ResourceLabel gets another load balancer of the account, which Application
    Auto Scaling does not look up. With replaced, the label was right once: the service and its listener move to a new
    target group, and the policy stays as it is. ``any`` chooses one of the two by the target group's ARN: another
    world, another label. Taken back by putting the former policy; or by moving the listener and the service back, and
    deleting the new target group.
    """
    found = our_service(clients, cluster, service)
    group = our_target_group(clients, found)
    policy = _request_policy(clients, cluster, service)
    if label == "any":
        label = LABELS[hashlib.sha256(group["TargetGroupArn"].encode()).digest()[0] % len(LABELS)]
    if label == "balancer":
        return _name_other_balancer(clients, record, group, policy)
    if label == "replaced":
        return _move_group(clients, record, cluster, found, group)
    raise FaultError(f"There is no label {label!r}.", f"Choose any, {' or '.join(LABELS)}.")


def balancer_part(arn: str) -> str:
    """``app/<name>/<id>`` of a load balancer's ARN."""
    return arn.partition(":loadbalancer/")[2]


def group_part(arn: str) -> str:
    """``targetgroup/<name>/<id>`` of a target group's ARN."""
    return arn.rpartition(":")[2]


def _request_policy(clients: Clients, cluster: str, service: str) -> dict[str, Any]:
    """PutScalingPolicy's arguments for the policy of request count that the service has. FaultError when it has none."""
    found = clients("application-autoscaling").describe_scaling_policies(
        ServiceNamespace="ecs", ResourceId=f"service/{cluster}/{service}"
    )["ScalingPolicies"]
    for policy in found:
        metric = policy.get(_SETTINGS, {}).get("PredefinedMetricSpecification", {})
        if metric.get("PredefinedMetricType") == REQUESTS:
            return {**{key: policy[key] for key in _KEPT}, _SETTINGS: policy[_SETTINGS]}
    raise FaultError(
        f"The service {service!r} has no scaling policy that follows {REQUESTS}.",
        "Put one first: `aws application-autoscaling put-scaling-policy`.",
    )


def _name_other_balancer(
    clients: Clients, record: Record, group: dict[str, Any], policy: dict[str, Any]
) -> Undo:
    """The policy's label names the target group behind a load balancer that it is not behind."""
    wrong = f"{balancer_part(_another_balancer(clients, group))}/{group_part(group['TargetGroupArn'])}"
    undo = Undo(
        "wrong_label",
        f"the scaling policy {policy['PolicyName']} of {policy['ResourceId']}",
        (UndoStep("put_scaling_policy", {"policy": policy}),),
    )
    record(undo)
    clients("application-autoscaling").put_scaling_policy(**_labelled(policy, wrong))
    return undo


def _move_group(
    clients: Clients, record: Record, cluster: str, service: dict[str, Any], group: dict[str, Any]
) -> Undo:
    """The service and its listener go to a new target group; the policy's label stays."""
    listeners = _listeners_of(clients, group)
    name, tag = service["serviceName"], f"replaced-{service['serviceName']}"
    undo = Undo(
        "wrong_label",
        f"the target group of service {name}",
        (
            UndoStep("modify_listeners", {"listeners": listeners}),
            UndoStep(
                "update_service",
                {"cluster": cluster, "service": name, "loadBalancers": service["loadBalancers"]},
            ),
            UndoStep("delete_target_groups", {"tag": tag}),
        ),
    )
    record(undo)
    new = _group_like(clients, group, tag)
    for listener in listeners:
        clients("elbv2").modify_listener(
            ListenerArn=listener, DefaultActions=[{"Type": "forward", "TargetGroupArn": new}]
        )
    first, *others = service["loadBalancers"]
    clients("ecs").update_service(
        cluster=cluster, service=name, loadBalancers=[{**first, "targetGroupArn": new}, *others]
    )
    return undo


def _labelled(policy: dict[str, Any], label: str) -> dict[str, Any]:
    """The same policy, watching another pair."""
    metric = {**policy[_SETTINGS]["PredefinedMetricSpecification"], "ResourceLabel": label}
    return {**policy, _SETTINGS: {**policy[_SETTINGS], "PredefinedMetricSpecification": metric}}


def _another_balancer(clients: Clients, group: dict[str, Any]) -> str:
    """The ARN of an application load balancer that the target group is not behind. FaultError when there is none."""
    balancers = clients("elbv2").describe_load_balancers()["LoadBalancers"]
    arns: list[str] = sorted(item["LoadBalancerArn"] for item in balancers if item["Type"] == "application")
    others: list[str] = [arn for arn in arns if arn not in group["LoadBalancerArns"]]
    if not others:
        raise FaultError(
            f"The target group {group['TargetGroupName']!r} is behind the only load balancer.",
            "Create another one first, or choose `--set label=replaced`.",
        )
    return others[0]


def _listeners_of(clients: Clients, group: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The default actions of the listeners that forward everything to a target group, by the listener's ARN. FaultError when
    there is none.
    """
    elb, arn = clients("elbv2"), group["TargetGroupArn"]
    found = {
        listener["ListenerArn"]: [{"Type": "forward", "TargetGroupArn": arn}]
        for balancer in group["LoadBalancerArns"]
        for listener in elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
        if any(action.get("TargetGroupArn") == arn for action in listener["DefaultActions"])
    }
    if not found:
        raise FaultError(
            f"No listener forwards everything to the target group {group['TargetGroupName']!r}.",
            "Choose a service that stands behind a listener's default action.",
        )
    return found


def _group_like(clients: Clients, group: dict[str, Any], tag: str) -> str:
    """Create a tagged target group with the same settings and attributes; its ARN. Its name ends with ``-new``."""
    elb = clients("elbv2")
    tags = {OWNER_TAG: "fault", FAULT_TAG: tag}
    arn: str = elb.create_target_group(
        Name=f"{group['TargetGroupName'][:28]}-new",
        **{key: group[key] for key in _COPIED if key in group},
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )["TargetGroups"][0]["TargetGroupArn"]
    attributes = elb.describe_target_group_attributes(TargetGroupArn=group["TargetGroupArn"])["Attributes"]
    delay = [item for item in attributes if item["Key"].startswith("deregistration_delay.timeout")]
    elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=delay)
    return arn
