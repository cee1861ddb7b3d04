"""What a role may do, as IAM's own simulation says.

SimulatePrincipalPolicy reads the policies of a role and its permissions boundary. A resource's own policy can be given to it only with a
user as caller (IAM API reference), so what such a policy grants to the role is added as a policy of the role: within one account, an
allow of either is enough and a deny of either wins.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from labs.checking import CheckContext

Context = Mapping[str, str | tuple[str, ...]]
"""Condition keys and their values. A key that is not given has none."""


def allowed(
    ctx: CheckContext,
    role: str,
    action: str,
    resource: str,
    context: Context | None = None,
    *,
    granted: str = "",
    own: bool = True,
) -> bool:
    """Whether the role, by its ARN, may do it. ``granted``: a policy as ``granted_to`` makes it. Without ``own`` only that policy
    can allow, as for a key that does not leave it to the account.
    """
    if not own and not granted:
        return False
    entries = [
        {
            "ContextKeyName": key,
            "ContextKeyValues": [value] if isinstance(value, str) else list(value),
            "ContextKeyType": "string" if isinstance(value, str) else "stringList",
        }
        for key, value in {**_of_the_role(role), **(context or {})}.items()
    ]
    iam = ctx.client("iam")
    asked: dict[str, Any] = {
        "ActionNames": [action],
        "ResourceArns": [resource],
        "ContextEntries": entries,
        **({"PolicyInputList": [granted]} if granted else {}),
    }
    answers = [iam.simulate_principal_policy(PolicySourceArn=role, **asked)]
    if not own:  # what the role's own policies allow counts for nothing, what they deny is denied
        answers.append(iam.simulate_custom_policy(**asked))
    return all(each["EvaluationResults"][0]["EvalDecision"] == "allowed" for each in answers)


def granted_to(role: str, policy: str | None) -> str:
    """What a resource's policy says to the role, as an identity-based policy; empty when it says nothing to it.

    An allow for the whole account leaves it to the role's own policies, so it grants nothing; a deny for it counts.
    """
    account = role.split(":")[4]
    whole = {account, f"arn:aws:iam::{account}:root"}
    said = []
    for statement in _statements(policy):
        named = _principals(statement)
        if named & {"*", role} or (statement["Effect"] == "Deny" and named & whole):
            said.append({key: value for key, value in statement.items() if key != "Principal"})
    return json.dumps({"Version": "2012-10-17", "Statement": said}) if said else ""


def leaves_it_to_the_account(role: str, policy: str | None) -> bool:
    """Whether a key's policy lets the account of the role decide by its own policies, as that of a new key does."""
    account = role.split(":")[4]
    whole = {account, f"arn:aws:iam::{account}:root"}
    return any(each["Effect"] == "Allow" and _principals(each) & whole for each in _statements(policy))


def _of_the_role(role: str) -> Context:
    return {"aws:PrincipalArn": role, "aws:PrincipalAccount": role.split(":")[4]}


def _statements(policy: str | None) -> Iterable[dict[str, Any]]:
    found = json.loads(policy)["Statement"] if policy else []
    return [found] if isinstance(found, dict) else found


def _principals(statement: Mapping[str, Any]) -> set[str]:
    """Whom a statement names, of AWS's own identities."""
    principal = statement.get("Principal", {})
    if isinstance(principal, str):
        return {principal}
    named = principal.get("AWS", [])
    return {named} if isinstance(named, str) else set(named)
