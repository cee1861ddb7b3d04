"""Documents that AWS refuses to store, where moto takes any text: policies of secrets, and trust policies of new roles.

A document that the model cannot read allows and denies nothing, so it must not get in.
"""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

from functools import cache
from typing import Any

from fargate_sim.model.access.document import Kind, MalformedPolicyError, read


def flaw(document: str | None, kind: Kind) -> str:
    """What is wrong with a policy, "" when nothing is, or when there is none."""
    try:
        if document is not None:
            read(document, kind)
    except MalformedPolicyError as problem:
        return str(problem)
    return ""


@cache
def mend_policies() -> None:
    """From now on malformed policies are refused."""
    from moto.core.exceptions import JsonRESTError
    from moto.iam.exceptions import MalformedPolicyDocument
    from moto.iam.responses import IamResponse
    from moto.secretsmanager.responses import SecretsManagerResponse

    put, create = SecretsManagerResponse.put_resource_policy, IamResponse.create_role

    def put_resource_policy(self: Any) -> Any:
        if why := flaw(self._get_param("ResourcePolicy"), "resource"):
            # [A] wording assumed
            raise JsonRESTError(
                "MalformedPolicyDocumentException", f"This resource policy is malformed: {why}."
            )
        return put(self)

    def create_role(self: Any) -> Any:
        if why := flaw(self._get_param("AssumeRolePolicyDocument"), "trust"):
            # [A] wording assumed
            raise MalformedPolicyDocument(f"The trust policy is malformed: {why}.")
        return create(self)

    SecretsManagerResponse.put_resource_policy = put_resource_policy
    IamResponse.create_role = create_role
