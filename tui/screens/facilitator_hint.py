"""A hint, read by whoever runs the game before the team reads it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui import text
from tui.games import GameView, TeamCard
from tui.gametext import plural


class HintScreen(ModalScreen[bool]):
    """True to give the team its next hint, which there is."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "dismiss(True)", "Give it"),
        Binding("n,escape,q", "dismiss(False)", "Not now"),
    ]

    def __init__(self, team: TeamCard, view: GameView) -> None:
        super().__init__()
        self._content = hint_content(team, view)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog"):
            yield Static(self._content)


def hint_content(team: TeamCard, view: GameView) -> Content:
    """Which hint it is, what it says, what it costs, and the question."""
    hint = view.hints[team.hints_shown]
    spent = sum(each.cost for each in view.hints[: team.hints_shown])
    left = view.hint_budget - spent
    cost = Content.assemble(
        "It costs ",
        (plural(hint.cost, "point"), "bold"),
        f"; of {view.hint_budget} for hints {left} are left.",
    )
    if hint.cost > left:
        cost = Content.assemble(cost, ("\n! That is more than the budget allows.", "$warning"))
    return Content("\n").join(
        [
            Content.assemble(
                ("Give ", "bold"), (text.one_line(team.name), "bold $primary"), (" its next hint?", "bold")
            ),
            Content.styled(f"Hint {team.hints_shown + 1} of {len(view.hints)}", "$muted"),
            Content(""),
            Content(text.plain(hint.text).strip()),
            Content(""),
            cost,
            Content(""),
            Content.assemble(("Y", "bold $primary"), " give it    ", ("N", "bold $primary"), " not now"),
        ]
    )
