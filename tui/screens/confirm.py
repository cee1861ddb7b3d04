"""A question that wants a yes before something is lost or given away."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static


class ConfirmScreen(ModalScreen[bool]):
    """True for yes. Escape means no, and Enter nothing: it is pressed too easily for what is asked here."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,Y", "answer(True)", "Yes"),
        Binding("n,N,escape,q", "answer(False)", "No"),
    ]

    def __init__(self, question: str, consequence: str = "") -> None:
        super().__init__()
        self._question = question
        self._consequence = consequence

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Content.styled(self._question, "bold"))
            yield Static(Content.styled(self._consequence, "$muted"))
            yield Static(
                Content.assemble(
                    ("\nY", "bold $primary"), (" yes    ", ""), ("N", "bold $primary"), (" no", "")
                )
            )

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)
