"""What the teacher's board shows and what its keys act on: the class as last seen, the selected seat, one seat or all, the order. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from tui import text
from tui.classroom import BoardView, SeatRow

Order = Literal["stuck", "number"]


@dataclass(frozen=True, slots=True)
class BoardScene:
    """`view` is None before the class was looked at. `seat` is the number of the selected seat, `everybody` whether keys act on all."""

    view: BoardView | None = None
    seat: str = ""
    everybody: bool = True
    order: Order = "stuck"

    @property
    def rows(self) -> tuple[SeatRow, ...]:
        """All seats, in order: by number, or those that are stuck before, the longest first."""
        rows = self.view.seats if self.view else ()
        if self.order == "number":
            return rows
        stuck = sorted((row for row in rows if row.stuck), key=lambda row: -row.on_step_s)
        return (*stuck, *(row for row in rows if not row.stuck))

    @property
    def selected(self) -> SeatRow | None:
        """The selected seat; the first when none is."""
        rows = self.rows
        return next((row for row in rows if row.id == self.seat), rows[0] if rows else None)

    @property
    def aim(self) -> str | None:
        """What the door is to be told: a number, or None for all."""
        return None if self.everybody or self.selected is None else self.selected.id

    @property
    def aim_words(self) -> str:
        """Whom keys act on, within a sentence."""
        if self.everybody or self.selected is None:
            return "the whole class" if len(self.rows) < 2 else f"all {len(self.rows)} seats"
        return seat_words(self.selected)

    @property
    def opened(self) -> int | None:
        """How many steps are open for those that keys act on, from the first; None: all. Of several that differ, what was set for all."""
        if self.view is None:
            return None
        if self.aim is None or self.selected is None:
            return self.view.policy.steps
        steps = self.selected.steps
        return steps.index("locked") if "locked" in steps else None

    def seen(self, view: BoardView) -> BoardScene:
        """The class was looked at; the selection stays with its seat."""
        scene = replace(self, view=view)
        return replace(scene, seat=scene.selected.id if scene.selected else "")


def seat_words(row: SeatRow) -> str:
    """A seat within a sentence."""
    return f"seat {row.id} ({text.clip(text.one_line(row.name), 24)})"


def current(row: SeatRow, lab: str) -> int | None:
    """The column of the step that a seat is at; None when it has passed all, or is in another lab than `lab`."""
    if row.lab != lab:
        return None
    return next((at for at, state in enumerate(row.steps) if state != "passed"), None)


def toggled(order: Order) -> Order:
    """The other order."""
    return "number" if order == "stuck" else "stuck"
