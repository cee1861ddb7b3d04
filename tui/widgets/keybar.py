"""The footer: the screen's most important keys, as many as fit. Clicking one does what the key does."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from tui.actions import Action, Scope, footer, key_name


class KeyBar(Widget, can_focus=False):
    """One line of "key label" pairs made from the ACTIONS table."""

    DEFAULT_CSS = """
    KeyBar { height: 1; dock: bottom; background: $panel; color: $muted; padding: 0 1; }
    """
    ALLOW_SELECT = False
    auto_links = False

    tabbed: reactive[bool] = reactive(False)
    """Whether tabs above already show the keys of the panes."""
    closed: reactive[frozenset[str]] = reactive(frozenset())
    """Actions (by name) that are not offered."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self._actions = footer(scope)

    def render(self) -> Content:
        shown = sorted(self._fitting(self.size.width), key=lambda action: action.footer)
        return Content("  ").join([self._pair(action) for action in shown])

    def _fitting(self, room: int) -> list[Action]:
        """The actions that fit, giving up the least important first; the last of all (the palette) stays."""
        chosen: list[Action] = []
        used = 0
        for action in [self._actions[-1], *self._actions[:-1]]:
            if self.tabbed and action.group == "Panes" and action.name.startswith(("show", "scaling")):
                continue
            if action.name in self.closed:
                continue
            width = len(_key(action)) + 1 + len(action.label) + (2 if chosen else 0)
            if used + width <= room:
                chosen.append(action)
                used += width
        return chosen

    def _pair(self, action: Action) -> Content:
        namespace = "app" if action.scope == "app" else "screen"
        click = Style.from_meta({"@click": f"{namespace}.{action.name}"})
        text = f"{_key(action)} {action.label}"
        return Content(text).stylize("bold $primary", 0, len(_key(action))).stylize(click)


def _key(action: Action) -> str:
    return key_name((action.keys or action.letters)[0])
