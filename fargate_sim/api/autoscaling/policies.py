"""Scaling policies. Source: Application Auto Scaling API reference, PutScalingPolicy, and the service's quotas."""

from __future__ import annotations

from typing import Any

from fargate_sim.api.autoscaling.common import (
    IDENTITY,
    Answer,
    Params,
    find_part,
    find_target,
    invalid,
    narrowed,
    page,
)
from fargate_sim.api.autoscaling.settings import read_stepping, read_tracking
from fargate_sim.api.ecs.common import not_modelled
from fargate_sim.model.scaling import Policy, ScalableTarget
from fargate_sim.model.scaling.policy import STEPPING, TRACKING
from fargate_sim.model.world import World
from fargate_sim.wire.errors import AwsError

MAX_POLICIES = 50
"""Per scalable target. Source: application-auto-scaling-limits."""
_CONFIGURATIONS = {
    TRACKING: "TargetTrackingScalingPolicyConfiguration",
    STEPPING: "StepScalingPolicyConfiguration",
}


def put_scaling_policy(world: World, params: Params) -> Answer:
    """Create one or change one; what is left out of a change stays."""
    target = find_target(world, params)
    name = params["PolicyName"]
    known = target.policies.get(name)
    kind = params.get("PolicyType") or (known.kind if known else None)
    if kind is None:
        # [A] wording; the rule is the API model's.
        raise invalid("PolicyType is required when creating a scaling policy.")
    if kind not in _CONFIGURATIONS:
        raise not_modelled(f"scaling policies of the type {kind}", f"Use {TRACKING} or {STEPPING}.")
    if known is not None and known.kind != kind:
        # [R] public Terraform log
        raise invalid(
            "You cannot change a TargetTrackingScaling policy to a non TargetTrackingScaling policy, or vice versa"
        )
    if known is None and len(target.policies) >= MAX_POLICIES:
        raise AwsError(
            "LimitExceededException",
            f"A scalable target can have at most {MAX_POLICIES} scaling policies.",  # [A] wording
        )
    document = _document(params, known, kind)
    read = read_tracking if kind == TRACKING else read_stepping
    settings = read(world, target, document)
    policy = world.scaling.put_policy(target, name, settings, document)
    return {"PolicyARN": policy.arn, "Alarms": _alarms(world, policy)}


def _document(params: Params, known: Policy | None, kind: str) -> dict[str, Any]:
    """The configuration of a request. [A] wordings"""
    wanted = _CONFIGURATIONS[kind]
    for other in _CONFIGURATIONS.values():
        if other != wanted and other in params:
            raise invalid(f"{other} can not be given for a policy of the type {kind}.")
    document: dict[str, Any] | None = params.get(wanted)
    if document is None and known is not None:
        return known.document
    if document is None:
        raise invalid(f"{wanted} is required for a policy of the type {kind}.")
    return document


def _alarms(world: World, policy: Policy) -> list[dict[str, str]]:
    return [
        {"AlarmName": alarm.spec.name, "AlarmARN": alarm.arn} for alarm in world.scaling.alarms_of(policy)
    ]


def delete_scaling_policy(world: World, params: Params) -> Answer:
    """Forget one, with the alarms that were made for it."""
    name = params["PolicyName"]
    target, found = find_part(world, params, lambda target: target.policies, kind="scaling policy", name=name)
    world.scaling.delete_policy(target, found)
    return {}


def describe_scaling_policies(world: World, params: Params) -> Answer:
    """Those that there are, or the named ones."""
    names = params.get("PolicyNames")
    policies = [
        (target, policy)
        for target in narrowed(world, params)
        for policy in target.policies.values()
        if not names or policy.name in names
    ]
    found, token = page(policies, params, key="policies", limit=10)
    return {"ScalingPolicies": [_show(world, *each) for each in found], **token}


def _show(world: World, target: ScalableTarget, policy: Policy) -> Answer:
    return {
        "PolicyARN": policy.arn,
        "PolicyName": policy.name,
        **IDENTITY,
        "ResourceId": target.resource_id,
        "PolicyType": policy.kind,
        _CONFIGURATIONS[policy.kind]: policy.document,
        "Alarms": _alarms(world, policy),
        "CreationTime": policy.created_ms,
    }
