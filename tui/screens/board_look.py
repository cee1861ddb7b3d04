"""A seat's screen as it is now, to read and not to touch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar

from rich.segment import Segment
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Static

from tui import text
from tui.classroom import Look
from tui.screens.board_calls import LOOK_SECONDS
from tui.session import SessionError


class LookView(ScrollView, can_focus=True):
    """The lines of another screen, whatever its size; arrows scroll."""

    DEFAULT_CSS = "LookView { height: 1fr; background: $background; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 1; }"

    shown: reactive[Look | None] = reactive(None, repaint=False)

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []

    def watch_shown(self, shown: Look | None) -> None:
        lines = [] if shown is None else [text.plain(line) for line in shown.lines]
        if lines == self._lines:
            return
        self._lines = lines
        size = Size(max((Segment(line).cell_length for line in lines), default=0), len(lines))
        if size != self.virtual_size:
            self.virtual_size = size
        self.refresh()

    def render_line(self, y: int) -> Strip:
        at, width, style = y + self.scroll_offset.y, self.size.width, self.rich_style
        if at >= len(self._lines):
            return Strip.blank(width, style)
        strip = Strip([Segment(self._lines[at], style)])
        left = self.scroll_offset.x
        return strip.crop_extend(left, left + width, style)


class LookScreen(Screen[None]):
    """Looks again and again; `look` is called in a thread and may raise SessionError. `whom` is whose screen it is."""

    DEFAULT_CSS = """
    LookScreen { layout: vertical; background: $background; }
    LookScreen Static { height: 1; padding: 0 1; background: $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,l,L", "dismiss(None)", "Close"),
    ]

    def __init__(self, whom: str, look: Callable[[], Look]) -> None:
        super().__init__()
        self._whom = whom
        self._look = look
        self._looking = False

    def compose(self) -> ComposeResult:
        yield Static(self._head("looking …"))
        yield LookView()

    def on_mount(self) -> None:
        self.query_one(LookView).focus()
        self.set_interval(LOOK_SECONDS, self.look_again)
        self.look_again()

    def _head(self, state: str) -> Content:
        return Content.assemble(
            ("The screen of ", "$muted"),
            (self._whom, "bold"),
            (f"  {state}", "$warning"),
            ("  read-only · arrows scroll · Esc closes", "$muted"),
        )

    def look_again(self) -> None:
        """Look, unless a look is under way."""
        if not self._looking:
            self._looking = True
            self._look_once()

    @work(group="look")
    async def _look_once(self) -> None:
        try:
            seen = await asyncio.to_thread(self._look)
        except SessionError as error:
            self._show(f"✗ {text.one_line(error.message)}", None)
        else:
            self._show(f"{seen.width}x{seen.height}" if seen.lines else "no screen is open there", seen)
        finally:
            self._looking = False

    def _show(self, state: str, seen: Look | None) -> None:
        if not self.is_mounted:
            return
        self.query_one(Static).update(self._head(state))
        if seen is not None:
            self.query_one(LookView).shown = seen
