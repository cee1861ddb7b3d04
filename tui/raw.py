"""Reading answers of the control API without trusting them.

The rule: what is missing or of the wrong type takes its empty value, so that a newer cloud never breaks an
older screen.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, cast, get_args, get_type_hints


def number_or_none(raw: Mapping[str, Any], key: str) -> float | None:
    """A number, else None."""
    value = raw.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


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


T = TypeVar("T")
_ALSO = {
    "low": "min",
    "high": "max",
    "before": "from",
    "after": "to",
    "begin": "from",
    "end": "to",
    "kind": "type",
    "inward": "in",
    "outward": "out",
}
"""Fields whose name in the answer means something else in Python."""


def read(kind: type[T], raw: Mapping[str, Any]) -> T:
    """A dataclass out of an object of the answer, field by field by the same rule.

    A field's type says what is looked for: a number, text, a flag, `X | None`, another dataclass, or a tuple of
    dataclasses, of texts or of points (`tuple[int, float | None]`, in the answer a list of two).
    """
    hints = _hints(cast("Hashable", kind))
    found = {
        each.name: _value(hints[each.name], raw, _ALSO.get(each.name, each.name))
        for each in fields(kind)  # type: ignore[arg-type]
    }
    return kind(**found)


@cache
def _hints(kind: Hashable) -> dict[str, Any]:
    return get_type_hints(kind)


def _value(hint: Any, raw: Mapping[str, Any], key: str) -> Any:
    simple = _SIMPLE.get(hint)
    if simple is not None:
        return simple(raw, key)
    if is_dataclass(hint):
        return read(hint, mapping(raw, key))  # type: ignore[arg-type]
    item = get_args(hint)[0]
    if is_dataclass(item):
        return tuple(read(item, each) for each in mappings(raw, key))  # type: ignore[arg-type]
    values = raw.get(key)
    listed = values if isinstance(values, list) else []
    if item is str:
        return tuple(each for each in listed if isinstance(each, str))
    return tuple(point for point in map(_point, listed) if point is not None)


def _point(value: Any) -> tuple[int, float | None] | None:
    """A moment and a value; None when it is no such thing."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None
    pair = {"at": value[0], "value": value[1]}
    at = integer_or_none(pair, "at")
    return None if at is None else (at, number_or_none(pair, "value"))


def flag(raw: Mapping[str, Any], key: str) -> bool:
    """True, else False."""
    return raw.get(key) is True


_SIMPLE: dict[Any, Any] = {
    int: integer,
    str: string,
    bool: flag,
    float: lambda raw, key: number_or_none(raw, key) or 0.0,
    int | None: integer_or_none,
    float | None: number_or_none,
}
