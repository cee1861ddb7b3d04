"""What went wrong, in one sentence, and what to do about it; stays until it is mended."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui import text
from tui.session import SessionError


class Banner(Widget, can_focus=False):
    """Shown while `error` is set."""

    DEFAULT_CSS = """
    Banner {
        display: none; height: auto; padding: 0 1;
        background: $error 15%; color: $text; border-left: thick $error;
    }
    Banner.-shown { display: block; }
    """

    error: reactive[SessionError | None] = reactive(None, layout=True)

    def watch_error(self, error: SessionError | None) -> None:
        self.set_class(error is not None, "-shown")

    def render(self) -> Content:
        if self.error is None:
            return Content("")
        what = text.one_line(self.error.message)
        hint = text.one_line(self.error.hint)
        again = "Ctrl+R starts it again and resumes" if self.error.world_lost else "Ctrl+R tries again"
        return Content.assemble(
            ("✗ ", "bold $error"),
            (what, "bold"),
            (f"  {hint}" if hint else ""),
            (f"  {again}", "$muted"),
        )
