"""The board's calls on its door; how they are made is `tui/screens/deeds.py`'s."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from tui.classroom import BoardDoor, BoardView
from tui.screens.deeds import DeedScreen
from tui.session import SessionError

LOOK_SECONDS = 0.5


@dataclass
class ClassSeen(Message):
    """How the class stands now."""

    view: BoardView

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, ClassSeen)


@dataclass
class ClassUnseen(Message):
    """The class could not be looked at."""

    error: SessionError


class BoardCalls(DeedScreen):
    """What the board asks of its door."""

    def __init__(self, door: BoardDoor) -> None:
        super().__init__()
        self.door = door

    def see(self) -> Message:
        return ClassSeen(self.door.view())

    def unseen(self, error: SessionError) -> Message:
        return ClassUnseen(error)
