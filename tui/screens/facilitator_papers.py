"""What is written about a game: the briefing with the hints, and the questions for the debrief."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Markdown, Static

from tui import text
from tui.games import GameView
from tui.gametext import plural


class PaperScreen(ModalScreen[None]):
    """A page to read: a title, `markdown` when there is any, then plain text."""

    CSS_PATH = "dialog.tcss"
    DEFAULT_CSS = "PaperScreen Markdown { padding: 0; margin: 1 0 0 0; }"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q,b,d", "dismiss(None)", "Close")]

    def __init__(self, title: str, markdown: str, words: Content) -> None:
        super().__init__()
        self._title = title
        self._markdown = markdown
        self._words = words

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog -large") as page:
            page.border_subtitle = "Esc closes · ↑ ↓ scroll"
            yield Static(Content.styled(text.one_line(self._title), "bold $primary"))
            if self._markdown:
                yield Markdown(self._markdown, open_links=False)
            yield Static(self._words)


def briefing(view: GameView) -> PaperScreen:
    """What the teams are told, and the hints that they may be given."""
    return PaperScreen(view.title, view.briefing, hints_content(view))


def questions(view: GameView) -> PaperScreen:
    """What to ask when the game is over."""
    return PaperScreen("Questions for the debrief", "", questions_content(view))


def hints_content(view: GameView) -> Content:
    """The hints in their order, and what each costs."""
    lines = [Content.styled(f"Hints, for {plural(view.hint_budget, 'point')} at most", "bold")]
    for number, hint in enumerate(view.hints, 1):
        lines += [
            Content(""),
            Content.assemble((f"{number}. {plural(hint.cost, 'point')}", "$muted")),
            Content(text.plain(hint.text).strip()),
        ]
    if not view.hints:
        lines.append(Content.styled("This scenario has none.", "$muted"))
    return Content("\n").join(lines)


def questions_content(view: GameView) -> Content:
    """The questions, numbered."""
    if not view.debrief:
        return Content.styled("\nThis scenario has none.", "$muted")
    lines = [f"\n{number}. {text.one_line(question)}" for number, question in enumerate(view.debrief, 1)]
    return Content("\n".join(lines))
