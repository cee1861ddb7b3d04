"""The application for labs: the catalogue first, and a theme that is remembered.

The rule: the first frame waits for nothing. This module imports Textual and the catalogue; the lab, its
widgets and the help are imported when they are first wanted, and the session is not asked for anything slow
before the first paint.
"""

from __future__ import annotations

from textual.screen import Screen

from tui.frame import Frame
from tui.screens.catalogue import CatalogueScreen
from tui.session import LabSession, SessionError
from tui.themes import DARK, THEMES


class LabApp(Frame):
    """fargate-lab on screen. The caller closes the session after `run` returns."""

    # The first screen's styles: Textual loads those of a screen only when it is pushed.
    CSS_PATH = "screens/catalogue.tcss"

    def __init__(self, session: LabSession, *, lab: str | None = None) -> None:
        super().__init__()
        self.session = session
        self._lab = lab
        self.theme = remembered_theme(session)

    def get_default_screen(self) -> Screen[object]:
        return CatalogueScreen(self.session, opening=self._lab)

    def action_toggle_theme(self) -> None:
        super().action_toggle_theme()
        self.run_worker(self._remember_theme, thread=True, group="preference", exit_on_error=False)

    def _remember_theme(self) -> None:
        try:
            self.session.set_preference("theme", self.theme)
        except SessionError:
            return  # A theme that is forgotten is chosen again.


def remembered_theme(session: LabSession) -> str:
    """The theme chosen in an earlier sitting, else the dark one."""
    try:
        chosen = session.preference("theme")
    except SessionError:
        chosen = None
    return chosen if chosen in THEMES else DARK.name


def run(session: LabSession, *, lab: str | None = None) -> None:
    """Show the application until the learner leaves it, then close the session. `lab` is opened at once."""
    try:
        LabApp(session, lab=lab).run()
    finally:
        session.close()
