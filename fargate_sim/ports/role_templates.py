"""Roles of CloudFormation templates: moto leaves their managed policies out, changes next to nothing of them with the stack, and cannot
delete one that has managed policies.

Source: CloudFormation reference, AWS::IAM::Role.
"""

from __future__ import annotations

import json
from typing import Any


def mend_roles(iam: Any) -> None:
    """From now on a role of a template is the one that it describes. ``iam`` is moto's module of models."""
    make = iam.Role.create_from_cloudformation_json.__func__
    drop = iam.Role.delete_from_cloudformation_json.__func__
    change = iam.Role.update_from_cloudformation_json.__func__

    def backend_of(account: str, region: str) -> Any:
        return iam.iam_backends[account][iam.get_partition(region)]

    def create(cls: Any, /, name: str, document: Any, account: str, region: str, **kwargs: Any) -> Any:
        role = make(cls, name, document, account, region, **kwargs)
        _attach(backend_of(account, region), role, document["Properties"])
        return role

    def update(
        cls: Any,
        *,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Any:
        backend, wanted = backend_of(account_id, region_name), cloudformation_json["Properties"]
        role = change(
            cls,
            original_resource,
            new_resource_name,
            _named(cloudformation_json, original_resource.name),
            account_id,
            region_name,
        )
        trust = wanted["AssumeRolePolicyDocument"]
        role.assume_role_policy_document = trust if isinstance(trust, str) else json.dumps(trust)
        role.permissions_boundary_arn = wanted.get("PermissionsBoundary", "")
        _detach(backend, role)
        for inline in wanted.get("Policies", ()):
            role.put_policy(inline["PolicyName"], inline["PolicyDocument"])
        _attach(backend, role, wanted)
        return role

    def delete(cls: Any, /, name: str, document: Any, account: str, region: str) -> None:
        backend = backend_of(account, region)
        role = next((each for each in backend.roles.values() if each.name == name), None)
        if role is not None:
            _detach(backend, role)
        drop(cls, name, document, account, region)

    iam.Role.create_from_cloudformation_json = classmethod(create)
    iam.Role.update_from_cloudformation_json = classmethod(update)
    iam.Role.delete_from_cloudformation_json = classmethod(delete)


def _named(document: Any, name: str) -> dict[str, Any]:
    """The same, of the role that is there: a template need not name it."""
    return {**document, "Properties": {**document["Properties"], "RoleName": name}}


def _attach(backend: Any, role: Any, wanted: Any) -> None:
    """Give a role the managed policies of its template, and note what is the template's."""
    arns = list(wanted.get("ManagedPolicyArns", ()))
    for arn in arns:
        backend.attach_role_policy(arn, role.name)
    role.of_template = arns, [each["PolicyName"] for each in wanted.get("Policies", ())]


def _detach(backend: Any, role: Any) -> None:
    """Take from a role what its template gave it, as far as it still has it; policies of other resources stay."""
    managed, inline = getattr(role, "of_template", ((), ()))
    for arn in managed:
        if arn in role.managed_policies:
            backend.detach_role_policy(arn, role.name)
    for name in inline:
        role.policies.pop(name, None)
