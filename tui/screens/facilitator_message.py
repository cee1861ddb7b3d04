"""Something to say to a team or a seat, or to all."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static


class MessageScreen(ModalScreen[str | None]):
    """Returns what was typed, or None. `whom` and `where` stand within a sentence."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Not now")]

    def __init__(self, whom: str, where: str = "what their pager shows") -> None:
        super().__init__()
        self._whom = whom
        self._where = where

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Content.assemble(("Message to ", "bold"), (self._whom, "bold $primary")))
            yield Input(placeholder=self._where)
            yield Static(Content.styled("Enter sends · Esc not now", "$muted"))

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self.dismiss(event.value.strip())
