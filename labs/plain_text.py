"""Values of secrets that stand in a task definition for everybody who may call DescribeTaskDefinition."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

SHORTEST = 6
"""What is shorter than this many characters is found everywhere."""


def leaks(definition: Mapping[str, Any], values: Mapping[str, str]) -> list[str]:
    """Where the values stand, by what they are called: ``container members has the password of db in environment PGPASS``. As
    they are, in the middle of something longer, or in Base64.
    """
    found = []
    for container in definition["containerDefinitions"]:
        for place, text in _texts(container):
            for called, value in values.items():
                if len(value) >= SHORTEST and any(form in text for form in _forms(value)):
                    found.append(f"container {container['name']} has {called} in its {place}")
    return found


def _forms(value: str) -> tuple[str, str]:
    return value, base64.b64encode(value.encode()).decode().rstrip("=")


def _texts(container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(where, what) for all that a container's definition says."""
    for each in container.get("environment", []):
        yield f"environment, as {each['name']}", str(each["value"])
    for key, value in container.items():
        if key not in ("environment", "secrets", "name", "image"):
            for text in _inside(value):
                yield key, text


def _inside(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _inside(each)
    elif isinstance(value, list):
        for each in value:
            yield from _inside(each)
    else:
        yield str(value)
