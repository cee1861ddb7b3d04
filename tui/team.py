"""The application of a team of a game day: one screen, behind one door (`tui/games.py`)."""

from __future__ import annotations

from pathlib import PurePath
from typing import ClassVar

from textual.screen import Screen

from tui.frame import Frame
from tui.games import TeamDoor
from tui.screens.team import TeamScreen


class TeamApp(Frame):
    """A team's seat on screen. The caller closes the door after `run` returns."""

    # The first screen's styles: Textual loads those of a screen only when it is pushed.
    CSS_PATH: ClassVar[list[str | PurePath]] = ["screens/world.tcss", "screens/team.tcss"]

    def __init__(self, door: TeamDoor) -> None:
        super().__init__()
        self.door = door

    def get_default_screen(self) -> Screen[object]:
        return TeamScreen(self.door)  # type: ignore[return-value]


def run(door: TeamDoor) -> None:
    """Show the application until the team leaves it, then close the door."""
    try:
        TeamApp(door).run()
    finally:
        door.close()
