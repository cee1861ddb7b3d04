"""Prices: what an hour of something costs. The table itself is data (fargate_sim/prices.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from fargate_sim.model.cost.kinds import STORAGE


@dataclass(frozen=True)
class Price:
    """US dollars for one ``unit``, all of which are hours of something. ``date`` is when the source was read."""

    unit: str
    usd: Fraction
    source: str
    date: str
    assumed: bool = False


@dataclass(frozen=True)
class PriceTable:
    """The prices of one region by row name (``fargate.x86_64.vcpu``, ``nat`` ...), as of ``date``."""

    region: str
    currency: str
    date: str
    rows: Mapping[str, Price]

    def compute(self, kind: str, architecture: str, what: str) -> Price:
        """The price of a task's vCPU, memory or ephemeral storage; storage costs the same on both architectures."""
        return self.rows[f"{kind}.{STORAGE}" if what == STORAGE else f"{kind}.{architecture}.{what}"]
