"""The common part of faults inside the tasks of a service, which FIS carries out through the SSM agent of each task.

What a task definition must have for that is looked at before anything changes. Source: FIS user guide, ecs-task-actions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chaos import experiment_settings as checked
from chaos.errors import FaultError
from chaos.fis import Experiment, Record, carry_out
from chaos.targets import our_service
from chaos.undo import Clients, Undo

ROLE_VARIABLE = "MANAGED_INSTANCE_ROLE_NAME"
"""What the container with the SSM agent must be told, and so a sign of it."""


@dataclass(frozen=True, slots=True)
class Victims:
    """So many of a service's tasks; ``tasks`` is a selection mode of FIS."""

    cluster: str
    service: str
    tasks: str

    def target(self) -> dict[str, Any]:
        """As FIS takes it. FaultError when there is no such selection mode."""
        return {
            "resourceType": "aws:ecs:task",
            "selectionMode": checked.selection(self.tasks),
            "parameters": {"cluster": self.cluster, "service": self.service},
        }


def in_tasks(
    clients: Clients,
    record: Record,
    fault: str,
    victims: Victims,
    *,
    action: str,
    parameters: Mapping[str, str],
) -> Undo:
    """Start one action of FIS (``aws:ecs:task-...``) in tasks. FaultError, before anything changes, when they are not ready for it."""
    target = victims.target()
    found = our_service(clients, victims.cluster, victims.service)
    network = action.startswith("task-network-")
    _check(clients, found, shared_pids=action != "task-cpu-stress", network=network)
    more = {"useEcsFaultInjectionEndpoints": "true"} if network else {}
    experiment = Experiment(
        {"tasks": target},
        {
            "fault": {
                "actionId": f"aws:ecs:{action}",
                "parameters": {**parameters, **more},
                "targets": {"Tasks": "tasks"},
            }
        },
    )
    return carry_out(clients, record, fault, found, experiment)


def _check(clients: Clients, service: Mapping[str, Any], *, shared_pids: bool, network: bool) -> None:
    name = service["serviceName"]
    definition: Mapping[str, Any] = clients("ecs").describe_task_definition(
        taskDefinition=service["taskDefinition"]
    )["taskDefinition"]
    if service.get("enableExecuteCommand"):
        raise FaultError(
            f"ECS Exec is on for the service {name!r}, and then FIS does nothing in its tasks.",
            f"Switch it off and deploy: `aws ecs update-service --service {name} --no-enable-execute-command --force-new-deployment`.",
        )
    if not any(
        each["name"] == ROLE_VARIABLE
        for container in definition["containerDefinitions"]
        for each in container.get("environment", [])
    ):
        raise FaultError(
            f"The tasks of {name!r} have no container with the SSM agent, so FIS does nothing in them.",
            f"Add one as the guide of FIS says (ECS task actions), with {ROLE_VARIABLE} in its environment.",
        )
    if shared_pids and definition.get("pidMode") != "task":
        raise FaultError(
            f"The containers of {name!r} do not see each other's processes, so this fault cannot be.",
            "Deploy a task definition with `pidMode` task.",
        )
    if network and not definition.get("enableFaultInjection"):
        raise FaultError(
            f"The task definition of {name!r} does not let anybody touch its network.",
            "Deploy a task definition with `enableFaultInjection` true.",
        )
