"""The log driver: awslogs creates its stream before the container starts, and the group if it is told to.

Sources: ECS developer guide, using_awslogs; API reference of CloudWatch Logs, CreateLogStream. That this comes before the layers is [R].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fargate_sim.kernel.seeds import uuid
from fargate_sim.model.calls import ApiCall, Caller
from fargate_sim.model.calls.caller import EXECUTION
from fargate_sim.model.egress import aws
from fargate_sim.model.logs import stream_name
from fargate_sim.model.startup import texts
from fargate_sim.model.startup.link import LOGS, Refusal

if TYPE_CHECKING:
    from random import Random

    from fargate_sim.model.task import Container, Task
    from fargate_sim.model.world import World

_NO_GROUP = "The specified log group does not exist."


class LogsLink:
    """Creates streams with the execution role."""

    def __init__(self, world: World, caller: Caller, draws: Random) -> None:
        self._world = world
        self._caller = caller
        self._draws = draws

    def create_stream(self, task: Task, container: Container) -> Refusal | None:
        """The container's stream, or why there is none."""
        logs = container.spec.logs
        if logs is None:
            return None
        world = self._world
        group = f"arn:aws:logs:{world.region}:{world.account}:log-group:{logs.group}"
        if not world.surroundings.log_group_exists(logs.group) and logs.create_group:
            refusal = self._call(task, container, "CreateLogGroup", f"{group}:*")
            if refusal is not None:
                return refusal
            world.surroundings.create_log_group(logs.group)
        stream = f"{group}:log-stream:{stream_name(logs, container, task)}"
        refusal = self._call(task, container, "CreateLogStream", stream)
        if refusal is not None or world.surroundings.log_group_exists(logs.group):
            return refusal
        error = texts.refused(
            "CloudWatch Logs: CreateLogStream",
            uuid(self._draws),
            "ResourceNotFoundException",
            _NO_GROUP,
            modelled=True,
        )
        missing = f"there is no log group {logs.group}"
        text = texts.log_stream_refused(error)
        return Refusal(LOGS, text, missing, world.timing.resource_refused, container)

    def _call(self, task: Task, container: Container, operation: str, resource: str) -> Refusal | None:
        timing = self._world.timing
        outcome = self._caller.place(
            task,
            ApiCall(f"logs:{operation}", resource, "logs"),
            by=EXECUTION,
            role_arn=task.execution_role or "",
            container=container.spec.name,
        )
        if outcome.allowed:
            return None
        if not outcome.reached:
            route = outcome.route
            return Refusal(
                LOGS,
                texts.logs_unreachable(),
                route.missing if route else "",
                timing.resource_unreachable,
                container,
                host=aws("logs", self._world.region).host,
                service="logs",
                outcome=outcome,
                rule=route.rule if route else "",
            )
        error = texts.refused(
            f"CloudWatch Logs: {operation}",
            uuid(self._draws),
            outcome.code or "",
            outcome.message,
        )
        said = texts.log_group_refused if operation == "CreateLogGroup" else texts.log_stream_refused
        return Refusal(LOGS, said(error), outcome.why, timing.resource_refused, container, outcome=outcome)
