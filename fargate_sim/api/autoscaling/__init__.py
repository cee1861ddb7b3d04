"""Application Auto Scaling, for ECS services: which operations the offline cloud answers, and with which function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fargate_sim.api.autoscaling import policies, scheduled_actions, targets
from fargate_sim.model.world import World

Operation = Callable[[World, dict[str, Any]], dict[str, Any]]

OPERATIONS: Mapping[str, Operation] = {
    "DeleteScalingPolicy": policies.delete_scaling_policy,
    "DeleteScheduledAction": scheduled_actions.delete_scheduled_action,
    "DeregisterScalableTarget": targets.deregister_scalable_target,
    "DescribeScalableTargets": targets.describe_scalable_targets,
    "DescribeScalingActivities": targets.describe_scaling_activities,
    "DescribeScalingPolicies": policies.describe_scaling_policies,
    "DescribeScheduledActions": scheduled_actions.describe_scheduled_actions,
    "ListTagsForResource": targets.list_tags_for_resource,
    "PutScalingPolicy": policies.put_scaling_policy,
    "PutScheduledAction": scheduled_actions.put_scheduled_action,
    "RegisterScalableTarget": targets.register_scalable_target,
    "TagResource": targets.tag_resource,
    "UntagResource": targets.untag_resource,
}
