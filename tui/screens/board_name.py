"""Who sits at a seat, as it should read."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static


class NameScreen(ModalScreen[str | None]):
    """Returns the name that was typed, or None when it stays."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Not now")]

    def __init__(self, seat: str, name: str) -> None:
        super().__init__()
        self._seat = seat
        self._name_now = name

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Content.assemble(("Who sits at ", "bold"), (f"seat {self._seat}", "bold $primary")))
            yield Input(self._name_now, max_length=40)
            yield Static(Content.styled("Enter sets · Esc not now", "$muted"))

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        name = " ".join(event.value.split())
        if name:
            self.dismiss(None if name == self._name_now else name)
