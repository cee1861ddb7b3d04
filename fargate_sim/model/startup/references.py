"""What a container's ``valueFrom`` names: a secret of Secrets Manager, or a parameter of Systems Manager.

Sources: API model of ECS, Secret; ECS developer guide, secrets-envvar-secrets-manager and secrets-envvar-ssm-paramstore.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

CURRENT = "AWSCURRENT"
_ARN_PARTS = 7
"""``arn:aws:secretsmanager:region:account:secret:name``; json key, version stage and version id may follow."""
_PARAMETER_NAME = re.compile(r"[A-Za-z0-9_.\-/]{1,2048}")


@dataclass(frozen=True)
class SecretReference:
    """A secret, and what of it: a key of its JSON, a version by stage or id. Empty means all of it, and the current one.

    ``region`` is that of its ARN, empty for the task's own.
    """

    secret_id: str
    json_key: str = ""
    stage: str = ""
    version: str = ""
    region: str = ""


@dataclass(frozen=True)
class ParameterReference:
    """A parameter by its name, with the leading slash where the name has one, and the version or label after a colon.

    ``region`` and ``account`` are those of its ARN, empty for the task's own.
    """

    name: str
    region: str = ""
    account: str = ""

    def arn(self, region: str, account: str) -> str:
        """Its ARN, which has no version, for a task of this region and account."""
        path = self.name.partition(":")[0]
        path = path if path.startswith("/") else f"/{path}"
        return f"arn:aws:ssm:{self.region or region}:{self.account or account}:parameter{path}"


def parse(value_from: str, *, credentials: bool = False) -> SecretReference | ParameterReference:
    """Read a ``valueFrom``: what is no ARN of Secrets Manager is a parameter, by its ARN or its name; for the credentials of a registry
    it is the name of a secret.
    """
    service, region, account = _arn(value_from)
    if service == "secretsmanager":
        parts = value_from.split(":")
        rest = [*parts[_ARN_PARTS:], "", "", ""]
        return SecretReference(":".join(parts[:_ARN_PARTS]), rest[0], rest[1], rest[2], region)
    if credentials:
        return SecretReference(value_from)
    if service == "ssm":
        name = value_from.partition(":parameter")[2]
        return ParameterReference(name if name.count("/") > 1 else name.removeprefix("/"), region, account)
    return ParameterReference(value_from)


def is_well_formed(value_from: str) -> bool:
    """Whether ECS accepts a ``valueFrom``: an ARN of the two services, or what can be the name of a parameter."""
    return bool(_arn(value_from)[0]) or _PARAMETER_NAME.fullmatch(value_from) is not None


def _arn(text: str) -> tuple[str, str, str]:
    """Service, region and account of an ARN of one of the two services; empty strings for anything else."""
    head, _, service, region, account = [*text.split(":"), "", "", "", ""][:5]
    return (
        (service, region, account) if head == "arn" and service in ("secretsmanager", "ssm") else ("", "", "")
    )
