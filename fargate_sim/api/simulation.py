"""IAM's operations that simulate policies. Source: IAM API reference and botocore's model; sentences of errors as marked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fargate_sim.api.tokens import position_of, token_of
from fargate_sim.model.access import Policy
from fargate_sim.model.access.document import Kind, MalformedPolicyError, read
from fargate_sim.model.access.simulation import (
    Position,
    Result,
    Simulation,
    Source,
    context_keys,
    simulate,
)
from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.render import NOT_MODELLED

_ENTITY = re.compile(r"arn:[^:]+:iam::(\d*):(user|group|role)/(?:.*/)?([^/]+)")
_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+")
_ACCOUNT = re.compile(r"(?:arn:[^:]+:iam::)?(\d{12})(?::root)?")
_DEFAULT_ITEMS, _MOST_ITEMS = 100, 1000
_NOT_HERE = ("PolicyExclusionList", "OrderedOrganizationPolicyInputList", "ResourceHandlingOption")


@dataclass(frozen=True)
class Entity:
    """A user, group or role. Names of ``policies`` are their ids in an answer."""

    policies: tuple[Policy, ...]
    boundary: Policy | None = None


Find = Callable[[str, str], Entity | None]
"""(user, group or role; name) to the entity, None when there is none."""
Params = Mapping[str, Any]


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidInput", message)


def _validation(message: str) -> AwsError:
    return AwsError("ValidationError", message)


def _required(params: Params, *names: str) -> None:
    for name in names:
        if params.get(name) is None:
            spelled = name[0].lower() + name[1:]
            raise _validation(
                f"1 validation error detected: Value null at '{spelled}' failed to satisfy constraint: Member must not be null"
            )


def _entity_of(arn: str) -> tuple[str, str, str]:
    """(account, kind, name) of an entity's ARN. The sentence is [R] pmapper, and others."""
    found = _ENTITY.fullmatch(arn)
    if found is None:
        raise _invalid(f"Invalid Entity Arn: {arn} does not clearly define entity type and name.")
    account, kind, name = found.groups()
    return account, kind, name


def _entity(params: Params, find: Find, account: str) -> Entity:
    arn = params["PolicySourceArn"]
    owner, kind, name = _entity_of(arn)
    if owner != account:
        # [R] seen in public reports
        raise _invalid(
            f"Invalid Policy Source Arn: caller's account {account} does not have access to policies in account {owner}"
        )
    found = find(kind, name)
    if found is None:
        raise AwsError("NoSuchEntity", f"The {kind} with name {name} cannot be found.", status=404)
    return found


def _documents(params: Params, name: str, kind: Kind = "identity") -> list[str]:
    given = params.get(name) or []
    documents = [given] if isinstance(given, str) else list(given)
    for document in documents:
        try:
            read(document, kind)
        except MalformedPolicyError as problem:
            # [A] wording assumed
            raise _invalid(f"Invalid policy in {name}: {problem}") from problem
    return documents


def _inputs(params: Params) -> tuple[Policy, ...]:
    given = _documents(params, "PolicyInputList")
    return tuple(Policy(f"PolicyInputList.{number}", document) for number, document in enumerate(given, 1))


def _boundary(params: Params) -> Policy | None:
    name = "PermissionsBoundaryPolicyInputList"
    given = _documents(params, name)
    if len(given) > 1:
        # [A] wording assumed; that it is one is documented
        raise _invalid(f"{name} can have only one policy.")
    return Policy(f"{name}.1", given[0]) if given else None


def _resource_policy(params: Params, caller: str) -> str | None:
    """The resource's policy, which only a user can be simulated with. The sentences are [R]."""
    given = _documents(params, "ResourcePolicy", "resource")
    if not given:
        return None
    if not caller:
        raise _invalid("Invalid caller - Caller cannot be null or empty.")
    if _entity_of(caller)[1] != "user":
        raise _invalid("Invalid caller - Caller must be an IAM user in this context.")
    return given[0]


def _context(params: Params) -> dict[str, tuple[str, ...]]:
    entries = params.get("ContextEntries") or []
    return {
        each["ContextKeyName"]: tuple(each.get("ContextKeyValues") or ())
        for each in entries
        if each.get("ContextKeyName")
    }


def _owner(params: Params) -> str:
    given = params.get("ResourceOwner") or ""
    found = _ACCOUNT.fullmatch(given)
    if given and found is None:
        # [A] wording assumed
        raise _invalid(f"Invalid Resource Owner: {given}")
    return found.group(1) if found else ""


def _actions(params: Params) -> Sequence[str]:
    for action in params["ActionNames"]:
        if not _ACTION.fullmatch(action):
            # [A] wording assumed; wildcards are not supported (API reference)
            raise _invalid(f"Invalid Action Name: {action}")
    return list(params["ActionNames"])


def _simulated(params: Params, policies: tuple[Policy, ...], boundary: Policy | None) -> dict[str, Any]:
    for name in _NOT_HERE:
        if params.get(name):
            raise AwsError("no such part", name, status=NOT_MODELLED)
    caller = params.get("CallerArn") or params.get("PolicySourceArn") or ""
    what = Simulation(
        policies=policies,
        boundary=_boundary(params) or boundary,
        resource_policy=_resource_policy(params, caller),
        caller_arn=caller,
        resource_owner=_owner(params),
        context=_context(params),
    )
    resources = params.get("ResourceArns") or ["*"]
    pairs = [(action, resource) for action in _actions(params) for resource in resources]
    start, most = _page(params)
    shown = [_shown(simulate(what, *pair)) for pair in pairs[start : start + most]]
    content: dict[str, Any] = {"EvaluationResults": shown, "IsTruncated": start + most < len(pairs)}
    if content["IsTruncated"]:
        content["Marker"] = token_of("simulation", start + most)
    return content


def _page(params: Params) -> tuple[int, int]:
    most = int(params.get("MaxItems") or _DEFAULT_ITEMS)
    if not 1 <= most <= _MOST_ITEMS:
        bound = "greater than or equal to 1" if most < 1 else f"less than or equal to {_MOST_ITEMS}"
        raise _validation(
            f"1 validation error detected: Value '{most}' at 'maxItems' failed to satisfy constraint: Member must have value {bound}"
        )
    try:
        return position_of(params.get("Marker"), "simulation"), most
    except ValueError as problem:
        # [A] wording assumed
        raise _validation("Invalid Marker.") from problem


def _shown(result: Result) -> dict[str, Any]:
    """A result. What a call without a resource lacked stands beside the decision, else beside the resource (API reference)."""
    matched = [_statement(each) for each in result.sources]
    missing = list(result.missing)
    everywhere = result.resource == "*"
    shown: dict[str, Any] = {
        "EvalActionName": result.action,
        "EvalResourceName": result.resource,
        "EvalDecision": result.decision.verdict,
        "MatchedStatements": matched,
        "MissingContextValues": missing if everywhere else [],
    }
    more: dict[str, Any] = {}
    if result.details:
        more["EvalDecisionDetails"] = dict(result.details)
    if result.within_boundary is not None:
        more["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": result.within_boundary}
    if not everywhere:
        shown["ResourceSpecificResults"] = [
            {
                "EvalResourceName": result.resource,
                "EvalResourceDecision": result.decision.verdict,
                "MatchedStatements": matched,
                "MissingContextValues": missing,
                **more,
            }
        ]
    return shown | more


def _statement(source: Source) -> dict[str, Any]:
    return {
        "SourcePolicyId": source.policy,
        # [R] though botocore's model lists other values; that of a resource's policy is [A]
        "SourcePolicyType": "Resource Policy" if source.of_resource else "IAM Policy",
        "StartPosition": _place(source.start),
        "EndPosition": _place(source.end),
    }


def _place(position: Position) -> dict[str, int]:
    return {"Line": position.line, "Column": position.column}


def simulate_principal_policy(params: Params, find: Find, account: str) -> dict[str, Any]:
    """Simulate what a user, a group or a role may do."""
    _required(params, "PolicySourceArn", "ActionNames")
    entity = _entity(params, find, account)
    return _simulated(params, (*entity.policies, *_inputs(params)), entity.boundary)


def simulate_custom_policy(params: Params, _find: Find, _account: str) -> dict[str, Any]:
    """Simulate policies that are given."""
    _required(params, "PolicyInputList", "ActionNames")
    return _simulated(params, _inputs(params), None)


def get_context_keys_for_principal_policy(params: Params, find: Find, account: str) -> dict[str, Any]:
    """The condition keys in the policies of a user, a group or a role."""
    _required(params, "PolicySourceArn")
    policies = (*_entity(params, find, account).policies, *_inputs(params))
    return {"ContextKeyNames": context_keys(each.document for each in policies)}


def get_context_keys_for_custom_policy(params: Params, _find: Find, _account: str) -> dict[str, Any]:
    """The condition keys in policies that are given."""
    _required(params, "PolicyInputList")
    return {"ContextKeyNames": context_keys(each.document for each in _inputs(params))}


OPERATIONS: Mapping[str, Callable[[Params, Find, str], dict[str, Any]]] = {
    "simulate_principal_policy": simulate_principal_policy,
    "simulate_custom_policy": simulate_custom_policy,
    "get_context_keys_for_principal_policy": get_context_keys_for_principal_policy,
    "get_context_keys_for_custom_policy": get_context_keys_for_custom_policy,
}
"""By the name of moto's method that would answer."""
