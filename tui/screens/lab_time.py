"""The lab screen's side of time: the clock as it was last read, and the keys that move it."""

from __future__ import annotations

from textual.reactive import reactive

from tui import text
from tui.screens.lab_work import LabWork
from tui.session import LabCard, LabSession
from tui.snapshot import Clock

FAR_MS = 30 * 60 * 1000
"""A jump longer than this is asked for twice."""


class LabTime(LabWork):
    """What the learner does with the virtual clock."""

    clock: reactive[Clock] = reactive(Clock(), repaint=False)

    def __init__(self, session: LabSession, card: LabCard) -> None:
        super().__init__(session, card)
        self._warned_of: int | None = None

    def action_toggle_clock(self) -> None:
        self.move_clock("run" if self.clock.paused else "pause")

    def action_next_happening(self) -> None:
        due = self.clock.next_ms
        wait = 0 if due is None else due - self.clock.now_ms
        if wait > FAR_MS and due != self._warned_of:
            # In a calm world the next happening may be hours off, and stopped tasks are forgotten by then.
            self._warned_of = due
            self.notify(
                f"Nothing happens for {text.duration(wait)}. Press again to jump there.", markup=False
            )
            return
        self.move_clock("next")

    def action_speed(self, step: int) -> None:
        speed = text.next_speed(self.clock.speed, step)
        self.move_clock("speed", "max" if speed is None else speed)
