"""Setting the stage of a lab with secrets: roles of its own, a key of its own, and secrets under that key. Everything carries the tag
``fargate-lab``, and nothing of it is the base environment's, so that a lab may break it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chaos.hardening import version_id
from labs.cloud import Cloud

EXECUTION_POLICY = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
"""Images and logs, and no secret. Source: ECS developer guide, task_execution_IAM_role."""
READ = "secretsmanager:GetSecretValue"
DECRYPT = "kms:Decrypt"


def statement(actions: str | list[str], resource: str | list[str], **more: Any) -> dict[str, Any]:
    """An Allow of a policy."""
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **more}


def document(*statements: Mapping[str, Any]) -> str:
    """A policy of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def make_role(cloud: Cloud, lab: str, name: str, *managed: str) -> str:
    """A role that ECS tasks of this account may take on, with these managed policies; its ARN."""
    iam, account = cloud.client("iam"), cloud.env["EXECUTION_ROLE"].split(":")[4]
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": account}},
            }
        ],
    }
    arn = iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps(trust),
        Tags=[{"Key": "fargate-lab", "Value": lab}],
    )["Role"]["Arn"]
    for policy in managed:
        iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    return str(arn)


def grant(cloud: Cloud, role: str, policy: str, *statements: Mapping[str, Any]) -> None:
    """Put an inline policy of these statements on a role, by its name, in the place of one of that name."""
    cloud.client("iam").put_role_policy(
        RoleName=role, PolicyName=policy, PolicyDocument=document(*statements)
    )


def make_key(cloud: Cloud, lab: str, alias: str) -> str:
    """A customer managed key with the policy that KMS gives to a new one, and an alias (without ``alias/``); its ARN."""
    kms = cloud.client("kms")
    made = kms.create_key(Description=f"Secrets of {lab}", Tags=[{"TagKey": "fargate-lab", "TagValue": lab}])[
        "KeyMetadata"
    ]
    kms.create_alias(AliasName=f"alias/{alias}", TargetKeyId=made["KeyId"])
    return str(made["Arn"])


def make_secret(
    cloud: Cloud,
    lab: str,
    name: str,
    content: Mapping[str, str],
    *,
    key: str = "",
    tags: Mapping[str, str] | None = None,
) -> str:
    """A secret with JSON in it, under a key (empty: the one that AWS manages); its ARN."""
    under = {"KmsKeyId": key} if key else {}
    labels = {"fargate-lab": lab, **(tags or {})}
    text = json.dumps(content)
    made = cloud.client("secretsmanager").create_secret(
        Name=name,
        SecretString=text,
        ClientRequestToken=version_id(name, text),
        Tags=[{"Key": each, "Value": value} for each, value in labels.items()],
        **under,
    )
    return str(made["ARN"])
