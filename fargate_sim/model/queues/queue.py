"""A standard queue: which messages are visible, delayed or in flight, and who waits for some.

Sources: API model of SQS. A receipt handle counts only until the message is received again: with an old one DeleteMessage succeeds and
deletes nothing. A visibility time-out begins anew with each change. SQS developer guide, sqs-available-cloudwatch-metrics: from the third
receive on a message goes to the back of the queue and is left out of the age of the oldest. [A] Otherwise the order is that of sending; a
message that has been received too often goes to the dead-letter queue when it would be received again; no call takes time, and
messages are handed to the poll that has waited longest. Messages come twice only for a reason: the rare second delivery of a
message after its deletion does not happen.

Everything that is due at a known moment (a delay, a time-out, the retention) is done when somebody looks, or when a poll waits for it.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from fargate_sim.model.queues.message import (
    DELAYED,
    GONE,
    IN_FLIGHT,
    KEPT_MINUTES,
    READY,
    Delivery,
    Message,
    Minute,
)

if TYPE_CHECKING:
    from fargate_sim.kernel.engine import Happening
    from fargate_sim.model.surroundings import QueueFacts
    from fargate_sim.model.world import World

MINUTE_MS = 60_000
ACTIVE_MS = 6 * 3_600_000
"""A queue without messages is active for so long after a call. Source: SQS developer guide, sqs-monitoring-using-cloudwatch."""
BACK_OF_THE_QUEUE = 3


class Poller(Protocol):
    """Somebody who waits for messages."""

    @property
    def batch(self) -> int:
        """The most that it takes at a time."""

    def take(self, deliveries: list[Delivery]) -> None:
        """Here they are."""


class Queue:
    """The messages of one queue. ``left`` is told of a message that leaves undone: purged, expired, or deleted by hand."""

    def __init__(self, world: World, name: str, left: Callable[[Queue, Message, str], None]) -> None:
        self._world = world
        self._engine = world.engine
        self._left = left
        self.name = name
        self.messages: dict[Message, None] = {}
        self.minutes: dict[int, Minute] = {}
        self.sent = self.received = self.deleted = self.dead_lettered = self.expired = self.purged = 0
        self.used_ms: int | None = None
        """When it was used last; None: never."""
        self._sampled_ms = self._engine.now_ms // MINUTE_MS * MINUTE_MS
        self._places = self._tickets = 0
        self._in_flight = self._delayed = 0
        self._ready: list[tuple[int, Message]] = []
        self._due: list[tuple[int, int, Message]] = []
        self._pollers: deque[Poller] = deque()
        self._wake: Happening | None = None

    # -- how it stands ---------------------------------------------------------------------------

    @property
    def facts(self) -> QueueFacts | None:
        """Its settings; None when there is no such queue."""
        return self._world.surroundings.queue(self.name)

    def counts(self) -> tuple[int, int, int]:
        """Messages that are visible, in flight, delayed."""
        self.look()
        return self._counts()

    def _counts(self) -> tuple[int, int, int]:
        return len(self.messages) - self._in_flight - self._delayed, self._in_flight, self._delayed

    def oldest_ms(self) -> int | None:
        """When the oldest message came; None without one. Messages that come back again and again do not count."""
        self.look()
        return self._oldest()

    def _oldest(self) -> int | None:
        for message in self.messages:
            if message.receives < BACK_OF_THE_QUEUE:
                return message.since_ms
        return None

    def minute(self) -> Minute:
        """The books of this minute."""
        number = self._engine.now_ms // MINUTE_MS
        found = self.minutes.get(number)
        if found is None:
            found = self.minutes[number] = Minute()
        return found

    def look(self) -> None:
        """Bring it up to now, minute by minute."""
        now_ms = self._engine.now_ms
        while self._sampled_ms + MINUTE_MS <= now_ms:
            end_ms = self._sampled_ms + MINUTE_MS
            self._mature(end_ms)
            self._expire(end_ms)
            self._sample(end_ms)
            if not self.messages and not self._active(end_ms):
                end_ms = now_ms // MINUTE_MS * MINUTE_MS
            self._sampled_ms = end_ms
        self._mature(now_ms)

    def _active(self, at_ms: int) -> bool:
        return self.used_ms is not None and at_ms - self.used_ms <= ACTIVE_MS

    def _sample(self, end_ms: int) -> None:
        if self._pollers:
            self.used_ms = end_ms
        if not (self.messages or self._active(end_ms)):
            return
        minute = self.minutes.setdefault(end_ms // MINUTE_MS - 1, Minute())
        oldest = self._oldest()
        minute.active = True
        minute.visible, minute.in_flight, _ = self._counts()
        minute.oldest_ms = None if oldest is None else max(0, end_ms - oldest)
        before = end_ms // MINUTE_MS - 1 - KEPT_MINUTES
        while (first := next(iter(self.minutes))) < before:
            del self.minutes[first]

    def _mature(self, now_ms: int) -> None:
        """What was due by a moment becomes visible; what is too old goes."""
        due = self._due
        while due and due[0][0] <= now_ms:
            at_ms, _, message = heapq.heappop(due)
            if message.until_ms == at_ms and message.state in (DELAYED, IN_FLIGHT):
                self._show(message)

    def _expire(self, now_ms: int) -> None:
        """What is older than the queue keeps messages goes; looked at once a minute."""
        first = next(iter(self.messages), None)
        facts = self.facts if first is not None else None
        kept_ms = facts.retention_s * 1000 if facts else 0
        while first is not None and now_ms - first.sent_ms > kept_ms:
            self._remove(first)
            self.expired += 1
            self._left(self, first, "expired")
            first = next(iter(self.messages), None)

    def _show(self, message: Message) -> None:
        if message.state == IN_FLIGHT:
            self._in_flight -= 1
        elif message.state == DELAYED:
            self._delayed -= 1
        if message.receives >= BACK_OF_THE_QUEUE:
            self._places += 1
            message.place = self._places
        message.state = READY
        heapq.heappush(self._ready, (message.place, message))

    def _hide(self, message: Message, state: str, until_ms: int) -> None:
        if message.state == IN_FLIGHT:
            self._in_flight -= 1
        message.state, message.until_ms = state, until_ms
        if state == IN_FLIGHT:
            self._in_flight += 1
        else:
            self._delayed += 1
        self._tickets += 1
        heapq.heappush(self._due, (until_ms, self._tickets, message))

    def _remove(self, message: Message) -> None:
        if message.state == IN_FLIGHT:
            self._in_flight -= 1
        elif message.state == DELAYED:
            self._delayed -= 1
        message.state = GONE
        del self.messages[message]

    # -- what is done with it --------------------------------------------------------------------

    def send(self, message: Message, delay_s: int = 0) -> None:
        """A message comes."""
        self.look()
        self.used_ms = self._engine.now_ms
        self.sent += 1
        self.minute().sent += 1
        self._add(message, delay_s)

    def _add(self, message: Message, delay_s: int = 0) -> None:
        self._places += 1
        message.place, message.state = self._places, READY
        self.messages[message] = None
        if delay_s > 0:
            self._hide(message, DELAYED, self._engine.now_ms + delay_s * 1000)
        else:
            heapq.heappush(self._ready, (message.place, message))
        self._arm()

    def receive(self, count: int, visibility_s: int | None = None) -> list[Delivery]:
        """Take up to ``count`` visible messages. ``visibility_s`` None: the queue's own time-out."""
        self.look()
        now_ms = self._engine.now_ms
        self.used_ms = now_ms
        facts = self.facts
        taken: list[Delivery] = []
        while self._ready and len(taken) < count and facts is not None:
            place, message = heapq.heappop(self._ready)
            if (message.state, message.place) != (READY, place):
                continue
            if facts.dead_letter is not None and message.receives >= facts.max_receives:
                self._bury(message, facts.dead_letter)
                continue
            message.receives += 1
            if message.first_received_ms is None:
                message.first_received_ms = now_ms
            hidden_s = facts.visibility_s if visibility_s is None else visibility_s
            self._hide(message, IN_FLIGHT, now_ms + hidden_s * 1000)
            taken.append(Delivery(message, message.receives))
        self._mature(now_ms)  # a time-out of nothing is over at once
        self.received += len(taken)
        self.minute().received += len(taken)
        return taken

    def _bury(self, message: Message, dead_letter: str) -> None:
        self._remove(message)
        self.dead_lettered += 1
        moved = replace(message, since_ms=self._engine.now_ms, receives=0, first_received_ms=None)
        grave = self._world.queues.queue(dead_letter)
        grave.look()
        grave.used_ms = self._engine.now_ms
        grave._add(moved)
        self._world.queues.dead_lettered(self, message)

    def delete(self, delivery: Delivery, *, by_hand: bool = False) -> bool:
        """Delete the message of a receipt. False when that receipt is stale, or the message gone: nothing is deleted then."""
        self.look()
        self.used_ms = self._engine.now_ms
        message = delivery.message
        if message.state == GONE or message not in self.messages or not delivery.current:
            return False
        self._remove(message)
        self.deleted += 1
        self.minute().deleted += 1
        if by_hand:
            self._left(self, message, "deleted")
        return True

    def change_visibility(self, delivery: Delivery, visibility_s: int) -> None:
        """The time-out of a message in flight begins anew; a stale receipt changes nothing. [A]"""
        self.look()
        self.used_ms = self._engine.now_ms
        message = delivery.message
        if message.state != IN_FLIGHT or message not in self.messages or not delivery.current:
            return
        self._hide(message, IN_FLIGHT, self._engine.now_ms + visibility_s * 1000)
        self._mature(self._engine.now_ms)
        self._arm()

    def purge(self) -> None:
        """Everything goes, what is in flight, too."""
        self.look()
        self.used_ms = self._engine.now_ms
        for message in list(self.messages):
            self._remove(message)
            self.purged += 1
            self._left(self, message, "purged")

    # -- who waits -------------------------------------------------------------------------------

    def poll(self, poller: Poller) -> None:
        """Wait for messages; ``poller.take`` is called with some, once."""
        self.look()
        self.used_ms = self._engine.now_ms
        self._pollers.append(poller)
        self._arm()

    def leave(self, poller: Poller) -> None:
        """Wait no longer."""
        self.look()
        if poller in self._pollers:
            self._pollers.remove(poller)

    def _arm(self) -> None:
        """Come back when a message can be handed out."""
        if not self._pollers:
            return
        while self._ready and (self._ready[0][1].state, self._ready[0][1].place) != (
            READY,
            self._ready[0][0],
        ):
            heapq.heappop(self._ready)
        while self._due and (
            self._due[0][2].until_ms != self._due[0][0] or self._due[0][2].state not in (DELAYED, IN_FLIGHT)
        ):
            heapq.heappop(self._due)
        if self._ready:
            at_ms = self._engine.now_ms
        elif self._due:
            at_ms = self._due[0][0]
        else:
            return
        if self._wake is not None and self._wake.pending and self._wake.at_ms <= at_ms:
            return
        self._engine.cancel(self._wake)
        self._wake = self._engine.at(at_ms, self._hand_out, quiet=True)

    def _hand_out(self) -> None:
        self._wake = None
        self.look()
        while self._pollers and self._ready:
            poller = self._pollers[0]
            taken = self.receive(poller.batch)
            if not taken:
                break
            self._pollers.popleft()
            poller.take(taken)
        self._arm()
