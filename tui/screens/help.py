"""Every key of the screen that it was called from, made from the ACTIONS table, and what the signs mean."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widget import Widget

from tui.actions import Scope, groups, key_name

_SIGNS = (
    "● running   ◐ on its way   ◌ stopping   ○ stopped as wanted, or still to do",
    "✗ failed   ✓ passed or completed",
    "desired: what the service wants.  floor, ceiling: how few, how many tasks a deployment may run.",
    "Traffic: ██ 502  ▓▓ 503  ▒▒ 504  ░░ 460 (the client gave up)  ▚▚ others.  p99: 99 of 100 answers were as fast.",
    "breaker 1/3: one failure counted, the deployment fails at three.",
)
_SIGNS_OF_A_GAME = (
    "Clocks: ○ ready   ▶ running   ⏸ frozen   ■ over",
    "SLOs: ✓ good   ✗ bad   · not measured.  The latest intervals: ▂ good   █ bad   · not measured",
    "━━╌╌ 34 %: so much of the error budget of the whole game has burned.",
    "Injections: ○ waiting   ⏸ held   ● in force   ✓ came   ↩ taken back   ✗ refused",
    "Commands: ❯ changed something   · only looked   ✗ was refused",
)
_SIGNS_OF_A_CLASS = (
    "Steps: ✓ passed   ✗ tried, and not passed   ▸ at it   · open   – locked",
    "● at the screen   ○ no screen open   ! stuck",
    "Stuck: somebody is there, did something in the last 15 minutes, the step is open, and three checks of it failed, or it takes "
    "longer than 5 minutes and than twice what is usual: the median of those who have passed it; before there are three, the "
    "lab's minutes divided by its steps.",
    "since: how long the step has taken, at the screen; of a pause, 15 minutes count.",
    "hint: the highest level that was shown.  S: the solution was shown.",
)

_KEYS = 20
"""Cells that the keys get."""


class HelpScreen(ModalScreen[None]):
    """Keys and signs."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,f1,question_mark", "dismiss(None)", "Close")
    ]

    def __init__(
        self, scope: Scope, *, more: tuple[Scope, ...] = (), closed: frozenset[str] = frozenset()
    ) -> None:
        super().__init__()
        self._written = lambda width: help_content(scope, more, closed, width=width)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog -large") as page:
            page.border_subtitle = "Esc closes · ↑ ↓ scroll"
            yield _Page(self._written)


class _Page(Widget, can_focus=False):
    """As high as it must be for the width that it gets."""

    DEFAULT_CSS = "_Page { height: auto; }"

    def __init__(self, written: Callable[[int], Content]) -> None:
        super().__init__()
        self._written = written

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - Textual's
        return self._written(width).plain.count("\n") + 1

    def render(self) -> Content:
        return self._written(self.size.width)


def help_content(
    scope: Scope, more: tuple[Scope, ...] = (), closed: frozenset[str] = frozenset(), *, width: int = 86
) -> Content:
    """The help page of a screen for `width` cells, without the actions that are closed. What is too long goes on below its own
    beginning.
    """
    lines: list[Content] = []
    for group, actions in groups(scope, *more).items():
        lines.append(Content.styled(group, "bold"))
        for action in [each for each in actions if each.name not in closed]:
            keys = "  ".join(key_name(key) for key in (*action.keys, *action.letters)) or "–"
            lines.append(
                Content.assemble((f"  {keys:<{_KEYS - 2}}", "$primary"), _hanging(action.help, width, _KEYS))
            )
        lines.append(Content(""))
    lines.append(Content.styled("Signs", "bold"))
    signs = {"facilitator": _SIGNS_OF_A_GAME, "board": _SIGNS_OF_A_CLASS}.get(scope, _SIGNS)
    lines += [Content(f"  {_hanging(line, width, 2)}") for line in signs]
    return Content("\n").join(lines)


def _hanging(text: str, width: int, indent: int) -> str:
    lines = wrap(text, max(20, width - indent), break_on_hyphens=False, fix_sentence_endings=False)
    return f"\n{' ' * indent}".join(lines)
