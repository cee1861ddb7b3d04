"""A policy document: its statements, and where they stand in the text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from fargate_sim.model.access.conditions import Clause, clauses
from fargate_sim.model.access.patterns import Context, Template, complete_arn, glob
from fargate_sim.model.access.principals import Principals, principals

Kind = Literal["identity", "resource", "trust"]
"""What a policy is attached to: somebody (a permissions boundary counts there), something (an endpoint and a key, too), or a role as its
trust policy.
"""
_DOCUMENT_KEYS = frozenset({"Version", "Id", "Statement"})
_STATEMENT_KEYS = frozenset(
    {
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    }
)
_OLD, _CURRENT = "2008-10-17", "2012-10-17"
_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


class MalformedPolicyError(ValueError):
    """A document that AWS would not store; says why."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. ``span`` is where it stands in the document: the offsets of its first character and behind its last."""

    name: str
    """Its Sid, or its position from 1."""
    index: int
    effect: str
    actions: tuple[str, ...]
    not_action: bool
    resources: tuple[Template, ...] | None
    not_resource: bool
    principals: Principals | None
    conditions: tuple[Clause, ...]
    span: tuple[int, int]

    def concerns(self, action: str) -> bool:
        """Whether the action is among its actions. Case does not matter."""
        return _among(self.actions, action) != self.not_action

    def applies(self, action: str, resource: str, context: Context) -> bool:
        """Whether it speaks of this request, whoever makes it. Without a Resource element it speaks of what it is attached to."""
        return (
            self.concerns(action)
            and (self.resources is None or self._covers(resource, context))
            and all(clause.holds(context) for clause in self.conditions)
        )

    def _covers(self, resource: str, context: Context) -> bool:
        wanted = (each.resolve(context) for each in self.resources or ())
        found = any(text is not None and glob(text).fullmatch(resource) for text in wanted)
        return found != self.not_resource

    def key_names(self) -> list[str]:
        """The condition keys that it reads, as they are spelled: those of its resources first."""
        of_resources = [key for each in self.resources or () for key in each.key_names()]
        of_conditions = [
            key
            for clause in self.conditions
            for key in (clause.key, *(inner for value in clause.values for inner in value.key_names()))
        ]
        return of_resources + of_conditions


@lru_cache(maxsize=8192)
def _among(patterns: tuple[str, ...], action: str) -> bool:
    return any(glob(each, fold=True).fullmatch(action) for each in patterns)


@lru_cache(maxsize=2048)
def statements(document: str, kind: Kind = "identity") -> tuple[Statement, ...]:
    """The statements of a document; none when it is malformed, as it cannot be stored on AWS."""
    try:
        return read(document, kind)
    except MalformedPolicyError:
        return ()


def read(document: str, kind: Kind = "identity") -> tuple[Statement, ...]:
    """The statements of a document. MalformedPolicyError when AWS would refuse it."""
    try:
        content = json.loads(document)
    except (ValueError, RecursionError, TypeError):
        raise MalformedPolicyError("it is no JSON") from None
    if not isinstance(content, dict):
        raise MalformedPolicyError("it is no JSON object")
    if unknown := content.keys() - _DOCUMENT_KEYS:
        raise MalformedPolicyError(f"it has the unknown element {min(unknown)}")
    version = content.get("Version", _OLD)
    if version not in (_OLD, _CURRENT):
        raise MalformedPolicyError(f"its version is {version!r}")
    given = content.get("Statement", [])
    listed = given if isinstance(given, list) else [given]
    if not listed:
        raise MalformedPolicyError("it has no statement")
    spans = list(_spans(document))
    try:
        return tuple(
            _statement(index, each, kind, spans[index], variables=version == _CURRENT)
            for index, each in enumerate(listed)
        )
    except ValueError as problem:
        raise MalformedPolicyError(str(problem)) from None


def _statement(index: int, given: Any, kind: Kind, span: tuple[int, int], *, variables: bool) -> Statement:
    if not isinstance(given, dict):
        raise ValueError(f"statement {index + 1} must be an object")
    if unknown := given.keys() - _STATEMENT_KEYS:
        raise ValueError(f"statement {index + 1} has the unknown element {min(unknown)}")
    effect = given.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise ValueError(f"the Effect of statement {index + 1} must be Allow or Deny")
    sid = given.get("Sid", "")
    if not isinstance(sid, str):
        raise ValueError(f"the Sid of statement {index + 1} must be a string")
    action, not_action = _one_of(given, index, "Action", needed=True)
    resource, not_resource = _one_of(given, index, "Resource", needed=kind == "identity")
    principal, not_principal = _one_of(given, index, "Principal", needed=kind != "identity")
    if kind == "identity" and principal is not None:
        raise ValueError(f"statement {index + 1} has a Principal, which only policies of resources have")
    if kind == "trust" and resource is not None:
        raise ValueError(f"statement {index + 1} has a Resource, which a trust policy must not have")
    return Statement(
        name=sid or str(index + 1),
        index=index,
        effect=effect,
        actions=tuple(_strings(action, "Action")),
        not_action=not_action,
        resources=None
        if resource is None
        else tuple(Template(complete_arn(each), variables) for each in _strings(resource, "Resource")),
        not_resource=not_resource,
        principals=None if principal is None else principals(principal, excluding=not_principal),
        conditions=clauses(given.get("Condition", {}), variables=variables),
        span=span,
    )


def _one_of(given: dict[str, Any], index: int, name: str, *, needed: bool) -> tuple[Any, bool]:
    """The value of an element or of its Not form, and whether it is the latter."""
    opposite = f"Not{name}"
    if name in given and opposite in given:
        raise ValueError(f"statement {index + 1} has both {name} and {opposite}")
    if needed and name not in given and opposite not in given:
        raise ValueError(f"statement {index + 1} has neither {name} nor {opposite}")
    return given.get(name, given.get(opposite)), opposite in given


def _strings(value: Any, name: str) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    if not listed or not all(isinstance(each, str) for each in listed):
        raise ValueError(f"{name} must be a string or a list of strings")
    return listed


def _after_space(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position


def _spans(document: str) -> Iterator[tuple[int, int]]:
    """Where the statements stand. The document is sound JSON, and an object."""
    position = _after_space(document, 0) + 1
    found: list[tuple[int, int]] = []
    while document[position := _after_space(document, position)] != "}":
        if document[position] == ",":
            position = _after_space(document, position + 1)
        name, position = _DECODER.raw_decode(document, position)
        start = _after_space(document, _after_space(document, position) + 1)
        _, position = _DECODER.raw_decode(document, start)
        if name == "Statement":  # the last of several counts
            found = list(_items(document, start)) if document[start] == "[" else [(start, position)]
    yield from found


def _items(document: str, position: int) -> Iterator[tuple[int, int]]:
    """Where the members of a list stand."""
    position = _after_space(document, position + 1)
    while document[position] != "]":
        if document[position] == ",":
            position = _after_space(document, position + 1)
        start = position
        _, end = _DECODER.raw_decode(document, start)
        yield start, end
        position = _after_space(document, end)
