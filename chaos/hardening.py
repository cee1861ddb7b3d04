"""Faults of hardening: well-meant changes around a secret that no running task notices, because a task reads its secrets at its launch
and never again. Source: ECS developer guide, specifying-sensitive-data.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable
from typing import Any

from chaos.errors import FaultError
from chaos.revisions import main_container
from chaos.secrets import READ, inline_policies, listed, our_execution_role, secret_of, statements_of
from chaos.targets import our_service
from chaos.undo import CURRENT_VERSION, OWNER_TAG, Clients, Undo, UndoStep, role_policies

Record = Callable[[Undo], None]

AWS_KEY = "alias/aws/secretsmanager"
"""The key that AWS manages, under which a secret is when nobody chose. Source: API reference, CreateSecret."""


def version_id(secret: str, text: str) -> str:
    """An id for a version of a secret. Secrets Manager takes the client's token for it, which an SDK draws anew each time."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{secret} {text}"))


def read_by_tag(
    clients: Clients, record: Record, *, cluster: str, service: str, tag: str = "service", value: str = ""
) -> Undo:
    """Let the execution role read only what carries a tag.

    Adds to the statements of its inline policies that allow secretsmanager:GetSecretValue the condition that the secret's
    ``tag`` is ``value`` (the service's name, if not given). Whether the secret has that tag is not looked at. Starts no
    deployment. Taken back by putting the former policies.
    """
    found = our_service(clients, cluster, service)
    role = our_execution_role(clients, found)
    condition = {"StringEquals": {f"aws:ResourceTag/{tag}": value or service}}
    former = inline_policies(clients, role)
    narrowed = {
        name: {
            **document,
            "Statement": [
                {**each, "Condition": condition} if READ in listed(each.get("Action")) else each
                for each in statements_of(document)
            ],
        }
        for name, document in former.items()
    }
    changed = {name: document for name, document in former.items() if narrowed[name] != document}
    if not changed:
        raise FaultError(f"No inline policy of the role {role!r} allows {READ}.", "Let one allow it.")
    undo = Undo(
        "read_by_tag",
        f"the policies of role {role}",
        (role_policies(clients, role),),
    )
    record(undo)
    for name in changed:
        clients("iam").put_role_policy(
            RoleName=role, PolicyName=name, PolicyDocument=json.dumps(narrowed[name])
        )
    return undo


def renamed_password(
    clients: Clients, record: Record, *, cluster: str, service: str, json_key: str = "db_password"
) -> Undo:
    """Rotate the service's secret, and call its password something else.

    Puts a new version whose JSON has ``json_key``, with a new value, in the place of the member that the task definition asks
    for. Starts no deployment. Taken back by making the former version the current one.
    """
    found = our_service(clients, cluster, service)
    container = main_container(clients, found)
    arn = _our_secret(clients, secret_of(container, service))["ARN"]
    secrets = clients("secretsmanager")
    current = secrets.get_secret_value(SecretId=arn, VersionStage=CURRENT_VERSION)
    asked = _member_of(container, arn)
    content = _json(current["SecretString"])
    if asked not in content or json_key in content:
        raise FaultError(
            f"The secret of {service!r} has no member {asked!r} that could be called {json_key!r}.",
            "Choose a service whose `valueFrom` names a member of a JSON secret, and a name that is free.",
        )
    digest = hashlib.sha256(f"{current['VersionId']} {json_key}".encode()).hexdigest()
    rotated = {key: value for key, value in content.items() if key != asked}
    text = json.dumps({**rotated, json_key: f"{digest[:6]}-Rotated-{digest[6:14]}"})
    undo = Undo(
        "renamed_password",
        f"the secret of service {service}",
        (UndoStep("restore_secret_version", {"secret": arn, "version": current["VersionId"]}),),
    )
    record(undo)
    secrets.put_secret_value(SecretId=arn, SecretString=text, ClientRequestToken=version_id(arn, text))
    return undo


def another_key(clients: Clients, record: Record, *, cluster: str, service: str, key: str) -> Undo:
    """Encrypt the service's secret with another ``key``, by its id, ARN or alias.

    Whether the execution role may decrypt with it is not looked at. Starts no deployment. Taken back by encrypting the secret
    with its former key.
    """
    found = our_service(clients, cluster, service)
    secret = _our_secret(clients, secret_of(main_container(clients, found), service))
    kms = clients("kms")
    try:
        kms.describe_key(KeyId=key)
    except kms.exceptions.NotFoundException:
        raise FaultError(
            f"There is no key {key!r}.", "Name one that exists: `aws kms list-aliases`."
        ) from None
    undo = Undo(
        "another_key",
        f"the secret of service {service}",
        (UndoStep("put_secret_key", {"secret": secret["ARN"], "key": secret.get("KmsKeyId") or AWS_KEY}),),
    )
    record(undo)
    clients("secretsmanager").update_secret(SecretId=secret["ARN"], KmsKeyId=key)
    return undo


def _our_secret(clients: Clients, arn: str) -> dict[str, Any]:
    """The secret as DescribeSecret has it. FaultError when it is not tagged ``fargate-lab``: others may depend on it."""
    found = clients("secretsmanager").describe_secret(SecretId=arn)
    if not any(tag["Key"] == OWNER_TAG for tag in found.get("Tags", [])):
        raise FaultError(
            f"The secret {found['Name']!r} does not carry the tag {OWNER_TAG!r}, so it is left alone.",
            "If it is yours to break: "
            f"`aws secretsmanager tag-resource --secret-id {found['Name']} --tags Key={OWNER_TAG},Value=mine`.",
        )
    return dict(found)


def _member_of(container: dict[str, Any], arn: str) -> str:
    """The JSON key that the container asks for of the secret; empty for all of it."""
    sources: list[str] = [each["valueFrom"] for each in container["secrets"]]
    return next((source.split(":")[7] for source in sources if source.startswith(f"{arn}:")), "")


def _json(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
