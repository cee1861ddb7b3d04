"""Scaling for a screen: targets, decisions, activities, alarms and what led to them. The shape is documented in docs/control-api.md."""

from __future__ import annotations

from itertools import islice
from typing import Any

from fargate_sim.model.alarms import Alarm
from fargate_sim.model.metrics import Point, statistic
from fargate_sim.model.metrics.hosts import GROUP, PER_TARGET, dimension
from fargate_sim.model.metrics.hosts import NAMESPACE as BALANCING
from fargate_sim.model.metrics.steps import MINUTE_MS
from fargate_sim.model.metrics.tasks import CLUSTER, ECS, SERVICE
from fargate_sim.model.scaling import Policy, ScalableTarget, Tracking
from fargate_sim.model.scaling.activities import Activity
from fargate_sim.model.scaling.decisions import IN, OUT, Decision
from fargate_sim.model.traffic.ledger import Bucket
from fargate_sim.model.world import World

MINUTES_SHOWN, MOST_MINUTES = 60, 180
MAX_ACTIVITIES = 50
MAX_CHANGES = 20

Shown = dict[str, Any]


def report(world: World, minutes: int = MINUTES_SHOWN) -> Shown:
    """Everything about scaling, with the series of the last ``minutes`` whole minutes."""
    world.traffic.settle()
    return {
        "now_ms": world.engine.now_ms,
        "targets": [_target(world, target, minutes) for target in world.scaling.targets.values()],
        "alarms": [_alarm(world, alarm) for alarm in world.alarms.all()],
    }


def _target(world: World, target: ScalableTarget, minutes: int) -> Shown:
    service = world.services.get((target.cluster, target.service))
    activities = [
        activity
        for activity in world.scaling.activities.of(target.resource_id, world.engine.now_ms)
        if not activity.not_scaled
    ]
    return {
        "resource_id": target.resource_id,
        "cluster": target.cluster,
        "service": target.service,
        "min": target.minimum,
        "max": target.maximum,
        "desired": service.desired if service else 0,
        "running": service.running_count if service else 0,
        "in_rollout": service.in_rollout if service else False,
        "suspended": {
            "in": target.suspended.scale_in,
            "out": target.suspended.scale_out,
            "scheduled": target.suspended.scheduled,
        },
        "policies": [_policy(world, policy) for policy in target.policies.values()],
        "scheduled_actions": [
            {
                "name": action.name,
                "schedule": action.expression,
                "timezone": action.timezone,
                "min": action.minimum,
                "max": action.maximum,
                "next_ms": action.next_after(world.engine.now_ms),
            }
            for action in target.actions.values()
        ],
        "activities": [_activity(activity) for activity in islice(activities, MAX_ACTIVITIES)],
        "decisions": [_decision(decision) for decision in target.decisions.newest_first()],
        "series": _series(world, target, minutes),
    }


def _policy(world: World, policy: Policy) -> Shown:
    settings = policy.settings
    alarms = world.scaling.alarms_of(policy)
    tracking = settings if isinstance(settings, Tracking) else None
    stepping = None if isinstance(settings, Tracking) else settings
    return {
        "name": policy.name,
        "arn": policy.arn,
        "type": policy.kind,
        "metric": tracking.followed.label if tracking else _metric(alarms[0]) if alarms else "",
        "resource_label": tracking.followed.resource_label if tracking else None,
        "target": tracking.target if tracking else None,
        "scale_out_cooldown_s": policy.cooldown_s(OUT) if tracking else None,
        "scale_in_cooldown_s": policy.cooldown_s(IN) if tracking else None,
        "disable_scale_in": tracking.disable_scale_in if tracking else False,
        "cooldown_s": policy.cooldown_s(OUT) if stepping else None,
        "adjustment": stepping.adjustment if stepping else None,
        "steps": [
            {"from": step.lower, "to": step.upper, "adjustment": step.adjustment}
            for step in (stepping.steps if stepping else ())
        ],
        "alarms": [alarm.spec.name for alarm in alarms],
    }


def _activity(activity: Activity) -> Shown:
    return {
        "id": activity.activity_id,
        "at_ms": activity.at_ms,
        "end_ms": activity.end_ms,
        "description": activity.description,
        "cause": activity.cause,
        "status": activity.status,
        "message": activity.message or "",
        "from": activity.before,
        "to": activity.after,
    }


def _decision(decision: Decision) -> Shown:
    verdict = decision.verdict
    claim = verdict.claim
    return {
        "at_ms": decision.at_ms,
        "last_ms": decision.last_ms,
        "times": decision.times,
        "policy": claim.policy,
        "alarm": claim.alarm,
        "direction": claim.direction,
        "metric": claim.metric,
        "points": [list(point) for point in claim.points],
        "threshold": claim.threshold,
        "comparison": claim.comparison,
        "target": claim.target,
        "from": decision.before,
        "wanted": claim.wanted,
        "to": verdict.to,
        "outcome": verdict.outcome,
        "reason": verdict.reason,
        "why": verdict.why,
    }


# -- series ------------------------------------------------------------------------------------------


def _series(world: World, target: ScalableTarget, minutes: int) -> list[Shown]:
    """By whole minute, oldest first. Metrics are there when CloudWatch has published them."""
    after = world.engine.now_ms // MINUTE_MS
    first = max(after - minutes, world.engine.start_ms // MINUTE_MS)
    counts = world.metrics.tasks.counts(target.cluster, target.service, first, after)
    groups = _groups(world, target)
    service = {CLUSTER: target.cluster, SERVICE: target.service}
    span = (first * MINUTE_MS, after * MINUTE_MS)
    cpu = _by_minute(world.metrics.points(ECS, "CPUUtilization", service, *span), "Average")
    memory = _by_minute(world.metrics.points(ECS, "MemoryUtilization", service, *span), "Average")
    requests: dict[int, float | None] = {}
    for group in groups[:1]:
        points = world.metrics.points(BALANCING, PER_TARGET, {GROUP: dimension(group)}, *span)
        requests = _by_minute(points, "Sum")
    books: dict[int, Bucket] = {}
    for group in groups:
        for minute, bucket in world.traffic.parts(group, first, after):
            books.setdefault(minute, Bucket()).add(bucket)
    shown = []
    for minute, (desired, running) in zip(range(first, after), counts, strict=True):
        book = books.get(minute) or Bucket()
        p50_ms, p99_ms = book.percentiles_ms(50, 99)
        shown.append(
            {
                "at_ms": minute * MINUTE_MS,
                "desired": desired,
                "running": running,
                "cpu": cpu.get(minute),
                "memory": memory.get(minute),
                "requests_per_target": requests.get(minute),
                "sent": book.sent,
                "failed": book.failed,
                "p50_ms": p50_ms,
                "p99_ms": p99_ms,
            }
        )
    return shown


def _groups(world: World, target: ScalableTarget) -> list[str]:
    """The target groups of the service, the newest deployment's first."""
    service = world.services.get((target.cluster, target.service))
    return list(
        dict.fromkeys(
            balancer.target_group
            for deployment in (service.deployments if service else ())
            for balancer in deployment.revision.load_balancers
        )
    )


def _by_minute(points: list[Point], name: str) -> dict[int, float | None]:
    return {point.at_ms // MINUTE_MS: statistic(point, name) for point in points}


# -- alarms ------------------------------------------------------------------------------------------


def _metric(alarm: Alarm) -> str:
    metric = alarm.spec.metric
    if metric is not None:
        return f"{metric.namespace} {metric.name}"
    watched = next(query for query in alarm.spec.queries if query.returns)
    return watched.expression or "expression"


def _alarm(world: World, alarm: Alarm) -> Shown:
    spec = alarm.spec
    called = (world.scaling.policy_of(action) for action in spec.alarm_actions)
    policy = next((found[1].name for found in called if found is not None), None)
    changes = list(world.alarms.changes(spec.name))[-MAX_CHANGES:]
    return {
        "name": spec.name,
        "arn": alarm.arn,
        "state": alarm.state,
        "reason": alarm.reason,
        "threshold": spec.threshold,
        "comparison": spec.comparison,
        "metric": _metric(alarm),
        "statistic": spec.statistic,
        "period_s": spec.period_s,
        "evaluation_periods": spec.evaluation_periods,
        "datapoints_to_alarm": spec.needed,
        "treat_missing": spec.treat_missing,
        "updated_ms": alarm.updated_ms,
        "policy": policy,
        "points": [list(point) for point in alarm.readings],
        "history": [
            {"at_ms": at_ms, "from": before, "to": to, "reason": reason}
            for at_ms, before, to, reason in reversed(changes)
        ],
    }
