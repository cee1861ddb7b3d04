"""IAM asked what a role may: SimulatePrincipalPolicy, with the keys that a call of a task has, and which statement it is that allows.

IAM simulates a role without the policies of buckets, queues and secrets. Where one of those stands, its statements about the role are
simulated together with the role's own, as one account decides them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from labs.checking import CheckContext
from labs.p09_broad_task_role.resource_policies import Statement, about_role

ALLOWED = "allowed"
_PAGE = 1000
_FEW = 12
"""Actions that are asked of several resources at once; more are asked of their resource alone."""
_SESSION = "0" * 32
"""Any task: the name of its session is its id."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Something that a role may do."""

    action: str
    resource: str

    @property
    def service(self) -> str:
        """``dynamodb``."""
        return self.action.partition(":")[0]

    @property
    def name(self) -> str:
        """``table/items``: the resource without what all ARNs of an account begin with."""
        return self.resource.split(":", 5)[-1]

    def __str__(self) -> str:
        """``dynamodb:DeleteTable on table/items``."""
        return f"{self.action} on {self.name}" if self.name != "*" else self.action


@dataclass(frozen=True, slots=True)
class _Role:
    """What a simulation of a role needs, read once a grading: its statements with their places, its boundary's document, contexts."""

    statements: tuple[tuple[str, Statement], ...]
    boundary: str
    contexts: list[list[dict[str, Any]]]


def _role(ctx: CheckContext, role_arn: str) -> _Role:
    key, name = f"simulation of {role_arn}", role_arn.rpartition("/")[2]
    if key not in ctx.memo:
        iam = ctx.client("iam")
        ctx.memo[key] = _Role(tuple(_statements(iam, name)), _boundary(iam, name), _contexts(ctx, role_arn))
    found: _Role = ctx.memo[key]
    return found


def granted(ctx: CheckContext, role_arn: str, wanted: Mapping[str, Sequence[str]]) -> list[Grant]:
    """What of ``wanted`` (actions by resource) a role may, in this order: by a NAT gateway or by an endpoint, one is enough."""
    iam, role = ctx.client("iam"), _role(ctx, role_arn)
    own, boundary = [statement for _, statement in role.statements], role.boundary
    allowed: set[tuple[str, str]] = set()
    for resources, actions, beside in _questions(ctx, role_arn, wanted):
        asked: dict[str, Any] = {"ActionNames": actions, "ResourceArns": resources, "MaxItems": _PAGE}
        if beside:
            operation = "simulate_custom_policy"
            asked["PolicyInputList"] = [_document([*own, *beside])]
            if boundary:
                asked["PermissionsBoundaryPolicyInputList"] = [boundary]
        else:
            operation = "simulate_principal_policy"
            asked["PolicySourceArn"] = role_arn
        # Without conditions the way makes no difference.
        conditional = "Condition" in boundary or any("Condition" in each for each in [*own, *beside])
        for context in role.contexts if conditional else role.contexts[:1]:
            for page in iam.get_paginator(operation).paginate(ContextEntries=context, **asked):
                allowed |= {
                    (each["EvalResourceName"], each["EvalActionName"])
                    for each in page["EvaluationResults"]
                    if each["EvalDecision"] == ALLOWED
                }
    return [
        Grant(action, resource)
        for resource, actions in wanted.items()
        for action in actions
        if (resource, action) in allowed
    ]


def _questions(
    ctx: CheckContext, role_arn: str, wanted: Mapping[str, Sequence[str]]
) -> Iterator[tuple[list[str], list[str], list[Statement]]]:
    """Resources, actions, and what the resource's own policy says of the role: few questions, since IAM answers for each pair."""
    together: dict[str, list[str]] = {}
    for resource, actions in wanted.items():
        beside = about_role(ctx, resource, role_arn)
        if beside or len(actions) > _FEW:
            yield [resource], list(actions), beside
        else:
            together.setdefault(resource.split(":")[2] if ":" in resource else "", []).append(resource)
    for resources in together.values():
        yield resources, list(dict.fromkeys(action for each in resources for action in wanted[each])), []


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
    role = _role(ctx, role_arn)
    places = list(role.statements)
    for number, statement in enumerate(about_role(ctx, grant.resource, role_arn), 1):
        places.append((f"statement {number} about the role in the policy of the resource itself", statement))
    for context in role.contexts:
        answer = ctx.client("iam").simulate_custom_policy(
            PolicyInputList=[_document([statement]) for _, statement in places],
            ActionNames=[grant.action],
            ResourceArns=[grant.resource],
            ContextEntries=context,
        )
        matched = [
            int(each["SourcePolicyId"].rpartition(".")[2]) - 1
            for result in answer["EvaluationResults"]
            for each in result.get("MatchedStatements", ())
        ]
        allowing = [_told(*places[each]) for each in matched if places[each][1]["Effect"] == "Allow"]
        if allowing:
            return " and ".join(allowing)
    return ""


def _told(place: str, statement: Statement) -> str:
    return f"{place}, whose condition a task's call can meet" if statement.get("Condition") else place


def _document(statements: Sequence[Mapping[str, Any]]) -> str:
    # Sids count within one policy only.
    plain = [{key: value for key, value in each.items() if key != "Sid"} for each in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": plain})


def _statements(iam: Any, role: str) -> Iterator[tuple[str, Statement]]:
    """Every statement of a role's policies, with its place in words."""
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        yield from _placed(name, document)
    for each in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        yield from _placed(each["PolicyName"], _managed(iam, each["PolicyArn"]))


def _managed(iam: Any, arn: str) -> dict[str, Any]:
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return dict(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])


def _boundary(iam: Any, role: str) -> str:
    """The document of the role's permissions boundary; empty when it has none."""
    arn = iam.get_role(RoleName=role)["Role"].get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    return json.dumps(_managed(iam, arn)) if arn else ""


def _placed(name: str, document: Mapping[str, Any]) -> Iterator[tuple[str, Statement]]:
    listed = document["Statement"]
    for number, statement in enumerate([listed] if isinstance(listed, dict) else listed, 1):
        yield f"statement {number} of policy {name}", statement


def _contexts(ctx: CheckContext, role_arn: str) -> list[list[dict[str, Any]]]:
    """The keys that a task's call has, for each way by which it can come: a simulation knows only those that it is given.

    Source: IAM user guide, reference_policies_condition-keys: SourceIp by a NAT gateway; SourceVpc and VpcSourceIp by an endpoint.
    """
    account, now = ctx.env["ACCOUNT_ID"], datetime.fromtimestamp(ctx.clock.now_ms // 1000, UTC)
    role_id = ctx.client("iam").get_role(RoleName=role_arn.rpartition("/")[2])["Role"]["RoleId"]
    always = {
        "aws:SecureTransport": ("boolean", "true"),
        "aws:RequestedRegion": ("string", ctx.env["AWS_REGION"]),
        "aws:PrincipalArn": ("string", role_arn),
        "aws:PrincipalAccount": ("string", account),
        "aws:PrincipalType": ("string", "AssumedRole"),
        "aws:PrincipalIsAWSService": ("boolean", "false"),
        "aws:ViaAWSService": ("boolean", "false"),
        "aws:ResourceAccount": ("string", account),
        "aws:UserAgent": ("string", "Boto3"),
        "aws:userid": ("string", f"{role_id}:{_SESSION}"),
        "aws:CurrentTime": ("date", now.strftime("%Y-%m-%dT%H:%M:%SZ")),
        "aws:EpochTime": ("date", str(int(now.timestamp()))),
    }
    gateways = ctx.client("ec2").describe_nat_gateways()["NatGateways"]
    addresses = {
        each["PublicIp"]
        for gateway in gateways
        for each in gateway["NatGatewayAddresses"]
        if each.get("PublicIp")
    }
    ways = [{"aws:SourceIp": ("ip", address)} for address in sorted(addresses)]
    ways.append({"aws:SourceVpc": ("string", ctx.env["VPC"]), "aws:VpcSourceIp": ("ip", "10.0.10.4")})
    return [
        [
            {"ContextKeyName": name, "ContextKeyType": kind, "ContextKeyValues": [value]}
            for name, (kind, value) in (always | way).items()
        ]
        for way in ways
    ]
