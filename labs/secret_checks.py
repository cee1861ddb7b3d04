"""Checks that labs with secrets share: the password comes by reference and stands nowhere in plain text, and each role may do what it is
there for and nothing else. Names of the lab: see ``labs.secret_rights``.
"""

from __future__ import annotations

from typing import Any

from labs.checking import CheckContext, Evidence, missing_service
from labs.plain_text import leaks
from labs.secret_rights import (
    PUBLIC_PARTS,
    Handed,
    Secret,
    confidential,
    content_of,
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
    if shown := _shown(ctx, definition):
        return Evidence(False, expected, shown, where)
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
    problem = not_the_password(ctx, given, secret)
    observed = f"{variable} comes from {secret.name}{_part(given)}"
    return Evidence(not problem, expected, problem or observed, where)


def nothing_shown(ctx: CheckContext) -> Evidence:
    """No value of a secret stands in the service's task definition."""
    expected = "no password in the task definition"
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    definition = definition_of(ctx, service)
    shown = _shown(ctx, definition)
    return Evidence(not shown, expected, shown or f"none in {_revision(definition)}")


def current_password(ctx: CheckContext) -> Evidence:
    """What the task definition names for the program is there, and is the password, in whatever version is the current one."""
    variable = ctx.name("variable")
    expected = f"{variable} names the password in the current version of {ctx.name('secret')}"
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    definition = definition_of(ctx, service)
    given = handed(ctx, definition)
    secret = secret_called(ctx, ctx.name("secret"))
    if given is None or secret is None or given.secret != secret.arn:
        return Evidence(False, expected, f"{_revision(definition)} does not name {ctx.name('secret')} for it")
    problem = not_the_password(ctx, given, secret)
    if not problem and given.pinned:
        problem = f"{_revision(definition)} names version {given.pinned}, whichever is the current one; the next change passes it by"
    observed = f"{_revision(definition)} names {secret.name}{_part(given)}, of the current version"
    return Evidence(not problem, expected, problem or observed, "aws secretsmanager get-secret-value")


def not_the_password(ctx: CheckContext, given: Handed, secret: Secret) -> str:
    """What a program would be handed in the place of the password, in a sentence; empty when it is the password."""
    content = content_of(ctx, secret)
    if not content:
        return ""
    variable, parts = ctx.name("variable"), " and ".join(sorted(content))
    if not given.json_key:
        return f"{variable} is all of {secret.name}, the JSON with its braces: name one of {parts}"
    if given.json_key in PUBLIC_PARTS:
        return f"{variable} is the {given.json_key} in {secret.name}, which is not the password"
    if given.json_key not in content and not given.pinned:
        return f"{variable} is to be {given.json_key} in {secret.name}, whose current version has {parts}"
    return ""


def may_be_read(ctx: CheckContext) -> Evidence:
    """The execution role may read this secret, whatever key that is under."""
    expected = f"the execution role may read {ctx.name('secret')}"
    role, secret, problem = execution_role(ctx)
    if role is None or secret is None:
        return Evidence(False, expected, problem)
    said = cannot_read(ctx, role, secret)
    return Evidence(not said, expected, f"{_name(role)}: {said or 'it may'}", SIMULATE)


def may_be_decrypted(ctx: CheckContext) -> Evidence:
    """The secret is under the lab's ``key``, and the execution role may decrypt with that."""
    expected = f"{ctx.name('secret')} under the key alias/{ctx.name('key')}, and readable with it"
    role, secret, problem = execution_role(ctx)
    if role is None or secret is None:
        return Evidence(False, expected, problem)
    wanted = ctx.client("kms").describe_key(KeyId=f"alias/{ctx.name('key')}")["KeyMetadata"]["Arn"]
    if secret.key != wanted:
        under = secret.key or "the key that AWS manages"
        return Evidence(False, expected, f"the secret is under {under}")
    said = cannot_decrypt(ctx, role, secret)
    return Evidence(not said, expected, f"{_name(role)}: {said or 'it may'}", SIMULATE)


def grant_exact(ctx: CheckContext) -> Evidence:
    """The execution role may read this secret and decrypt with its key, and may do nothing else with secrets."""
    expected = f"the execution role may read {ctx.name('secret')} and decrypt with its key, and no other"
    role, secret, problem = execution_role(ctx)
    if role is None or secret is None:
        return Evidence(False, expected, problem)
    reads, decrypts = cannot_read(ctx, role, secret), cannot_decrypt(ctx, role, secret)
    said = [each for each in (reads, decrypts, *reaches_too_far(ctx, role, secret)) if each]
    observed = f"{_name(role)}: {'; '.join(said) or 'it may do that and nothing else'}"
    return Evidence(not said, expected, observed, SIMULATE)


def no_further(ctx: CheckContext) -> Evidence:
    """Whatever the execution role may do, it reaches no other secret and no other key, and changes nothing."""
    expected = (
        f"the execution role does not reach beyond {ctx.name('secret')} and its key, and changes nothing"
    )
    role, secret, problem = execution_role(ctx)
    if role is None or secret is None:
        return Evidence(False, expected, problem)
    said = reaches_too_far(ctx, role, secret)
    return Evidence(not said, expected, f"{_name(role)}: {'; '.join(said) or 'it does not'}", SIMULATE)


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


def cannot_read(ctx: CheckContext, role: str, secret: Secret) -> str:
    """That the role may not read the secret, in a sentence; empty when it may."""
    return (
        "" if may_read(ctx, role, secret) else f"it may not do secretsmanager:GetSecretValue on {secret.arn}"
    )


def cannot_decrypt(ctx: CheckContext, role: str, secret: Secret) -> str:
    """That the role may not decrypt the secret, in a sentence; empty when it may."""
    if may_decrypt(ctx, role, secret):
        return ""
    return f"it may not do kms:Decrypt with {secret.key}, the key that the secret is under"


def _shown(ctx: CheckContext, definition: dict[str, Any]) -> str:
    found = leaks(definition, confidential(ctx))
    if not found:
        return ""
    return f"{'; '.join(found)}: visible to everybody who may call DescribeTaskDefinition, in every revision, for good"


def _name(role: str) -> str:
    return role.rsplit("/", 1)[-1]


def _revision(definition: dict[str, Any]) -> str:
    return f"{definition['family']}:{definition['revision']}"


def _part(given: Handed) -> str:
    return f", JSON key {given.json_key}" if given.json_key else ", all of it"
