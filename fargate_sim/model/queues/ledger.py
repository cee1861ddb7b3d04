"""What a queue's messages have led to: which orders were charged, how often, and why more than once.

These are facts of the model, which no program in it knows.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, deque
from dataclasses import dataclass
from typing import NamedTuple

from fargate_sim.model.queues.message import Minute
from fargate_sim.model.traffic.ledger import EDGES

REMEMBERED = 100_000
"""Orders whose message has gone that are remembered; an order that comes again later counts as a new one."""
LATEST_DUPLICATES = 100


class Charge(NamedTuple):
    """The effect of an order: how often it was made, and by whom last."""

    times: int
    task: str
    ended: str
    """How the process that made it last has ended since, as a kind of ``CAUSES``; empty while it works."""


class Cause(NamedTuple):
    """Why an order was charged again, in words, and what to turn."""

    sentence: str
    knob: str


IDEMPOTENT = "the program: look up whether an order was charged before charging it"
CAUSES = {
    "visibility": Cause(
        "The visibility time-out ended while the first task was still at work, so the queue gave the message to somebody else.",
        f"VisibilityTimeout of the queue, the program's heartbeat; {IDEMPOTENT}",
    ),
    "deaf": Cause(
        "The program never heard the stop signal and was killed after stopTimeout, with the order charged and the message not deleted.",
        f"entryPoint/command (PID 1), the program's handler for the stop signal; {IDEMPOTENT}",
    ),
    "slow": Cause(
        "The program was finishing its work when stopTimeout was over: it was killed with the order charged and the message not deleted.",
        f"stopTimeout; {IDEMPOTENT}",
    ),
    "exit": Cause(
        "The program ended at the stop signal without finishing, with the order charged and the message not deleted.",
        f"the program's handler for the stop signal; {IDEMPOTENT}",
    ),
    "crashed": Cause(
        "The program ended without having been told to stop, with the order charged and the message not deleted.",
        f"why the container ended; {IDEMPOTENT}",
    ),
    "sent_again": Cause("The order came in two messages.", f"whoever sends them; {IDEMPOTENT}"),
}


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An order that was charged again."""

    order: str
    at_ms: int
    times: int
    task: str
    first_task: str
    kind: str


class Ledger:
    """The books of one queue."""

    def __init__(self) -> None:
        self.processed = self.charged = self.duplicates = self.skipped = self.lost = 0
        self.causes: Counter[str] = Counter()
        self.latest: deque[Duplicate] = deque(maxlen=LATEST_DUPLICATES)
        self.latencies: Counter[int] = Counter()
        self._charges: dict[str, Charge] = {}
        self._messages: dict[str, str] = {}
        """Order to the message that it was charged for last."""
        self._gone: deque[str] = deque()
        self._table: set[str] = set()

    def is_charged(self, order: str) -> bool:
        """Whether the order has ever been charged, in truth."""
        return order in self._charges

    def knows(self, order: str) -> bool:
        """Whether the table of the idempotent programs has the order."""
        return order in self._table

    def charge(
        self, order: str, message_id: str, task: str, minute: Minute, at_ms: int, *, noted: bool
    ) -> Duplicate | None:
        """The order is charged; ``noted`` writes it into the table. The duplicate, if it is one."""
        before = self._charges.get(order)
        if noted:
            self._table.add(order)
        self.charged += 1
        minute.charged += 1
        times = before.times + 1 if before else 1
        self._charges[order] = Charge(times, task, "")
        duplicate = None
        if before is not None:
            kind = before.ended or "visibility"
            if self._messages.get(order) != message_id:
                kind = "sent_again"
            duplicate = Duplicate(order, at_ms, times, task, before.task, kind)
            self.duplicates += 1
            self.causes[kind] += 1
            self.latest.append(duplicate)
            minute.duplicates += 1
        self._messages[order] = message_id
        return duplicate

    def ended(self, order: str, task: str, kind: str) -> None:
        """The process that has the order in hand has ended."""
        charge = self._charges.get(order)
        if charge is not None and charge.task == task and not charge.ended:
            self._charges[order] = charge._replace(ended=kind)

    def done(self, sent_ms: int, minute: Minute, at_ms: int) -> None:
        """A message has been worked on to the end."""
        self.processed += 1
        minute.processed += 1
        bucket = bisect_left(EDGES, (at_ms - sent_ms) * 1000)
        self.latencies[bucket] += 1
        minute.latencies[bucket] = minute.latencies.get(bucket, 0) + 1

    def gone(self, order: str) -> None:
        """The order's message has left the queue; the order is remembered for a while."""
        self._gone.append(order)
        if len(self._gone) > REMEMBERED:
            old = self._gone.popleft()
            for books in (self._charges, self._messages):
                books.pop(old, None)
            self._table.discard(old)


def percentiles_ms(latencies: dict[int, int], *percents: int) -> list[float | None]:
    """The times that these shares (ascending) of the messages did not exceed; None without any."""
    total = sum(latencies.values())
    found: list[float | None] = []
    seen = 0
    for index in sorted(latencies):
        seen += latencies[index]
        while len(found) < len(percents) and seen >= -(-total * percents[len(found)] // 100):
            found.append(EDGES[min(index, len(EDGES) - 1)] / 1000)
    return found + [None] * (len(percents) - len(found))
