"""In the narrow layout: which pane is shown, and the keys of the others."""

from __future__ import annotations

from typing import Literal

from textual.content import Content
from textual.reactive import reactive
from textual.style import Style
from textual.widgets import Static

Pane = Literal["guide", "world", "console"]
PANES: tuple[Pane, ...] = ("guide", "world", "console")


class PaneTabs(Static):
    """Three names; clicking one goes there."""

    ALLOW_SELECT = False
    auto_links = False
    shown: reactive[str] = reactive("guide")

    def render(self) -> Content:
        parts = []
        for index, pane in enumerate(PANES):
            name = f" F{index + 2} {pane.capitalize()} "
            content = Content.styled(name, "bold reverse" if pane == self.shown else "$muted")
            parts.append(content.stylize(Style.from_meta({"@click": f"screen.show('{pane}')"})))
        return Content(" ").join(parts)
