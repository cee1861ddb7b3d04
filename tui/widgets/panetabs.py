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
    """Their names, and those of screens beside them; clicking one goes there."""

    ALLOW_SELECT = False
    auto_links = False
    shown: reactive[str] = reactive("guide")

    def __init__(
        self,
        panes: Sequence[str],
        *,
        screens: Sequence[str] = (),
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        super().__init__(id=id)
        self._places = [(pane, f"show('{pane}')") for pane in panes] + [(name, name) for name in screens]

    def render(self) -> Content:
        parts = []
        for place, name in self._places:
            key = next((action.keys or action.letters)[0] for action in ACTIONS if action.name == name)
            words = f" {key_name(key)} {place.capitalize()} "
            content = Content.styled(words, "bold reverse" if place == self.shown else "$muted")
            parts.append(content.stylize(Style.from_meta({"@click": f"screen.{name}"})))
        return Content(" ").join(parts)
