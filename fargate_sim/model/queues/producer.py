"""Somebody who sends orders to a queue: a message for each, at the moments of a ``Demand``, whatever becomes of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fargate_sim.kernel.seeds import uuid
from fargate_sim.model.queues.message import Message
from fargate_sim.model.traffic.demand import Arrivals, Demand

if TYPE_CHECKING:
    from fargate_sim.kernel.engine import Happening
    from fargate_sim.model.world import World


LARGEST_BACKLOG = 200_000
"""Orders stop to come when so many messages are in the queue: SQS would take more, this machine's memory would not."""


class Producer:
    """One load on a queue. ``demand.target_group`` is the queue's name. Order ids are ``<number of the load>-<number of the order>``."""

    def __init__(self, world: World, demand: Demand, number: int) -> None:
        self._world = world
        self._engine = world.engine
        self.demand = demand
        self.number = number
        self.sent = 0
        self.refused = 0
        """Orders that found no queue."""
        self.started_ms = world.engine.now_ms
        self.stopped_ms: int | None = None
        self._amounts = world.seeds.stream(f"orders {number}")
        self._ids = world.seeds.stream(f"messages {number}")
        self._arrivals = Arrivals(demand, self.started_ms * 1000, world.seeds.stream(f"producer {number}"))
        self._next: Happening | None = None
        self._arm()

    @property
    def running(self) -> bool:
        """Whether orders are coming."""
        return self.stopped_ms is None

    def _arm(self) -> None:
        self._next = self._engine.at(-(-self._arrivals.next_us // 1000), self._send, quiet=True)

    def _send(self) -> None:
        now_ms = self._engine.now_ms
        queue = self._world.queues.queue(self.demand.target_group)
        facts = queue.facts
        while self._arrivals.next_us <= now_ms * 1000:
            self.sent += 1
            body = {"order": f"{self.number}-{self.sent:06d}", "amount": self._amounts.randint(500, 20_000)}
            if facts is None:
                self.refused += 1
            else:
                message = Message(uuid(self._ids), json.dumps(body), now_ms, now_ms)
                queue.send(message, facts.delay_s)
            self._arrivals.go_on()
        if len(queue.messages) < LARGEST_BACKLOG:
            self._arm()
        else:
            self._world.queues.stop(self.demand.target_group)

    def stop(self) -> None:
        """No more orders."""
        self._engine.cancel(self._next)
        self.stopped_ms = self._engine.now_ms
