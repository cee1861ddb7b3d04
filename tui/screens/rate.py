"""How much traffic to send."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

DEFAULT_RPS = 20


class RateScreen(ModalScreen[float | None]):
    """Returns requests per second, or None. Whether they can be sent is for the cloud to say."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Not now")]

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Content.styled("Start traffic", "bold $accent"))
            yield Static(Content("How many requests a second, to the target group of the service?"))
            yield Input(value=str(DEFAULT_RPS), placeholder="requests per second")
            yield Static(Content.styled("Enter starts · Esc not now", "$muted"), id="advice")

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            rps = float(event.value)
        except ValueError:
            words = f"{event.value.strip()!r} is not a number. Write one such as {DEFAULT_RPS}."
            self.query_one("#advice", Static).update(Content.styled(words, "$error"))
            return
        self.dismiss(rps)
