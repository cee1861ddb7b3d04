"""The writing of the reports: how far it is, then where they are, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui import text
from tui.session import SessionError

LINES = 200
"""So many words of progress are kept."""


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of the reports."""

    state: Literal["none", "writing", "written", "failed"] = "none"
    told: tuple[str, ...] = ()
    """What it was at, oldest first."""
    paths: tuple[str, ...] = ()
    error: SessionError | None = None

    def tell(self, words: str) -> Report:
        """It is at something else now."""
        return replace(self, told=(*self.told, words)[-LINES:])


class ReportScreen(ModalScreen[bool]):
    """Kept up to date by whoever opened it. Closing it ends nothing; True: it failed, and is to be tried again."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss(False)", "Close"),
        Binding("r", "again", "Try again"),
    ]

    def __init__(self, report: Report) -> None:
        super().__init__()
        self._report = report

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog -large") as page:
            page.border_subtitle = "Esc closes · R shows it again"
            yield Static(report_content(self._report))

    def on_mount(self) -> None:
        # There may have been more to tell since the page was made.
        self.take(self._report)

    def action_again(self) -> None:
        self.dismiss(self._report.state == "failed")

    def take(self, report: Report) -> None:
        """There is more to tell."""
        self._report = report
        if self.is_attached and self.query(Static):
            self.query_one(Static).update(report_content(report))
            if report.state == "writing":
                self.query_one(VerticalScroll).scroll_end(animate=False)


def report_content(report: Report) -> Content:
    """The page."""
    if report.state == "written":
        lines = [Content.styled("✓ The reports are written", "bold $success"), Content("")]
        lines += [Content(text.one_line(path)) for path in report.paths]
        return Content("\n").join(
            [*lines, Content(""), Content.styled("The worlds have ended. Q leaves.", "$muted")]
        )
    if report.state == "failed" and report.error is not None:
        return Content("\n").join(
            [
                Content.styled("✗ There is no report", "bold $error"),
                Content(""),
                Content(text.plain(report.error.message)),
                Content(text.plain(report.error.hint)),
                Content(""),
                Content.assemble(("R", "bold $primary"), (" tries again", "$muted")),
            ]
        )
    lines = [Content.styled("◐ Writing the report; this may take minutes", "bold $warning"), Content("")]
    lines += [Content.styled(f"✓ {text.one_line(words)}", "$muted") for words in report.told[:-1]]
    lines += [Content(f"◐ {text.one_line(words)}") for words in report.told[-1:]]
    return Content("\n").join(lines)
