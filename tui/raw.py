"""Reading answers of the control API without trusting them.

The rule: what is missing or of the wrong type takes its empty value, so that a newer cloud never breaks an
older screen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def number_or_none(raw: Mapping[str, Any], key: str) -> float | None:
    """A number, else None."""
    value = raw.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def integer_or_none(raw: Mapping[str, Any], key: str) -> int | None:
    """A whole number, else None."""
    value = number_or_none(raw, key)
    return None if value is None else int(value)


def integer(raw: Mapping[str, Any], key: str) -> int:
    """A whole number, else 0."""
    return integer_or_none(raw, key) or 0


def string(raw: Mapping[str, Any], key: str) -> str:
    """Text, else nothing."""
    value = raw.get(key)
    return value if isinstance(value, str) else ""


def mapping(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """An object, else an empty one."""
    value = raw.get(key)
    return value if isinstance(value, Mapping) else {}


def mappings(raw: Mapping[str, Any], key: str) -> Iterable[Mapping[str, Any]]:
    """The objects of a list."""
    value = raw.get(key)
    return [v for v in value if isinstance(v, Mapping)] if isinstance(value, list) else []
