"""What containers write to their log streams, kept until the log service is asked for it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fargate_sim.model.task import Container, Task
    from fargate_sim.model.task_definition import AwsLogs

BACKLOG_LINES = 50_000
"""Lines kept for delivery; the oldest go first. A world that nobody reads logs in must not grow without bound."""


class LogLine(NamedTuple):
    """One line of a container's output."""

    group: str
    stream: str
    at_ms: int
    message: str


class LogBook:
    """Lines that have not been delivered to CloudWatch Logs yet, oldest first."""

    def __init__(self) -> None:
        self.undelivered: deque[LogLine] = deque(maxlen=BACKLOG_LINES)

    def write(self, group: str, stream: str, at_ms: int, message: str) -> None:
        """Keep a line."""
        self.undelivered.append(LogLine(group, stream, at_ms, message))


def stream_name(logs: AwsLogs, container: Container, task: Task) -> str:
    """``prefix/container/task``; without a prefix the container's runtime id. Source: ECS developer guide, using_awslogs."""
    if logs.prefix:
        return f"{logs.prefix}/{container.spec.name}/{task.task_id}"
    return container.runtime_id or task.task_id
