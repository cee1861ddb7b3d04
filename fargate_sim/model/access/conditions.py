"""The Condition element.

Source: IAM user guide, reference_policies_elements_condition_operators and
reference_policies_condition-single-vs-multi-valued-context-keys.
"""

from __future__ import annotations

import base64
import ipaddress
import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fargate_sim.model.access.patterns import Context, Template, glob, matches_arn, plain

Test = Callable[[str, str], bool]
"""(value of the request, resolved value of the policy) to whether they match."""


def _number(text: str) -> float:
    return float(text)


def _moment(text: str) -> float:
    """Seconds since 1970 of a date in ISO 8601, or of seconds as they are."""
    if text.lstrip("-").isdecimal():
        return float(text)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _compared(read: Callable[[str], float], compare: Callable[[float, float], bool]) -> Test:
    """Two values that must be of a kind; what is none matches nothing."""

    def test(actual: str, wanted: str) -> bool:
        try:
            return compare(read(actual), read(plain(wanted)))
        except (ValueError, OverflowError):
            return False

    return test


def _same_bytes(actual: str, wanted: str) -> bool:
    try:
        return base64.b64decode(actual, validate=True) == base64.b64decode(plain(wanted), validate=True)
    except ValueError:
        return False


def _in_network(actual: str, wanted: str) -> bool:
    try:
        network = ipaddress.ip_network(plain(wanted), strict=False)
        return ipaddress.ip_address(actual) in network
    except ValueError:
        return False


_ORDERS = {
    "equals": operator.eq,
    "lessthan": operator.lt,
    "lessthanequals": operator.le,
    "greaterthan": operator.gt,
    "greaterthanequals": operator.ge,
}
_TESTS: dict[str, Test] = {
    "stringequals": lambda actual, wanted: actual == plain(wanted),
    "stringequalsignorecase": lambda actual, wanted: actual.casefold() == plain(wanted).casefold(),
    "stringlike": lambda actual, wanted: glob(wanted).fullmatch(actual) is not None,
    "bool": lambda actual, wanted: actual.lower() == plain(wanted).lower(),
    "binaryequals": _same_bytes,
    "ipaddress": _in_network,
    "arnequals": lambda actual, wanted: matches_arn(wanted, actual),
    "arnlike": lambda actual, wanted: matches_arn(wanted, actual),
    **{f"numeric{name}": _compared(_number, compare) for name, compare in _ORDERS.items()},
    **{f"date{name}": _compared(_moment, compare) for name, compare in _ORDERS.items()},
}
_NEGATED = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
    "notipaddress": "ipaddress",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
}
_QUANTIFIERS = ("forallvalues:", "foranyvalue:")
_IF_EXISTS = "ifexists"


def _is_null(_actual: str, _wanted: str) -> bool:
    raise AssertionError("asked of the key, not of its values")


@dataclass(frozen=True, slots=True)
class Clause:
    """One operator on one key. ``quantifier`` is ``forallvalues:``, ``foranyvalue:`` or empty."""

    key: str
    """As it is spelled."""
    values: tuple[Template, ...]
    test: Test
    negated: bool
    quantifier: str
    if_exists: bool

    def holds(self, context: Context) -> bool:
        """Whether the condition is met."""
        actual = context.get(self.key.lower())
        if self.test is _is_null:
            absent = "false" if actual else "true"
            return any(value.text.lower() == absent for value in self.values)
        if actual is None:
            if self.quantifier:
                return self.if_exists or self.quantifier == "forallvalues:"
            return self.if_exists or self.negated
        wanted = [text for value in self.values if (text := value.resolve(context)) is not None]
        met = (any(self.test(each, text) for text in wanted) != self.negated for each in actual)
        if self.quantifier == "forallvalues:":
            return all(met)
        # [A] A key of several values under an operator for one: any of them may match, and for a negated one none.
        return all(met) if self.negated and not self.quantifier else any(met)


def clauses(element: Any, *, variables: bool) -> tuple[Clause, ...]:
    """The clauses of a Condition element. ValueError when it is not well-formed."""
    if not isinstance(element, dict):
        raise ValueError("Condition must be an object")
    found = []
    for name, keys in element.items():
        if not isinstance(keys, dict):
            raise ValueError(f"{name} must be an object of condition keys")
        for key, given in keys.items():
            listed = given if isinstance(given, list) else [given]
            values = tuple(Template(_text(each), variables) for each in listed)
            found.append(_clause(name, key, values))
    return tuple(found)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise ValueError("a condition's value must be a string, a number or a boolean")


def _clause(name: str, key: str, values: tuple[Template, ...]) -> Clause:
    rest = name.lower()
    quantifier = next((each for each in _QUANTIFIERS if rest.startswith(each)), "")
    rest = rest.removeprefix(quantifier)
    if_exists = rest.endswith(_IF_EXISTS)
    rest = rest.removesuffix(_IF_EXISTS)
    test = _is_null if rest == "null" and not quantifier else _TESTS.get(_NEGATED.get(rest, rest))
    if test is None:
        raise ValueError(f"{name} is no condition operator")
    return Clause(key, values, test, rest in _NEGATED, quantifier, if_exists)
