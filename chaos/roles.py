"""Faults in the roles of a service's tasks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from chaos.errors import FaultError
from chaos.targets import our_service
from chaos.undo import OWNER_TAG, Clients, Undo, role_policies, set_role_policies

POLICY = "everything"
"""The name of the inline policy that allows too much."""
_ALLOW = {"Effect": "Allow", "Resource": "*"}
BROAD: dict[str, list[dict[str, Any]]] = {
    "administrator": [{**_ALLOW, "Action": "*"}],
    "power-user": [{**_ALLOW, "NotAction": ["iam:*", "organizations:*", "account:*"]}],
    "services": [
        {**_ALLOW, "Action": ["s3:*", "dynamodb:*", "sqs:*"]},
        {**_ALLOW, "Action": "secretsmanager:GetSecretValue"},
    ],
}
"""Statements of policies that allow too much. The first two are what the managed policies AdministratorAccess and PowerUserAccess say, the
second in its main part.
"""


def broad_task_role(
    clients: Clients,
    record: Callable[[Undo], None],
    *,
    cluster: str,
    service: str,
    how: str = "any",
) -> Undo:
    """Let the task role of a service do far more than its program needs.

    All policies of the role give way to one inline policy, ``everything``. With ``how`` services, it allows all actions of S3, DynamoDB and
    SQS and the reading of every secret; with power-user, everything but IAM and the organization; with administrator, everything. ``any``
    chooses one of the three by the role's ARN: another world, another policy. Nothing that works stops working. Taken back by giving
    the role its former policies.
    """
    role = _our_task_role(clients, our_service(clients, cluster, service))
    arn, name = role["Arn"], role["RoleName"]
    if how == "any":
        how = sorted(BROAD)[hashlib.sha256(arn.encode()).digest()[0] % len(BROAD)]
    if how not in BROAD:
        raise FaultError(f"There is no policy {how!r}.", f"Choose any, {', '.join(BROAD)}.")
    undo = Undo(
        "broad_task_role",
        f"the task role of service {service}",
        (role_policies(clients, name),),
    )
    record(undo)
    document = json.dumps({"Version": "2012-10-17", "Statement": BROAD[how]})
    set_role_policies(clients, lambda: None, role=name, inline={POLICY: document}, attached=[])
    return undo


def _our_task_role(clients: Clients, service: dict[str, Any]) -> dict[str, Any]:
    """The role as GetRole has it. FaultError when there is none, or it is not ours to change."""
    definition = clients("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])
    arn = definition["taskDefinition"].get("taskRoleArn")
    name = service["serviceName"]
    if not arn:
        raise FaultError(
            f"The tasks of {name!r} have no task role.", "Choose a service whose task definition names one."
        )
    role = clients("iam").get_role(RoleName=arn.rpartition("/")[2])["Role"]
    if not any(tag["Key"] == OWNER_TAG for tag in role.get("Tags", [])):
        raise FaultError(
            f"The task role {role['RoleName']!r} does not carry the tag {OWNER_TAG!r}, so its policies stay as they are.",
            f"If it is yours to break: `aws iam tag-role --role-name {role['RoleName']} --tags Key={OWNER_TAG},Value=mine`.",
        )
    return dict(role)
