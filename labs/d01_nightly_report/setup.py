"""The stage of this lab: a ledger service that works, a report that a schedule is to write each night, a queue that the phone of whoever
is on call reads, and three nights that have passed already.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

from labs.catalogue import Lab
from labs.cloud import MINUTE_MS, Cloud
from labs.loader import load
from labs.staging import Stage, build

NIGHTS = 3
ARRIVAL_MS = 20 * MINUTE_MS
"""The learner comes so long after the last run, while its task can still be looked at."""
HOUR = 4
HALF = 30
OVERRIDE = {"containerOverrides": [{"name": "report", "command": ["--format", "csv"]}]}


def set_up(cloud: Cloud) -> None:
    """Build it all by the names in lab.yaml."""
    lab = load(Path(__file__).parent)
    build(cloud, Stage.of(lab))
    _report(cloud, lab)
    _phone(cloud, lab)
    role = cloud.client("iam").create_role(
        RoleName=lab.name("role"),
        AssumeRolePolicyDocument=json.dumps(_policy("scheduler.amazonaws.com", "sts:AssumeRole")),
        Tags=[{"Key": "fargate-lab", "Value": lab.id}],
    )["Role"]["Arn"]
    cloud.client("scheduler").create_schedule(
        Name=lab.name("schedule"),
        Description="The report of the main ledger, as CSV, at half past four",
        ScheduleExpression=f"cron({HALF} {HOUR} * * ? *)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": f"arn:aws:ecs:{cloud.env['AWS_REGION']}:{cloud.env['ACCOUNT_ID']}:cluster/{lab.name('cluster')}",
            "RoleArn": role,
            "Input": json.dumps(OVERRIDE),
            "EcsParameters": {
                "TaskDefinitionArn": f"arn:aws:ecs:{cloud.env['AWS_REGION']}:{cloud.env['ACCOUNT_ID']}"
                f":task-definition/{lab.name('schedule')}",
                "LaunchType": "FARGATE",
                "NetworkConfiguration": {
                    "awsvpcConfiguration": {
                        "Subnets": [cloud.env["SUBNET_A"], cloud.env["SUBNET_B"]],
                        "SecurityGroups": [cloud.env["SG"]],
                    }
                },
            },
        },
    )


def set_going(cloud: Cloud) -> None:
    """Let some nights pass."""
    now = datetime.datetime.fromtimestamp(cloud.clock.now_ms / 1000, datetime.UTC)
    first = now.replace(hour=HOUR, minute=HALF, second=0, microsecond=0)
    if first <= now:
        first += datetime.timedelta(days=1)
    last_ms = round((first + datetime.timedelta(days=NIGHTS - 1)).timestamp() * 1000)
    cloud.clock.advance(last_ms + ARRIVAL_MS - cloud.clock.now_ms)


def _report(cloud: Cloud, lab: Lab) -> None:
    env = cloud.env
    cloud.client("logs").create_log_group(logGroupName=lab.name("log_group"), tags={"fargate-lab": lab.id})
    logs = {
        "awslogs-group": lab.name("log_group"),
        "awslogs-region": env["AWS_REGION"],
        "awslogs-stream-prefix": "report",
    }
    cloud.client("ecs").register_task_definition(
        family=lab.name("schedule"),
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        executionRoleArn=env["EXECUTION_ROLE"],
        containerDefinitions=[
            {
                "name": "report",
                "image": f"{lab.name('image')}:3.1",
                "essential": True,
                "command": ["--ledger", "main"],
                "logConfiguration": {"logDriver": "awslogs", "options": logs},
            }
        ],
        tags=[{"key": "fargate-lab", "value": lab.id}],
    )


def _phone(cloud: Cloud, lab: Lab) -> None:
    """A queue into which EventBridge may write."""
    policy = _policy("events.amazonaws.com", "sqs:SendMessage")
    policy["Statement"][0]["Resource"] = "*"
    cloud.client("sqs").create_queue(
        QueueName=lab.name("queue"),
        Attributes={"Policy": json.dumps(policy)},
        tags={"fargate-lab": lab.id},
    )


def _policy(service: str, action: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": action}],
    }
