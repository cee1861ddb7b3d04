"""IAM asked what a role may: SimulatePrincipalPolicy, and which statement of which policy it is that allows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labs.checking import CheckContext

ALLOWED = "allowed"


@dataclass(frozen=True, slots=True)
class Grant:
    """Something that a role may do."""

    action: str
    resource: str

    @property
    def service(self) -> str:
        """``dynamodb``."""
        return self.action.partition(":")[0]

    def __str__(self) -> str:
        """``dynamodb:DeleteTable on table/items``."""
        name = self.resource.split(":", 5)[-1]
        return f"{self.action} on {name}" if name != "*" else self.action


def granted(ctx: CheckContext, role_arn: str, wanted: Mapping[str, Sequence[str]]) -> list[Grant]:
    """What of ``wanted`` (actions by resource) a role may, in this order."""
    iam, found = ctx.client("iam"), []
    for resource, actions in wanted.items():
        pages = iam.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=role_arn,
            ActionNames=list(actions),
            ResourceArns=[resource],
            ContextEntries=_context(ctx, role_arn),
        )
        for page in pages:
            found += [
                Grant(each["EvalActionName"], resource)
                for each in page["EvaluationResults"]
                if each["EvalDecision"] == ALLOWED
            ]
    return found


def telling(grants: Sequence[Grant], number: int) -> list[Grant]:
    """So many of them: one of each service, then again, on another resource if there is one."""
    left = list(grants)
    chosen: list[Grant] = []
    while left and len(chosen) < number:
        services = [each.service for each in chosen]
        seen = {each.resource for each in chosen}
        best = min(left, key=lambda each: (services.count(each.service), each.resource in seen))
        left.remove(best)
        chosen.append(best)
    return chosen


def allowed_by(ctx: CheckContext, role_arn: str, grant: Grant) -> str:
    """``statement 2 of policy everything``: which statement allows it, asked of IAM with each statement as a policy of its own."""
    places = list(_statements(ctx.client("iam"), role_arn.rpartition("/")[2]))
    answer = ctx.client("iam").simulate_custom_policy(
        PolicyInputList=[
            json.dumps({"Version": "2012-10-17", "Statement": [statement]}) for _, statement in places
        ],
        ActionNames=[grant.action],
        ResourceArns=[grant.resource],
        ContextEntries=_context(ctx, role_arn),
    )
    matched = [
        int(each["SourcePolicyId"].rpartition(".")[2]) - 1
        for result in answer["EvaluationResults"]
        for each in result.get("MatchedStatements", ())
    ]
    allowing = [places[each][0] for each in matched if places[each][1]["Effect"] == "Allow"]
    return " and ".join(allowing)


def _statements(iam: Any, role: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of a role's policies, with its place in words."""
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        yield from _placed(name, document)
    for each in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        version = iam.get_policy(PolicyArn=each["PolicyArn"])["Policy"]["DefaultVersionId"]
        found = iam.get_policy_version(PolicyArn=each["PolicyArn"], VersionId=version)
        yield from _placed(each["PolicyName"], found["PolicyVersion"]["Document"])


def _placed(name: str, document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    listed = document["Statement"]
    for number, statement in enumerate([listed] if isinstance(listed, dict) else listed, 1):
        yield f"statement {number} of policy {name}", statement


def _context(ctx: CheckContext, role_arn: str) -> list[dict[str, Any]]:
    """Keys that a call of a task has, or could have: a simulation knows only those that it is given."""
    account = ctx.env["ACCOUNT_ID"]
    values = {
        "aws:SecureTransport": ("boolean", "true"),
        "aws:RequestedRegion": ("string", ctx.env["AWS_REGION"]),
        "aws:PrincipalArn": ("string", role_arn),
        "aws:PrincipalAccount": ("string", account),
        "aws:ResourceAccount": ("string", account),
        "aws:SourceVpc": ("string", ctx.env["VPC"]),
    }
    return [
        {"ContextKeyName": name, "ContextKeyType": kind, "ContextKeyValues": [value]}
        for name, (kind, value) in values.items()
    ]
