"""What an injection may touch: the stage of its own game, and nothing else.

Faults look for the tag ``fargate-lab`` themselves; here the service must be tagged with this very scenario. A call may only name what the
stage is made of; what the base environment shares with everybody (subnets, groups, roles) may stand within its parameters and not
be what it changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from chaos.targets import our_service
from chaos.undo import OWNER_TAG
from labs.cloud import Cloud
from labs.errors import FaultError

_IDENTIFIER = re.compile(r"arn:aws[a-z-]*:|https?://|(eni|igw|nat|rtb|sg|subnet|vpc|vpce)-[0-9a-f]{8,}$")
_PLACES = {"cluster": "CLUSTER", "clusterName": "CLUSTER", "service": "SERVICE", "serviceName": "SERVICE"}
"""Parameters of ECS that say where, and the name that they must have."""
_OWNED = ("KeyId", "QueueName", "ResourceId", "RoleName", "SecretId", "TargetKeyId")
"""Parameters that name what is changed without looking like an ARN."""


def refuse_foreign_service(cloud: Cloud, owner: str, names: Mapping[str, str]) -> None:
    """FaultError unless the stage's service is there and carries the scenario's tag."""
    found = our_service(cloud.client, names["CLUSTER"], names["SERVICE"])
    tag = next(each["value"] for each in found["tags"] if each["key"] == OWNER_TAG)
    if tag != owner:
        raise FaultError(
            f"The service {names['SERVICE']!r} of cluster {names['CLUSTER']!r} carries the tag {OWNER_TAG}={tag}, "
            f"so it is not the stage of {owner!r}, and nothing is injected into it.",
            "The tag was changed, or another service has taken its place.",
        )


def refuse_foreign_call(
    operation: str, params: Mapping[str, Any], names: Mapping[str, str], shared: Mapping[str, str]
) -> None:
    """FaultError when a call, its names resolved, would touch anything beyond the stage. ``shared`` is the base environment."""
    own, base = set(names.values()), set(shared.values())
    ours = False
    for path, value in _texts(params):
        key, depth = path[-1], len(path)
        place = _PLACES.get(key)
        if place is not None and value not in {names[place], names.get(f"{place}_ARN")}:
            raise _refused(operation, path, value, f"the stage's is {names[place]!r}")
        if key in _OWNED and value not in own:
            raise _refused(operation, path, value, "it is not the stage's")
        if _is_ours(value, own, names):
            ours = True
        elif _IDENTIFIER.match(value) and not (depth > 1 and value in base):
            raise _refused(operation, path, value, "it is not the stage's")
    if not ours:
        raise FaultError(
            f"The call {operation} names nothing of the stage, so it is not made.",
            "Name what it changes, such as $SERVICE or $TARGET_GROUP.",
        )


def _is_ours(value: str, own: set[str], names: Mapping[str, str]) -> bool:
    """Whether a text is, or belongs to, something of the stage: its alarms, its revisions, a part of its secret."""
    if value in own or any(value.startswith(f"{each}:") for each in own if each.startswith("arn:")):
        return True
    revision = value.rpartition(":task-definition/")[2]
    service = names["SERVICE"]
    return revision == service or revision.startswith((f"{service}:", f"{service}-"))


def _texts(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text below, with the names of the parameters that lead to it; items of a list count as the list."""
    if isinstance(value, str):
        yield path or ("",), value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _texts(each, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each, path)


def _refused(operation: str, path: tuple[str, ...], value: str, why: str) -> FaultError:
    return FaultError(
        f"The call {operation} would touch {'.'.join(path)} {value!r}: {why}, so it is not made.",
        "A scenario touches its own stage only.",
    )
