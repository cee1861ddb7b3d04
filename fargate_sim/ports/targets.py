"""Target groups in moto's ELBv2: read for the model, and shown with the health of our tasks.

moto knows target groups, listeners and attributes, but its target health is static: the health of targets that ECS registered is the
model's. Targets that somebody registers by hand stay moto's.
"""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from fargate_sim.model.surroundings import TargetGroupFacts

DEFAULT_PATH = "/"
_IDLE_TIMEOUT = "idle_timeout.timeout_seconds"


class TargetFacts(Protocol):
    """What is shown of a target."""

    @property
    def ip(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def zone(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def description(self) -> str | None: ...


def facts(backend: Any, arn: str) -> TargetGroupFacts | None:
    """The target group, or None when there is none of that ARN."""
    group = backend.target_groups.get(arn)
    if group is None:
        return None
    balancers = _balancers(backend, arn)
    port = str(group.health_check_port or "traffic-port")
    matcher = getattr(group, "matcher", None) or {}
    return TargetGroupFacts(
        arn=arn,
        target_type=group.target_type,
        vpc_id=group.vpc_id or "",
        attached=bool(balancers),
        check_port=int(port) if port.isdigit() else None,
        path=group.health_check_path or DEFAULT_PATH,
        interval_s=int(group.health_check_interval_seconds),
        healthy_threshold=int(group.healthy_threshold_count),
        unhealthy_threshold=int(group.unhealthy_threshold_count),
        matcher=str(matcher.get("HttpCode") or "200"),
        deregistration_delay_s=int(group.attributes["deregistration_delay.timeout_seconds"]),
        algorithm=str(group.attributes["load_balancing.algorithm.type"]),
        slow_start_duration_s=int(group.attributes["slow_start.duration_seconds"]),
        idle_timeout_s=int(balancers[0].attrs.get(_IDLE_TIMEOUT, 60)) if balancers else 60,
        check_timeout_s=int(group.health_check_timeout_seconds or 5),
        balancer=str(balancers[0].arn).partition(":loadbalancer/")[2] if balancers else None,
    )


def _balancers(backend: Any, arn: str) -> list[Any]:
    """Load balancers with a listener whose default action or a rule of which forwards to the group."""
    found = []
    for balancer in backend.load_balancers.values():
        for listener in balancer.listeners.values():
            actions = [
                *listener.default_actions,
                *(a for rule in listener.rules.values() for a in rule.actions),
            ]
            if any(arn in _groups(action) for action in actions):
                found.append(balancer)
                break
    return found


def _groups(action: Any) -> list[str]:
    data = action.data
    forward = data.get("ForwardConfig") or {}
    groups = [str(each.get("TargetGroupArn")) for each in forward.get("TargetGroups", ())]
    return [*groups, str(data.get("TargetGroupArn"))]


def mend_elbv2() -> None:
    """From now on moto's DescribeTargetGroups says which load balancers forward to a group now, each once.

    moto writes them down when a listener or a rule is created, and forgets none: after ModifyListener, ModifyRule or a
    deletion its ``LoadBalancerArns`` are those of before. Source: API model of ELBv2, TargetGroup.LoadBalancerArns.
    """
    from moto.elbv2.models import ELBv2Backend

    of_moto = ELBv2Backend.describe_target_groups

    def describe(self: Any, *args: Any, **kwargs: Any) -> Any:
        for arn, group in self.target_groups.items():
            group.load_balancer_arns = [balancer.arn for balancer in _balancers(self, arn)]
        return of_moto(self, *args, **kwargs)

    ELBv2Backend.describe_target_groups = describe
    _mend_default_rules()


def _mend_default_rules() -> None:
    """From now on the ARN of a default rule follows from its listener; moto makes it of an address in memory, which no two processes
    share.
    """
    from moto.elbv2.models import FakeRule

    of_moto = FakeRule.__init__

    def begin(self: Any, listener_arn: str, *args: Any, **kwargs: Any) -> None:
        of_moto(self, listener_arn, *args, **kwargs)
        number = hashlib.sha256(listener_arn.encode()).hexdigest()[:16]
        self.arn = f"{listener_arn.replace(':listener/', ':listener-rule/')}/{number}"

    FakeRule.__init__ = begin


def overlay(backend: Any, targets_of: Callable[[str], Sequence[TargetFacts]]) -> None:
    """From now on DescribeTargetHealth of this backend shows our targets beside moto's own."""
    if "describe_target_health" in backend.__dict__:
        return
    from moto.elbv2.models import FakeHealthStatus

    of_moto = backend.describe_target_health

    class _Status(FakeHealthStatus):  # type: ignore[misc]
        def __init__(self, target: TargetFacts, check_port: str) -> None:
            super().__init__(
                target.ip, str(target.port), check_port, target.state, target.reason, target.description
            )
            self._zone = target.zone

        @property
        def target(self) -> dict[str, str]:
            return {**super().target, "AvailabilityZone": self._zone}

    def describe(target_group_arn: str, targets: list[dict[str, Any]]) -> list[Any]:
        ours = targets_of(target_group_arn)
        known = facts(backend, target_group_arn)
        wanted = {str(target["Id"]) for target in targets or ()}
        shown = [
            _Status(target, str((known.check_port if known else None) or target.port))
            for target in ours
            if not wanted or target.ip in wanted
        ]
        rest = [target for target in targets or () if target["Id"] not in {each.ip for each in ours}]
        others = of_moto(target_group_arn, rest) if rest or not targets else []
        return [*shown, *others]

    backend.describe_target_health = describe
