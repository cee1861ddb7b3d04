"""The door of a seat in a class: a learner's session, and what the teacher has to do with it.

The rules are those of `tui.session`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol, runtime_checkable

from tui.session import LabSession, LabView


@runtime_checkable
class SeatDoor(LabSession, Protocol):
    """A learner's seat in a class. What the teacher has locked is refused by every call."""

    def wanted(self) -> str:
        """The lab that the class works on; empty when everybody chooses."""
        ...

    def view(self) -> LabView | None:
        """The open lab as it stands by now: what is locked, which hints are given. Asks nothing of the world; None when none is open."""
        ...

    def said(self) -> list[str]:
        """What the teacher has said to this seat, oldest first. Plain text."""
        ...

    def unread(self) -> Mapping[int, str]:
        """Of that, what nobody here has put away yet: by its place in `said`, oldest first. It is kept by the class, so it is the same for
        another screen of the seat.
        """
        ...

    def put_away(self, places: Collection[int]) -> None:
        """Somebody here has read those messages."""
        ...
