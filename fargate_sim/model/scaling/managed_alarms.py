"""The alarms that Application Auto Scaling makes for a target tracking policy.

Names: Application Auto Scaling user guide and AWS CLI examples [C]. Three one-minute points above the target, fifteen below nine tenths of
it, the description, the ``createdBy`` of the action, and that a policy with DisableScaleIn has no AlarmLow: [R] public exports and
observations of such alarms.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from fargate_sim.kernel.seeds import uuid
from fargate_sim.model.alarms import AlarmSpec
from fargate_sim.model.metrics import Metric
from fargate_sim.model.metrics.hosts import BALANCER, GROUP, PER_TARGET
from fargate_sim.model.metrics.hosts import NAMESPACE as BALANCING
from fargate_sim.model.metrics.tasks import CLUSTER, ECS, SERVICE
from fargate_sim.model.scaling.policy import CPU, REQUESTS, Policy, Tracking
from fargate_sim.model.scaling.target import ScalableTarget

PERIOD_S = 60
HIGH_POINTS, LOW_POINTS = 3, 15
LOW_SHARE = 0.9


def split_label(label: str) -> tuple[str, str] | None:
    """A ResourceLabel as load balancer and target group, each as CloudWatch names it; None when it is none."""
    parts = label.split("/")
    if len(parts) != 6 or not all(parts) or parts[0] != "app" or parts[3] != "targetgroup":
        return None
    return "/".join(parts[:3]), "/".join(parts[3:])


def followed_metric(target: ScalableTarget, tracking: Tracking) -> tuple[Metric | None, str]:
    """The metric that a policy follows and its statistic; None for an expression."""
    followed = tracking.followed
    if followed.predefined is None:
        return followed.metric, followed.statistic
    if followed.predefined == REQUESTS:
        balancer, group = split_label(followed.resource_label or "") or ("", "")
        return Metric(BALANCING, PER_TARGET, ((BALANCER, balancer), (GROUP, group))), "Sum"
    name = "CPUUtilization" if followed.predefined == CPU else "MemoryUtilization"
    return Metric(ECS, name, ((CLUSTER, target.cluster), (SERVICE, target.service))), "Average"


def managed_alarms(target: ScalableTarget, policy: Policy, rng: Random) -> Iterator[AlarmSpec]:
    """AlarmHigh and, unless scaling in is disabled, AlarmLow."""
    tracking = policy.settings
    if not isinstance(tracking, Tracking):
        return
    metric, statistic = followed_metric(target, tracking)
    sides = [("AlarmHigh", tracking.target, "GreaterThanThreshold", HIGH_POINTS)]
    if not tracking.disable_scale_in:
        low = round(LOW_SHARE * tracking.target, 10)
        sides.append(("AlarmLow", low, "LessThanThreshold", LOW_POINTS))
    for side, threshold, comparison, points in sides:
        yield AlarmSpec(
            name=f"TargetTracking-{target.resource_id}-{side}-{uuid(rng)}",
            threshold=threshold,
            comparison=comparison,
            evaluation_periods=points,
            metric=metric,
            statistic=statistic,
            period_s=PERIOD_S,
            unit=tracking.followed.unit,
            queries=tracking.followed.queries,
            description=f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy.action}.",
            alarm_actions=(policy.action,),
        )
