"""What a world keeps in S3 and SQS stays within what the machine has: copies and messages that fan out cost whoever asks for them next to
nothing, and would fill the memory that all worlds of a process share.

AWS has no such limit. It counts bodies only.
"""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

from typing import Any

from fargate_sim.ports import queues
from fargate_sim.ports.refusal import NotModelledError

MOST_MEGABYTES = 256
MOST = MOST_MEGABYTES * 1024 * 1024
"""Bytes of an account."""
_KEPT: dict[str, int] = {}
"""By account: bytes that came since they were counted, and those that were there then. What went is still among them."""


def forget(account: str) -> None:
    """The account has gone."""
    _KEPT.pop(account, None)


def _has_room(account: str, more: int) -> bool:
    known = _KEPT.get(account, 0) + more
    if known > MOST:
        known = _held(account) + more
    if known > MOST:
        return False
    _KEPT[account] = known
    return True


def _held(account: str) -> int:
    """The bytes that are there, counted one by one."""
    from moto.s3.models import s3_backends
    from moto.sqs.models import sqs_backends

    held = 0
    for backend in list(s3_backends[account].values()):
        for bucket in backend.buckets.values():
            stored = [key for name in bucket.keys for key in bucket.keys.getlist(name, [])]
            parts = [part for upload in bucket.multiparts.values() for part in upload.parts.values()]
            held += sum(getattr(each, "contentsize", 0) for each in (*stored, *parts))
    for backend in list(sqs_backends[account].values()):
        for queue in backend.queues.values():
            held += sum(len(body) for body in queues.bodies(queue))
    return held


def mend_s3() -> None:
    """From now on objects, copies and parts are refused where there is no room."""
    from moto.s3.models import FakeKey

    make = FakeKey.__init__

    def __init__(self: Any, name: str, value: bytes, account_id: str, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        if not _has_room(account_id, len(value or b"")):
            self.disposed = True  # there is nothing to be tidied up, which moto would do
            raise NotModelledError(
                "the machine is finite", part=f"more than {MOST_MEGABYTES} MB in one world"
            )
        make(self, name, value, account_id, *args, **kwargs)

    FakeKey.__init__ = __init__


def mend_sqs() -> None:
    """Likewise messages, whoever sends them."""
    from moto.sqs.exceptions import SQSException
    from moto.sqs.models import Queue

    add = Queue.add_message

    def add_message(self: Any, message: Any) -> None:
        if not _has_room(self.account_id, len(message.body)):
            # [A] The code is what SQS has for too many messages in flight; the sentence is ours.
            raise SQSException(
                "OverLimit", f"The messages and objects of this world have more than {MOST_MEGABYTES} MB."
            )
        add(self, message)

    Queue.add_message = add_message
