"""What the team is told at the beginning: briefing and roles."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Markdown, Static

from tui import text
from tui.games import Briefing


class BriefingScreen(ModalScreen[None]):
    """Stays until it is closed. `unread` pages that come meanwhile are counted at its edge."""

    CSS_PATH = "dialog.tcss"
    CSS = """
    BriefingScreen .dialog { border-title-color: $warning; border-title-style: bold; }
    BriefingScreen Markdown { margin: 1 0 0 0; padding: 0; background: $surface; height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,f5,b", "dismiss(None)", "Close"),
    ]

    def __init__(self, briefing: Briefing, *, unread: int = 0) -> None:
        super().__init__()
        self._briefing = briefing
        self._unread = unread

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog -long") as page:
            page.border_subtitle = "Enter closes · F5 shows it again · ↑ ↓ scroll"
            yield Static(head_content(self._briefing))
            yield Markdown(self._briefing.text, open_links=False)
            yield Static(roles_content(self._briefing))

    def on_mount(self) -> None:
        self.count(self._unread)

    def count(self, unread: int) -> None:
        """So many pages are unread."""
        self._unread = unread
        for page in self.query(VerticalScroll):
            page.border_title = f"● {unread} new on the pager" if unread else ""


def head_content(briefing: Briefing) -> Content:
    """The title, the team, and how long the game lasts."""
    lasts = f"   {text.duration(briefing.length_ms)} on the clock" if briefing.length_ms else ""
    return Content.assemble(
        (text.one_line(briefing.title), "bold"),
        "\n",
        ("You are team ", "$muted"),
        (text.one_line(briefing.team), "bold $primary"),
        (lasts, "$muted"),
    )


def roles_content(briefing: Briefing) -> Content:
    """Who does what."""
    if not briefing.roles:
        return Content("")
    lines = [Content.styled("Roles", "bold")]
    for role in briefing.roles:
        lines.append(
            Content.assemble((f"{text.one_line(role.name)}  ", "bold $primary"), text.one_line(role.does))
        )
    return Content("\n").join(lines)
