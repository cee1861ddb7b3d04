"""A call of the AWS API in a line: ``ecs:UpdateService service=shop desiredCount=6``.

What a line has no room for is counted, and values that may be secret (of environments and secrets) are never shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gameday.report.words import shortened

_SHOWN = 7
_LONGEST = 90
_NOT_TOLD = (
    "environment",
    "secrets",
    "secretstring",
    "secretbinary",
    "password",
    "masteruserpassword",
    "value",
)
"""Names of parameters, in small letters, whose values are not repeated in a report; ``value`` is that of a parameter of the account."""
_SILENT_SERVICES = ("ssm", "secretsmanager")
"""Where a ``Value`` is something to be kept."""
_TOO_LITTLE = ("clienttoken", "clientrequesttoken", "servicenamespace", "scalabledimension")
"""Names of parameters that say nothing about what is wanted."""


def call_line(service: str, operation: str, params: Mapping[str, Any]) -> str:
    """The call with the parameters that say what it does, by their own names; with the names around them only where two are alike."""
    found = list(_flat(service, (), params))
    names = [path[-1] for path, _ in found]
    told = []
    for path, value in found:
        name = path[-1] if names.count(path[-1]) == 1 else ".".join(path)
        told.append(f"{name}={shortened(value, _LONGEST)}")
    more = f" and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    return " ".join([f"{service}:{operation}", *told[:_SHOWN]]) + more


def _flat(
    service: str, path: tuple[str, ...], value: Mapping[str, Any]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Names, from the outermost to the innermost, and values."""
    for key, each in value.items():
        name = str(key)
        if name.lower() in _TOO_LITTLE or each is None:
            continue
        if _is_kept(service, name):
            yield (*path, name), _how_many(each)
        elif isinstance(each, Mapping):
            yield from _flat(service, (*path, name), each)
        elif isinstance(each, list | tuple):
            yield from _list(service, (*path, name), each)
        else:
            yield (*path, name), _last(each)


def _list(service: str, path: tuple[str, ...], items: Sequence[Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Pairs of Key (or Name) and Value are named by the former; other items stand behind each other, those with fields in brackets."""
    rest: list[str] = []
    for item in items:
        pair = _pair(item) if isinstance(item, Mapping) else None
        if pair is not None:
            yield (*path, pair[0]), "(not shown)" if service in _SILENT_SERVICES else _last(pair[1])
        elif isinstance(item, Mapping):
            inner = ",".join(f"{names[-1]}={told}" for names, told in _flat(service, (), item))
            rest.append(f"({inner})")
        else:
            rest.append(_last(item))
    if rest or not items:
        yield path, ",".join(rest) or "none"


def _pair(value: Mapping[str, Any]) -> tuple[str, Any] | None:
    small = {str(key).lower(): each for key, each in value.items()}
    if set(small) in ({"key", "value"}, {"name", "value"}):
        return str(small.get("key", small.get("name"))), small["value"]
    return None


def _is_kept(service: str, key: str) -> bool:
    small = key.lower()
    return small in _NOT_TOLD and (small != "value" or service in _SILENT_SERVICES)


def _how_many(value: Any) -> str:
    return f"({len(value)} entries)" if isinstance(value, list | tuple | Mapping) else "(not shown)"


def _last(value: Any) -> str:
    """As it is, of an ARN only what it names."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if text.startswith("arn:"):
        resource = text.split(":", 5)[-1]
        return resource.removeprefix("targetgroup/").removeprefix("loadbalancer/app/")
    return text
