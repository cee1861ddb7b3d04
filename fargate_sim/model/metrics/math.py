"""The arithmetic of CloudWatch's metric math: ``+ - * / ^``, parentheses, numbers, other queries' ids, and ``FILL(id, number)``.

Source: CloudWatch user guide, using-metric-math: two series meet where both have data, a number meets every value. That a division by
zero leaves no value, and that FILL reaches from the start to the earlier of end and now, is [A]. All other functions, comparisons and
SELECT are not modelled.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Values = Mapping[int, float]
"""Virtual milliseconds to value."""

_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


class UnknownIdError(LookupError):
    """An expression names an id that no query has."""


class CircularError(LookupError):
    """An expression needs its own value, perhaps by way of others."""


class BeyondArithmeticError(ValueError):
    """The expression is none, or more than arithmetic."""


@dataclass(frozen=True)
class Series:
    """Values, and the moments at which there could be one."""

    values: Values
    grid: range


def evaluate(expression: str, series: Callable[[str], Series]) -> Series:
    """The series of an expression; ``series`` finds another query's, and raises UnknownIdError. BeyondArithmeticError."""
    try:
        found = _of(ast.parse(expression.strip().replace("^", "**"), mode="eval").body, series)
    except (SyntaxError, MemoryError, RecursionError) as problem:
        raise BeyondArithmeticError(expression) from problem
    if not isinstance(found, Series):
        raise BeyondArithmeticError(expression)  # a number alone is no series
    return found


def try_out(
    query_id: str, expressions: Mapping[str, str | None], above: frozenset[str] = frozenset()
) -> Series:
    """Work out a query on series without data, to see whether it can be. ``expressions`` are those of all queries by id, None for
    a metric. UnknownIdError, CircularError, BeyondArithmeticError.
    """
    if query_id not in expressions:
        raise UnknownIdError(query_id)
    if query_id in above:
        raise CircularError(query_id)
    expression, above = expressions[query_id], above | {query_id}
    if expression is None:
        return Series({}, range(0))
    return evaluate(expression, lambda other: try_out(other, expressions, above))


def _of(node: ast.expr, series: Callable[[str], Series]) -> Series | float:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case ast.Name(id=name):
            return series(name)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return _both(operator.mul, -1.0, _of(inner, series))
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATORS:
            return _both(_OPERATORS[type(sign)], _of(left, series), _of(right, series))
        case ast.Call(func=ast.Name(id="FILL"), args=[inner, ast.Constant(value=int() | float() as number)]):
            filled = _of(inner, series)
            if isinstance(filled, Series):
                return Series(
                    {at_ms: filled.values.get(at_ms, float(number)) for at_ms in filled.grid}, filled.grid
                )
    raise BeyondArithmeticError(ast.unparse(node))


def _both(
    apply: Callable[[float, float], float], left: Series | float, right: Series | float
) -> Series | float:
    if isinstance(left, Series) and isinstance(right, Series):
        pairs = {at: (value, right.values[at]) for at, value in left.values.items() if at in right.values}
        return Series(_applied(apply, pairs), left.grid)
    if isinstance(left, Series) and not isinstance(right, Series):
        return Series(_applied(apply, {at: (value, right) for at, value in left.values.items()}), left.grid)
    if isinstance(right, Series) and not isinstance(left, Series):
        return Series(_applied(apply, {at: (left, value) for at, value in right.values.items()}), right.grid)
    numbers = _applied(apply, {0: (left, right)})  # type: ignore[dict-item]
    if not numbers:
        raise BeyondArithmeticError("a division of numbers by zero")
    return numbers[0]


def _applied(
    apply: Callable[[float, float], float], pairs: Mapping[int, tuple[float, float]]
) -> dict[int, float]:
    found: dict[int, float] = {}
    for at_ms, (left, right) in pairs.items():
        try:
            value = apply(left, right)
        except (ZeroDivisionError, OverflowError):
            continue
        # Counts are whole numbers, and so are their sums; a root of a negative number is complex.
        if isinstance(value, int | float) and math.isfinite(value):
            found[at_ms] = float(value)
    return found
