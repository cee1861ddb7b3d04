"""The facilitator's calls on the door; how they are made is `tui/screens/deeds.py`'s."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from tui.games import FacilitatorDoor, GameView
from tui.screens.deeds import DeedScreen
from tui.session import SessionError

LOOK_SECONDS = 0.5


@dataclass
class GameSeen(Message):
    """How the game stands now."""

    view: GameView

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, GameSeen)


@dataclass
class GameUnseen(Message):
    """The game could not be looked at."""

    error: SessionError


@dataclass
class ReportTold(Message):
    """What the writing of the reports is at."""

    words: str


@dataclass
class ReportWritten(Message):
    """The reports are there."""

    paths: tuple[str, ...]


@dataclass
class ReportFailed(Message):
    """They are not."""

    error: SessionError


class FacilitatorCalls(DeedScreen):
    """What the facilitator's console asks of the door."""

    def __init__(self, door: FacilitatorDoor) -> None:
        super().__init__()
        self.door = door

    def see(self) -> Message:
        return GameSeen(self.door.view())

    def unseen(self, error: SessionError) -> Message:
        return GameUnseen(error)

    def write_report(self) -> None:
        """Write the reports; `ReportWritten` or `ReportFailed` says how that ended."""
        self.perform_beside("writing the report", self._write_report)

    def _write_report(self) -> None:
        try:
            paths = self.door.report(lambda words: self._post(ReportTold(words)))
        except SessionError as error:
            self._post(ReportFailed(error))
        else:
            self._post(ReportWritten(paths))

    def _post(self, message: Message) -> None:
        if self.is_attached:
            self.post_message(message)
