"""What every application of fargate-lab has: the two themes, and the actions that work anywhere.

The rule: the first frame waits for nothing. The help is imported when it is first wanted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.screen import Screen

from tui.actions import Scope, bindings, key_name, palette
from tui.themes import DARK, LIGHT, THEMES


class Frame(App[None]):
    """An application on screen: an heir says which screen is the first."""

    TITLE = "fargate-lab"
    CSS = """
    ToastRack { dock: top; margin-top: 2; }
    MarkdownH1, MarkdownH2, MarkdownH3 { content-align: left middle; margin: 1 0; color: $foreground; text-style: bold; }
    MarkdownBlock > .code_inline { background: $foreground 10%; color: $foreground; }
    MarkdownFence { background: $surface; color: $foreground; border-left: outer $border; }
    MarkdownFence > Label { padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [b for b in bindings("app") if b.action != "command_palette"]
    ENABLE_COMMAND_PALETTE = True
    LOOKS_PER_SECOND: ClassVar[int | None] = None
    """How often a world is looked at, at most; None for as often as is usual."""
    RETRY_SECONDS: ClassVar[float | None] = None
    """After how long a world that did not answer is looked at again; None: when somebody asks for it."""
    MORE: ClassVar[tuple[Scope, ...]] = ()
    """Whose actions work anywhere, too."""
    CLOSED: ClassVar[frozenset[str]] = frozenset()
    """Actions (by name) that this application does not offer."""

    def __init__(self) -> None:
        super().__init__()
        for theme in THEMES.values():
            self.register_theme(theme)
        self.theme = DARK.name

    @property
    def scope(self) -> Scope:
        """What the screen below any dialog is."""
        for screen in reversed(self.screen_stack):
            found: Scope | None = getattr(screen, "SCOPE", None)
            if found is not None:
                return found
        return "app"

    @property
    def closed(self) -> frozenset[str]:
        """The actions that are not offered now, by this application or by its screen."""
        found = set(self.CLOSED)
        for screen in self.screen_stack:
            found |= getattr(screen, "closed", frozenset())
        return frozenset(found)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action not in self.CLOSED and super().check_action(action, parameters)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        for action in palette(self.scope, *self.MORE):
            if action.name in self.closed:
                continue
            keys = ", ".join(key_name(key) for key in (*action.keys, *action.letters))
            title = f"{action.label}  ({keys})" if keys else action.label
            target = self if action.scope in ("app", *self.MORE) else screen
            yield SystemCommand(title, action.help, self._runner(action.name, target))

    def _runner(self, name: str, target: DOMNode) -> Callable[[], Awaitable[object]]:
        async def run() -> None:
            await self.run_action(name, target)

        return run

    def action_help(self) -> None:
        from tui.screens.help import HelpScreen  # noqa: PLC0415 - only when it is wanted

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.scope, more=self.MORE, closed=self.closed))

    def action_picture(self) -> None:
        drawn = self.export_screenshot(title=self.TITLE)
        self.run_worker(partial(self._keep_picture, drawn), thread=True, group="picture", exit_on_error=False)

    def _keep_picture(self, drawn: str) -> None:
        try:
            path = free_name(Path.cwd())
            path.write_text(drawn, encoding="utf-8")
        except OSError as problem:
            self.call_from_thread(
                self.notify, f"No picture: {problem.strerror}", severity="error", markup=False
            )
        else:
            self.call_from_thread(self.notify, f"Saved {path}", markup=False)

    def action_toggle_theme(self) -> None:
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name


def free_name(folder: Path) -> Path:
    """The first of `fargate-lab-1.svg`, `fargate-lab-2.svg` ... that is not there yet."""
    number = 1
    while (path := folder / f"fargate-lab-{number}.svg").exists():
        number += 1
    return path
