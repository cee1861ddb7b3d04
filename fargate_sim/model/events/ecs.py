"""The events of ECS: tasks that change state, deployments, and what the service scheduler does.

Source: ECS developer guide, ecs_task_events, ecs_service_deployment_events, ecs_service_events. A task's event has the task as
DescribeTasks shows it, but for times, which are texts, and the type of its network attachment, which is ``eni``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fargate_sim.model.events.stream import iso

if TYPE_CHECKING:
    from fargate_sim.model.service import Deployment, Service
    from fargate_sim.model.task import Task
    from fargate_sim.model.world import World

SOURCE = "aws.ecs"
TASK = "ECS Task State Change"
DEPLOYMENT = "ECS Deployment State Change"
SERVICE = "ECS Service Action"

NO_CAPACITY = "RESOURCE:FARGATE"
"""Why a task could not be placed. Source: ECS developer guide, ecs_service_events."""

_TIMES = (
    "connectivityAt",
    "createdAt",
    "executionStoppedAt",
    "pullStartedAt",
    "pullStoppedAt",
    "startedAt",
    "stoppedAt",
    "stoppingAt",
)

ShowTask = Callable[["World", "Task"], dict[str, Any]]


class EcsEvents:
    """Tells the account's event bus what happens in ECS. ``show_task`` gives a task in the API's own words."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.show_task: ShowTask | None = None

    # -- tasks -------------------------------------------------------------------------------------

    def task_changed(self, task: Task) -> None:
        """The last status or the desired status of a task, or a container's status, is another now."""
        events = self._world.events
        if events.silent or self.show_task is None or not events.wants(SOURCE, TASK):
            return
        known = {"lastStatus": task.last_status, "desiredStatus": task.desired_status, "group": task.group}
        if not events.wants_with(SOURCE, TASK, known):
            return
        events.emit(SOURCE, TASK, [task.arn], self._task_detail(task, self.show_task), cause=task.cause)

    def _task_detail(self, task: Task, show_task: ShowTask) -> dict[str, Any]:
        detail = show_task(self._world, task)
        for name in _TIMES:
            if name in detail:
                detail[name] = iso(detail[name])
        detail["attachments"] = [{**each, "type": "eni"} for each in detail["attachments"]]
        # [A] a task that has no tags shows none in samples, so it is not sent.
        detail.pop("tags", None)
        detail["updatedAt"] = iso(self._world.engine.now_ms)
        return detail

    # -- deployments -------------------------------------------------------------------------------

    def deployment_changed(self, service: Service, deployment: Deployment, name: str, reason: str) -> None:
        """``name``: IN_PROGRESS, COMPLETED or FAILED."""
        self._world.events.emit(
            SOURCE,
            DEPLOYMENT,
            [service.arn],
            lambda: {
                "eventType": "ERROR" if name == "FAILED" else "INFO",
                "eventName": f"SERVICE_DEPLOYMENT_{name}",
                "deploymentId": deployment.deployment_id,
                "updatedAt": iso(self._world.engine.now_ms),
                "reason": reason,
            },
        )

    # -- service actions ---------------------------------------------------------------------------

    def steady(self, service: Service) -> None:
        """The service has reached a steady state, or says again that it is in it."""
        self._action(service, "INFO", "SERVICE_STEADY_STATE")

    def start_impaired(self, service: Service) -> None:
        """The service is unable to start tasks consistently."""
        self._action(service, "WARN", "SERVICE_TASK_START_IMPAIRED")

    def no_capacity(self, service: Service, provider: str) -> None:
        """A task could not be placed for want of a kind of Fargate capacity."""
        self._action(
            service,
            "ERROR",
            "SERVICE_TASK_PLACEMENT_FAILURE",
            capacityProviderArns=[self._world.arn(f"capacity-provider/{provider}")],
            reason=NO_CAPACITY,
        )

    def _action(self, service: Service, kind: str, name: str, **more: Any) -> None:
        self._world.events.emit(
            SOURCE,
            SERVICE,
            [service.arn],
            lambda: {
                "eventType": kind,
                "eventName": name,
                "clusterArn": self._world.arn(f"cluster/{service.cluster}"),
                **more,
                "createdAt": iso(self._world.engine.now_ms),
            },
        )
