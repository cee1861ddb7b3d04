"""Scheduled actions. Source: Application Auto Scaling API reference, PutScheduledAction, and the service's quotas."""

from __future__ import annotations

from fargate_sim.api.autoscaling.common import (
    IDENTITY,
    Answer,
    Params,
    find_part,
    find_target,
    invalid,
    narrowed,
    page,
    present,
)
from fargate_sim.api.autoscaling.targets import check_bounds
from fargate_sim.model.scaling import ScalableTarget, ScheduledAction
from fargate_sim.model.schedule_expression import Schedule, parse
from fargate_sim.model.world import World
from fargate_sim.wire.errors import AwsError

MAX_ACTIONS = 200
"""Per scalable target. Source: application-auto-scaling-limits."""


def put_scheduled_action(world: World, params: Params) -> Answer:
    """Create one or change one. In a change, start and end that are left out are forgotten; the rest stays."""
    target = find_target(world, params)
    name = params["ScheduledActionName"]
    known = target.actions.get(name)
    if known is None and len(target.actions) >= MAX_ACTIONS:
        raise AwsError(
            "LimitExceededException",
            f"A scalable target can have at most {MAX_ACTIONS} scheduled actions.",  # [A] wording
        )
    expression = params.get("Schedule") or (known.expression if known else None)
    bounds = params.get("ScalableTargetAction")
    if expression is None or (bounds is None and known is None):
        # [A] wording
        raise invalid("Schedule and ScalableTargetAction are required when creating a scheduled action.")
    timezone = params.get("Timezone") or (known.timezone if known else None)
    start_ms, end_ms = params.get("StartTime"), params.get("EndTime")
    if start_ms is not None and end_ms is not None and start_ms >= end_ms:
        raise invalid("StartTime must be before EndTime.")  # [A] wording
    minimum, maximum = _bounds(bounds, known)
    schedule = _schedule(world, expression, timezone, start_ms, known)
    world.scaling.put_action(
        target,
        name,
        expression,
        schedule,
        timezone=timezone,
        minimum=minimum,
        maximum=maximum,
        start_ms=start_ms,
        end_ms=end_ms,
    )
    return {}


def _bounds(asked: Answer | None, known: ScheduledAction | None) -> tuple[int | None, int | None]:
    if asked is None:
        return (known.minimum, known.maximum) if known else (None, None)
    minimum, maximum = asked.get("MinCapacity"), asked.get("MaxCapacity")
    if minimum is None and maximum is None:
        raise invalid("ScalableTargetAction needs MinCapacity, MaxCapacity or both.")  # [A] wording
    check_bounds(minimum, maximum)
    return minimum, maximum


def _schedule(
    world: World, expression: str, timezone: str | None, start_ms: int | None, known: ScheduledAction | None
) -> Schedule:
    """[A]: a rate counts from its start time, else from the action's creation; the sentences are ours."""
    created_ms = known.created_ms if known else world.engine.now_ms
    try:
        schedule = parse(expression, timezone or "UTC", created_ms if start_ms is None else start_ms)
    except ValueError as error:
        raise invalid(str(error)) from None
    if expression.startswith("at(") and schedule.next_after(world.engine.now_ms) is None:
        raise invalid(f"{expression} is in the past.")
    return schedule


def delete_scheduled_action(world: World, params: Params) -> Answer:
    """Forget one."""
    name = params["ScheduledActionName"]
    target, found = find_part(
        world, params, lambda target: target.actions, kind="scheduled action", name=name
    )
    world.scaling.delete_action(target, found)
    return {}


def describe_scheduled_actions(world: World, params: Params) -> Answer:
    """Those that there are, or the named ones."""
    names = params.get("ScheduledActionNames")
    actions = [
        (target, action)
        for target in narrowed(world, params)
        for action in target.actions.values()
        if not names or action.name in names
    ]
    found, token = page(actions, params, key="actions", limit=50)
    return {"ScheduledActions": [_show(*each) for each in found], **token}


def _show(target: ScalableTarget, action: ScheduledAction) -> Answer:
    return present(
        ScheduledActionName=action.name,
        ScheduledActionARN=action.arn,
        **IDENTITY,
        ResourceId=target.resource_id,
        Schedule=action.expression,
        Timezone=action.timezone,
        StartTime=action.start_ms,
        EndTime=action.end_ms,
        ScalableTargetAction=present(MinCapacity=action.minimum, MaxCapacity=action.maximum),
        CreationTime=action.created_ms,
    )
