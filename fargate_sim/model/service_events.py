"""The sentences of ``events[]``, as they stand on the wire.

Sources: ECS developer guide, service-event-messages-list; public service events.
"""

from __future__ import annotations

from collections.abc import Sequence


def _tasks(ids: Sequence[str]) -> str:
    return " ".join(f"(task {task_id})" for task_id in ids)


def started(service: str, ids: Sequence[str], *, replaced: int = 0) -> str:
    """Tasks were launched; ``replaced`` of them in place of unhealthy ones."""
    text = f"(service {service}) has started {len(ids)} tasks: {_tasks(ids)}."
    return f"{text} Amazon ECS replaced {replaced} tasks due to an unhealthy status." if replaced else text


def stopped_running(service: str, ids: Sequence[str]) -> str:
    """Running tasks were told to stop."""
    return f"(service {service}) has stopped {len(ids)} running tasks: {_tasks(ids)}."


def registered(service: str, count: int, target_group: str) -> str:
    """Targets were added (no full stop on the wire)."""
    return f"(service {service}) registered {count} targets in (target-group {target_group})"


def deregistered(service: str, count: int, target_group: str) -> str:
    """Targets were taken out (no full stop on the wire)."""
    return f"(service {service}) deregistered {count} targets in (target-group {target_group})"


def draining(service: str, deployment_id: str, count: int) -> str:
    """Connections of tasks of a deployment are being drained."""
    return f"(service {service}, taskSet {deployment_id}) has begun draining connections on {count} tasks."


def failed_target_check(service: str, task_id: str, port: int, target_group: str, reason: str) -> str:
    """A load balancer's health check failed."""
    return f"(service {service}) (task {task_id}) (port {port}) is unhealthy in (target-group {target_group}) due to (reason {reason})."


def stopped_pending(service: str, count: int) -> str:
    """Tasks on their way were cancelled."""
    return f"(service {service}) stopped {count} pending tasks."


def failed_container_check(service: str, task_id: str) -> str:
    """A container health check failed."""
    return f"(service {service}) (task {task_id}) failed container health checks."


def steady(service: str) -> str:
    """Nothing left to do."""
    return f"(service {service}) has reached a steady state."


def deployment_completed(service: str, deployment_id: str) -> str:
    """A deployment reached its end."""
    return f"(service {service}) (deployment {deployment_id}) deployment completed."


def deployment_failed(service: str, deployment_id: str, why: str) -> str:
    """A deployment has failed; ``why`` in AWS's words."""
    return f"(service {service}) (deployment {deployment_id}) deployment failed: {why}."


def rolling_back(service: str, deployment_id: str) -> str:
    """The breaker, an alarm or a person brings an earlier deployment back."""
    return f"(service {service}) rolling back to deployment {deployment_id}."


def failed_to_launch(service: str, error: str) -> str:
    """No task was launched at all. [R]"""
    return f"(service {service}) failed to launch a task with (error {error})."


def unable_to_place(service: str, reason: str) -> str:
    """A task could not be launched."""
    return f"(service {service}) was unable to place a task. Reason: {reason.rstrip('.')}."


def unable_to_start_consistently(service: str) -> str:
    """Start throttling has set in."""
    return f"(service {service}) is unable to consistently start tasks successfully."


def blocked_by_configuration(service: str) -> str:
    """The two percentages leave no room to start or stop anything."""
    return (
        f"(service {service}) was unable to stop or start tasks during a deployment because of the service deployment configuration. "
        "Update the minimumHealthyPercent or maximumPercent value and try again."
    )
