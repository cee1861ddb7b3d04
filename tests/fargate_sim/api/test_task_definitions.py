"""RegisterTaskDefinition: what AWS refuses, in AWS's words, and what it fills in."""

from __future__ import annotations

from typing import Any

import pytest
from support.ecs import LOGS, ROLE, Ecs

WEB = {"name": "web", "image": "nginx:1.27"}
GOOD: dict[str, Any] = {
    "family": "web",
    "requiresCompatibilities": ["FARGATE"],
    "networkMode": "awsvpc",
    "cpu": "256",
    "memory": "512",
    "executionRoleArn": ROLE,
    "containerDefinitions": [WEB],
}


def container(**extra: Any) -> dict[str, Any]:
    return {"containerDefinitions": [{**WEB, **extra}]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"memory": "3072"}, "No Fargate configuration exists for given values."),
        ({"cpu": None}, "Fargate requires that 'cpu' be defined at the task level."),
        ({"memory": None}, "Fargate requires that 'memory' be defined at the task level."),
        ({"cpu": "lots"}, "Invalid 'cpu' setting for task."),
        ({"memory": "1 vCPU"}, "Invalid 'memory' setting for task."),
        ({"networkMode": "bridge"}, "Fargate only supports network mode ‘awsvpc’."),
        ({"networkMode": None}, "Fargate only supports network mode ‘awsvpc’."),
        ({"pidMode": "host"}, "do not support pidMode 'host'"),
        (
            {"enableFaultInjection": True, "requiresCompatibilities": [], "networkMode": "bridge"},
            "only supported for tasks with network mode 'awsvpc' or 'host'",
        ),
        ({"ephemeralStorage": {"sizeInGiB": 20}}, "EphemeralStorage size should be at least 21"),
        ({"ephemeralStorage": {"sizeInGiB": 201}}, "EphemeralStorage size should be at most 200"),
        ({"family": "a b"}, "Family contains invalid characters."),
        (
            {"executionRoleArn": None, **container(logConfiguration=LOGS)},
            "execution role ARN to support log driver awslogs.",
        ),
        (
            {
                "executionRoleArn": None,
                **container(image="123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1"),
            },
            "execution role ARN to support ECR images.",
        ),
        (
            {"executionRoleArn": None, **container(secrets=[{"name": "A", "valueFrom": "arn:aws:ssm:x"}])},
            "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
        ),
        (container(stopTimeout=121), "must have a container stop timeout of less than 120 seconds."),
        (container(stopTimeout=1), "at least 2"),
        ({"containerDefinitions": []}, "Container list cannot be empty."),
        ({"containerDefinitions": [{**WEB, "name": f"c{n}"} for n in range(11)]}, "at most 10 containers"),
        ({"containerDefinitions": [WEB, WEB]}, "must be unique"),
        ({"containerDefinitions": [{"name": "web"}]}, "Container.image should not be null or empty."),
        ({"containerDefinitions": [{"image": "nginx"}]}, "Container.name should not be null or empty."),
        (container(essential=False), "Task definition doesn't have any essential container."),
        (container(portMappings=[{"containerPort": 80, "hostPort": 8080}]), "host ports and container ports"),
        (container(portMappings=[{"containerPort": 99999}]), "between 1 and 65535"),
        (container(logConfiguration={"logDriver": "syslog"}), "syslog is not a valid log driver."),
        (
            container(logConfiguration={"logDriver": "awslogs"}),
            "awslogs requires options: awslogs-region, awslogs-group",
        ),
        (container(mountPoints=[{"sourceVolume": "data", "containerPath": "/d"}]), "Unknown volume 'data'"),
        (container(healthCheck={"command": ["CMD", "true"], "interval": 1}), "healthCheck.interval"),
        (container(healthCheck={"command": []}), "must not be empty"),
        (container(memory=100, memoryReservation=200), "must be greater than"),
        (container(memory=1024), "The 'memory' setting for container 'web' is greater than for the task."),
        (container(privileged=True), "privileged"),
        (container(dependsOn=[{"containerName": "db", "condition": "START"}]), "does not exist"),
    ],
)
def test_a_definition_that_aws_refuses(change: dict[str, Any], message: str) -> None:
    params = {key: value for key, value in {**GOOD, **change}.items() if value is not None}
    Ecs().refuses("RegisterTaskDefinition", "ClientException", message, **params)


@pytest.mark.parametrize(
    ("containers", "message"),
    [
        (
            [{**WEB, "dependsOn": [{"containerName": "b", "condition": "SUCCESS"}]}, {**WEB, "name": "b"}],
            "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container",
        ),
        (
            [{**WEB, "dependsOn": [{"containerName": "b", "condition": "HEALTHY"}]}, {**WEB, "name": "b"}],
            "A dependency container with HEALTHY condition must have health check configured",
        ),
        (
            [
                {**WEB, "dependsOn": [{"containerName": "b", "condition": "START"}]},
                {**WEB, "name": "b", "dependsOn": [{"containerName": "web", "condition": "START"}]},
            ],
            "Circular dependency",
        ),
    ],
)
def test_dependencies_that_cannot_work(containers: list[dict[str, Any]], message: str) -> None:
    Ecs().refuses(
        "RegisterTaskDefinition", "ClientException", message, **{**GOOD, "containerDefinitions": containers}
    )


def test_what_is_filled_in() -> None:
    shown = Ecs().register(
        container={
            "portMappings": [{"containerPort": 80}],
            "logConfiguration": LOGS,
            "healthCheck": {"command": ["CMD", "true"]},
            "stopTimeout": 30,
        }
    )
    assert (shown["revision"], shown["status"], shown["compatibilities"]) == (1, "ACTIVE", ["EC2", "FARGATE"])
    assert shown["taskDefinitionArn"] == "arn:aws:ecs:us-east-1:123456789012:task-definition/web:1"
    inner = shown["containerDefinitions"][0]
    assert inner["portMappings"] == [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}]
    assert (inner["cpu"], inner["essential"]) == (0, True)
    assert (
        inner["environment"] == inner["mountPoints"] == inner["volumesFrom"] == inner["systemControls"] == []
    )
    assert inner["healthCheck"] == {"command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3}
    names = [attribute["name"] for attribute in shown["requiresAttributes"]]
    assert "com.amazonaws.ecs.capability.logging-driver.awslogs" in names


@pytest.mark.parametrize(
    ("cpu", "memory", "expected"),
    [
        ("1 vCPU", "3 GB", ("1024", "3072")),
        (".25 vcpu", "0.5GB", ("256", "512")),
        ("512", "1GB", ("512", "1024")),
    ],
)
def test_sizes_may_be_written_in_vcpu_and_gb(cpu: str, memory: str, expected: tuple[str, str]) -> None:
    shown = Ecs().register(cpu=cpu, memory=memory)
    assert (shown["cpu"], shown["memory"]) == expected


def test_a_stop_timeout_of_120_is_allowed() -> None:
    assert Ecs().register(container={"stopTimeout": 120})["containerDefinitions"][0]["stopTimeout"] == 120


def test_revisions_count_up_and_are_never_used_twice() -> None:
    ecs = Ecs()
    assert [ecs.register()["revision"] for _ in range(3)] == [1, 2, 3]
    ecs.call("DeregisterTaskDefinition", taskDefinition="web:3")
    ecs.call("DeleteTaskDefinitions", taskDefinitions=["web:3"])
    assert ecs.register()["revision"] == 4


def test_a_family_alone_means_its_latest_active_revision() -> None:
    ecs = Ecs()
    ecs.register()
    ecs.register()
    ecs.call("DeregisterTaskDefinition", taskDefinition="web:2")
    assert ecs.call("DescribeTaskDefinition", taskDefinition="web")["taskDefinition"]["revision"] == 1
    gone = ecs.call("DescribeTaskDefinition", taskDefinition="web:2")["taskDefinition"]
    assert (gone["status"], "deregisteredAt" in gone) == ("INACTIVE", True)
    ecs.refuses(
        "DescribeTaskDefinition",
        "ClientException",
        "Unable to describe task definition.",
        taskDefinition="nope",
    )
    ecs.refuses("DescribeTaskDefinition", "ClientException", "Unable to describe", taskDefinition="web:9")


def test_an_active_revision_cannot_be_deleted() -> None:
    ecs = Ecs()
    ecs.register()
    answer = ecs.call("DeleteTaskDefinitions", taskDefinitions=["web:1"])
    assert "still in ACTIVE status" in answer["failures"][0]["reason"]
    ecs.call("DeregisterTaskDefinition", taskDefinition="web:1")
    shown = ecs.call("DeleteTaskDefinitions", taskDefinitions=["web:1"])["taskDefinitions"][0]
    assert shown["status"] == "DELETE_IN_PROGRESS"
    ecs.refuses("DeregisterTaskDefinition", "ClientException", "revision", taskDefinition="web")


def test_lists_page_and_filter() -> None:
    ecs = Ecs()
    for _ in range(3):
        ecs.register()
    ecs.register(family="worker")
    first = ecs.call("ListTaskDefinitions", maxResults=3)
    second = ecs.call("ListTaskDefinitions", maxResults=3, nextToken=first["nextToken"])
    assert len(first["taskDefinitionArns"]) == 3
    assert [arn.rpartition("/")[2] for arn in second["taskDefinitionArns"]] == ["worker:1"]
    newest = ecs.call("ListTaskDefinitions", familyPrefix="web", sort="DESC")["taskDefinitionArns"]
    assert [arn.rpartition(":")[2] for arn in newest] == ["3", "2", "1"]
    assert ecs.call("ListTaskDefinitionFamilies", familyPrefix="w")["families"] == ["web", "worker"]
    assert ecs.call("ListTaskDefinitionFamilies", status="INACTIVE")["families"] == []
    ecs.refuses("ListTaskDefinitions", "InvalidParameterException", "Invalid token", nextToken="bm9wZTox")


def test_tags_come_back_when_asked_for() -> None:
    ecs = Ecs()
    tags = [{"key": "team", "value": "a"}]
    ecs.register(tags=tags)
    assert "tags" not in ecs.call("DescribeTaskDefinition", taskDefinition="web")
    assert ecs.call("DescribeTaskDefinition", taskDefinition="web", include=["TAGS"])["tags"] == tags


@pytest.mark.parametrize(
    ("change", "compatibilities"),
    [
        ({}, ["EC2", "FARGATE"]),
        ({"executionRoleArn": None, **container(logConfiguration=LOGS)}, ["EC2"]),
        (
            {
                "executionRoleArn": None,
                **container(image="123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1"),
            },
            ["EC2"],
        ),
        ({"networkMode": "bridge"}, ["EC2"]),
        ({"cpu": "300"}, ["EC2"]),
    ],
)
def test_what_does_not_ask_for_fargate_fits_it_by_the_same_rules(
    change: dict[str, Any], compatibilities: list[str]
) -> None:
    ecs = Ecs()
    params = {**GOOD, **change, "requiresCompatibilities": None}
    shown = ecs.call("RegisterTaskDefinition", **{name: value for name, value in params.items() if value})
    assert shown["taskDefinition"]["compatibilities"] == compatibilities


@pytest.mark.parametrize("asked", [True, False, None])
def test_fault_injection_is_kept_and_shown_as_it_was_asked_for(asked: bool | None) -> None:
    ecs = Ecs()
    extra = {} if asked is None else {"enableFaultInjection": asked}
    shown = ecs.call("RegisterTaskDefinition", **GOOD, **extra)["taskDefinition"]
    assert shown.get("enableFaultInjection") is asked
    described = ecs.call("DescribeTaskDefinition", taskDefinition="web")["taskDefinition"]
    assert described.get("enableFaultInjection") is asked
    assert ecs.world.task_definitions["web"][-1].fault_injection is bool(asked)


def test_fault_injection_is_for_linux() -> None:
    windows = {"runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}}
    change = {**GOOD, **windows, "requiresCompatibilities": ["EC2"], "enableFaultInjection": True}
    Ecs().refuses("RegisterTaskDefinition", "ClientException", "not supported for Windows tasks", **change)
