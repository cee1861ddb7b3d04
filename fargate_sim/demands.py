"""What the two kinds of load have in common at the control API: a demand out of a JSON body, and how much of it a clock can bear.

ValueError, in words for people, when something is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from fargate_sim.model.traffic import Demand

_TEXTS = ("pattern", "path")


@dataclass(frozen=True)
class Bearable:
    """How many of something a world can bear: in one jump of the clock, and in a second of the wall clock."""

    what: str
    in_a_jump: int
    in_a_second: int

    def refuse_jump(self, peak_rps: float, jump_ms: int) -> None:
        """A jump of the clock must not bring more than anybody wants to wait for."""
        coming = peak_rps * jump_ms / 1000
        if coming > self.in_a_jump:
            raise ValueError(
                f"{self.what} are coming: a jump of {jump_ms / 1000:g} s would bring up to {coming:,.0f} {self.what} "
                f"(at most {self.in_a_jump:,}); stop them first, or jump less far"
            )

    def refuse_pace(self, peak_rps: float, speed: float | str) -> None:
        """A rate and a speed of the clock must not be more together than a world can keep up with."""
        if not isinstance(speed, str) and peak_rps * speed > self.in_a_second:
            raise ValueError(
                f"{peak_rps:g} {self.what} a second at {speed:g}x are more than a world can keep up with "
                f"({self.in_a_second:,} a second of yours); fewer {self.what}, or a slower clock"
            )


def demand_of(
    given: Mapping[str, Any], where_to: str, what: str, *, without: frozenset[str] = frozenset()
) -> Demand:
    """The load that a body describes, without its action and its goal; ``without`` names what this kind of load has not."""
    described = {key: value for key, value in given.items() if value is not None}
    known = {each.name for each in fields(Demand)} - {"target_group"} - without
    unknown = sorted(described.keys() - known)
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is nothing that {what} have")
    if "rps" not in described:
        raise ValueError(f"rps is missing: how many {what} a second")
    for key, value in described.items():
        kind: Any = str if key in _TEXTS else int if key.endswith("_ms") else int | float
        if isinstance(value, bool) or not isinstance(value, kind):
            called = "text" if kind is str else "a whole number" if kind is int else "a number"
            raise ValueError(f"{key} must be {called}, not {value!r}")
    return Demand(target_group=where_to, **described)
