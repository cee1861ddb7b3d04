"""A call of the AWS API in a line: ``ecs:UpdateService service=shop desiredCount=6``.

What a line has no room for is counted, and values that may be secret (of environments and secrets) are never shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gameday.report.words import shortened

_SHOWN = 6
_LONGEST = 48
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
_TOO_LITTLE = ("clienttoken", "clientrequesttoken")
"""Names of parameters that say nothing about what is wanted."""


def call_line(service: str, operation: str, params: Mapping[str, Any]) -> str:
    """The call with the parameters that say what it does."""
    told = [f"{name}={shortened(value, _LONGEST)}" for name, value in _flat(service, "", params)]
    more = f" and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    return " ".join([f"{service}:{operation}", *told[:_SHOWN]]) + more


def _flat(service: str, prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    """Names, with dots, and values. Pairs of Key (or Name) and Value become one."""
    if isinstance(value, Mapping):
        pair = _pair(value)
        if pair is not None:
            yield pair[0], _last(pair[1])
            return
        for key, each in value.items():
            if str(key).lower() in _TOO_LITTLE or each is None:
                continue
            name = f"{prefix}.{key}" if prefix else str(key)
            if _is_kept(service, str(key)):
                yield name, _how_many(each)
            else:
                yield from _flat(service, name, each)
    elif isinstance(value, list | tuple):
        if all(not isinstance(each, Mapping | list | tuple) for each in value):
            yield prefix, ",".join(_last(each) for each in value) or "none"
        else:
            for each in value:
                yield from _flat(service, prefix, each)
    else:
        yield prefix, _last(value)


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
