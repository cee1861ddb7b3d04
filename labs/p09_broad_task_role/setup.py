"""The stage of this lab: a catalog with a bucket, a table, a queue and a secret, roles that fit, and what other people have beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from labs import load as clients
from labs.catalogue import Lab
from labs.cloud import Cloud
from labs.loader import load
from labs.p09_broad_task_role.needs import Names
from labs.staging import Balanced, Own, Stage, build_balanced, health_check

_MANAGED = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"


def set_up(cloud: Cloud) -> None:
    """Build it all by the names in lab.yaml. The task role allows what the program needs, until the fault comes."""
    lab = load(Path(__file__).parent)
    names = Names.of(lab, cloud.env)
    secret = _stores(cloud, lab, names)
    needs = [{"Effect": "Allow", "Action": action, "Resource": arn} for action, arn in names.needs]
    task = _role(cloud, lab, "role", "needs", needs)
    reads = [{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret}]
    execution = _role(cloud, lab, "execution_role", "database-password", reads)
    cloud.client("iam").attach_role_policy(RoleName=lab.name("execution_role"), PolicyArn=_MANAGED)
    variables = {"BUCKET": names.bucket, "TABLE": lab.name("table"), "QUEUE": lab.name("queue")}
    balanced = Balanced(
        f"{lab.name('image')}:1.0",
        lab.number("port"),
        0,
        health_check(healthy=2),
    )
    own = Own(
        container={
            "environment": [{"name": name, "value": value} for name, value in variables.items()],
            "secrets": [{"name": "DB_PASSWORD", "valueFrom": secret}],
        },
        definition={"taskRoleArn": task, "executionRoleArn": execution},
    )
    build_balanced(cloud, replace(Stage.of(lab), breaker=True), balanced, own)


def set_going(cloud: Cloud) -> None:
    """Customers order, a few a second."""
    lab = load(Path(__file__).parent)
    groups = cloud.client("elbv2").describe_target_groups(Names=[lab.name("service")])["TargetGroups"]
    cloud.traffic.start(clients.settings(lab, groups[0]["TargetGroupArn"]))
    cloud.clock.advance(lab.number("seen_s") * 1000)


def _role(cloud: Cloud, lab: Lab, key: str, policy: str, statements: list[dict[str, Any]]) -> str:
    iam = cloud.client("iam")
    made = iam.create_role(
        RoleName=lab.name(key),
        AssumeRolePolicyDocument=_document(
            [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            ]
        ),
        Tags=[{"Key": "fargate-lab", "Value": lab.id}],
    )
    iam.put_role_policy(RoleName=lab.name(key), PolicyName=policy, PolicyDocument=_document(statements))
    return str(made["Role"]["Arn"])


def _document(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _stores(cloud: Cloud, lab: Lab, names: Names) -> str:
    """Buckets, tables, queues and secrets, the catalog's and the others'; the ARN of the catalog's secret."""
    s3, sm, sqs = cloud.client("s3"), cloud.client("secretsmanager"), cloud.client("sqs")
    objects: Mapping[str, tuple[str, ...]] = {
        names.bucket: ("prices.json", lab.name("contract")),
        names.other_bucket: (lab.name("invoice"),),
    }
    where: dict[str, Any] = {}
    if (region := cloud.env["AWS_REGION"]) != "us-east-1":
        where["CreateBucketConfiguration"] = {"LocationConstraint": region}
    for bucket, keys in objects.items():
        s3.create_bucket(Bucket=bucket, **where)
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "fargate-lab", "Value": lab.id}]})
        for key in keys:
            s3.put_object(Bucket=bucket, Key=key, Body=b"{}")
    for table in (lab.name("table"), lab.name("other_table")):
        cloud.client("dynamodb").create_table(
            TableName=table,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            Tags=[{"Key": "fargate-lab", "Value": lab.id}],
        )
    for queue in (lab.name("queue"), lab.name("other_queue")):
        sqs.create_queue(QueueName=queue, tags={"fargate-lab": lab.id})
    own, _ = (
        sm.create_secret(
            Name=secret,
            SecretString="not-for-programs",
            # botocore would choose one by chance, and it becomes the version's id.
            ClientRequestToken=str(uuid5(NAMESPACE_URL, f"{names.account}/{secret}")),
            Tags=[{"Key": "fargate-lab", "Value": lab.id}],
        )
        for secret in (lab.name("secret"), lab.name("other_secret"))
    )
    return str(own["ARN"])
