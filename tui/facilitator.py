"""The application of whoever runs a game day."""

from __future__ import annotations

from textual.screen import Screen

from tui.frame import Frame
from tui.games import FacilitatorDoor
from tui.screens.facilitator import FacilitatorScreen


class FacilitatorApp(Frame):
    """The facilitator's console on screen. The caller closes the door after `run` returns."""

    # The first screen's styles: Textual loads those of a screen only when it is pushed.
    CSS_PATH = "screens/facilitator.tcss"

    def __init__(self, door: FacilitatorDoor) -> None:
        super().__init__()
        self._console = FacilitatorScreen(door)

    def get_default_screen(self) -> Screen[object]:
        return self._console

    async def action_quit(self) -> None:
        # To leave ends the worlds of other people: it is asked for, whatever key it was.
        self._console.action_leave()


def run(door: FacilitatorDoor) -> None:
    """Show the console until it is left, then close the door."""
    try:
        FacilitatorApp(door).run()
    finally:
        door.close()
