"""A scaling decision in words: the sum behind it, the cooldown that it met, what the other policies said. Pure.

Everything is worked out from what `GET /_lab/scaling` tells; a sum is shown only when it comes to what was wanted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tui.scaling import COMPARISONS, Activity, Decision, Policy, Scaling, Target, metric_words

_SAME_TIME_MS = 60_000
"""Decisions of two policies that lie no further apart belong together: alarms are evaluated every minute."""


@dataclass(frozen=True, slots=True)
class Cooldown:
    """The cooldown of a policy after it scaled at `since_ms`."""

    since_ms: int
    seconds: int

    @property
    def until_ms(self) -> int:
        """When it is over."""
        return self.since_ms + 1000 * self.seconds

    def left_s(self, at_ms: int) -> int:
        """The seconds that are left at a moment."""
        return max(0, math.ceil((self.until_ms - at_ms) / 1000))


@dataclass(frozen=True, slots=True)
class Vote:
    """What another policy said at the time. `agrees` is None when it had no say."""

    policy: str
    words: str
    agrees: bool | None


def move(decision: Decision) -> str:
    """ "4 → 7", or "held at 4"."""
    return (
        f"{decision.before} → {decision.after}"
        if decision.scaled and decision.before != decision.after
        else f"held at {decision.after}"
    )


def arithmetic(decision: Decision, target: Target) -> str:
    """How what it wanted was reckoned: "ceil(4 x 1040 / 600) = 7"; empty when that cannot be told."""
    policy = target.policy(decision.policy)
    aim = decision.target if decision.target is not None else policy.target if policy else None
    if aim:
        return _tracked(decision, target, aim)
    return _stepped(decision, policy, target) if policy is not None else ""


def _tracked(decision: Decision, target: Target, aim: float) -> str:
    values = [value for _, value in decision.points if value is not None]
    candidates = [*reversed(values), *([sum(values) / len(values)] if values else [])]
    minute = next((m for m in reversed(target.series) if m.at_ms <= decision.at_ms), None)
    bases = dict.fromkeys([decision.before, *([minute.running] if minute and minute.running else [])])
    for base in bases:
        for value in candidates:
            found = math.ceil(base * value / aim - 1e-9)
            if found == decision.wanted or _bounded(found, target) == decision.wanted:
                return f"ceil({base} x {value:.4g} / {aim:g}) = {found}" + _within(
                    found, decision.wanted, target
                )
    return ""


def _bounded(count: int, target: Target) -> int:
    return max(target.low, min(target.high, count))


def _within(found: int, wanted: int, target: Target) -> str:
    if found == wanted:
        return ""
    return f", at {'most' if found > wanted else 'least'} {target.high if found > wanted else target.low}"


def _stepped(decision: Decision, policy: Policy, target: Target) -> str:
    value, threshold = decision.value, decision.threshold
    if value is None or threshold is None:
        return ""
    distance = value - threshold
    step = next((each for each in policy.steps if each.holds(distance)), None)
    if step is None:
        return ""
    sums = {
        "ChangeInCapacity": (
            decision.before + step.adjustment,
            f"{decision.before} {'+' if step.adjustment >= 0 else '-'} {abs(step.adjustment)}",
        ),
        "ExactCapacity": (step.adjustment, f"exactly {step.adjustment}"),
    }
    way = f"{value:g} - {threshold:g} = {distance:g} from the threshold, step {_bounds(step.begin, step.end)}"
    if policy.adjustment == "PercentChangeInCapacity":
        return f"{way}: {step.adjustment:+d} % of {decision.before}, to {decision.wanted}"
    found, words = sums.get(policy.adjustment, (None, ""))
    if found is None or decision.wanted not in (found, _bounded(found, target)):
        return f"{way}: to {decision.wanted}"
    total = "" if policy.adjustment == "ExactCapacity" else f" = {found}"
    return f"{way}: {words}{total}" + _within(found, decision.wanted, target)


def difference(decision: Decision, target: Target) -> str:
    """Why not what was wanted was done, but something else; empty when it was."""
    if not decision.scaled or decision.after == decision.wanted:
        return ""
    head = f"{decision.after}, not {decision.wanted}"
    if decision.after == target.high and decision.wanted > target.high:
        return f"{head}: the maximum"
    if decision.after == target.low and decision.wanted < target.low:
        return f"{head}: the minimum"
    if decision.direction == "in" and decision.after > decision.wanted:
        return f"{head}: with fewer, the points before would have called for a scale-out again"
    return head


def _bounds(begin: float | None, end: float | None) -> str:
    return f"{'-∞' if begin is None else f'{begin:g}'} to {'∞' if end is None else f'{end:g}'}"


def cooldown(decision: Decision, target: Target) -> Cooldown | None:
    """The cooldown that a decision had to mind: since the last time that its direction was taken."""
    policy = target.policy(decision.policy)
    seconds = policy.cooldown(decision.direction) if policy else None
    if not seconds:
        return None
    moments = [d.at_ms for d in target.decisions if d.scaled and d.direction == decision.direction]
    moments += [
        a.at_ms for a in target.activities if a.after != a.before and _direction(a) == decision.direction
    ]
    before = [at for at in moments if at < decision.at_ms]
    return Cooldown(max(before), seconds) if before else None


def _direction(activity: Activity) -> str:
    return "out" if activity.after > activity.before else "in"


def votes(decision: Decision, target: Target, scaling: Scaling) -> Iterator[Vote]:
    """What each other policy of the target said at the time."""
    for policy in target.policies:
        if policy.name == decision.policy:
            continue
        near = _near(decision, policy, target.decisions)
        if near is not None:
            words = f"says {near.direction}, wants {near.wanted}"
            yield Vote(policy.name, words, near.direction == decision.direction)
            continue
        yield _silent(decision, policy, scaling)


def _near(decision: Decision, policy: Policy, decisions: Sequence[Decision]) -> Decision | None:
    return next(
        (
            other
            for other in decisions
            if other.policy == policy.name
            and other.at_ms - _SAME_TIME_MS < decision.last_ms
            and decision.at_ms < other.last_ms + _SAME_TIME_MS
        ),
        None,
    )


def _silent(decision: Decision, policy: Policy, scaling: Scaling) -> Vote:
    """What its alarms say of a policy that decided nothing."""
    states = {}
    for name in policy.alarms:
        alarm = scaling.alarm(name)
        if alarm is not None:
            states["in" if alarm.comparison.startswith("Less") else "out"] = alarm.state_at(decision.last_ms)
    if not states:
        return Vote(policy.name, "no alarm of its own", None)
    if "INSUFFICIENT_DATA" in states.values():
        return Vote(policy.name, "has no data: neither out nor in", None)
    if states.get(decision.direction) == "ALARM":
        return Vote(policy.name, f"says {decision.direction}, too: its alarm was in ALARM", True)
    if decision.direction == "in" and policy.disable_scale_in:
        return Vote(policy.name, "has scale-in switched off and is not asked", None)
    return Vote(policy.name, f"does not say {decision.direction}", False)


def points_words(decision: Decision, scaling: Scaling) -> str:
    """How many points were on the wrong side, and how many had to be: "3 of 3 points above 600 (3 of 3 needed)"."""
    side = COMPARISONS.get(decision.comparison, "beyond")
    limit = "the threshold" if decision.threshold is None else f"{decision.threshold:g}"
    alarm = scaling.alarm(decision.alarm)
    needed = f" ({alarm.datapoints_to_alarm} of {alarm.evaluation_periods} needed)" if alarm else ""
    return f"{decision.breaching} of {len(decision.points)} points {side} {limit}{needed}"


def short_alarm(name: str) -> str:
    """Enough of an alarm's name; of those that target tracking makes, what tells them apart."""
    head, found, tail = name.rpartition("-Alarm")
    return f"Alarm{tail[: tail.find('-') + 9]}" if found and head.startswith("TargetTracking-") else name


def metric_line(decision: Decision) -> str:
    """The metric, and what the policy aims at."""
    aim = "" if decision.target is None else f", target {decision.target:g}"
    return metric_words(decision.metric) + aim
