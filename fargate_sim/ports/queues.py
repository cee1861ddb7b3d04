"""The messages of standard queues, which are the model's: moto parses and writes SQS's requests and answers, and keeps queues and settings.

moto itself looks at every message of a queue for each receive (measured: 66 ms with a thousand, a third of a second with five thousand),
and waits on the wall clock in a long poll. Whoever sends to a queue within moto (EventBridge, SNS, a call over the wire) comes to the model
this way. FIFO queues stay moto's. A receive never waits: with nothing there the answer is empty at once, whatever WaitTimeSeconds says.
"""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fargate_sim.model.queues.message import Delivery, Message
from fargate_sim.model.surroundings import QueueFacts

if TYPE_CHECKING:
    from fargate_sim.model.queues import Queues

Books = tuple["Queues", dict[str, Delivery]]
"""A region's queues, and its receipt handles."""
_REGIONS: dict[tuple[str, str], Books] = {}
"""(account, region) to the queues of its world."""


def attach(account: str, region: str, queues: Queues) -> None:
    """From now on the messages of this account's standard queues are the model's."""
    _REGIONS[account, region] = (queues, {})


def detach(account: str) -> None:
    """Forget an account."""
    for key in [key for key in _REGIONS if key[0] == account]:
        del _REGIONS[key]


def facts(backend: Any, name: str) -> QueueFacts | None:
    """A queue's settings, or None when there is none of that name."""
    queue = backend.queues.get(name)
    if queue is None:
        return None
    grave = queue.dead_letter_queue
    buried = grave is not None and queue.redrive_policy and grave.name in backend.queues
    return QueueFacts(
        name=name,
        arn=queue.queue_arn,
        visibility_s=int(queue.visibility_timeout),
        delay_s=int(queue.delay_seconds),
        retention_s=int(queue.message_retention_period),
        dead_letter=grave.name if buried else None,
        max_receives=int(queue.redrive_policy["maxReceiveCount"]) if buried else 0,
        fifo=bool(queue.fifo_queue),
    )


def bodies(queue: Any) -> list[str]:
    """Of the messages that a queue of moto's holds."""
    books = _books_of(queue)
    held = queue._messages if books is None else books[0].queue(queue.name).messages
    return [message.body for message in held]


def _books_of(queue: Any) -> Books | None:
    return None if queue.fifo_queue else _REGIONS.get((queue.account_id, queue.region))


def _delivery(books: Books, handle: str) -> Delivery:
    from moto.sqs.exceptions import ReceiptHandleIsInvalid

    delivery = books[1].get(handle)
    if delivery is None:
        raise ReceiptHandleIsInvalid()
    return delivery


def mend_sqs() -> None:
    """Let moto's SQS keep its messages in the model, where a world is attached."""
    from moto.sqs.models import Queue, SQSBackend

    for index, name in enumerate(("", "_not_visible", "_delayed")):
        attribute = f"approximate_number_of_messages{name}"
        setattr(Queue, attribute, property(_counting(index, getattr(Queue, attribute))))
    Queue.add_message = _adding(Queue.add_message)
    Queue.delete_message = _deleting(Queue.delete_message)
    SQSBackend.receive_message = _receiving(SQSBackend.receive_message)
    SQSBackend.change_message_visibility = _changing(SQSBackend.change_message_visibility)
    SQSBackend.purge_queue = _clearing(SQSBackend.purge_queue, whole=False)
    SQSBackend.delete_queue = _clearing(SQSBackend.delete_queue, whole=True)


def _counting(index: int, of_moto: Any) -> Callable[[Any], int]:
    def count(self: Any) -> int:
        books = _books_of(self)
        return int(of_moto.fget(self)) if books is None else books[0].queue(self.name).counts()[index]

    return count


def _adding(of_moto: Callable[..., None]) -> Callable[..., None]:
    def add_message(self: Any, message: Any) -> None:
        books = _books_of(self)
        if books is None:
            of_moto(self, message)
            return
        sent_ms = int(message.sent_timestamp)
        delay_s = max(0, round((message.delayed_until - sent_ms) / 1000))
        books[0].queue(self.name).send(Message(message.id, message.body, sent_ms, sent_ms, message), delay_s)

    return add_message


def _deleting(of_moto: Callable[..., None]) -> Callable[..., None]:
    def delete_message(self: Any, receipt_handle: str) -> None:
        books = _books_of(self)
        if books is None:
            of_moto(self, receipt_handle)
        else:
            books[0].queue(self.name).delete(_delivery(books, receipt_handle), by_hand=True)

    return delete_message


def _receiving(of_moto: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    def receive_message(self: Any, queue_name: str, count: int, *given: Any) -> list[Any]:
        _wait_s, visibility_s, wanted = (*given, None)[
            :3
        ]  # moto would wait on the wall clock, under our lock
        queue = self.get_queue(queue_name)
        books = _books_of(queue)
        if books is None:
            return of_moto(self, queue_name, count, 0, visibility_s, wanted)
        found = []
        for delivery in books[0].queue(queue_name).receive(count, int(visibility_s)):
            shown = _shown(delivery, wanted or [])
            books[1][shown.receipt_handle] = delivery
            found.append(shown)
        return found

    return receive_message


def _shown(delivery: Delivery, wanted: list[str]) -> Any:
    """The message as moto writes it into an answer."""
    from moto.sqs.models import Message as MotoMessage
    from moto.sqs.models import _filter_message_attributes
    from moto.sqs.utils import generate_receipt_handle

    message = delivery.message
    kept = message.payload
    shown = MotoMessage(message.message_id, message.body, kept.system_attributes if kept else None)
    shown.message_attributes = dict(kept.message_attributes) if kept else {}
    shown.sent_timestamp = message.sent_ms
    shown.approximate_first_receive_timestamp = message.first_received_ms
    shown.approximate_receive_count = message.receives
    shown.receipt_handle = generate_receipt_handle()
    _filter_message_attributes(shown, wanted)
    return shown


def _changing(of_moto: Callable[..., None]) -> Callable[..., None]:
    def change_message_visibility(
        self: Any, queue_name: str, receipt_handle: str, visibility_timeout: int
    ) -> None:
        books = _books_of(self.get_queue(queue_name))
        if books is None:
            of_moto(self, queue_name, receipt_handle, visibility_timeout)
        else:
            delivery = _delivery(books, receipt_handle)
            books[0].queue(queue_name).change_visibility(delivery, int(visibility_timeout))

    return change_message_visibility


def _clearing(of_moto: Callable[..., None], *, whole: bool) -> Callable[..., None]:
    """Purge, or delete as a ``whole``."""

    def clear(self: Any, queue_name: str) -> None:
        books = _books_of(self.get_queue(queue_name))
        of_moto(self, queue_name)
        if books is not None and whole:
            books[0].forget(queue_name)
        elif books is not None:
            books[0].queue(queue_name).purge()

    return clear
