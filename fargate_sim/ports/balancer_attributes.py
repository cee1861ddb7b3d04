"""The ranges of load balancers' and target groups' attributes that decide where requests go, held against each change.

moto takes any value, which the model could not read; and of the deregistration delay it refuses AWS's longest. Source of the ranges: API
model of ELBv2, TargetGroupAttribute and LoadBalancerAttribute. The sentence for the deregistration delay is moto's; the others are [A]
formed after it.
"""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fargate_sim.model.surroundings import LEAST_OUTSTANDING, ROUND_ROBIN, WEIGHTED_RANDOM

_DELAY = "deregistration_delay.timeout_seconds"
_RANGES = {
    _DELAY: (0, 3600),
    "slow_start.duration_seconds": (30, 900),
    "idle_timeout.timeout_seconds": (1, 4000),
}
_OFF = {"slow_start.duration_seconds": "0"}
_ALGORITHM = "load_balancing.algorithm.type"
_ALGORITHMS = (ROUND_ROBIN, LEAST_OUTSTANDING, WEIGHTED_RANDOM)


def refusal(attributes: Mapping[str, Any]) -> str | None:
    """What is wrong with some new values, as a sentence; None when they are fine, or not of those that matter here."""
    for key, value in attributes.items():
        text = str(value)
        if key in _RANGES and text != _OFF.get(key):
            low, high = _RANGES[key]
            if not (text.isascii() and text.isdigit() and len(text) <= 9 and low <= int(text) <= high):
                return f"'{key}' value '{text}' must be between '{low}-{high}' inclusive"
        if key == _ALGORITHM and text not in _ALGORITHMS:
            return f"'{key}' value '{text}' must be one of [{', '.join(_ALGORITHMS)}]"
    return None


def mend_elbv2() -> None:
    """From now on moto refuses values out of range, and only those."""
    from moto.elbv2.exceptions import ValidationError
    from moto.elbv2.models import ELBv2Backend

    of_group, of_balancer = (
        ELBv2Backend.modify_target_group_attributes,
        ELBv2Backend.modify_load_balancer_attributes,
    )

    def check(attributes: Mapping[str, Any]) -> None:
        wrong = refusal(attributes)
        if wrong is not None:
            raise ValidationError(wrong)

    def modify_group(self: Any, target_group_arn: str, attributes: dict[str, Any]) -> None:
        check(attributes)
        longest = {key: value for key, value in attributes.items() if (key, str(value)) == (_DELAY, "3600")}
        rest = {key: value for key, value in attributes.items() if key not in longest}
        of_group(self, target_group_arn, rest)
        self.target_groups[target_group_arn].attributes.update(longest)

    def modify_balancer(self: Any, arn: str, attrs: dict[str, Any]) -> Any:
        check(attrs)
        return of_balancer(self, arn, attrs)

    ELBv2Backend.modify_target_group_attributes = modify_group
    ELBv2Backend.modify_load_balancer_attributes = modify_balancer
