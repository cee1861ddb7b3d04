"""The teacher's board: every seat in a table, all about the selected one beside it (below it, where there is less room).

The rule: widgets show; this screen connects them, and says what keys mean; every call on the door is made by `tui/screens/board_calls.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Literal

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content

from tui.actions import Scope, bindings
from tui.boardlines import about_lines
from tui.boardscene import BoardScene, seat_words, toggled
from tui.classroom import BoardDoor, SeatRow
from tui.gametext import plural
from tui.screens.board_calls import LOOK_SECONDS, BoardCalls, ClassSeen, ClassUnseen
from tui.screens.board_choice import ChoiceScreen
from tui.screens.board_join import JoinScreen
from tui.screens.board_look import LookScreen
from tui.screens.board_name import NameScreen
from tui.screens.confirm import ConfirmScreen
from tui.screens.facilitator_message import MessageScreen
from tui.screens.scaling import PageScreen
from tui.widgets.banner import Banner
from tui.widgets.board import AimLine, ClassLine, ScenePart, SeatAbout, SeatTable, TableHead, TroubleLine
from tui.widgets.keybar import KeyBar

WIDE = 140
"""From this width on the selected seat stands beside the table."""

HINTS: tuple[tuple[Literal["all", "first", "none"], str], ...] = (
    ("all", "All levels"),
    ("first", "Only the first, a nudge"),
    ("none", "None"),
)
_PARTS: tuple[type[ScenePart | SeatTable], ...] = (
    ClassLine,
    AimLine,
    TroubleLine,
    TableHead,
    SeatTable,
    SeatAbout,
)
SPEEDS = (1.0, 10.0, 60.0)
ANY_LAB = "everybody chooses"


class BoardScreen(BoardCalls):
    """One class."""

    CSS_PATH = "board.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("board")]
    SCOPE: ClassVar[Scope] = "board"

    def __init__(self, door: BoardDoor) -> None:
        super().__init__(door)
        self.scene = BoardScene()
        self._page: PageScreen | None = None

    def compose(self) -> ComposeResult:
        yield ClassLine()
        yield AimLine()
        yield TroubleLine()
        yield Banner()
        with Horizontal(id="panes"):
            with Vertical(id="seats"):
                yield TableHead()
                yield SeatTable()
            with Vertical(id="about"):
                yield SeatAbout()
        yield KeyBar("board")

    def on_mount(self) -> None:
        self._lay_out(self.app.size.width)
        self.query_one(SeatTable).focus()
        self.set_interval(LOOK_SECONDS, self.look)
        self.look()

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out(event.size.width)

    def _lay_out(self, width: int) -> None:
        self.set_class(width < WIDE, "-compact")

    # What is seen.

    @on(ClassSeen)
    def _on_seen(self, message: ClassSeen) -> None:
        message.stop()
        self.query_one(Banner).error = None
        if message.view != self.scene.view:
            self._show(self.scene.seen(message.view))

    @on(ClassUnseen)
    def _on_unseen(self, message: ClassUnseen) -> None:
        message.stop()
        self.query_one(Banner).error = message.error

    def _show(self, scene: BoardScene) -> None:
        self.scene = scene
        for kind in _PARTS:
            self.query_one(kind).scene = scene
        if self._page is not None:
            self._page.renew()
        for screen in self.app.screen_stack:
            if isinstance(screen, JoinScreen) and scene.view is not None:
                screen.take(scene.view)

    def show_doing(self, doing: tuple[str, ...]) -> None:
        if self.is_mounted:
            self.query_one(AimLine).doing = doing

    def action_retry(self) -> None:
        self.look()

    # Which seat.

    @on(SeatTable.Moved)
    def _on_moved(self, message: SeatTable.Moved) -> None:
        message.stop()
        self._show(replace(self.scene, seat=message.seat))

    @on(SeatTable.Opened)
    def _on_opened(self, message: SeatTable.Opened) -> None:
        message.stop()
        self.action_about()

    def action_about(self) -> None:
        row = self._selected()
        if row is None:
            return

        def then(_: None) -> None:
            self._page = None

        self._page = PageScreen(partial(self._about, row.id))
        self.app.push_screen(self._page, then)

    def _about(self, seat: str, width: int, _height: int) -> list[Content] | None:
        view = self.scene.view
        row = next((row for row in self.scene.rows if row.id == seat), None)
        return None if row is None or view is None else about_lines(row, view, width)

    def action_everybody(self) -> None:
        if self._selected() is not None:
            self._show(replace(self.scene, everybody=not self.scene.everybody))

    def action_order(self) -> None:
        self._show(replace(self.scene, order=toggled(self.scene.order)))

    def _selected(self) -> SeatRow | None:
        """The selected seat; if there is none, say so."""
        if self.scene.selected is None:
            self.notify("Nobody has joined yet.", markup=False)
        return self.scene.selected

    def action_look(self) -> None:
        row = self._selected()
        if row is not None:
            self.app.push_screen(LookScreen(seat_words(row), partial(self.door.look, row.id)))

    def action_join(self) -> None:
        if self.scene.view is not None:
            self.app.push_screen(JoinScreen(self.scene.view))

    # Who sits there.

    def action_rename(self) -> None:
        row = self._selected()
        if row is None:
            return

        def given(name: str | None) -> None:
            if name:
                call = partial(self.door.rename, row.id, name)
                self.perform("renaming", call, f"Seat {row.id} is {name}'s.")

        self.app.push_screen(NameScreen(row.id, row.name), given)

    def action_free(self) -> None:
        row = self._selected()
        if row is None:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.perform("freeing a seat", partial(self.door.free, row.id), f"Seat {row.id} is free.")

        consequence = (
            "Whoever sits there is shown out and the code of the seat no longer works. What was done there is kept in the class's folder, "
            "but is no longer on the board nor in the grades."
        )
        self.app.push_screen(ConfirmScreen(f"Free {seat_words(row)}?", consequence), answered)

    # What is set.

    def action_next_step(self) -> None:
        opened = self.scene.opened
        if opened is None:
            self.notify(f"All steps are open for {self.scene.aim_words}. O locks some.", markup=False)
        else:
            self._set(f"{self.scene.aim_words}: {opened + 1} steps are open.", steps=opened + 1)

    def action_steps(self) -> None:
        view = self.scene.view
        if view is None:
            return
        titles = [step.title for step in view.steps]
        choices = ["All steps", *(f"Up to step {at}: {title}" for at, title in enumerate(titles, 1))]
        opened = self.scene.opened

        def chosen(at: int) -> None:
            words = "all steps are open" if at == 0 else f"steps 1 to {at} are open"
            self._set(f"{self.scene.aim_words}: {words}.", steps=at or None)

        self._choose("Open steps", choices, min(opened or 0, len(titles)), chosen)

    def action_hints(self) -> None:
        view = self.scene.view
        if view is None:
            return
        names = [name for name, _ in HINTS]

        def chosen(at: int) -> None:
            self._set(f"{self.scene.aim_words}: hints: {HINTS[at][1].lower()}.", hints=names[at])

        self._choose("Hints", [words for _, words in HINTS], names.index(view.policy.hints), chosen)

    def action_solutions(self) -> None:
        view = self.scene.view
        if view is None:
            return

        def chosen(at: int) -> None:
            words = "can be seen" if at == 0 else "are closed"
            self._set(f"{self.scene.aim_words}: solutions {words}.", solutions=at == 0)

        choices = ["Can be seen, by whoever asks for them", "Closed"]
        self._choose("Solutions", choices, 0 if view.policy.solutions else 1, chosen)

    def action_lab(self) -> None:
        view = self.scene.view
        if view is None:
            return
        labs = [*view.labs, ""]

        def chosen(at: int) -> None:
            self._set(f"{self.scene.aim_words}: {labs[at] or ANY_LAB}.", lab=labs[at])

        at = labs.index(view.policy.lab) if view.policy.lab in labs else 0
        self._choose("The lab", [lab or ANY_LAB for lab in labs], at, chosen)

    def action_clock(self) -> None:
        if self._selected() is None:
            return

        def chosen(at: int) -> None:
            aim, whom = self.scene.aim, self.scene.aim_words

            def move() -> None:
                if at > 1:
                    self.door.clock("speed", SPEEDS[at - 2], aim)
                # Whoever chooses a speed wants the clock to go.
                self.door.clock("pause" if at == 0 else "run", None, aim)

            words = ("stands still", "goes on", *(f"goes at {speed:g}x" for speed in SPEEDS))[at]
            self.perform_beside("moving clocks", move, f"{whom[:1].upper()}{whom[1:]}: the clock {words}.")

        choices = [
            "Pause",
            "Run, as fast as before",
            *(f"Run at {speed:g}x: {plural(round(speed), 'second')} in one of yours" for speed in SPEEDS),
        ]
        self._choose("The clock", choices, 0, chosen)

    def _choose(self, what: str, choices: Sequence[str], at: int, then: Callable[[int], None]) -> None:
        def answered(chosen: int | None) -> None:
            if chosen is not None:
                then(chosen)

        self.app.push_screen(ChoiceScreen(what, self.scene.aim_words, choices, at), answered)

    def _set(self, done: str, **changes: Any) -> None:
        call = partial(self.door.set_policy, self.scene.aim, **changes)
        self.perform("setting", call, f"{done[:1].upper()}{done[1:]}")

    # What is done.

    def action_message(self) -> None:
        if self._selected() is None:
            return
        aim, whom = self.scene.aim, self.scene.aim_words

        def given(words: str | None) -> None:
            if words:
                self.perform("sending a message", partial(self.door.message, words, aim), f"Sent to {whom}.")

        self.app.push_screen(MessageScreen(whom, "what stands on their screens"), given)

    def action_reset(self) -> None:
        if self._selected() is None:
            return
        aim, whom = self.scene.aim, self.scene.aim_words

        def answered(yes: bool | None) -> None:
            if yes:
                call = partial(self.door.reset, aim)
                self.perform_beside("beginning anew", call, f"{whom[:1].upper()}{whom[1:]}: begun anew.")

        consequence = (
            "New worlds, from the first step of the lab that is open. What passed stays in the grades."
        )
        self.app.push_screen(ConfirmScreen(f"Begin anew for {whom}?", consequence), answered)

    def action_export(self) -> None:
        def told(paths: tuple[str, ...]) -> str:
            return "\n".join(("Grades are written, on the machine of the class:", *paths))

        self.perform_beside("writing the grades", self.door.export, told)

    def action_leave(self) -> None:
        self.app.exit()
