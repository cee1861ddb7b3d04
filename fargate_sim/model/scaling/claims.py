"""What a policy wants when an alarm calls it."""

from __future__ import annotations

from typing import NamedTuple

from fargate_sim.model.alarms.alarm import Reading
from fargate_sim.model.scaling.arithmetic import adjusted, aggregated, step_for, tracked
from fargate_sim.model.scaling.decisions import IN, OUT, Claim
from fargate_sim.model.scaling.policy import Policy, Stepping, Tracking
from fargate_sim.model.scaling.target import ScalableTarget, Signal


class Capacity(NamedTuple):
    """The capacity of a service at the moment of a decision, and whether it can be moved."""

    now_ms: int
    desired: int
    running: int
    active: bool = True
    in_rollout: bool = False


def latest(points: tuple[Reading, ...]) -> float | None:
    """The value of the newest point that has one."""
    return next((value for _, value in reversed(points) if value is not None), None)


def plain(value: float) -> str:
    """A number for a sentence: at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def claim_of(target: ScalableTarget, signal: Signal, capacity: Capacity) -> Claim | None:
    """The claim that a signal makes; None when there is no value to reckon with."""
    settings = signal.policy.settings
    if isinstance(settings, Tracking):
        return _tracking(target, signal, settings, capacity)
    return _stepping(target, signal, settings, capacity)


def _claim(signal: Signal, direction: str, wanted: int, base: int, basis: str) -> Claim:
    settings, spec = signal.policy.settings, signal.spec
    if isinstance(settings, Tracking):
        metric, goal = settings.followed.label, settings.target
    else:
        metric, goal = _metric(signal), None
    return Claim(
        policy=signal.policy.name,
        alarm=spec.name,
        direction=direction,
        metric=metric,
        points=signal.points,
        threshold=spec.threshold,
        comparison=spec.comparison,
        target=goal,
        wanted=wanted,
        base=base,
        basis=basis,
    )


def _metric(signal: Signal) -> str:
    metric = signal.spec.metric
    return "expression" if metric is None else f"{metric.namespace} {metric.name}"


def in_cooldown(target: ScalableTarget, policy: Policy, direction: str, now_ms: int) -> bool:
    """Whether the last activity in a direction is not yet so long ago that the policy may act again."""
    step = target.last_out if direction == OUT else target.last_in
    return step is not None and step.holds(now_ms, policy.cooldown_s(direction))


def _tracking(target: ScalableTarget, signal: Signal, settings: Tracking, capacity: Capacity) -> Claim | None:
    """Source: ECS developer guide, service-auto-scaling: it is the running tasks that are reckoned with, so that tasks which do not
    come up do not make it ask for more and more. [A]: the newest point counts."""
    value = latest(signal.points)
    if value is None:
        return None
    direction = OUT if signal.spec.comparison.startswith("Greater") else IN
    base = capacity.running
    if direction == OUT and target.last_out and in_cooldown(target, signal.policy, OUT, capacity.now_ms):
        base = min(base, target.last_out.base)
    goal = settings.target
    what = f"{settings.followed.label} is {plain(value)}, the target {plain(goal)}"
    if direction == OUT and capacity.desired == 0:
        return _claim(signal, direction, 1, 1, f"{what}; the capacity is 0, and the least step is 1")
    if not base:
        return _claim(signal, direction, capacity.desired, base, f"{what}; no task is running yet")
    wanted = tracked(base, value, goal)
    reckoned = f"{base} x {plain(value)} / {plain(goal)} = {plain(base * value / goal)}, rounded up {wanted}"
    return _claim(signal, direction, wanted, base, f"{what}: {reckoned}")


def _stepping(target: ScalableTarget, signal: Signal, settings: Stepping, capacity: Capacity) -> Claim | None:
    """[A]: the alarm's points are put together as MetricAggregationType says; an alarm that missing data has put into ALARM counts as
    just at its threshold. Inside a cooldown the capacity before the last scale-out counts, so that only the difference is added."""
    spec = signal.spec
    values = [value for _, value in signal.points if value is not None][-spec.evaluation_periods :]
    value = aggregated(values, settings.aggregation) if values else spec.threshold
    above = spec.comparison.startswith("Greater")
    distance = round(value - spec.threshold, 9)
    step = step_for(settings.steps, distance, above=above)
    what = f"{_metric(signal)} is {plain(value)}, {plain(abs(distance))} {'above' if distance >= 0 else 'below'} the threshold"
    if step is None:
        held = f"{what}; no step is for that"
        return _claim(signal, OUT if above else IN, capacity.desired, capacity.desired, held)
    base = capacity.desired
    rises = adjusted(settings.adjustment, base, step.adjustment, settings.minimum) > base
    if rises and target.last_out and in_cooldown(target, signal.policy, OUT, capacity.now_ms):
        base = min(base, target.last_out.base)
    wanted = adjusted(settings.adjustment, base, step.adjustment, settings.minimum)
    direction = OUT if wanted > capacity.desired or rises else IN if wanted < capacity.desired else None
    reckoned = f"{settings.adjustment} {step.adjustment} makes {wanted} of {base}"
    return _claim(signal, direction or (OUT if above else IN), wanted, base, f"{what}: {reckoned}")
