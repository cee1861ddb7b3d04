"""Lines made from the world, laid out anew only when their number changes.

A layout of the whole screen costs many times what drawing a few lines does, and most changes of the world
change figures, not how many lines there are.
"""

from __future__ import annotations

from abc import abstractmethod

from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui.snapshot import EMPTY, Snapshot


class Block(Widget, can_focus=False):
    """Set `world`; say in `make` what is shown of it."""

    DEFAULT_CSS = "Block { height: auto; }"

    world: reactive[Snapshot] = reactive(EMPTY, repaint=False)

    _content = Content("")

    @abstractmethod
    def make(self, world: Snapshot, width: int) -> Content:
        """The lines for a width. Must not depend on anything else that changes."""

    def watch_world(self) -> None:
        self.remake()

    def _on_resize(self, event: events.Resize) -> None:  # noqa: ARG002 - Textual's signature
        self.remake()

    def remake(self) -> None:
        """Make the lines again; draw them if they differ."""
        width = self.size.width
        content = self.make(self.world, width)
        if content.is_same(self._content):
            return
        before, self._content = self._content, content
        grown = width == 0 or content.get_height({}, width) != before.get_height({}, width)
        self.refresh(layout=grown)

    def render(self) -> Content:
        return self._content
