"""Messages that cross widgets, named as facts that have happened.

Those that come often replace their forerunners.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from tui.session import CheckReport, LabView, SessionError
from tui.snapshot import Clock, Snapshot

if TYPE_CHECKING:
    # Not wanted before a lab is open, and the first frame should not wait for it.
    from tui.queues import Queues
    from tui.scaling import Scaling
    from tui.traffic import Report


@dataclass
class SnapshotTaken(Message):
    """The world has moved, and this is how it looks now."""

    snapshot: Snapshot

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, SnapshotTaken)


@dataclass
class ClockRead(Message):
    """What the virtual clock says."""

    clock: Clock

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, ClockRead)


@dataclass
class TrafficSeen(Message):
    """What the clients of the service live through."""

    report: Report

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, TrafficSeen)


@dataclass
class ScalingSeen(Message):
    """How the services scale."""

    scaling: Scaling

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, ScalingSeen)


@dataclass
class QueuesSeen(Message):
    """What has become of the orders."""

    queues: Queues

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, QueuesSeen)


@dataclass
class ProgressMade(Message):
    """A slow call says what it is doing."""

    text: str

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, ProgressMade)


@dataclass
class LabOpened(Message):
    """A lab stands ready: opened, resumed or reset."""

    lab: LabView


@dataclass
class ChecksFinished(Message):
    """Steps were graded; `asked` when the learner asked for it, drills included."""

    report: CheckReport
    asked: bool


@dataclass
class SessionFailed(Message):
    """A call on the session failed; `doing` names it."""

    error: SessionError
    doing: str
