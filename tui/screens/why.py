"""Why something is as it is: the chain from its cause to its end, each fact with its source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widget import Widget

from labs.why.words import Part, lines

_STYLES: dict[Part, str] = {
    "title": "bold $primary",
    "verdict": "bold",
    "heading": "bold",
    "source": "$muted",
}


class ChainText(Widget, can_focus=False):
    """The chain, wrapped to the width that there is."""

    DEFAULT_CSS = "ChainText { height: auto; }"

    def __init__(self, chain: Mapping[str, Any]) -> None:
        super().__init__()
        self._chain = dict(chain)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - Textual's
        return chain_content(self._chain, width).plain.count("\n") + 1

    def render(self) -> Content:
        return chain_content(self._chain, self.size.width)


class WhyScreen(ModalScreen[None]):
    """The explanation as it was when it was asked for."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q,y", "dismiss(None)", "Close")]

    def __init__(self, chain: Mapping[str, Any]) -> None:
        super().__init__()
        self._chain = chain

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog -long") as page:
            page.border_title = "Why"
            page.border_subtitle = "Esc closes · ↑ ↓ scroll"
            yield ChainText(self._chain)


def chain_content(chain: dict[str, Any], width: int) -> Content:
    """Title, verdict, numbered steps with their sources, and what to look at next."""
    return Content("\n").join(
        Content.styled(text, _STYLES.get(part, "")) for part, text in lines(chain, max(1, width))
    )
