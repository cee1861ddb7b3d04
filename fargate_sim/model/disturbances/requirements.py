"""What a task must have for a fault to be possible in it.

Source: FIS user guide, ecs-task-actions (Requirements, Limitations): the SSM agent as a container that runs AWS's script, ``pidMode``
task for everything but CPU stress, ``enableFaultInjection`` for the network actions, ECS Exec off, no two network actions in parallel.
All texts are worded by us [A], but for the ECS agent's about fault injection [R] (aws/amazon-ecs-agent, fault handlers).
"""

from __future__ import annotations

from fargate_sim.model import task as states
from fargate_sim.model.disturbances.kinds import NETWORK
from fargate_sim.model.images import split_reference
from fargate_sim.model.task import Container, Task

SSM_AGENT = "public.ecr.aws/amazon-ssm-agent/amazon-ssm-agent"
ROLE_VARIABLE = "MANAGED_INSTANCE_ROLE_NAME"
"""AWS's script in the agent's container ends without it."""


class DisturbanceRefusedError(Exception):
    """A disturbance cannot be. ``reason`` is a sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def check(task: Task, kind: str, *, network_busy: bool) -> None:
    """Raise ``DisturbanceRefusedError`` unless the fault is possible in the task.

    ``kind`` is one of ``kinds`` or ``kill-process``; ``network_busy``: another network fault is in the task.
    """
    if not task.running:
        raise DisturbanceRefusedError(f"The task {task.arn} is not running.")
    if task.exec_enabled:
        raise DisturbanceRefusedError(
            f"ECS Exec is enabled for the task {task.arn}; it must be disabled for this action."
        )
    if agent_of(task) is None:
        raise DisturbanceRefusedError(
            f"The task {task.arn} is not registered as a managed instance of Systems Manager: no container with the SSM agent runs in it."
        )
    definition = task.task_definition
    if kind != "cpu-stress" and not definition.shared_pids:
        raise DisturbanceRefusedError(
            f"The task definition {definition.label} must have pidMode set to task for this action."
        )
    if kind in NETWORK:
        if not definition.fault_injection:
            raise DisturbanceRefusedError(f"fault injection is not enabled for task: {task.arn}")
        if network_busy:
            raise DisturbanceRefusedError(
                f"Another network fault is running in the task {task.arn}; they cannot run in parallel."
            )


def agent_of(task: Task) -> Container | None:
    """The running container with the SSM agent, if it can register the task."""
    for container in task.containers:
        repository = split_reference(container.spec.image)[0]
        if (
            container.status == states.RUNNING
            and (container.image.repository if container.image else repository) == SSM_AGENT
            and container.environment.get(ROLE_VARIABLE)
        ):
            return container
    return None
