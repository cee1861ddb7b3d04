"""What the teacher of a class has said to a seat."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui import text
from tui.seat import SeatDoor
from tui.session import SessionError


class SaidScreen(ModalScreen[None]):
    """The messages, the last one first. Whoever opens it has read them."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q,e,E", "dismiss(None)", "Close")]

    def __init__(self, door: SeatDoor) -> None:
        super().__init__()
        self._door = door

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog -large") as page:
            page.border_title = "The teacher"
            page.border_subtitle = "Esc closes · ↑ ↓ scroll"
            yield Static("", id="said", markup=False)

    def on_mount(self) -> None:
        self._read()

    @work(thread=True, exclusive=True)
    def _read(self) -> None:
        try:
            said = self._door.said()
            if unread := self._door.unread():
                self._door.put_away(unread)
        except SessionError as error:
            said = [error.message]
        if self.is_attached:
            self.app.call_from_thread(self._show, said)

    def _show(self, said: list[str]) -> None:
        lines = [Content.assemble(("· ", "$primary"), text.plain(each)) for each in reversed(said)]
        nothing = [Content.styled("Nothing has been said yet.", "$muted")]
        self.query_one("#said", Static).update(Content("\n\n").join(lines or nothing))
