"""The fault of secrets: a task that names one does not get it before its container starts.

The execution role fetches it, so that role's policies and the way from the task's subnet to Secrets Manager decide, and the policies on
the key if the secret is under one of the account's own. Source: ECS developer guide, specifying-sensitive-data-tutorial and
resource-initialization-error.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from chaos.errors import FaultError
from chaos.revisions import main_container
from chaos.routes import default_routes, delete_routes
from chaos.targets import our_service
from chaos.undo import OWNER_TAG, Clients, Undo, UndoStep, role_policies

Record = Callable[[Undo], None]
Document = dict[str, Any]

DENIALS = ("permission", "name", "former", "key", "way")
READ = "secretsmanager:GetSecretValue"
DECRYPT = "kms:Decrypt"
_SUFFIX = 6
"""Secrets Manager ends the ARN of each secret with a hyphen and six random characters. Source: its user guide, whats-in-a-secret."""


def secret_denied(
    clients: Clients, record: Record, *, cluster: str, service: str, denial: str = "any"
) -> Undo:
    """Keep the service's tasks from their secret, then deploy.

    With ``denial`` permission, the execution role's inline policies lose secretsmanager:GetSecretValue; with name, they name
    the secret's ARN without the six characters at its end; with former, with six others, as before a secret of that name was
    made anew; with key, they lose kms:Decrypt; with way, the route tables of the service's subnets lose their default route to
    a NAT gateway. ``any`` chooses one of the five by the secret's ARN: another world, another denial. Then the service is
    deployed anew, as it is: running tasks stay as they are. Taken back by putting the former policies, or the routes.
    """
    found = our_service(clients, cluster, service)
    secret = secret_of(main_container(clients, found), service)
    if denial == "any":
        denial = DENIALS[hashlib.sha256(secret.encode()).digest()[0] % len(DENIALS)]
    if denial not in DENIALS:
        raise FaultError(f"There is no denial {denial!r}.", f"Choose any, {', '.join(DENIALS)}.")
    undo = (
        _close_the_way(clients, record, found)
        if denial == "way"
        else _narrow_the_role(clients, record, found, secret, denial)
    )
    clients("ecs").update_service(cluster=cluster, service=service, forceNewDeployment=True)
    return undo


def secret_of(container: dict[str, Any], service: str) -> str:
    """The ARN of the container's first secret of Secrets Manager. FaultError when it has none."""
    for each in container.get("secrets", []):
        parts = each["valueFrom"].split(":")
        if parts[2:3] == ["secretsmanager"]:
            return ":".join(parts[:7])
    raise FaultError(
        f"The service {service!r} gets nothing from Secrets Manager.",
        "Choose one whose container has `secrets` with the ARN of a secret.",
    )


# -- the role ------------------------------------------------------------------------------------------


def _narrow_the_role(
    clients: Clients, record: Record, service: dict[str, Any], secret: str, denial: str
) -> Undo:
    role, iam = our_execution_role(clients, service), clients("iam")
    former = inline_policies(clients, role)
    narrowed = {name: _narrowed(document, secret, denial) for name, document in former.items()}
    changed = {name: document for name, document in former.items() if narrowed[name] != document}
    if not changed:
        raise FaultError(
            f"No inline policy of the role {role!r} has what the denial {denial!r} takes away.",
            f"Let one allow {READ} on {secret}, and {DECRYPT} on its key.",
        )
    undo = Undo(
        "secret_denied",
        f"the policies of role {role}",
        (role_policies(clients, role),),
    )
    record(undo)
    for name in changed:
        if narrowed[name]["Statement"]:
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(narrowed[name]))
        else:
            iam.delete_role_policy(RoleName=role, PolicyName=name)
    return undo


def inline_policies(clients: Clients, role: str) -> dict[str, Document]:
    """The inline policies of a role, by their names."""
    iam = clients("iam")
    return {
        name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    }


def our_execution_role(clients: Clients, service: dict[str, Any]) -> str:
    """The name of the service's execution role. FaultError when it has none, or one that is not tagged ``fargate-lab``: others
    may depend on it.
    """
    definition = clients("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])
    name = str(definition["taskDefinition"].get("executionRoleArn", "")).rsplit("/", 1)[-1]
    if not name:
        raise FaultError(
            f"The service {service['serviceName']!r} has no execution role.", "Choose one that has."
        )
    tags = clients("iam").list_role_tags(RoleName=name)["Tags"]
    if not any(tag["Key"] == OWNER_TAG for tag in tags):
        raise FaultError(
            f"The role {name!r} does not carry the tag {OWNER_TAG!r}, so nothing is taken from it.",
            f"If it is yours to break: `aws iam tag-role --role-name {name} --tags Key={OWNER_TAG},Value=mine`.",
        )
    return name


def _narrowed(document: Document, secret: str, denial: str) -> Document:
    """The document without what the denial takes away; without statements when nothing is left."""
    kept = []
    for statement in statements_of(document):
        changed = dict(statement)
        if denial in ("permission", "key"):
            lost = READ if denial == "permission" else DECRYPT
            actions = [each for each in listed(statement.get("Action")) if each.lower() != lost.lower()]
            if len(actions) < len(listed(statement.get("Action"))):
                changed["Action"] = actions
                if not actions:
                    continue
        elif secret in listed(statement.get("Resource")):
            wrong = secret[: -_SUFFIX - 1] if denial == "name" else secret[:-_SUFFIX] + _other_suffix(secret)
            changed["Resource"] = [
                wrong if each == secret else each for each in listed(statement.get("Resource"))
            ]
        kept.append(changed)
    return {**document, "Statement": kept}


def statements_of(document: Document) -> list[dict[str, Any]]:
    """The statements of a policy, also when it is one without a list."""
    found = document["Statement"]
    return found if isinstance(found, list) else [found]


def listed(value: Any) -> list[str]:
    """One name or several, as policies have them."""
    return [value] if isinstance(value, str) else list(value or [])


def _other_suffix(secret: str) -> str:
    """Six characters that are not the secret's, and the same each time."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    digest = hashlib.sha256(f"former {secret}".encode()).digest()
    suffix = "".join(letters[byte % len(letters)] for byte in digest[:_SUFFIX])
    return suffix if suffix != secret[-_SUFFIX:] else suffix[::-1].swapcase()


# -- the way -------------------------------------------------------------------------------------------


def _close_the_way(clients: Clients, record: Record, service: dict[str, Any]) -> Undo:
    routes = default_routes(clients, service)
    undo = Undo(
        "secret_denied",
        f"the routes of service {service['serviceName']}",
        (UndoStep("put_routes", {"routes": routes}),),
    )
    record(undo)
    delete_routes(clients, routes)
    return undo
