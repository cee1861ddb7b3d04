"""In the narrow layout: which pane is shown, and the keys of the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from textual.content import Content
from textual.reactive import reactive
from textual.style import Style
from textual.widgets import Static

from tui.actions import ACTIONS, key_name

Pane = Literal["guide", "world", "console", "traffic"]
PANES: tuple[Pane, ...] = ("guide", "world", "console", "traffic")


class PaneTabs(Static):
    """Their names; clicking one goes there."""

    ALLOW_SELECT = False
    auto_links = False
    shown: reactive[str] = reactive("guide")

    def __init__(self, panes: Sequence[str], *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._panes = panes

    def render(self) -> Content:
        parts = []
        for pane in self._panes:
            key = next(
                (action.keys or action.letters)[0] for action in ACTIONS if action.name == f"show('{pane}')"
            )
            name = f" {key_name(key)} {pane.capitalize()} "
            content = Content.styled(name, "bold reverse" if pane == self.shown else "$muted")
            parts.append(content.stylize(Style.from_meta({"@click": f"screen.show('{pane}')"})))
        return Content(" ").join(parts)
