"""From the alarms of a tick to one decision for each target.

AWS publishes no time from an alarm to its scaling action; five to fifteen seconds are [A].
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fargate_sim.model.alarms import Alarm
from fargate_sim.model.alarms.alarm import ALARM
from fargate_sim.model.scaling import activities, decisions
from fargate_sim.model.scaling.alarm_book import AlarmBook
from fargate_sim.model.scaling.claims import Capacity, claim_of
from fargate_sim.model.scaling.decisions import OUT, SCALED, Claim, Verdict
from fargate_sim.model.scaling.judge import Judge
from fargate_sim.model.scaling.managed_alarms import HIGH_POINTS
from fargate_sim.model.scaling.mover import Mover
from fargate_sim.model.scaling.policy import Policy
from fargate_sim.model.scaling.target import Move, ScalableTarget, Signal

if TYPE_CHECKING:
    from fargate_sim.model.world import World

_CODES = {
    decisions.FLAPPING: (activities.FLAPPING, "CurrentCapacity"),
    decisions.DEPLOYMENT: (activities.UNSCALABLE, "CurrentCapacity"),
    decisions.AT_MAX: (activities.AT_MAX, "MaxCapacity"),
    decisions.AT_MIN: (activities.AT_MIN, "MinCapacity"),
    decisions.ALREADY: (activities.AT_DESIRED, "CurrentCapacity"),
}
"""The reasons that AWS has a code for, and which capacity it tells with it. That a deployment is told as unscalable is [A]."""


class Decider:
    """Hears alarms, and decides a little later, when all alarms of the tick have spoken."""

    def __init__(self, world: World, alarms: AlarmBook, mover: Mover) -> None:
        self._world = world
        self._alarms = alarms
        self._mover = mover
        self._pace = world.seeds.stream("scaling")

    def hear(self, target: ScalableTarget, policy: Policy, alarm: Alarm) -> None:
        """An alarm calls a policy. Only one in ALARM leads to anything: without data nothing is scaled."""
        if alarm.state != ALARM:
            return
        target.signals[alarm.spec.name] = Signal(policy, alarm.spec, tuple(alarm.readings))
        if target.deciding is None or not target.deciding.pending:
            delay_ms = self._pace.randint(*self._world.timing.scaling_reaction)
            target.deciding = self._world.engine.after(delay_ms, partial(self._decide, target))

    def capacity(self, target: ScalableTarget) -> Capacity:
        """The capacity of a target now."""
        service = self._mover.service_of(target)
        now_ms = self._world.engine.now_ms
        if service is None:
            return Capacity(now_ms, 0, 0, active=False)
        return Capacity(now_ms, service.desired, service.running_count, in_rollout=service.in_rollout)

    def _decide(self, target: ScalableTarget) -> None:
        # A policy that was deleted meanwhile has no say, nor has one whose name is another's now.
        heard = [
            signal
            for signal in target.signals.values()
            if target.policies.get(signal.policy.name) is signal.policy
        ]
        target.signals.clear()
        capacity = self.capacity(target)
        found = [claim_of(target, signal, capacity) for signal in heard]
        claims = [claim for claim in found if claim is not None]
        judge = Judge(target, capacity, ready=self._ready(target), peaks=self._peaks(target))
        fresh = target.decisions.add(capacity.now_ms, capacity.desired, judge.decide(claims))
        for verdict in fresh:
            if verdict.outcome == SCALED:
                self._scale(target, verdict)
            else:
                self._hold(target, verdict, capacity)

    def _ready(self, target: ScalableTarget) -> frozenset[str]:
        """The target tracking policies that would scale in."""
        return frozenset(
            policy.name
            for policy in target.policies.values()
            if policy.scales_in and any(self._in_alarm(name, "Less") for name in policy.alarms)
        )

    def _in_alarm(self, name: str, comparison: str) -> bool:
        alarm = self._alarms.get(name)
        return alarm is not None and alarm.state == ALARM and alarm.spec.comparison.startswith(comparison)

    def _peaks(self, target: ScalableTarget) -> dict[str, float]:
        """The highest of the last three points of what each target tracking policy follows."""
        peaks: dict[str, float] = {}
        for policy in target.policies.values():
            for name in policy.alarms:
                alarm = self._alarms.get(name)
                known = [value for _, value in (alarm.readings if alarm else ()) if value is not None]
                values = known[-HIGH_POINTS:]
                if values:
                    peaks[policy.name] = max(peaks.get(policy.name, 0.0), *values)
        return peaks

    def _scale(self, target: ScalableTarget, verdict: Verdict) -> None:
        claim = verdict.claim
        service = self._mover.service_of(target)
        if service is None:
            return
        cause = activities.alarm_cause(claim.alarm, claim.policy)
        activity = self._mover.move(
            target, service, verdict.to, cause, policy=claim.policy, alarm=claim.alarm
        )
        move = Move(activity, claim.base)
        if claim.direction == OUT:
            # A scale-out ends the cooldown of a scale-in.
            target.last_out, target.last_in = move, None
        else:
            target.last_in = move

    def _hold(self, target: ScalableTarget, verdict: Verdict, capacity: Capacity) -> None:
        claim = verdict.claim
        self._world.journal.record(
            "scaling.held",
            {
                "resource_id": target.resource_id,
                "cluster": target.cluster,
                "service": target.service,
                "policy": claim.policy,
                "alarm": claim.alarm,
                "direction": claim.direction,
                "reason": verdict.reason,
                "why": verdict.why,
                "from": capacity.desired,
                "wanted": claim.wanted,
            },
        )
        if verdict.reason in _CODES:
            self._refuse(target, claim, verdict.reason, capacity)

    def _refuse(self, target: ScalableTarget, claim: Claim, reason: str, capacity: Capacity) -> None:
        code, member = _CODES[reason]
        numbers = {
            "CurrentCapacity": capacity.desired,
            "MaxCapacity": target.maximum,
            "MinCapacity": target.minimum,
        }
        self._mover.activities.refuse(
            self._mover.new_id(),
            target.resource_id,
            capacity.now_ms,
            activities.alarm_cause(claim.alarm, claim.policy),
            {"Code": code, member: numbers[member]},
        )
