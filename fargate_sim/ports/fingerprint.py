"""A checksum over all that moto holds of an account: two accounts with the same content have the same one, in any process.

Walks the objects themselves, because there is no other list of what a service remembers. What only makes them work (functions, locks,
classes, patterns) counts by its name; where one object stands twice, the second time counts as that.
"""

from __future__ import annotations

import enum
import functools
import hashlib
import types
from collections import defaultdict, deque
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

_PLAIN = (str, bytes, int, float, bool, type(None), complex)
_BY_NAME = (
    type,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.ModuleType,
    types.GeneratorType,
)
_WORKINGS = (types.FunctionType, types.MethodType, functools.partial)
"""As an attribute of one object they are how somebody taught it to answer, which may have happened or not yet."""
_DERIVED = frozenset(
    {
        ("FakeTargetGroup", "load_balancer_arns"),
        ("FakeLoadBalancer", "state"),
        ("EC2Backend", "_ri_offerings"),
        ("EC2Backend", "_ri_offerings_generated"),
        ("FakeKey", "_status"),
        ("FakeKey", "_tick"),
        ("LogStream", "first_event_timestamp"),
        ("LogStream", "last_event_timestamp"),
    }
)
"""What moto works out, and writes down, when it is asked (class and attribute)."""
_UNREPEATABLE = frozenset({("KeyPair", name) for name in ("material", "material_public", "key_fingerprint")})
"""What nobody can draw twice: key pairs of instances, which Fargate has none of."""
_END = object()


def fingerprint(root: Any) -> str:
    """The checksum of an object and all that it holds."""
    digest = hashlib.sha256()
    seen: dict[int, int] = {}
    kept: list[Any] = []
    stack: list[Any] = [root]
    while stack:
        item = stack.pop()
        if item is _END:
            digest.update(b"]")
            continue
        if isinstance(item, _PLAIN):
            digest.update(f"{type(item).__name__}:{item!r};".encode())
            continue
        if isinstance(item, _BY_NAME):
            digest.update(f"name:{getattr(item, '__qualname__', type(item).__name__)};".encode())
            continue
        if isinstance(item, enum.Enum | datetime | date | timedelta):
            digest.update(f"{type(item).__name__}:{item!s};".encode())
            continue
        known = seen.get(id(item))
        if known is not None:
            digest.update(f"again:{known};".encode())
            continue
        seen[id(item)] = len(seen)
        kept.append(item)  # an id must not be used twice while we walk
        digest.update(f"{type(item).__qualname__}[".encode())
        stack.append(_END)
        stack.extend(reversed(list(_parts(item))))
    return digest.hexdigest()


def _parts(item: Any) -> Iterator[Any]:
    """What an object holds, in an order that does not depend on the process."""
    if isinstance(item, dict):
        # Of other mappings what they hold counts: asked for their items, some make them (CloudFormation's resources).
        for key, value in dict.items(item):
            if not (isinstance(item, defaultdict) and _is_nothing(value)):
                yield key
                yield value
    elif isinstance(item, set | frozenset):
        yield from sorted(item, key=_order)
    elif isinstance(item, list | tuple | deque):
        yield from item
    elif isinstance(item, bytearray | memoryview):
        yield bytes(item)
    if not isinstance(item, list | tuple | deque | set | frozenset) or hasattr(item, "__dict__"):
        yield from _fields(item)


def _is_nothing(value: Any) -> bool:
    """What a dictionary with a default makes when somebody only looks."""
    if isinstance(value, defaultdict):
        return all(_is_nothing(each) for each in value.values())
    return isinstance(value, dict | list | set | deque) and not value


def _fields(item: Any) -> Iterator[Any]:
    for name, value in sorted(getattr(item, "__dict__", {}).items()):
        if not isinstance(value, _WORKINGS) and (type(item).__name__, name) not in _DERIVED | _UNREPEATABLE:
            yield name
            yield value
    for kind in type(item).__mro__:
        for name in (
            sorted(getattr(kind, "__slots__", ()))
            if not isinstance(kind.__dict__.get("__slots__"), str)
            else ()
        ):
            if hasattr(item, name):
                yield name
                yield getattr(item, name)


def _order(value: Any) -> str:
    return f"{type(value).__qualname__}:{value!r}" if isinstance(value, _PLAIN) else fingerprint(value)
