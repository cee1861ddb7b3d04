"""Event patterns: which events a rule of EventBridge wants.

A pattern is an object with the shape of the events that it matches; its leaves are arrays of values and matchers, any one of which is
enough. Fields of objects in an array are held against one element at a time, so ``containers`` with a name and an exit code means one
container with both. Source: EventBridge user guide, eb-event-patterns-content-based-filtering, eb-event-patterns-arrays. [A] the wording
of what is wrong with a pattern; the sentence around it is EventBridge's.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

OR = "$or"
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    "=": lambda value, bound: value == bound,
    ">=": lambda value, bound: value >= bound,
    ">": lambda value, bound: value > bound,
}


class PatternError(ValueError):
    """A pattern that EventBridge would refuse; says why."""


class EventPattern:
    """A pattern, read and checked. PatternError when it is none."""

    def __init__(self, text: str) -> None:
        try:
            document = json.loads(text)
        except ValueError:
            raise PatternError("Filter is not valid JSON") from None
        if not isinstance(document, dict) or not document:
            raise PatternError("Filter is not an object with at least one field")
        _check(document)
        self._document = document

    def may_match(
        self, source: str, detail_type: str, detail: Mapping[str, Any] = MappingProxyType({})
    ) -> bool:
        """Whether an event of this source and type, with these fields in its detail among others, can match at all; False is certain,
        True is not.
        """
        known = {"source": source, "detail-type": detail_type}
        outer = {key: want for key, want in self._document.items() if key in known}
        if not _object_matches(outer, known, [known]):
            return False
        inner = self._document.get("detail")
        fields = {key: inner[key] for key in detail if key in inner} if isinstance(inner, dict) else {}
        return not fields or _object_matches(fields, detail, [detail])

    def matches(self, event: Mapping[str, Any]) -> bool:
        """Whether the rule wants the event."""
        return _object_matches(self._document, event, [event])


# -- reading -----------------------------------------------------------------------------------------


def _check(pattern: Mapping[str, Any]) -> None:
    for key, want in pattern.items():
        if key == OR and isinstance(want, list):
            if len(want) < 2 or not all(isinstance(branch, dict) and branch for branch in want):
                raise PatternError("$or must be an array of at least two objects")
            for branch in want:
                _check(branch)
        elif isinstance(want, dict):
            if not want:
                raise PatternError("Empty objects are not allowed")
            _check(want)
        elif isinstance(want, list):
            if not want:
                raise PatternError("Empty arrays are not allowed")
            for matcher in want:
                _check_matcher(matcher)
        else:
            raise PatternError(f"'{key}' must be an object or an array")


def _check_matcher(matcher: Any) -> None:
    if isinstance(matcher, list):
        raise PatternError("Match value must be String, number, true, false, or null")
    if not isinstance(matcher, dict):
        return
    if len(matcher) != 1:
        raise PatternError("Only one key allowed in match expression")
    name, value = next(iter(matcher.items()))
    if name not in _MATCHERS:
        raise PatternError(f"Unrecognized match type {name}")
    if not _MATCHERS[name][0](value):
        raise PatternError(f"Value of {name} is not valid")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_affix(value: Any) -> bool:
    """The argument of prefix and suffix: a text, or one without regard to case."""
    if isinstance(value, dict):
        return list(value) == ["equals-ignore-case"] and _is_text(value["equals-ignore-case"])
    return _is_text(value)


def _is_range(value: Any) -> bool:
    if not isinstance(value, list) or len(value) not in (2, 4):
        return False
    return all(operator in _OPERATORS for operator in value[::2]) and all(map(_is_number, value[1::2]))


def _is_network(value: Any) -> bool:
    try:
        ipaddress.ip_network(value)
    except ValueError:
        return False
    return _is_text(value)


def _is_exception(value: Any) -> bool:
    """The argument of anything-but."""
    if isinstance(value, dict):
        name, inner = next(iter(value.items()), ("", None))
        given = inner if isinstance(inner, list) else [inner]
        return (
            len(value) == 1
            and name in _EXCEPTIONS
            and bool(given)
            and all(_MATCHERS[name][0](v) for v in given)
        )
    given = value if isinstance(value, list) else [value]
    return bool(given) and (all(map(_is_text, given)) or all(map(_is_number, given)))


# -- matching ----------------------------------------------------------------------------------------


def _object_matches(
    pattern: Mapping[str, Any], node: Mapping[str, Any], siblings: Iterable[Mapping[str, Any]]
) -> bool:
    """``siblings`` are all elements of the array that ``node`` stands in, itself included."""
    siblings = list(siblings)
    for key, want in pattern.items():
        if key == OR and isinstance(want, list):
            matched = any(_object_matches(branch, node, siblings) for branch in want)
        elif isinstance(want, dict):
            children = [each for each in _elements(node.get(key)) if isinstance(each, dict)] or [{}]
            matched = any(_object_matches(want, child, children) for child in children)
        else:
            values = [each for each in _elements(node.get(key, [])) if not isinstance(each, dict)]
            nowhere = not any(_elements_of(sibling, key) for sibling in siblings)
            matched = any(_leaf_matches(matcher, values, nowhere=nowhere) for matcher in want)
        if not matched:
            return False
    return True


def _elements(value: Any) -> list[Any]:
    """A value, or what an array has in it, arrays in arrays included."""
    if isinstance(value, list):
        return [each for inner in value for each in _elements(inner)]
    return [value]


def _elements_of(node: Mapping[str, Any], key: str) -> list[Any]:
    return [each for each in _elements(node.get(key, [])) if not isinstance(each, dict)]


def _leaf_matches(matcher: Any, values: list[Any], *, nowhere: bool) -> bool:
    if not isinstance(matcher, dict):
        return any(_same(value, matcher) for value in values)
    name, argument = next(iter(matcher.items()))
    if name == "exists":
        return bool(values) if argument else nowhere
    test = _MATCHERS[name][1]
    return any(test(value, argument) for value in values)


def _same(value: Any, wanted: Any) -> bool:
    """Equality in which true is not 1."""
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)


def _begins(value: Any, argument: Any) -> bool:
    if isinstance(argument, dict):
        return isinstance(value, str) and value.lower().startswith(argument["equals-ignore-case"].lower())
    return isinstance(value, str) and value.startswith(argument)


def _ends(value: Any, argument: Any) -> bool:
    if isinstance(argument, dict):
        return isinstance(value, str) and value.lower().endswith(argument["equals-ignore-case"].lower())
    return isinstance(value, str) and value.endswith(argument)


def _same_but_for_case(value: Any, argument: str) -> bool:
    return isinstance(value, str) and value.lower() == argument.lower()


def _in_range(value: Any, argument: list[Any]) -> bool:
    bounds = zip(argument[::2], argument[1::2], strict=True)
    return _is_number(value) and all(_OPERATORS[operator](value, bound) for operator, bound in bounds)


def _in_network(value: Any, argument: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(argument)
    except ValueError:
        return False


def _fits(value: Any, argument: str) -> bool:
    """A wildcard: ``*`` is any run of characters, ``\\*`` and ``\\\\`` are themselves. Takes linear time for each ``*``."""
    if not isinstance(value, str):
        return False
    texts = [""]
    for part in re.findall(r"\\[*\\]|\*|[^*\\]+|\\", argument):
        if part == "*":
            texts.append("")
        else:
            texts[-1] += re.sub(r"\\([*\\])", r"\1", part)
    first, *rest = texts
    if not rest:
        return value == first
    last = rest.pop()
    if not (value.startswith(first) and value.endswith(last) and len(value) >= len(first) + len(last)):
        return False
    at, end = len(first), len(value) - len(last)
    for text in rest:
        found = value.find(text, at, end)
        if found < 0:
            return False
        at = found + len(text)
    return True


def _is_other(value: Any, argument: Any) -> bool:
    if isinstance(argument, dict):
        name, inner = next(iter(argument.items()))
        return not any(
            _MATCHERS[name][1](value, each) for each in (inner if isinstance(inner, list) else [inner])
        )
    return not any(_same(value, each) for each in (argument if isinstance(argument, list) else [argument]))


_EXCEPTIONS = ("prefix", "suffix", "equals-ignore-case", "wildcard")
_MATCHERS: dict[str, tuple[Callable[[Any], bool], Callable[[Any, Any], bool]]] = {
    "exists": (lambda value: isinstance(value, bool), lambda _value, _argument: False),
    "prefix": (_is_affix, _begins),
    "suffix": (_is_affix, _ends),
    "equals-ignore-case": (_is_text, _same_but_for_case),
    "numeric": (_is_range, _in_range),
    "cidr": (_is_network, _in_network),
    "wildcard": (_is_text, _fits),
    "anything-but": (_is_exception, _is_other),
}
"""Name to (is its argument one, does a value match)."""
