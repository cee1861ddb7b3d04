"""What the world costs, parsed from `GET /_lab/cost` (docs/control-api.md), and as a table in plain text, for screen and command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tui import text
from tui.raw import integer as _int
from tui.raw import mapping as _map
from tui.raw import mappings as _maps
from tui.raw import number_or_none as _number
from tui.raw import string as _str

_KINDS = {
    "fargate": "Fargate",
    "fargate_spot": "Fargate Spot",
    "alb": "Application Load Balancer",
    "nlb": "Network Load Balancer",
    "nat": "NAT gateway",
    "endpoint": "interface endpoint",
    "public_ip": "public IPv4 address",
}
_RESOURCES = {"vcpu": "vCPU", "memory": "memory", "ephemeral_storage": "extra storage"}
_HEAD = ("what", "of", "hours", "price", "so far", "an hour")
_LEAST = 0.00005
"""Dollars; a part that is smaller is not told."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line: hours of something at a price, in US dollars."""

    kind: str
    resource: str
    cluster: str
    service: str
    family: str
    architecture: str
    hours: float
    price: float
    amount: float
    per_hour: float
    assumed: bool

    @property
    def what(self) -> str:
        """ "Fargate Spot ARM vCPU"."""
        words = [_KINDS.get(self.kind, self.kind)]
        words += ["ARM"] if self.architecture == "arm64" else []
        words += [_RESOURCES.get(self.resource, self.resource)] if self.resource else []
        return text.one_line(" ".join(words)) + (" [A]" if self.assumed else "")

    def owner(self, *, clusters: bool) -> str:
        """Who causes it; with its cluster where there are several."""
        name = self.service or (f"tasks of {self.family}" if self.family else "")
        return text.one_line(f"{name} in {self.cluster}" if clusters and self.cluster else name)


@dataclass(frozen=True, slots=True)
class Costs:
    """The estimate since a moment."""

    since_ms: int
    now_ms: int
    total: float
    per_hour: float
    saved: float
    leaving: float
    never_ran: float
    region: str
    price_date: str
    items: tuple[Item, ...]


def parse_costs(raw: Mapping[str, Any]) -> Costs:
    """An answer of `GET /_lab/cost`."""
    parts = _map(raw, "of_which")
    return Costs(
        since_ms=_int(raw, "since_ms"),
        now_ms=_int(raw, "now_ms"),
        total=_number(raw, "total") or 0.0,
        per_hour=_number(raw, "per_hour_now") or 0.0,
        saved=_number(raw, "saved") or 0.0,
        leaving=_number(parts, "leaving") or 0.0,
        never_ran=_number(parts, "never_ran") or 0.0,
        region=_str(raw, "region"),
        price_date=_str(raw, "price_date"),
        items=tuple(_item(item) for item in _maps(raw, "items")),
    )


def _item(raw: Mapping[str, Any]) -> Item:
    return Item(
        kind=_str(raw, "kind"),
        resource=_str(raw, "resource"),
        cluster=_str(raw, "cluster"),
        service=_str(raw, "service"),
        family=_str(raw, "family"),
        architecture=_str(raw, "architecture"),
        hours=_number(raw, "quantity") or 0.0,
        price=_number(raw, "price") or 0.0,
        amount=_number(raw, "amount") or 0.0,
        per_hour=_number(raw, "per_hour_now") or 0.0,
        assumed=raw.get("assumed") is True,
    )


def summary(costs: Costs) -> str:
    """The first line."""
    lasted = text.duration(costs.now_ms - costs.since_ms)
    return f"about {text.dollars(costs.total)} in {lasted}; now {text.dollars(costs.per_hour)} an hour"


def table(costs: Costs) -> list[str]:
    """Head and items, in columns; empty when nothing costs anything."""
    if not costs.items:
        return []
    clusters = len({item.cluster for item in costs.items if item.cluster}) > 1
    rows = [
        _HEAD,
        *(
            (
                item.what,
                item.owner(clusters=clusters),
                f"{item.hours:.2f}",
                f"${item.price:.8f}".rstrip("0"),
                text.dollars(item.amount),
                text.dollars(item.per_hour),
            )
            for item in costs.items
        ),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return [
        "  ".join(
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def remarks(costs: Costs) -> list[str]:
    """What is worth knowing about the total, and what it is."""
    told = []
    if costs.leaving >= _LEAST:
        told.append(f"Of it {text.dollars(costs.leaving)} for tasks that had been told to stop.")
    if costs.never_ran >= _LEAST:
        told.append(f"Of it {text.dollars(costs.never_ran)} for tasks that never ran.")
    if costs.saved >= _LEAST:
        told.append(f"Spot saved {text.dollars(costs.saved)} against on demand.")
    told.append(
        f"An estimate: list prices of {costs.region}, {costs.price_date}. Not in it: load balancer capacity units, "
        "data, logs, metrics, tax."
    )
    return told
