"""The metrics of AWS/SQS, out of the books of the queues.

Sources: SQS developer guide, sqs-available-cloudwatch-metrics, for names, the dimension, units, when a metric is reported and what is left
out of the age; sqs-monitoring-using-cloudwatch for one-minute points and for what makes a queue active. [A]: one sample a minute, taken at
its end; zero messages sent, received and deleted are reported while the queue is active.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from fargate_sim.model.metrics.statistics import Point, sampled
from fargate_sim.model.metrics.steps import MINUTE_MS
from fargate_sim.model.queues.message import Minute

if TYPE_CHECKING:
    from fargate_sim.model.world import World

NAMESPACE = "AWS/SQS"
DIMENSION = "QueueName"
AGE = "ApproximateAgeOfOldestMessage"

_VALUES: dict[str, Callable[[Minute], float | None]] = {
    AGE: lambda minute: None if minute.oldest_ms is None else minute.oldest_ms // 1000,
    "ApproximateNumberOfMessagesVisible": lambda minute: minute.visible,
    "ApproximateNumberOfMessagesNotVisible": lambda minute: minute.in_flight or None,
    "NumberOfMessagesSent": lambda minute: minute.sent,
    "NumberOfMessagesReceived": lambda minute: minute.received,
    "NumberOfMessagesDeleted": lambda minute: minute.deleted,
}


class QueueHistory:
    """What the queues' books say, minute by minute."""

    def __init__(self, world: World) -> None:
        self._world = world

    def points(self, name: str, dimensions: Mapping[str, str], first: int, after: int) -> Iterator[Point]:
        """The points of the minutes (since the epoch) from ``first`` to before ``after``, in their order."""
        value_of = _VALUES.get(name)
        if value_of is None or set(dimensions) != {DIMENSION}:
            return
        queue = self._world.queues.find(dimensions[DIMENSION])
        if queue is None:
            return
        queue.look()
        unit = "Seconds" if name == AGE else "Count"
        # Queues may have been used for a day, and the question be about the last minutes.
        for number in range(max(first, next(iter(queue.minutes), after)), after):
            minute = queue.minutes.get(number)
            value = value_of(minute) if minute is not None and minute.active else None
            if value is not None:
                yield sampled(number * MINUTE_MS, unit, {float(value): 1})

    def listing(self) -> Iterator[tuple[str, str, dict[str, str]]]:
        """(namespace, name, dimensions) of everything that may have points."""
        for name in _VALUES:
            for queue in self._world.queues.used():
                yield NAMESPACE, name, {DIMENSION: queue.name}
