"""Where one joins and with which code, large enough to be read across a room."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen

from tui import text
from tui.bigtext import big
from tui.classroom import BoardView
from tui.screens.scaling import Page


class JoinScreen(Screen[None]):
    """Says how to join, and how many have. The whole screen: what the others work at is nobody's business."""

    CSS_PATH = "dialog.tcss"
    DEFAULT_CSS = "JoinScreen { align: center middle; }"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q,w,W", "dismiss(None)", "Close")]

    def __init__(self, view: BoardView) -> None:
        super().__init__()
        self._seen = view

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog -whole") as page:
            page.border_subtitle = "Esc closes"
            yield Page(lambda width, _: join_lines(self._seen, width))

    def take(self, view: BoardView) -> None:
        """The class has moved on."""
        if (view.join, view.code, len(view.seats), view.free) != (
            self._seen.join,
            self._seen.code,
            len(self._seen.seats),
            self._seen.free,
        ):
            self._seen = view
            if self.is_mounted:
                self.query_one(Page).refresh(layout=True)


def join_lines(view: BoardView, width: int) -> list[Content]:
    """The page."""
    address = text.one_line(view.join)
    # A browser supplies the usual scheme itself, and the rest is the larger for it.
    large = _large(address.removeprefix("http://"), address, width, "bold $primary")
    lines = [Content.styled("Open in your browser", "$muted"), *large]
    lines += [Content(""), Content.styled("and type the code of the class", "$muted")]
    lines += [*_large(view.code, view.code, width, "bold $success"), Content("")]
    count = len(view.seats)
    joined = "1 has joined" if count == 1 else f"{count} have joined"
    lines.append(Content.assemble((joined, "bold"), (f", {view.free} seats are free", "$muted")))
    return [Content.assemble(" " * (max(0, width - line.cell_length) // 2), line) for line in lines]


def _large(words: str, exactly: str, width: int, style: str) -> list[Content]:
    """Words in large letters, if they fit; and what is to be typed in those that the eye can copy."""
    drawn = [Content.styled(line, style) for line in big(words, width)]
    small = Content.styled(exactly, style)
    return [Content(""), *drawn, Content(""), small] if drawn else [small]
