"""What a good team does in each scenario of the project, by minute of the game. Its calls are made with the world's own clients."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gameday.runner import GameRunner

Deed = tuple[int, Callable[[GameRunner], None]]
"""Minute of the game, and what is done then."""

_COPIED = (
    "family",
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "requiresCompatibilities",
    "cpu",
    "memory",
    "pidMode",
    "enableFaultInjection",
)


class Team:
    """Does each deed once, when its minute has come; to be called after each step of a game."""

    def __init__(self, deeds: Sequence[Deed]) -> None:
        self._left = sorted(deeds, key=lambda deed: deed[0])

    def __call__(self, runner: GameRunner) -> None:
        assert runner.started_ms is not None
        while self._left and runner.cloud.clock.now_ms >= runner.started_ms + self._left[0][0] * 60_000:
            self._left.pop(0)[1](runner)


def update(runner: GameRunner, **changes: Any) -> None:
    """UpdateService of the stage's service."""
    names = runner.names
    runner.cloud.client("ecs").update_service(cluster=names["CLUSTER"], service=names["SERVICE"], **changes)


def revise(runner: GameRunner, like: str = "", **container: Any) -> str:
    """Register a revision like another one, its main container changed; its ARN."""
    ecs = runner.cloud.client("ecs")
    found = ecs.describe_task_definition(taskDefinition=like or runner.names["TASK_DEFINITION"])
    definition = found["taskDefinition"]
    main, *others = definition["containerDefinitions"]
    registered = ecs.register_task_definition(
        **{key: definition[key] for key in _COPIED if definition.get(key)},
        containerDefinitions=[{**main, **container}, *others],
    )
    return str(registered["taskDefinition"]["taskDefinitionArn"])


def bounds(minimum: int = 100, maximum: int = 200) -> dict[str, Any]:
    """A deploymentConfiguration with the breaker on."""
    return {
        "minimumHealthyPercent": minimum,
        "maximumPercent": maximum,
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
    }


def delay(runner: GameRunner, seconds: int) -> None:
    """Another deregistration delay."""
    attribute = {"Key": "deregistration_delay.timeout_seconds", "Value": str(seconds)}
    runner.cloud.client("elbv2").modify_target_group_attributes(
        TargetGroupArn=runner.names["TARGET_GROUP"], Attributes=[attribute]
    )


def ask_traffic_port(runner: GameRunner) -> None:
    """The health check asks the port that gets the traffic."""
    runner.cloud.client("elbv2").modify_target_group(
        TargetGroupArn=runner.names["TARGET_GROUP"], HealthCheckPort="traffic-port"
    )


def open_on_8080(runner: GameRunner) -> None:
    """The port on which the program listens, in all three places."""
    names = runner.names
    behind = {
        "targetGroupArn": names["TARGET_GROUP"],
        "containerName": names["SERVICE"],
        "containerPort": 8080,
    }
    update(
        runner,
        taskDefinition=revise(runner, portMappings=[{"containerPort": 8080}]),
        loadBalancers=[behind],
    )


def scale_on_requests(runner: GameRunner) -> None:
    """A policy on requests for each target, and some tasks by hand until it acts."""
    metric = {
        "PredefinedMetricType": "ALBRequestCountPerTarget",
        "ResourceLabel": runner.names["RESOURCE_LABEL"],
    }
    runner.cloud.client("application-autoscaling").put_scaling_policy(
        PolicyName="requests",
        ServiceNamespace="ecs",
        ResourceId=runner.names["SCALING_RESOURCE"],
        ScalableDimension="ecs:service:DesiredCount",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 150,
            "PredefinedMetricSpecification": metric,
            "ScaleOutCooldown": 60,
            "ScaleInCooldown": 600,
        },
    )
    update(runner, desiredCount=10)


def listen(runner: GameRunner) -> None:
    """The program is process 1 and hears its stop signal."""
    update(runner, taskDefinition=revise(runner, command=["umask 027 && exec /app/payments"]))


def read_again(runner: GameRunner) -> None:
    """The execution role may read the secret and use its key, and tasks ask for the member that it has."""
    names = runner.names
    statements = [
        {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": names["SECRET"]},
        {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": names["KEY"]},
    ]
    runner.cloud.client("iam").put_role_policy(
        RoleName=names["SERVICE_EXECUTION_ROLE_NAME"],
        PolicyName="read-db",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
    )
    secrets = [{"name": "DB_PASSWORD", "valueFrom": f"{names['SECRET']}:db_password::"}]
    update(runner, taskDefinition=revise(runner, secrets=secrets))


def off_spot(runner: GameRunner) -> None:
    """A floor on demand, a release that leaves nobody out, and time to drain."""
    strategy = [
        {"capacityProvider": "FARGATE", "base": 6, "weight": 1},
        {"capacityProvider": "FARGATE_SPOT", "weight": 1},
    ]
    update(
        runner,
        taskDefinition=revise(runner, stopTimeout=60),
        capacityProviderStrategy=strategy,
        deploymentConfiguration=bounds(),
        forceNewDeployment=True,
    )


def hide(runner: GameRunner, seconds: int) -> None:
    """Another visibility time-out."""
    runner.cloud.client("sqs").set_queue_attributes(
        QueueUrl=runner.names["QUEUE_URL"], Attributes={"VisibilityTimeout": str(seconds)}
    )


def charge_once(runner: GameRunner) -> None:
    """The idempotent program, with time to end."""
    image = "public.ecr.aws/fargate-lab/charger:1.1"
    update(runner, taskDefinition=revise(runner, image=image, stopTimeout=60))


def release_unwatched(runner: GameRunner) -> None:
    """The fix, while the alarm is not asked."""
    image = "public.ecr.aws/fargate-lab/reports:1.5"
    alarms = {"alarmNames": ["reports-errors"], "enable": False, "rollback": False}
    update(
        runner,
        taskDefinition=revise(runner, image=image),
        deploymentConfiguration={**bounds(), "alarms": alarms},
    )


def to_the_zone_that_is_left(runner: GameRunner) -> None:
    """All new tasks start where tasks run, and there are twice as many."""
    ecs, names = runner.cloud.client("ecs"), runner.names
    arns = ecs.list_tasks(cluster=names["CLUSTER"], serviceName=names["SERVICE"])["taskArns"]
    tasks = ecs.describe_tasks(cluster=names["CLUSTER"], tasks=arns)["tasks"]
    running = next(task for task in tasks if task["lastStatus"] == "RUNNING")
    (attachment,) = running["attachments"]
    subnet = next(each["value"] for each in attachment["details"] if each["name"] == "subnetId")
    network = {"subnets": [subnet], "securityGroups": [runner.cloud.env["SG"]], "assignPublicIp": "DISABLED"}
    update(runner, desiredCount=8, networkConfiguration={"awsvpcConfiguration": network})


REACTIONS: Mapping[str, Sequence[Deed]] = {
    "charged-twice": [
        (6, charge_once),
        (6, lambda runner: hide(runner, 90)),
        (15, charge_once),
        (22, lambda runner: update(runner, desiredCount=6)),
    ],
    "evening-campaign": [(12, read_again), (12, lambda runner: update(runner, desiredCount=5))],
    "first-deployment": [(9, open_on_8080)],
    "friday-night": [
        (5, lambda runner: update(runner, taskDefinition=runner.names["TASK_DEFINITION"])),
        (5, lambda runner: update(runner, deploymentConfiguration=bounds())),
        (11, lambda runner: update(runner, desiredCount=16)),
    ],
    "guarded-fix": [(15, release_unwatched)],
    "half-a-rollback": [(7, ask_traffic_port), (12, lambda runner: update(runner, forceNewDeployment=True))],
    "half-the-zones": [(8, to_the_zone_that_is_left)],
    "payments-under-pressure": [
        (9, scale_on_requests),
        (10, lambda runner: delay(runner, 45)),
        (24, listen),
    ],
    "release-night": [(8, off_spot)],
}
