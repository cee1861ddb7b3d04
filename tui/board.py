"""The application of a teacher: the board of a class, behind one door (`tui/classroom.py`)."""

from __future__ import annotations

from typing import ClassVar

from textual.screen import Screen

from tui.classroom import BoardDoor
from tui.frame import Frame
from tui.screens.board import BoardScreen


class BoardApp(Frame):
    """The board on screen. The caller closes the door after `run` returns."""

    # The first screen's styles: Textual loads those of a screen only when it is pushed.
    CSS_PATH = "screens/board.tcss"

    def __init__(self, door: BoardDoor) -> None:
        super().__init__()
        self._board = BoardScreen(door)

    def get_default_screen(self) -> Screen[object]:
        return self._board


class BrowserBoardApp(BoardApp):
    """The board for a teacher who has nothing but a browser: no files of the machine that the class runs on."""

    CLOSED: ClassVar[frozenset[str]] = frozenset({"picture"})


def run(door: BoardDoor) -> None:
    """Show the board until it is left, then close the door. The class goes on."""
    try:
        BoardApp(door).run()
    finally:
        door.close()
