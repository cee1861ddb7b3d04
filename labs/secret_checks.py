"""Checks that labs with secrets share: the password comes by reference and stands nowhere in plain text, and each role may do what it is
there for and nothing else. Names of the lab: see ``labs.secret_rights``.
"""

from __future__ import annotations

from typing import Any

from labs.checking import CheckContext, Evidence, missing_service
from labs.plain_text import leaks
from labs.secret_rights import (
    Handed,
    Secret,
    confidential,
    definition_of,
    handed,
    may_decrypt,
    may_read,
    reaches_too_far,
    readable,
    secret_called,
)

SIMULATE = "aws iam simulate-principal-policy"


def no_plain_text(ctx: CheckContext) -> Evidence:
    """No value of a secret stands in the service's task definition, and its program gets the password."""
    variable = ctx.name("variable")
    expected = f"{variable} by reference from {ctx.name('secret')}, and no password in the task definition"
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    definition = definition_of(ctx, service)
    where = f"aws ecs describe-task-definition --task-definition {definition['family']}"
    found = leaks(definition, confidential(ctx))
    if found:
        told = f"{'; '.join(found)}: visible to everybody who may call DescribeTaskDefinition, in every revision, for good"
        return Evidence(False, expected, told, where)
    given = handed(ctx, definition)
    if given is None:
        return Evidence(
            False,
            expected,
            f"the containers of {_revision(definition)} have no `secrets` entry {variable} from Secrets Manager",
            where,
        )
    secret = secret_called(ctx, given.secret)
    if secret is None or secret.name != ctx.name("secret"):
        comes = secret.name if secret else f"{given.secret}, which does not exist"
        return Evidence(False, expected, f"{variable} comes from {comes}", where)
    return Evidence(True, expected, f"{variable} comes from {secret.name}{_part(given)}")


def grant_fits(ctx: CheckContext) -> Evidence:
    """The execution role may read this secret and decrypt with its key."""
    expected = f"the execution role may read {ctx.name('secret')}, and decrypt it"
    role, secret, problem = execution_role(ctx)
    if role is None or secret is None:
        return Evidence(False, expected, problem)
    return Evidence(not (said := lacking(ctx, role, secret)), expected, told(role, said), SIMULATE)


def grant_exact(ctx: CheckContext) -> Evidence:
    """The execution role may read this secret and decrypt with its key, and may do nothing else with secrets."""
    expected = f"the execution role may read {ctx.name('secret')} and decrypt with its key, and no other"
    role, secret, problem = execution_role(ctx)
    if role is None or secret is None:
        return Evidence(False, expected, problem)
    said = [*lacking(ctx, role, secret), *reaches_too_far(ctx, role, secret)]
    return Evidence(not said, expected, told(role, said), SIMULATE)


def task_role_kept_out(ctx: CheckContext) -> Evidence:
    """The program's own role may read no secret: what it needs has been handed to it."""
    expected = "the task role may read no secret"
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    role = definition_of(ctx, service).get("taskRoleArn")
    if not role:
        return Evidence(True, expected, "the task definition has no task role")
    names = readable(ctx, role)
    if not names:
        return Evidence(True, expected, f"{_name(role)} may read none")
    return Evidence(
        False,
        expected,
        f"{_name(role)} may read {' and '.join(names)}. It is the role of the code in the container; "
        "what `secrets` names is fetched with the execution role, before there is a container",
        SIMULATE,
    )


def execution_role(ctx: CheckContext) -> tuple[str | None, Secret | None, str]:
    """The ARN of the service's execution role and the lab's secret; None and what is missing."""
    service = ctx.service()
    if service is None:
        return None, None, f"there is no service {ctx.name('service')} in cluster {ctx.name('cluster')}"
    role = definition_of(ctx, service).get("executionRoleArn")
    if not role:
        return None, None, "the task definition has no execution role, so nobody can fetch a secret for it"
    secret = secret_called(ctx, ctx.name("secret"))
    if secret is None:
        return None, None, f"there is no secret {ctx.name('secret')} any more"
    return role, secret, ""


def lacking(ctx: CheckContext, role: str, secret: Secret) -> list[str]:
    """What the role lacks to fetch the secret, in sentences."""
    said = []
    if not may_read(ctx, role, secret):
        said.append(f"it may not do secretsmanager:GetSecretValue on {secret.arn}")
    if not may_decrypt(ctx, role, secret):
        said.append(f"it may not do kms:Decrypt with {secret.key}, the key that the secret is under")
    return said


def told(role: str, said: list[str]) -> str:
    """What was found of a role, in a sentence."""
    return f"{_name(role)}: {'; '.join(said) or 'it may do that and nothing else'}"


def _name(role: str) -> str:
    return role.rsplit("/", 1)[-1]


def _revision(definition: dict[str, Any]) -> str:
    return f"{definition['family']}:{definition['revision']}"


def _part(given: Handed) -> str:
    return f", JSON key {given.json_key}" if given.json_key else ", all of it"
