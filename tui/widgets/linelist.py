"""A list of lines of which some can be chosen. Only the lines in view are ever drawn."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual


@dataclass(frozen=True, slots=True)
class Line:
    """A line, drawn when it comes into view; one with a `key` can be chosen."""

    draw: Callable[[], Content]
    key: str = ""


def ready(content: Content) -> Line:
    """A line that is drawn already."""
    return Line(lambda: content)


class LineList(ScrollView, can_focus=True):
    """Say in `make` which lines there are, in `choose` what becomes of a choice; `remake` when they have changed.

    The cursor goes from one line with a key to the next, and stays on its key whatever happens around it.
    """

    DEFAULT_CSS = """
    LineList {
        height: 1fr; min-height: 2; background: $background; overflow-x: hidden; scrollbar-size-vertical: 1;
    }
    LineList > .linelist--cursor { background: $primary 18%; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"linelist--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor(-1)", "Up", show=False),
        Binding("down,j", "cursor(1)", "Down", show=False),
        Binding("home", "scroll_home", "First", show=False),
        Binding("enter", "choose", "Show it", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._lines: Sequence[Line] = ()
        self._cursor_id = ""

    @abstractmethod
    def make(self, width: int) -> Sequence[Line]:
        """The lines for a width."""

    def choose(self, key: str) -> None:
        """The line with that key was chosen."""

    def _on_resize(self, event: events.Resize) -> None:  # noqa: ARG002 - Textual's signature
        self.remake()

    def remake(self) -> None:
        """Make the lines again."""
        self._lines = self.make(max(20, self.scrollable_content_region.width))
        keys = self._keys()
        if keys and all(key != self._cursor_id for _, key in keys):
            self._cursor_id = keys[0][1]
        size = Size(0, len(self._lines))
        if size != self.virtual_size:
            self.virtual_size = size
        self.refresh()

    def _keys(self) -> list[tuple[int, str]]:
        return [(at, line.key) for at, line in enumerate(self._lines) if line.key]

    def action_cursor(self, by: int) -> None:
        keys = self._keys()
        at = next((i for i, (_, key) in enumerate(keys) if key == self._cursor_id), 0)
        if keys and not self._in_view(keys[at][0]):
            # The first press shows where the cursor is.
            by = 0
        if not keys or not 0 <= at + by < len(keys):
            # Beyond the ends there may be other lines to be read.
            self.scroll_relative(y=by * 3, animate=False)
            return
        line, key = keys[at + by]
        self._cursor_id = key
        self.scroll_to_region(Region(0, line, 1, 2), animate=False)
        self.refresh()

    def _in_view(self, line: int) -> bool:
        return self.scroll_offset.y <= line < self.scroll_offset.y + self.size.height

    def action_choose(self) -> None:
        if any(key == self._cursor_id for _, key in self._keys()):
            self.choose(self._cursor_id)

    def on_click(self, event: events.Click) -> None:
        index = event.y + self.scroll_offset.y
        if 0 <= index < len(self._lines) and self._lines[index].key:
            self._cursor_id = self._lines[index].key
            self.refresh()
            if event.chain > 1:
                self.action_choose()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        index = y + self.scroll_offset.y
        style = self.visual_style
        if index >= len(self._lines):
            return Strip.blank(width, style.rich_style)
        line = self._lines[index]
        if line.key and line.key == self._cursor_id and self.has_focus:
            style += self.get_visual_style("linelist--cursor")
        room = max(1, self.scrollable_content_region.width)
        content = line.draw().truncate(room, ellipsis=True)
        strips = Visual.to_strips(self, content, width, 1, style, apply_selection=False, pad=True)
        return strips[0] if strips else Strip.blank(width, style.rich_style)
