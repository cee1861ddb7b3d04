"""Operations on tasks."""

from __future__ import annotations

import json
from typing import Any

from fargate_sim.api.ecs.common import (
    Answer,
    Params,
    client_error,
    find_cluster,
    find_service,
    find_task,
    find_usable_task_definition,
    invalid,
    missing,
    not_modelled,
    page,
    read_tags,
    role_arn,
    show_tags,
)
from fargate_sim.api.ecs.placement import read_placement, show_platform
from fargate_sim.api.ecs.task_definition_rules import environment_of
from fargate_sim.model import stop_reasons
from fargate_sim.model import task as states
from fargate_sim.model.task import Container, Task
from fargate_sim.model.task_definition import TaskDefinition
from fargate_sim.model.world import StandaloneTask, World
from fargate_sim.wire.errors import AwsError

MAX_COUNT = 10
MAX_DESCRIBED = 100
MAX_OVERRIDES = 8192
_ATTACHMENT_STATUS = {
    states.PROVISIONING: "ATTACHING",
    states.DEPROVISIONING: "DETACHING",
    states.STOPPED: "DELETED",
}


def run_task(world: World, params: Params) -> Answer:
    """Start up to ten standalone tasks. They are accepted now; what goes wrong later shows in the task."""
    cluster = find_cluster(world, params.get("cluster"))
    count = params.get("count")
    count = 1 if count is None else count
    if not 1 <= count <= MAX_COUNT:
        raise invalid(f"Task count must be between 1 and {MAX_COUNT}.")  # [A] wording assumed; range [C]
    for field in ("placementConstraints", "placementStrategy", "volumeConfigurations"):
        if params.get(field):
            raise not_modelled(f"RunTask.{field}")
    started_by = params.get("startedBy")
    if started_by is not None and len(started_by) > 128:
        raise invalid("startedBy can have at most 128 characters.")  # [A] wording assumed; limit [C]
    token = params.get("clientToken")
    if token is not None and len(token) > 64:
        raise invalid("clientToken can have at most 64 characters.")  # [A] wording assumed; limit [C]
    definition = find_usable_task_definition(world, params["taskDefinition"])
    placement = read_placement(world, cluster, definition, params, launch_type=params.get("launchType"))
    asked = StandaloneTask(
        group=params.get("group") or f"family:{definition.family}",
        started_by=started_by,
        tags=_tags(params, definition),
        exec_enabled=bool(params.get("enableExecuteCommand")),
        execution_role=role_arn(world, (params.get("overrides") or {}).get("executionRoleArn")),
        task_role=role_arn(world, (params.get("overrides") or {}).get("taskRoleArn")),
        **_overrides(params.get("overrides"), definition),
    )
    refused = world.lifecycle.role_refused(definition, asked.execution_role, asked.task_role)
    if refused is not None:
        raise client_error(refused)
    if asked.group.startswith("service:"):
        raise invalid("The group must not start with 'service:'.")  # [A] wording assumed
    fingerprint = json.dumps(params, sort_keys=True, default=str)
    if token is not None and token in world.tokens:
        before, tasks = world.tokens[token]
        if before != fingerprint:
            raise AwsError(
                "ConflictException",
                "The clientToken was used with a different request.",  # [A] wording assumed
                fields={"resourceIds": [task.arn for task in tasks]},
            )
        return {"tasks": [show_task(world, task) for task in tasks], "failures": []}
    tasks = world.run_tasks(cluster.name, definition, count, placement, asked)
    if token is not None:
        world.tokens[token] = (fingerprint, tasks)
    # A failure for want of capacity names no resource. [R]
    failures = [{"reason": stop_reasons.NO_CAPACITY}] * (count - len(tasks))
    return {"tasks": [show_task(world, task) for task in tasks], "failures": failures}


def _tags(params: Params, definition: TaskDefinition) -> dict[str, str]:
    tags = read_tags(params.get("tags"))
    return (dict(definition.tags) if params.get("propagateTags") == "TASK_DEFINITION" else {}) | tags


def _overrides(overrides: Params | None, definition: TaskDefinition) -> dict[str, Any]:
    given = overrides or {}
    if len(json.dumps(given)) > MAX_OVERRIDES:
        raise invalid(
            f"overrides can have at most {MAX_OVERRIDES} characters."
        )  # [A] wording assumed; limit [C]
    names = {container.name for container in definition.containers}
    commands: dict[str, tuple[str, ...]] = {}
    environments: dict[str, dict[str, str]] = {}
    for override in given.get("containerOverrides") or ():
        name = override.get("name")
        if name not in names:
            raise invalid(f"Override for container named {name} is not a container in the TaskDefinition.")
        if override.get("command"):
            commands[name] = tuple(override["command"])
        environments[name] = environment_of(override)
    for field in ("cpu", "memory", "ephemeralStorage"):
        if given.get(field):
            raise not_modelled(f"RunTask.overrides.{field}")
    return {"commands": commands, "environments": environments, "overrides": dict(given)}


def stop_task(world: World, params: Params) -> Answer:
    """Stop a task by hand."""
    cluster = find_cluster(world, params.get("cluster"))
    task = find_task(world, cluster, params["task"])
    if task is None:
        raise invalid("The referenced task was not found.")
    world.stop_task(task, params.get("reason") or stop_reasons.STOPPED_BY_USER)
    return {"task": show_task(world, task)}


def describe_tasks(world: World, params: Params) -> Answer:
    """Up to a hundred tasks; stopped ones for at least an hour."""
    cluster = find_cluster(world, params.get("cluster"))
    references = params["tasks"]
    if not references:
        raise invalid("Tasks cannot be empty.")
    if len(references) > MAX_DESCRIBED:
        raise invalid(f"Tasks cannot have more than {MAX_DESCRIBED} items.")  # [A] wording assumed; limit [C]
    shown, failures = [], []
    for reference in references:
        task = find_task(world, cluster, reference)
        if task is None:
            arn = reference if reference.startswith("arn:") else world.arn(f"task/{cluster.name}/{reference}")
            failures.append(missing(arn))
            continue
        answer = show_task(world, task)
        if "TAGS" in (params.get("include") or ()):
            answer["tags"] = show_tags(task.tags)
        shown.append(answer)
    return {"tasks": shown, "failures": failures}


def list_tasks(world: World, params: Params) -> Answer:
    """ARNs by desired status (RUNNING unless asked otherwise), service, family, startedBy, launch type."""
    cluster = find_cluster(world, params.get("cluster"))
    # A desired status is never PENDING, so asking for it finds nothing. Source: API model, ListTasksRequest.
    desired = params.get("desiredStatus") or "RUNNING"
    group = None
    if params.get("serviceName"):
        group = f"service:{find_service(world, cluster, params['serviceName']).name}"
    arns = [
        task.arn
        for task in world.tasks_of(cluster.name)
        if task.desired_status == desired
        and group in (None, task.group)
        and params.get("family") in (None, task.task_definition.family)
        and params.get("startedBy") in (None, task.started_by)
        and params.get("launchType") in (None, _launch_type(task))
        and not params.get("containerInstance")
    ]
    found, token = page(arns, params, key="tasks")
    return {"taskArns": found, **token}


def show_task(world: World, task: Task) -> dict[str, Any]:
    """A member of ``tasks[]``."""
    definition = task.task_definition
    connected = task.last_status in (states.RUNNING, states.ACTIVATING, states.STOPPING)
    shown: dict[str, Any] = {
        "attachments": _attachments(task),
        "attributes": [{"name": "ecs.cpu-architecture", "value": definition.architecture}],
        "availabilityZone": task.availability_zone,
        "clusterArn": world.arn(f"cluster/{task.cluster}"),
        "containers": [_container(world, task, container) for container in task.containers],
        "cpu": str(definition.cpu_units),
        "createdAt": task.created_ms,
        "desiredStatus": task.desired_status,
        "enableExecuteCommand": task.exec_enabled,
        "group": task.group,
        "healthStatus": task.health,
        "lastStatus": task.last_status,
        "memory": str(definition.memory_mib),
        "overrides": {
            "containerOverrides": [{"name": container.spec.name} for container in task.containers],
            "inferenceAcceleratorOverrides": [],
            **task.overrides,
        },
        **show_platform(),
        "tags": [],
        "taskArn": task.arn,
        "taskDefinitionArn": definition.arn,
        "version": task.version,
        "ephemeralStorage": {"sizeInGiB": definition.ephemeral_storage_gib},
        "fargateEphemeralStorage": {"sizeInGiB": definition.ephemeral_storage_gib},
    }
    optional = {
        "capacityProviderName": task.capacity_provider,
        "launchType": _launch_type(task),
        "connectivity": "CONNECTED" if connected else None,
        "connectivityAt": task.pull_started_ms if connected else None,
        "pullStartedAt": task.pull_started_ms,
        "pullStoppedAt": task.pull_stopped_ms,
        "startedAt": task.started_ms,
        "startedBy": task.started_by,
        "stopCode": task.stop_code,
        "stoppedReason": task.stopped_reason,
        "stoppingAt": task.stopping_ms,
        "executionStoppedAt": task.execution_stopped_ms,
        "stoppedAt": task.stopped_ms,
    }
    return shown | {key: value for key, value in optional.items() if value is not None}


def _launch_type(task: Task) -> str | None:
    """A task of a capacity provider of Fargate has the launch type FARGATE, too. [A]"""
    return task.launch_type or (states.FARGATE if task.capacity_provider else None)


def _attachments(task: Task) -> list[dict[str, Any]]:
    interface = task.address
    details = [{"name": "subnetId", "value": task.subnet_id}]
    if interface is None:
        return [
            {
                "id": task.attachment_id or task.task_id,
                "type": "ElasticNetworkInterface",
                "status": "DELETED" if task.last_status == states.STOPPED else "PRECREATED",
                "details": details,
            }
        ]
    details += [
        {"name": "networkInterfaceId", "value": interface.eni_id},
        {"name": "macAddress", "value": interface.mac_address},
        {"name": "privateDnsName", "value": interface.private_dns_name},
        {"name": "privateIPv4Address", "value": interface.private_ip},
    ]
    return [
        {
            "id": interface.attachment_id,
            "type": "ElasticNetworkInterface",
            "status": _ATTACHMENT_STATUS.get(task.last_status, "ATTACHED"),
            "details": details,
        }
    ]


def _container(world: World, task: Task, container: Container) -> dict[str, Any]:
    document = _container_document(task.task_definition, container.spec.name)
    shown: dict[str, Any] = {
        "containerArn": world.arn(f"container/{task.cluster}/{task.task_id}/{container.container_id}"),
        "taskArn": task.arn,
        "name": container.spec.name,
        "image": container.spec.image,
        "lastStatus": container.status,
        "networkBindings": [],
        "networkInterfaces": [],
        "healthStatus": container.health,
        "cpu": str(document.get("cpu", 0)),
    }
    if task.address is not None and task.last_status != states.PROVISIONING:
        shown["networkInterfaces"] = [
            {"attachmentId": task.address.attachment_id, "privateIpv4Address": task.address.private_ip}
        ]
    optional = {
        "imageDigest": container.image_digest,
        "runtimeId": container.runtime_id,
        "exitCode": container.exit_code,
        "reason": container.reason,
        "memory": str(document["memory"]) if "memory" in document else None,
        "memoryReservation": str(document["memoryReservation"]) if "memoryReservation" in document else None,
    }
    return shown | {key: value for key, value in optional.items() if value is not None}


def _container_document(definition: TaskDefinition, name: str) -> dict[str, Any]:
    for document in definition.document["containerDefinitions"]:
        if document["name"] == name:
            return dict(document)
    return {}
