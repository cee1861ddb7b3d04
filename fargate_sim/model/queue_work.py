"""What a program does with the messages of a queue: part of an image's description.

The business id of a message is the ``order`` of its JSON body, else the message's own id. [A] All numbers in the catalogue are assumed.
"""

from __future__ import annotations

from dataclasses import dataclass

LARGEST_BATCH = 10
"""Messages that one receive can bring. Source: API model of SQS, ReceiveMessage."""


@dataclass(frozen=True)
class QueueWork:
    """How a queue worker works. Times are milliseconds of virtual time.

    It asks for messages, by long polling, while one of its ``workers`` is free and nothing waits inside; ``batch`` is the most that it
    takes at a time. A message takes ``work_ms``, a quarter more or less; a share of the orders (``slow_share``, the same ones each time)
    takes ``slow_ms``. Its effect (a charge) is made when ``effect_at`` of the work is done, and the message is deleted at the end of the
    work; ``deletes`` ``first``: before the work.
    """

    variable: str = "QUEUE_URL"
    """The environment variable that names the queue, by URL or name."""
    batch: int = 1
    workers: int = 1
    work_ms: int = 1_000
    slow_share: float = 0.0
    slow_ms: int = 0
    cpu_ms: float = 4.0
    """CPU that a message needs, on one whole vCPU."""
    effect_at: float = 0.5
    idempotent: bool = False
    """Whether it looks up, in a table that all its tasks share, if an order has had its effect: before it begins, and when it makes it."""
    deletes: str = "last"
    heartbeat_s: int | None = None
    """How often it renews the visibility time-out of what it has in hand; None: never."""
    done_line: str = "worker: order {order} done"
    skipped_line: str = "worker: order {order} was done before, nothing to do"

    def __post_init__(self) -> None:
        if not 1 <= self.batch <= LARGEST_BATCH:
            raise ValueError(f"batch is from 1 to {LARGEST_BATCH}, not {self.batch}")
        if self.workers < 1 or self.work_ms < 1:
            raise ValueError("workers and work_ms are at least 1")
        if not (0 <= self.slow_share <= 1 and 0 < self.effect_at <= 1):
            raise ValueError("slow_share is from 0 to 1, effect_at above 0 and up to 1")
        if self.deletes not in ("first", "last"):
            raise ValueError(f"deletes is first or last, not {self.deletes!r}")
        if self.heartbeat_s is not None and self.heartbeat_s < 1:
            raise ValueError("heartbeat_s is at least 1")
