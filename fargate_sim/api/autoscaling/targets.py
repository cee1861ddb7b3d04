"""Scalable targets, their activities and their tags. Source: Application Auto Scaling API reference."""

from __future__ import annotations

from fargate_sim.api.autoscaling.common import (
    IDENTITY,
    Answer,
    Params,
    check_namespace,
    check_resource,
    find_service,
    find_target,
    invalid,
    narrowed,
    page,
    present,
)
from fargate_sim.model.scaling import ScalableTarget, Suspended
from fargate_sim.model.scaling.activities import Activity
from fargate_sim.model.service import MAX_DESIRED
from fargate_sim.model.world import World
from fargate_sim.wire.errors import AwsError

MAX_TAGS = 50


def register_scalable_target(world: World, params: Params) -> Answer:
    """Create or change one; the capacity moves between the bounds at once."""
    resource_id = check_resource(params)
    service = find_service(world, resource_id)
    known = world.scaling.targets.get(resource_id)
    minimum, maximum = params.get("MinCapacity"), params.get("MaxCapacity")
    if known is None and (minimum is None or maximum is None):
        # [A] wording; the rule is the API model's.
        raise invalid("MinCapacity and MaxCapacity are required when registering a new scalable target.")
    check_bounds(
        known.minimum if known and minimum is None else minimum,
        known.maximum if known and maximum is None else maximum,
    )
    suspended = params.get("SuspendedState")
    before = known.suspended if known else Suspended()
    tags = params.get("Tags") or {}
    if known is not None and tags:
        # [A] wording; AWS refers to TagResource for targets that exist.
        raise invalid("Tags can only be given for a new scalable target. Use TagResource.")
    check_tags(tags)
    target = world.scaling.register(
        service,
        minimum=minimum,
        maximum=maximum,
        suspended=None
        if suspended is None
        else Suspended(
            suspended.get("DynamicScalingInSuspended", before.scale_in),
            suspended.get("DynamicScalingOutSuspended", before.scale_out),
            suspended.get("ScheduledScalingSuspended", before.scheduled),
        ),
        tags=tags,
    )
    return {"ScalableTargetARN": target.arn}


def check_bounds(minimum: int | None, maximum: int | None) -> None:
    """Both not negative, in order, and no more as minimum than a service can have. [A] that AWS looks at the quota here; wordings"""
    for name, bound in (("MinCapacity", minimum), ("MaxCapacity", maximum)):
        if bound is not None and bound < 0:
            raise invalid(f"{name} must not be negative.")
    if minimum is not None and minimum > MAX_DESIRED:
        raise invalid(f"MinCapacity must not be more than {MAX_DESIRED}, the tasks that a service can have.")
    if minimum is not None and maximum is not None and minimum > maximum:
        raise invalid("Maximum capacity cannot be less than minimum capacity")


def deregister_scalable_target(world: World, params: Params) -> Answer:
    """Forget one with all that hangs on it."""
    world.scaling.deregister(find_target(world, params, registered=False))
    return {}


def describe_scalable_targets(world: World, params: Params) -> Answer:
    """Those that there are, or the named ones."""
    wanted = params.get("ResourceIds")
    targets = [target for target in narrowed(world, params) if not wanted or target.resource_id in wanted]
    found, token = page(targets, params, key="targets", limit=50)
    return {"ScalableTargets": [show_target(world, target) for target in found], **token}


def show_target(world: World, target: ScalableTarget) -> Answer:
    """A member of ``ScalableTargets``."""
    role = "ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"
    return {
        **IDENTITY,
        "ResourceId": target.resource_id,
        "MinCapacity": target.minimum,
        "MaxCapacity": target.maximum,
        "RoleARN": f"arn:aws:iam::{world.account}:role/aws-service-role/{role}",
        "CreationTime": target.created_ms,
        "SuspendedState": {
            "DynamicScalingInSuspended": target.suspended.scale_in,
            "DynamicScalingOutSuspended": target.suspended.scale_out,
            "ScheduledScalingSuspended": target.suspended.scheduled,
        },
        "ScalableTargetARN": target.arn,
    }


# -- activities --------------------------------------------------------------------------------------


def describe_scaling_activities(world: World, params: Params) -> Answer:
    """The activities of six weeks, newest first; also of targets that are gone."""
    check_namespace(params)
    wanted = params.get("ResourceId")
    if wanted is None and params.get("ScalableDimension") is not None:
        narrowed(world, params)
    activities = [
        activity
        for activity in world.scaling.activities.all(world.engine.now_ms)
        if wanted in (None, activity.resource_id)
        and (params.get("IncludeNotScaledActivities") or not activity.not_scaled)
    ]
    found, token = page(activities, params, key="activities", limit=50)
    return {"ScalingActivities": [show_activity(activity) for activity in found], **token}


def show_activity(activity: Activity) -> Answer:
    """A member of ``ScalingActivities``."""
    return present(
        ActivityId=activity.activity_id,
        **IDENTITY,
        ResourceId=activity.resource_id,
        Description=activity.description,
        Cause=activity.cause,
        StartTime=activity.at_ms,
        EndTime=activity.end_ms,
        StatusCode=activity.status,
        StatusMessage=activity.message,
        NotScaledReasons=[activity.not_scaled] if activity.not_scaled else None,
    )


# -- tags --------------------------------------------------------------------------------------------


def check_tags(tags: dict[str, str]) -> None:
    """Source: API model, RegisterScalableTarget; quota of tags per resource. [A] wordings"""
    for key in tags:
        if not 1 <= len(key) <= 128 or key.lower().startswith("aws:"):
            raise invalid(f"The tag key {key!r} is not allowed.")
    if len(tags) > MAX_TAGS:
        raise AwsError("TooManyTagsException", f"A scalable target can have at most {MAX_TAGS} tags.")


def _tagged(world: World, params: Params) -> ScalableTarget:
    arn = params["ResourceARN"]
    for target in world.scaling.targets.values():
        if target.arn == arn:
            return target
    # [A] wording
    raise AwsError(
        "ResourceNotFoundException",
        f"The specified resource doesn't exist: {arn}",
        fields={"ResourceName": arn},
    )


def tag_resource(world: World, params: Params) -> Answer:
    """Add tags, or give those that there are another value."""
    target = _tagged(world, params)
    tags = {**target.tags, **params["Tags"]}
    check_tags(tags)
    target.tags = tags
    return {}


def untag_resource(world: World, params: Params) -> Answer:
    """Take tags away; those that are not there are fine."""
    target = _tagged(world, params)
    target.tags = {key: value for key, value in target.tags.items() if key not in params["TagKeys"]}
    return {}


def list_tags_for_resource(world: World, params: Params) -> Answer:
    """All tags."""
    return {"Tags": dict(_tagged(world, params).tags)}
