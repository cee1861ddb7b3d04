"""The console's input: a shell's line that may span several.

Enter runs what is complete and opens a new line in what is not (a trailing backslash, an open quote, an
open here-document), as a shell does. Pasted text keeps its lines and never runs by itself.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from tui.text import plain

_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1")


def incomplete(line: str) -> bool:
    """Whether a shell would ask for more before it runs `line`."""
    if line.endswith("\\") and not line.endswith("\\\\"):
        return True
    heredoc = _HEREDOC.search(line)
    if heredoc:
        return heredoc.group(2) not in (text.strip() for text in line.split("\n")[1:])
    try:
        shlex.split(line, comments=True)
    except ValueError:
        return True
    return False


class Prompt(TextArea):
    """Where commands are typed. History and completion are its owner's; it only asks."""

    DEFAULT_CSS = """
    Prompt, Prompt:focus { height: auto; max-height: 8; border: none; padding: 0; background: $background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+u", "clear_line", "Clear the line", show=False),
        Binding("ctrl+j", "newline", "New line", show=False),
    ]

    @dataclass
    class Submitted(Message):
        """A complete line is to be run."""

        line: str

    @dataclass
    class CompletionAsked(Message):
        """Tab was pressed; `cursor` is an offset into `line`."""

        line: str
        cursor: int

    @dataclass
    class HistoryAsked(Message):
        """Up (-1) on the first row, or down (+1) on the last."""

        step: int

    def __init__(self) -> None:
        super().__init__(
            soft_wrap=True,
            show_line_numbers=False,
            tab_behavior="focus",
            compact=True,
            highlight_cursor_line=False,
            placeholder="aws ecs …",
        )

    @property
    def cursor_offset(self) -> int:
        """The cursor as an offset into `text`."""
        row, column = self.cursor_location
        return sum(len(line) + 1 for line in self.text.split("\n")[:row]) + column

    def put(self, text: str) -> None:
        """Replace the line and leave the cursor at its end."""
        self.text = text
        self.move_cursor(self.document.end)

    def replace_span(self, start: int, end: int, text: str) -> None:
        """Replace `text[start:end]` and leave the cursor behind what was put there."""
        whole = self.text
        self.text = whole[:start] + text + whole[end:]
        before = (whole[:start] + text).split("\n")
        self.move_cursor((len(before) - 1, len(before[-1])))

    def action_clear_line(self) -> None:
        self.put("")

    def action_newline(self) -> None:
        self.insert("\n")

    async def _on_key(self, event: events.Key) -> None:
        if self._asks(event.key):
            event.stop()
            event.prevent_default()
            return
        await super()._on_key(event)

    def _asks(self, key: str) -> bool:
        """Handle the keys that mean something else here than in an editor; False for all others."""
        row = self.cursor_location[0]
        if key == "enter":
            if incomplete(self.text):
                self.insert("\n")
            else:
                self.post_message(self.Submitted(self.text))
        elif key == "tab":
            self.post_message(self.CompletionAsked(self.text, self.cursor_offset))
        elif key == "up" and row == 0:
            self.post_message(self.HistoryAsked(-1))
        elif key == "down" and row == self.document.line_count - 1:
            self.post_message(self.HistoryAsked(1))
        else:
            return False
        return True

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.insert(plain(event.text.replace("\r\n", "\n").replace("\r", "\n")).rstrip("\n"))
