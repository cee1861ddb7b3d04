"""One of several things to choose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static


class ChoiceScreen(ModalScreen[int | None]):
    """Returns the place of what was chosen, or None. `whom` stands within a sentence; `at` is where the cursor begins."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss(None)", "Not now")]

    def __init__(self, what: str, whom: str, choices: Sequence[str], at: int = 0) -> None:
        super().__init__()
        self._what = what
        self._whom = whom
        self._choices = choices
        self._at = at

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Content.assemble((f"{self._what} for ", "bold"), (self._whom, "bold $primary")))
            options = OptionList(*[Content(choice) for choice in self._choices])
            options.highlighted = self._at
            yield options
            yield Static(Content.styled("Enter chooses · Esc not now", "$muted"))

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(event.option_index)
