"""The console's output: plain lines, wrapped to the width they are seen at, kept to a bounded number.

Nothing is parsed but the keys of JSON, which are tinted so that an answer can be scanned. Only lines in
view are drawn.
"""

from __future__ import annotations

import re
import textwrap
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from rich.cells import chop_cells
from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.visual import Visual

from tui.text import plain

Kind = Literal["command", "out", "err", "note", "good", "bad"]

MAX_LINES = 5000
"""Logical lines kept. The oldest go first."""
MAX_LINE = 4000
"""Characters of a logical line; a longer one is cut into several, so that a command that prints without a
line end costs no more than another.
"""

_STYLES: dict[Kind, str] = {
    "command": "bold",
    "out": "",
    "err": "$error",
    "note": "$muted italic",
    "good": "$success",
    "bad": "$error",
}
_JSON_KEY = re.compile(r'^\s*"(?:[^"\\]|\\.)*"(?=\s*:)')


@dataclass(frozen=True, slots=True)
class Row:
    """One line on screen. `first` is true for the beginning of a logical line."""

    text: str
    kind: Kind
    first: bool
    key: tuple[int, int] | None = None


class Scrollback(ScrollView, can_focus=True):
    """Follows its end until scrolled away from it."""

    DEFAULT_CSS = """
    Scrollback {
        height: 1fr; padding: 0 1; background: $background; overflow-x: hidden; scrollbar-size-vertical: 1;
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._lines: deque[tuple[str, Kind]] = deque(maxlen=MAX_LINES)
        self._rows: list[Row] = []
        self._width = 0
        self._open = False
        self._following = True

    def write(self, text: str, kind: Kind) -> None:
        """Add text as it comes.

        A piece that does not end in a newline is continued by the next of its kind.
        """
        if not text:
            return
        pieces = plain(text).split("\n")
        if self._open and self._lines and self._lines[-1][1] == kind:
            last, _ = self._lines.pop()
            self._drop_last_rows()
            pieces[0] = last + pieces[0]
        self._open = pieces[-1] != ""
        if not self._open:
            pieces.pop()
        self._extend((part, kind) for piece in pieces for part in _cut(piece))

    def line(self, text: str, kind: Kind) -> None:
        """Add whole lines, starting on a new one."""
        self._open = False
        self._extend((part, kind) for piece in plain(text).split("\n") for part in _cut(piece))

    def clear(self) -> None:
        """Forget everything shown."""
        self._lines.clear()
        self._rows.clear()
        self._open = False
        self._fit()

    @property
    def text(self) -> str:
        """All lines kept, as text."""
        return "\n".join(line for line, _ in self._lines)

    def _extend(self, lines: Iterable[tuple[str, Kind]]) -> None:
        new = list(lines)[-MAX_LINES:]
        self._drop_first_rows(len(self._lines) + len(new) - MAX_LINES)
        self._lines.extend(new)
        for text, kind in new:
            self._rows += wrapped(text, kind, self._width)
        self._fit()
        self._follow()

    def _drop_first_rows(self, lines: int) -> None:
        """The rows of that many logical lines, which the deque is about to let go."""
        if lines <= 0:
            return
        begins = (index for index, row in enumerate(self._rows) if row.first)
        del self._rows[: next(islice(begins, lines, None), len(self._rows))]

    def _drop_last_rows(self) -> None:
        while self._rows and not self._rows.pop().first:
            pass

    def _rewrap(self) -> None:
        self._rows = [row for text, kind in self._lines for row in wrapped(text, kind, self._width)]

    def _fit(self) -> None:
        self.virtual_size = Size(self._width, len(self._rows))
        self.refresh()

    def _on_resize(self, event: events.Resize) -> None:  # noqa: ARG002 - Textual's signature
        width = self.scrollable_content_region.width
        if width != self._width:
            self._width = width
            self._rewrap()
            self._fit()
        self._follow()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._following = new_value >= self.max_scroll_y

    def _follow(self) -> None:
        """Show the end, unless the learner has scrolled away from it. A change of size scrolls nobody away."""
        if self._following:
            self.scroll_end(animate=False, immediate=True, force=True)

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        width = self.size.width
        style = self.visual_style
        if index >= len(self._rows):
            return Strip.blank(width, style.rich_style)
        strips = Visual.to_strips(
            self, self._content(index), width, 1, style, apply_selection=False, pad=True
        )
        return (strips[0] if strips else Strip.blank(width, style.rich_style)).apply_offsets(0, index)

    def _content(self, index: int) -> Content:
        row = self._rows[index]
        content = Content.styled(row.text, _STYLES[row.kind]) if _STYLES[row.kind] else Content(row.text)
        if row.key is not None:
            content = content.stylize("$secondary", *row.key)
        if row.kind == "command" and row.first:
            content = content.stylize("$primary", 0, 1)
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(index)) is not None:
            start, end = span
            content = content.stylize("reverse", start, len(row.text) if end == -1 else end)
        return content

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        return selection.extract("\n".join(row.text for row in self._rows)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:  # noqa: ARG002 - Textual's signature
        self.refresh()


def _cut(line: str) -> list[str]:
    return [line[i : i + MAX_LINE] for i in range(0, len(line), MAX_LINE)] or [""]


def wrapped(text: str, kind: Kind, width: int) -> list[Row]:
    """A logical line as the rows it takes at that width (0: not laid out yet, one row)."""
    found = _JSON_KEY.match(text) if kind == "out" else None
    key = (len(text) - len(text.lstrip()), found.end()) if found else None
    if width <= 0 or (text.isascii() and len(text) <= width):
        return [Row(text, kind, first=True, key=key)]
    # The narrator's sentences break between words; what a command printed breaks where it must.
    if kind == "note":
        pieces = textwrap.wrap(text, width) or [""]
    elif text.isascii():
        pieces = [text[i : i + width] for i in range(0, len(text), width)]
    else:
        pieces = chop_cells(text, width)
    return [Row(piece, kind, first=i == 0, key=key if i == 0 else None) for i, piece in enumerate(pieces)]
