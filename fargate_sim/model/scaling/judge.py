"""Which of the claims on a capacity is fulfilled, and how far.

Sources: Application Auto Scaling user guide, target-tracking-scaling-policy-overview (several policies, cooldowns, flapping), API
reference, PutScalingPolicy (step scaling in is not held up by target tracking; the largest capacity counts both ways); ECS developer
guide, service-auto-scaling (deployments; a count that was set outside the bounds). [A]: the order of the reasons, cooldowns after the last
activity of the target whichever policy caused it, and the size of the flapping guard.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fargate_sim.model.scaling import decisions as d
from fargate_sim.model.scaling.arithmetic import tracked
from fargate_sim.model.scaling.claims import Capacity, in_cooldown, plain
from fargate_sim.model.scaling.decisions import HELD, IN, OUT, SCALED, Claim, Verdict
from fargate_sim.model.scaling.policy import Tracking
from fargate_sim.model.scaling.target import ScalableTarget
from fargate_sim.model.service import MAX_DESIRED

Peaks = Mapping[str, float]
"""By target tracking policy: the highest of the latest points of its metric."""


class Judge:
    """One decision about one target.

    ``ready`` are the target tracking policies whose alarm for scaling in is in ALARM, ``peaks`` tells what to expect of their metrics.
    """

    def __init__(
        self, target: ScalableTarget, capacity: Capacity, *, ready: frozenset[str], peaks: Peaks
    ) -> None:
        self._target = target
        self._capacity = capacity
        self._ready = ready
        self._peaks = peaks

    def decide(self, claims: Sequence[Claim]) -> list[Verdict]:
        """One verdict for each claim, at most one of them SCALED."""
        if not self._capacity.active:
            why = "The service is not active."
            return [self._held(claim, d.NOT_ACTIVE, why) for claim in claims]
        outs = [claim for claim in claims if claim.direction == OUT]
        ins = [claim for claim in claims if claim.direction == IN]
        return [*self._out(outs), *self._in(ins, outs)]

    def _held(self, claim: Claim, reason: str, why: str) -> Verdict:
        return Verdict(claim, HELD, reason, self._capacity.desired, f"{why} ({claim.basis}.)")

    def _chosen(self, open_claims: Sequence[Claim], goals: Mapping[int, int]) -> list[Verdict]:
        """The first of those that want most is fulfilled."""
        best = max(open_claims, key=lambda claim: goals[id(claim)], default=None)
        verdicts = []
        for claim in open_claims:
            to = goals[id(claim)]
            if claim is best:
                verdicts.append(
                    Verdict(
                        claim, SCALED, SCALED, to, f"From {self._capacity.desired} to {to}: {claim.basis}."
                    )
                )
            else:
                most = goals[id(best)]
                why = (
                    f"The policy {best.policy if best else ''} wants {most}, and the largest capacity counts."
                )
                verdicts.append(self._held(claim, d.ANOTHER_POLICY, why))
        return verdicts

    # -- out ---------------------------------------------------------------------------------------

    def _out(self, claims: Sequence[Claim]) -> list[Verdict]:
        desired, minimum = self._capacity.desired, self._target.minimum
        maximum = min(self._target.maximum, MAX_DESIRED)  # [A] the quota is a maximum like the target's own
        verdicts, goals, open_claims = [], {}, []
        for claim in claims:
            if self._target.suspended.scale_out:
                verdicts.append(self._held(claim, d.SUSPENDED, "Scaling out is suspended."))
            elif desired < minimum:
                goals[id(claim)] = minimum
                open_claims.append(claim)
            elif claim.wanted <= desired:
                verdicts.append(self._enough(claim))
            elif desired >= maximum:
                why = f"The capacity is {desired}, and the maximum is {maximum}."
                verdicts.append(self._held(claim, d.AT_MAX, why))
            else:
                goals[id(claim)] = min(claim.wanted, maximum)
                open_claims.append(claim)
        return [*verdicts, *self._chosen(open_claims, goals)]

    def _enough(self, claim: Claim) -> Verdict:
        desired, policy = self._capacity.desired, self._target.policies[claim.policy]
        if in_cooldown(self._target, policy, OUT, self._capacity.now_ms):
            seconds = policy.cooldown_s(OUT)
            why = f"The scale-out cooldown of {seconds} s is on: what was added counts, and only more than {desired} would go through."
            return self._held(claim, d.COOLDOWN, why)
        return self._held(claim, d.ALREADY, f"The desired count is {desired} already.")

    # -- in ----------------------------------------------------------------------------------------

    def _in(self, claims: Sequence[Claim], outs: Sequence[Claim]) -> list[Verdict]:
        verdicts, goals, open_claims = [], {}, []
        floor = max((claim.wanted for claim in claims if self._has_say(claim)), default=0)
        for claim in claims:
            reason = self._against(claim, outs)
            if reason is not None:
                verdicts.append(self._held(claim, *reason))
                continue
            goal, held = self._goal(claim, floor)
            if held is not None:
                verdicts.append(self._held(claim, *held))
            else:
                goals[id(claim)] = goal
                open_claims.append(claim)
        return [*verdicts, *self._chosen(open_claims, goals)]

    def _has_say(self, claim: Claim) -> bool:
        settings = self._target.policies[claim.policy].settings
        return not (isinstance(settings, Tracking) and settings.disable_scale_in)

    def _against(self, claim: Claim, outs: Sequence[Claim]) -> tuple[str, str] | None:
        """Why a claim to scale in is not even looked at: reason and sentence."""
        target, capacity = self._target, self._capacity
        policy = target.policies[claim.policy]
        if outs:
            return d.ANOTHER_POLICY, f"The policy {outs[0].policy} asks for more at the same time."
        if target.suspended.scale_in:
            return d.SUSPENDED, "Scaling in is suspended."
        if not self._has_say(claim):
            return d.SCALE_IN_DISABLED, "The policy has DisableScaleIn."
        if claim.wanted >= capacity.desired:
            return d.ALREADY, f"The desired count is {capacity.desired} already."
        if capacity.desired <= target.minimum:
            return d.AT_MIN, f"The capacity is {capacity.desired}, and the minimum is {target.minimum}."
        if capacity.in_rollout:
            return d.DEPLOYMENT, "Scaling in is off while a deployment is in progress."
        if in_cooldown(target, policy, IN, capacity.now_ms):
            return d.COOLDOWN, f"The scale-in cooldown of {policy.cooldown_s(IN)} s is on."
        if policy.scales_in:
            unready = [
                other.name
                for other in target.policies.values()
                if other.scales_in and other is not policy and other.name not in self._ready
            ]
            if unready:
                return d.ANOTHER_POLICY, f"Not all policies agree: {', '.join(unready)} would not scale in."
        return None

    def _goal(self, claim: Claim, floor: int) -> tuple[int, tuple[str, str] | None]:
        """How far in: the capacity, or why not."""
        target, desired = self._target, self._capacity.desired
        if floor >= desired:
            return desired, (
                d.ANOTHER_POLICY,
                f"Another policy needs {floor}, and the largest capacity counts.",
            )
        if desired > target.maximum:
            return target.maximum, None
        goal = max(claim.wanted, target.minimum)
        if target.policies[claim.policy].scales_in:
            safe, whose = self._safe(goal)
            if safe >= desired:
                return desired, (d.FLAPPING, f"With {goal}, {whose}: it would scale out again.")
            goal = max(goal, safe)
        return goal, None

    def _safe(self, goal: int) -> tuple[int, str]:
        """The smallest capacity, from the goal up, that puts no policy's metric above its target, and what would happen below it."""
        safe, whose = goal, ""
        for name, peak in self._peaks.items():
            settings = self._target.policies[name].settings
            if not isinstance(settings, Tracking):
                continue
            least = tracked(self._capacity.running, peak, settings.target)
            if least > safe:
                expected = self._capacity.running * peak / max(goal, 1)
                safe = least
                whose = f"{settings.followed.label} would be about {plain(expected)}, the target is {plain(settings.target)}"
        return safe, whose
