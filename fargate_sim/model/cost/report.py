"""The estimate: what the meters show, at the prices of a table. Exact until the last step, where each amount is rounded to a billionth
of a dollar; the total is the sum of the rounded amounts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from fargate_sim.model.cost.costs import Account, Costs, Owner, Size
from fargate_sim.model.cost.kinds import HOURLY, MEMORY, ON_DEMAND, PUBLIC_IP, STORAGE, VCPU
from fargate_sim.model.cost.meter import Meter
from fargate_sim.model.cost.prices import Price, PriceTable

HOUR_S = 3600
_NANO = 10**9
_RESOURCES: Mapping[str, Callable[[Size], Fraction]] = {
    VCPU: lambda size: Fraction(size.cpu_units, 1024),
    MEMORY: lambda size: Fraction(size.memory_mib, 1024),
    STORAGE: lambda size: Fraction(size.storage_gib),
}
"""How much of each a task of a size has, in the units of its price. A GB of the price list is 1,024 MiB here."""


class _Line(NamedTuple):
    """What an item is about: everything but its numbers."""

    kind: str
    resource: str | None
    owner: Owner | None
    architecture: str | None


class _Sum:
    """The numbers of an item: hours of its unit, and units at work now."""

    def __init__(self, price: Price, on_demand: Price) -> None:
        self.price = price
        self.on_demand = on_demand
        self.hours = Fraction(0)
        self.running = Fraction(0)


def report(costs: Costs, prices: PriceTable, since_ms: int | None, now_ms: int) -> dict[str, Any]:
    """Items, total and rate since a moment, or (None) since the world's beginning. The shape is in docs/control-api.md."""

    def seconds(meter: Meter) -> int:
        return meter.total(now_ms) if since_ms is None else meter.seconds(since_ms, now_ms)

    sums: dict[_Line, _Sum] = {}
    for (owner, size), account in costs.accounts.items():
        for resource, part in _parts(size):
            price = prices.compute(size.kind, size.architecture, resource)
            line = _Line(size.kind, resource, owner, size.architecture)
            on_demand = prices.compute(ON_DEMAND, size.architecture, resource)
            _add(sums.setdefault(line, _Sum(price, on_demand)), part, account.whole, seconds)
    for owner, meter in costs.addresses.items():
        price = prices.rows[PUBLIC_IP]
        line = _Line(PUBLIC_IP, None, owner, None)
        _add(sums.setdefault(line, _Sum(price, price)), Fraction(1), meter, seconds)
    for kind in HOURLY:
        price = prices.rows[kind]
        line = _Line(kind, None, None, None)
        _add(sums.setdefault(line, _Sum(price, price)), Fraction(1), costs.things[kind], seconds)
    items = [(line, each) for line, each in sums.items() if each.hours or each.running]
    total = sum(_nano(each.hours * each.price.usd) for _, each in items)
    rate = sum(_nano(each.running * each.price.usd) for _, each in items)
    saved = sum(_saved(each) for _, each in items)
    return {
        "estimate": True,
        "region": prices.region,
        "price_date": prices.date,
        "currency": prices.currency,
        "total": total / _NANO,
        "per_hour_now": rate / _NANO,
        "saved": saved / _NANO,
        "of_which": {
            "leaving": _of_which(costs, prices, lambda account: seconds(account.leaving)),
            "never_ran": _of_which(costs, prices, lambda account: seconds(account.never_ran)),
        },
        "items": [_item(line, each) for line, each in items],
    }


def _parts(size: Size) -> list[tuple[str, Fraction]]:
    """(resource, how much of it) of a task, without what it has none of."""
    parts = [(resource, amount(size)) for resource, amount in _RESOURCES.items()]
    return [(resource, part) for resource, part in parts if part]


def _add(into: _Sum, part: Fraction, meter: Meter, seconds: Callable[[Meter], int]) -> None:
    into.hours += part * Fraction(seconds(meter), HOUR_S)
    into.running += part * meter.count


def _of_which(costs: Costs, prices: PriceTable, seconds: Callable[[Account], int]) -> float:
    """What a part of all tasks' time costs."""
    hours: defaultdict[Size, Fraction] = defaultdict(Fraction)
    for (_, size), account in costs.accounts.items():
        hours[size] += Fraction(seconds(account), HOUR_S)
    amount = sum(
        _nano(spent * part * prices.compute(size.kind, size.architecture, resource).usd)
        for size, spent in hours.items()
        for resource, part in _parts(size)
    )
    return amount / _NANO


def _nano(usd: Fraction) -> int:
    return round(usd * _NANO)


def _saved(each: _Sum) -> int:
    return _nano(each.hours * each.on_demand.usd) - _nano(each.hours * each.price.usd)


def _item(line: _Line, each: _Sum) -> dict[str, Any]:
    return {
        "kind": line.kind,
        "resource": line.resource,
        "cluster": line.owner.cluster if line.owner else None,
        "service": line.owner.service if line.owner else None,
        "family": line.owner.family if line.owner else None,
        "architecture": line.architecture,
        "quantity": float(round(each.hours, 9)),
        "unit": each.price.unit,
        "price": float(each.price.usd),
        "price_date": each.price.date,
        "assumed": each.price.assumed,
        "amount": _nano(each.hours * each.price.usd) / _NANO,
        "per_hour_now": _nano(each.running * each.price.usd) / _NANO,
        "saved": _saved(each) / _NANO,
    }
