"""Services, operations and parameters of the AWS API, as botocore's models have them: what a scenario's calls are checked against
before anybody makes them. The models are read when the first call is checked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from gameday import names
from labs.fields import Fields, complain, free, kind_of, members, scalar
from labs.nearest import did_you_mean

READING = re.compile(r"(BatchGet|Describe|Filter|Get|Head|List|Lookup|Simulate|Test)[A-Z]")
"""How the names of operations begin that change nothing."""
_WHOLE_NUMBERS = {"integer", "long"}
_NUMBERS = {"float", "double", *_WHOLE_NUMBERS}


def is_reading(operation: str) -> bool:
    """Whether an operation changes nothing, by its name."""
    return bool(READING.match(operation))


@cache
def services() -> tuple[str, ...]:
    """The services that boto3 has clients for."""
    return tuple(_loader().list_available_services("service-2"))


@cache
def operations(service: str) -> Mapping[str, str]:
    """The operations of a service, each with the name of its input's shape (empty: it takes nothing)."""
    found = _model(service)["operations"]
    return {name: found[name].get("input", {}).get("shape", "") for name in sorted(found)}


def check_operation(fields: Fields) -> tuple[str, str]:
    """The ``service`` and the ``operation`` of a mapping, both known."""
    service = fields.text("service")
    if service not in services():
        fields.complain("service", f"AWS has no service {service!r}.", _near(service, services()))
    operation = fields.text("operation")
    known = operations(service)
    if operation not in known:
        fields.complain("operation", f"{service} has no operation {operation!r}.", _near(operation, known))
    return service, operation


def check_read(path: Path, node: Any, text: str) -> None:
    """Complain unless a text is ``service:Operation``, and one that reads."""
    service, colon, operation = text.partition(":")
    if not colon:
        complain(path, node, f"{text!r} is no call.", "It looks like 'ecs:DescribeServices'.")
    if service not in services():
        complain(path, node, f"AWS has no service {service!r}.", _near(service, services()))
    if operation not in operations(service):
        hint = _near(operation, operations(service))
        complain(path, node, f"{service} has no operation {operation!r}.", hint)
    if not is_reading(operation):
        complain(
            path, node, f"{text} changes something.", "What is looked at first is a Describe, List or Get."
        )


def check_params(
    path: Path, node: Any, service: str, operation: str, known: Collection[str]
) -> dict[str, Any]:
    """The parameters of a call as plain data, each known to the operation and of its type, the required ones there, and every
    ``$NAME`` one of ``known``.
    """
    shape = operations(service)[operation]
    if not shape:
        given = members(path, node, "'params'")
        if given:
            complain(path, node, f"{operation} takes no parameters.", "Leave 'params' out.")
        return {}
    shapes = _model(service)["shapes"]
    _check(path, node, shapes, shape, operation)
    check_names(path, node, known)
    found: dict[str, Any] = free(path, node, "'params'")
    return found


@cache
def _members_below(service: str, operation: str) -> frozenset[str]:
    shapes, waiting, seen = _model(service)["shapes"], [operations(service)[operation]], set()
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if not name or name in seen:
            continue
        seen.add(name)
        shape = shapes[name]
        for member, target in shape.get("members", {}).items():
            found.add(member)
            waiting.append(target["shape"])
        waiting += [shape[key]["shape"] for key in ("member", "value") if key in shape]
        if "key" in shape:
            found.update(shapes[shape["key"]["shape"]].get("enum", ()))
    return frozenset(found)


def members_of(service: str, operation: str) -> frozenset[str]:
    """The names of all parameters of an operation, at any depth, those of attributes included."""
    return _members_below(service, operation)


def check_names(path: Path, node: Any, known: Collection[str]) -> None:
    """Complain about a ``$NAME`` below a node that is not known."""
    if isinstance(node, yaml.ScalarNode):
        for name in names.used(str(node.value)):
            if name not in known:
                complain(path, node, f"there is no name ${name}.", did_you_mean(name, sorted(known)))
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            check_names(path, item, known)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            check_names(path, key, known)
            check_names(path, value, known)


def names_below(node: Any) -> Iterator[str]:
    """The ``$NAMES`` that are used below a node."""
    if isinstance(node, yaml.ScalarNode):
        yield from names.used(str(node.value))
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from names_below(item)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from names_below(key)
            yield from names_below(value)


def _check(path: Path, node: Any, shapes: Mapping[str, Any], name: str, what: str) -> None:
    shape = shapes[name]
    kind = shape["type"]
    if kind == "structure":
        _check_structure(path, node, shapes=shapes, shape=shape, what=what)
    elif kind == "list":
        if not isinstance(node, yaml.SequenceNode):
            complain(path, node, f"{what} must be a list, not {kind_of(node)}.", "Begin each item with '- '.")
        for item in node.value:
            _check(path, item, shapes, shape["member"]["shape"], f"an item of {what}")
    elif kind == "map":
        members(path, node, what)
        for key, value in node.value:
            _check_scalar(path, key, shapes[shape["key"]["shape"]], f"a key of {what}")
            _check(path, value, shapes, shape["value"]["shape"], repr(key.value))
    else:
        _check_scalar(path, node, shape, what)


def _check_structure(
    path: Path, node: Any, shapes: Mapping[str, Any], shape: Mapping[str, Any], what: str
) -> None:
    given = members(path, node, what)
    for key_node, _ in node.value:
        key = str(key_node.value)
        if key not in shape["members"]:
            hint = _near(key, shape["members"])
            complain(path, key_node, f"{what} has no parameter {key!r}.", hint)
    missing = [key for key in shape.get("required", ()) if key not in given]
    if missing:
        complain(path, node, f"{what} lacks {', '.join(map(repr, missing))}.", f"Add {missing[0]!r}.")
    for key, value in given.items():
        _check(path, value, shapes, shape["members"][key]["shape"], repr(key))


def _check_scalar(path: Path, node: Any, shape: Mapping[str, Any], what: str) -> None:
    value, kind = scalar(path, node, what), shape["type"]
    if isinstance(value, str) and any(True for _ in names.used(value)):
        return
    if kind == "boolean":
        right, wanted = isinstance(value, bool), "true or false"
    elif kind in _WHOLE_NUMBERS:
        right, wanted = isinstance(value, int) and not isinstance(value, bool), "a whole number"
    elif kind in _NUMBERS:
        right, wanted = isinstance(value, int | float) and not isinstance(value, bool), "a number"
    elif kind == "string":
        right, wanted = isinstance(value, str), "text (put it in quotes)"
    else:
        right, wanted = False, f"left out: a scenario cannot give a {kind}"
    if not right:
        complain(path, node, f"{what} must be {wanted}, not {value!r}.")
    if "enum" in shape and value not in shape["enum"]:
        complain(path, node, f"{what} cannot be {value!r}.", _near(str(value), shape["enum"]))


def _near(word: str, known: Collection[str]) -> str:
    """The nearest word; a list of hundreds would help nobody."""
    hint = did_you_mean(word, known)
    return hint if hint.startswith("Did") or len(known) <= 12 else ""


@cache
def _loader() -> Any:
    from botocore.loaders import Loader  # noqa: PLC0415  botocore is slow to import

    return Loader()


@cache
def _model(service: str) -> dict[str, Any]:
    found: dict[str, Any] = _loader().load_service_model(service, "service-2")
    return found
