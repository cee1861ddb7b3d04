"""The ``$NAMES`` of a scenario: what a stage is made of, and what the base environment gives, by names that a file can say
before anything exists.

A text that is ``$NAME`` and nothing else becomes the value; within a text it is written ``${NAME}``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

ENVIRONMENT = (
    "ACCOUNT_ID",
    "ALB_SG",
    "AWS_REGION",
    "ECR_REPOSITORY",
    "EXECUTION_ROLE",
    "LOG_GROUP",
    "PUBLIC_SUBNET_A",
    "PUBLIC_SUBNET_B",
    "SG",
    "SUBNET_A",
    "SUBNET_B",
    "TASK_ROLE",
    "VPC",
)
"""What ``GET /_lab/env`` gives to every world, without what is only for clients."""
_WHOLE = re.compile(r"\$([A-Z][A-Z0-9_]*)")
_WITHIN = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")


def used(text: str) -> Iterator[str]:
    """The names that a text asks for."""
    whole = _WHOLE.fullmatch(text)
    if whole:
        yield whole[1]
    yield from _WITHIN.findall(text)


def resolve(value: Any, names: Mapping[str, str]) -> Any:
    """The same data with every name in the place of what it stands for. KeyError with a name that is not known."""
    if isinstance(value, str):
        whole = _WHOLE.fullmatch(value)
        if whole:
            return names[whole[1]]
        return _WITHIN.sub(lambda found: names[found[1]], value)
    if isinstance(value, Mapping):
        return {resolve(key, names): resolve(each, names) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [resolve(each, names) for each in value]
    return value
