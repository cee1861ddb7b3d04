"""Faults in a task definition: a changed revision, and the service that runs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chaos.undo import FAULT_TAG, OWNER_TAG, Clients, Undo, UndoStep

_COPIED = (
    "family",
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "containerDefinitions",
    "volumes",
    "placementConstraints",
    "requiresCompatibilities",
    "cpu",
    "memory",
    "pidMode",
    "ipcMode",
    "proxyConfiguration",
    "runtimePlatform",
    "ephemeralStorage",
)


def deploy_changed(
    clients: Clients,
    record: Callable[[Undo], None],
    fault: str,
    service: dict[str, Any],
    told: str | None = None,
    *,
    undo_first: Sequence[UndoStep] = (),
    do_first: Callable[[], None] = lambda: None,
    **change: Any,
) -> Undo:
    """Deploy a copy of the service's revision that differs by ``change``, see ``register_changed``.

    ``told`` names what it changes, for people. ``do_first`` happens before, and ``undo_first`` takes it back. Taken back by deploying
    the former revision and deregistering ours.
    """
    former = service["taskDefinition"]
    family = former.rsplit("/", 1)[-1].rsplit(":", 1)[0]
    name = {"cluster": service["clusterArn"].rsplit("/", 1)[-1], "service": service["serviceName"]}
    tag = f"{fault.replace('_', '-')}-{name['service']}"
    undo = Undo(
        fault,
        told or f"the task definition of service {name['service']}",
        (
            *undo_first,
            UndoStep("update_service", {**name, "taskDefinition": former}),
            UndoStep("deregister_revisions", {"family": family, "tag": tag}),
        ),
    )
    record(undo)
    do_first()
    revision = register_changed(clients, former, tag, **change)
    clients("ecs").update_service(**name, taskDefinition=revision)
    return undo


def main_container(clients: Clients, service: dict[str, Any]) -> dict[str, Any]:
    """The definition of the container behind the load balancer, or of the first one."""
    found = clients("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])
    containers: list[dict[str, Any]] = found["taskDefinition"]["containerDefinitions"]
    behind = {item["containerName"] for item in service.get("loadBalancers", [])}
    return next((item for item in containers if item["name"] in behind), containers[0])


def register_changed(
    clients: Clients,
    task_definition: str,
    tag: str,
    *,
    image: str | None = None,
    command: list[str] | None = None,
    memory: int | None = None,
    stop_timeout: int | None = None,
    version_consistency: str | None = None,
    only: str | None = None,
) -> str:
    """Register a revision like ``task_definition`` whose essential containers (or ``only`` the one of that
    name) differ in image, command, hard limit of memory (MiB), stopTimeout (seconds) or versionConsistency; its ARN.

    With ``command``, the entry point becomes ``sh -c`` so that the command runs whatever the image starts by
    itself.
    """
    ecs = clients("ecs")
    found = ecs.describe_task_definition(taskDefinition=task_definition, include=["TAGS"])
    definition = {key: found["taskDefinition"][key] for key in _COPIED if found["taskDefinition"].get(key)}
    containers = []
    for container in definition["containerDefinitions"]:
        changed = dict(container)
        if changed["name"] == only if only else changed.get("essential", True):
            if image is not None:
                changed["image"] = image
            if stop_timeout is not None:
                changed["stopTimeout"] = stop_timeout
            if version_consistency is not None:
                changed["versionConsistency"] = version_consistency
            if command is not None:
                changed["entryPoint"], changed["command"] = ["sh", "-c"], command
            if memory is not None:
                changed["memory"] = memory
        containers.append(changed)
    definition["containerDefinitions"] = containers
    tags = [item for item in found.get("tags", []) if item["key"] not in {FAULT_TAG, OWNER_TAG}]
    tags += [{"key": OWNER_TAG, "value": "fault"}, {"key": FAULT_TAG, "value": tag}]
    arn: str = ecs.register_task_definition(**definition, tags=tags)["taskDefinition"]["taskDefinitionArn"]
    return arn
