"""A message in a queue, and one delivery of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

KEPT_MINUTES = 24 * 60
READY, DELAYED, IN_FLIGHT, GONE = "ready", "delayed", "in flight", "gone"


@dataclass(eq=False, slots=True)
class Message:
    """One message. Times are virtual milliseconds.

    ``since_ms`` is when it came into the queue that it is in now; ``payload`` is what the wire keeps of it (attributes and such).
    """

    message_id: str
    body: str
    sent_ms: int
    since_ms: int
    payload: Any = None
    order: str = ""
    state: str = READY
    place: int = 0
    """Its place in the queue: the lowest is handed out first."""
    until_ms: int = 0
    """When it becomes visible, while it is delayed or in flight."""
    receives: int = 0
    first_received_ms: int | None = None

    def __post_init__(self) -> None:
        self.order = business_id(self.body) or self.message_id


@dataclass(frozen=True, eq=False, slots=True)
class Delivery:
    """One receive of a message: what a receipt handle stands for."""

    message: Message
    number: int
    """How many times the message had been received with this one. A later receive makes this one's receipt stale."""

    @property
    def current(self) -> bool:
        """Whether its receipt still counts."""
        return self.message.receives == self.number


@dataclass(slots=True)
class Minute:
    """What happened to a queue in one minute, and how it stood at its end (None: not over, or nothing to tell)."""

    sent: int = 0
    received: int = 0
    deleted: int = 0
    processed: int = 0
    charged: int = 0
    duplicates: int = 0
    latencies: dict[int, int] = field(default_factory=dict)
    """Bucket of the traffic ledger's ``EDGES`` to how many: from sent to processed."""
    active: bool = False
    visible: int | None = None
    in_flight: int | None = None
    oldest_ms: int | None = None


def business_id(body: str) -> str | None:
    """The ``order`` of a JSON body; None when there is none."""
    if not body.startswith("{"):
        return None
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    order = content.get("order") if isinstance(content, dict) else None
    return str(order) if isinstance(order, str | int) and not isinstance(order, bool) else None
