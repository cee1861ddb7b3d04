"""What roles may do with secrets, and what a container is handed: for checks of labs with secrets.

The lab's ``names``: ``secret``, the name of the secret; ``variable``, the variable in which its program wants the password; and
``service``, which the container is named like.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labs.checking import CheckContext
from labs.permissions import Context, allowed, granted_to, leaves_it_to_the_account
from labs.secret_stage import DECRYPT, READ

CURRENT = "AWSCURRENT"
PUBLIC_PARTS = frozenset({"engine", "host", "username", "dbname", "port", "dbInstanceIdentifier"})
"""What a database's secret holds besides the password. Source: Secrets Manager user guide, reference_secret_json_structure."""
_CHANGES = ("secretsmanager:PutSecretValue", "secretsmanager:DeleteSecret")
_NO_KEY = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret of the account: its ARN, its name, its tags, its own policy, and the ARN and policy of the account's own key that it is
    under (empty: under the one that AWS manages, which asks for no permission).
    """

    arn: str
    name: str
    tags: Mapping[str, str]
    policy: str | None
    key: str
    key_policy: str | None


@dataclass(frozen=True, slots=True)
class Handed:
    """What the task definition names for the variable: the secret, and of it a JSON key, a version stage and a version."""

    secret: str
    json_key: str
    stage: str
    version: str

    @property
    def pinned(self) -> str:
        """The version or stage that is not the current one; empty when it is."""
        return self.version or (self.stage if self.stage != CURRENT else "")


def secret_called(ctx: CheckContext, secret_id: str) -> Secret | None:
    """The secret of that name or ARN; None when there is none, or it is marked for deletion."""
    known: list[Secret] = ctx.memo.get("secrets", [])
    for each in known:
        if secret_id in (each.name, each.arn):
            return each
    secrets, kms = ctx.client("secretsmanager"), ctx.client("kms")
    try:
        found = secrets.describe_secret(SecretId=secret_id)
    except secrets.exceptions.ResourceNotFoundException:
        return None
    if found.get("DeletedDate"):
        return None
    policy = secrets.get_resource_policy(SecretId=found["ARN"]).get("ResourcePolicy")
    key, key_policy = "", None
    if found.get("KmsKeyId"):
        described = kms.describe_key(KeyId=found["KmsKeyId"])["KeyMetadata"]
        if described["KeyManager"] == "CUSTOMER":
            key = str(described["Arn"])
            key_policy = kms.get_key_policy(KeyId=described["KeyId"], PolicyName="default")["Policy"]
    tags = {each["Key"]: each.get("Value", "") for each in found.get("Tags", [])}
    return Secret(found["ARN"], found["Name"], tags, policy, key, key_policy)


def content_of(ctx: CheckContext, secret: Secret, **version: str) -> dict[str, str]:
    """The JSON of a secret's current version, or of another one (GetSecretValue's parameters); a text that is no JSON object has no
    parts.
    """
    text = ctx.client("secretsmanager").get_secret_value(SecretId=secret.arn, **version)["SecretString"]
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return {key: str(value) for key, value in content.items()} if isinstance(content, dict) else {}


def confidential(ctx: CheckContext) -> dict[str, str]:
    """Every value of the account's secrets that nobody but their programs should see, by what it is called. Those of the former versions
    too.
    """
    found: dict[str, str] = {}
    for each in _all_secrets(ctx):
        stages = ctx.client("secretsmanager").describe_secret(SecretId=each.arn)["VersionIdsToStages"]
        for version, labels in sorted(stages.items()):
            age = "the" if CURRENT in labels else "a former"
            for part, value in content_of(ctx, each, VersionId=version).items():
                if part not in PUBLIC_PARTS:
                    found.setdefault(f"{age} {part} of {each.name}", value)
    return found


# -- what a container is handed ------------------------------------------------------------------------


def definition_of(ctx: CheckContext, service: Mapping[str, Any]) -> dict[str, Any]:
    """The task definition that the service runs, or is about to."""
    found = ctx.client("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])
    return dict(found["taskDefinition"])


def handed(ctx: CheckContext, definition: Mapping[str, Any]) -> Handed | None:
    """What the lab's container is handed in the lab's variable from Secrets Manager; None when that is nothing."""
    for container in definition["containerDefinitions"]:
        for each in container.get("secrets", []):
            parts: list[str] = each["valueFrom"].split(":")
            if each["name"] == ctx.name("variable") and parts[2:3] == ["secretsmanager"]:
                json_key, stage, version, *_ = [*parts[7:], "", "", ""]
                return Handed(":".join(parts[:7]), json_key, stage or CURRENT, version)
    return None


# -- what roles may do ---------------------------------------------------------------------------------


def may_read(ctx: CheckContext, role: str, secret: Secret, action: str = READ) -> bool:
    """Whether the role may get the value of the secret, by its own policies or by the secret's."""
    context: dict[str, str | tuple[str, ...]] = {
        "secretsmanager:SecretId": secret.arn,
        "secretsmanager:VersionStage": CURRENT,
    }
    for key, value in secret.tags.items():
        context[f"secretsmanager:ResourceTag/{key}"] = context[f"aws:ResourceTag/{key}"] = value
    return allowed(ctx, role, action, secret.arn, context, granted=granted_to(role, secret.policy))


def may_decrypt(ctx: CheckContext, role: str, secret: Secret) -> bool:
    """Whether Secrets Manager may decrypt the secret for the role. Under the key that AWS manages it needs no permission."""
    if not secret.key:
        return True
    own = leaves_it_to_the_account(role, secret.key_policy)
    granted = granted_to(role, secret.key_policy)
    return allowed(ctx, role, DECRYPT, secret.key, _decrypting(ctx, secret), granted=granted, own=own)


def reaches_too_far(ctx: CheckContext, role: str, secret: Secret) -> list[str]:
    """What the role may do beyond reading this secret, in sentences; empty when its rights end there."""
    said = []
    others = [each.name for each in _all_secrets(ctx) if each.arn != secret.arn and may_read(ctx, role, each)]
    if others:
        said.append(f"it may also read {' and '.join(others)}")
    stem, _, _ = secret.arn.rpartition("-")
    if allowed(ctx, role, READ, f"{stem.rpartition(':')[0]}:any/other-AbCdEf"):
        said.append("it may read every secret of the account, those to come as well")
    elif allowed(ctx, role, READ, f"{stem}-archive-AbCdEf"):
        said.append(
            f"it may also read secrets whose names only begin like this one, {secret.name}-archive for example"
        )
    changes = [each for each in _CHANGES if may_read(ctx, role, secret, each)]
    if changes:
        said.append(f"it may change the secret: {', '.join(changes)}")
    if secret.key:
        other = f"{secret.key.rpartition('/')[0]}/{_NO_KEY}"
        if allowed(ctx, role, DECRYPT, other, _decrypting(ctx, secret)):
            said.append("it may decrypt with every key of the account")
    return said


def readable(ctx: CheckContext, role: str) -> list[str]:
    """The names of the secrets that the role may read."""
    return [each.name for each in _all_secrets(ctx) if may_read(ctx, role, each)]


def _decrypting(ctx: CheckContext, secret: Secret) -> Context:
    """What Secrets Manager brings to KMS. Source: Secrets Manager user guide, security-encryption."""
    return {
        "kms:ViaService": f"secretsmanager.{ctx.env['AWS_REGION']}.amazonaws.com",
        "kms:CallerAccount": secret.arn.split(":")[4],
        "kms:EncryptionContextKeys": ("SecretARN",),
        "kms:EncryptionContext:SecretARN": secret.arn,
    }


def _all_secrets(ctx: CheckContext) -> list[Secret]:
    """Read once for all checks of a grading: no drill changes whose they are."""
    if "secrets" not in ctx.memo:
        pages = ctx.client("secretsmanager").get_paginator("list_secrets").paginate()
        names = sorted(each["ARN"] for page in pages for each in page["SecretList"])
        ctx.memo["secrets"] = [found for name in names if (found := secret_called(ctx, name)) is not None]
    known: list[Secret] = ctx.memo["secrets"]
    return known
