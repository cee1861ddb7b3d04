"""What a container's ``valueFrom`` names: a secret of Secrets Manager, or a parameter of Systems Manager.

Sources: API model of ECS, Secret; ECS developer guide, secrets-envvar-secrets-manager and secrets-envvar-ssm-paramstore.
"""

from __future__ import annotations

from dataclasses import dataclass

CURRENT = "AWSCURRENT"
_ARN_PARTS = 7
"""``arn:aws:secretsmanager:region:account:secret:name``; json key, version stage and version id may follow."""


@dataclass(frozen=True)
class SecretReference:
    """A secret, and what of it: a key of its JSON, a version by stage or id. Empty means all of it, and the current one."""

    secret_id: str
    json_key: str = ""
    stage: str = ""
    version: str = ""


@dataclass(frozen=True)
class ParameterReference:
    """A parameter by its name, with the leading slash where the name has one."""

    name: str


def parse(value_from: str) -> SecretReference | ParameterReference:
    """Read a ``valueFrom``: what is no ARN of Secrets Manager is a parameter, by its ARN or its name."""
    parts = value_from.split(":")
    service = parts[2] if len(parts) > 2 and parts[0] == "arn" else ""
    if service == "secretsmanager":
        rest = [*parts[_ARN_PARTS:], "", "", ""]
        return SecretReference(":".join(parts[:_ARN_PARTS]), rest[0], rest[1], rest[2])
    if service == "ssm":
        name = value_from.partition(":parameter")[2]
        return ParameterReference(name if name.count("/") > 1 else name.removeprefix("/"))
    return ParameterReference(value_from)
