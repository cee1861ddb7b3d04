"""Error budgets: how much of what an SLO allows to go wrong in a whole game has gone wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gameday.indicators import interval
from gameday.scenario import Slo
from labs.history import Entry


@dataclass(frozen=True, slots=True)
class Budget:
    """Of one SLO: what was counted (requests, or intervals), how much of it was bad, and how much may be in a whole game."""

    slo: str
    unit: str
    total: int
    bad: int
    allowed: float

    @property
    def burned(self) -> float:
        """The share of the budget that is gone; above 1 when it is overdrawn."""
        return self.bad / self.allowed if self.allowed else float(self.bad > 0)


def budget(
    slo: Slo, samples: Sequence[Entry], names: Mapping[str, str], share_of_game: float = 1.0
) -> Budget:
    """The budget of these samples. ``share_of_game`` is how much of the game they cover: the budget is that of the whole
    game, at the rate that was seen.
    """
    if slo.indicator == "availability":
        counted = [entry.data["traffic"] for entry in samples if entry.data["traffic"]]
        bad = sum(each["failed"] for each in counted)
        total = bad + sum(each["ok"] for each in counted)
        unit = "requests"
    else:
        verdicts = [interval(slo, entry.at_ms, entry.data, names).good for entry in samples]
        total = sum(verdict is not None for verdict in verdicts)
        bad = sum(verdict is False for verdict in verdicts)
        unit = "intervals"
    whole = total / share_of_game if share_of_game > 0 else total
    return Budget(slo.id, unit, total, bad, whole * (1 - slo.objective))


def holds(slo: Slo, samples: Sequence[Entry], names: Mapping[str, str]) -> bool:
    """Whether the SLO's objective was met over these samples, on their own."""
    found = budget(slo, samples, names)
    return found.total > 0 and found.bad <= found.allowed
