"""Reads the price table from prices.yaml."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from fargate_sim.model.cost.kinds import REQUIRED
from fargate_sim.model.cost.prices import Price, PriceTable

_FIELDS = {"unit", "price", "source", "date", "assumed"}


@cache
def default_prices() -> PriceTable:
    """The table that ships with the product."""
    return parse_prices(Path(__file__).with_name("prices.yaml").read_text(encoding="utf-8"))


def parse_prices(text: str) -> PriceTable:
    """Build a table from YAML text. ValueError names the row that is wrong, and what it should look like."""
    import yaml  # noqa: PLC0415 - not needed until somebody asks what it costs

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        content = yaml.load(text, loader)  # noqa: S506 - a safe loader either way
    except yaml.YAMLError as error:
        raise ValueError(f"the price table is no YAML: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("prices"), dict):
        raise ValueError("the price table must have region, currency, date and prices")
    rows = {str(name): _price(str(name), row) for name, row in content["prices"].items()}
    if missing := sorted(REQUIRED - rows.keys()):
        raise ValueError(f"the price table lacks {', '.join(missing)}")
    if unknown := sorted(rows.keys() - REQUIRED):
        raise ValueError(f"the price table has {', '.join(unknown)}, which nothing uses")
    return PriceTable(
        region=_text("the price table", content, "region"),
        currency=_text("the price table", content, "currency"),
        date=_date("the price table", content),
        rows=rows,
    )


def _price(name: str, row: Any) -> Price:
    if not isinstance(row, dict):
        raise ValueError(f"price {name} must have unit, price, source and date")
    if unknown := sorted(str(key) for key in row.keys() - _FIELDS):
        raise ValueError(f"price {name} has {', '.join(unknown)}, which is nothing that a price has")
    price = row.get("price")
    if not isinstance(price, str) or not re.fullmatch(r"\d+(\.\d+)?", price):
        raise ValueError(f'price {name}: price must be a number in quotes, like "0.04048", not {price!r}')
    if not isinstance(row.get("assumed", False), bool):
        raise ValueError(f"price {name}: assumed must be true or false, not {row['assumed']!r}")
    return Price(
        unit=_text(f"price {name}", row, "unit"),
        usd=Fraction(price),
        source=_text(f"price {name}", row, "source"),
        date=_date(f"price {name}", row),
        assumed=row.get("assumed", False),
    )


def _text(where: str, row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{where}: {key} must be text, not {value!r}")
    return value


def _date(where: str, row: dict[str, Any]) -> str:
    value = row.get("date")
    if not isinstance(value, date):
        raise ValueError(f"{where}: date must be a day like 2026-09-28, not {value!r}")
    return value.isoformat()
