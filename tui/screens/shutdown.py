"""The end of one task, to scale and as long as it lasts."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widget import Widget

from tui import timeline
from tui.snapshot import Snapshot, Task
from tui.traffic import Report, Shutdown


class Picture(Widget, can_focus=False):
    """As wide as it is allowed to be, as high as it must."""

    DEFAULT_CSS = "Picture { height: auto; }"

    shutdown: Shutdown | None = None
    now_ms = 0

    def drawn(self, width: int) -> Content:
        """The picture for a width."""
        if self.shutdown is None:
            return Content("This task is not on its way out.")
        return timeline.picture(self.shutdown, self.now_ms, max(20, width), self.app.size.height)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - Textual's
        return self.drawn(width).plain.count("\n") + 1

    def render(self) -> Content:
        return self.drawn(self.size.width)


class ShutdownScreen(ModalScreen[None]):
    """Takes new reports while the task is on its way out; `task` is None when only its id is still known."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q", "dismiss(None)", "Close")]

    def __init__(self, task_id: str, task: Task | None, report: Report, now_ms: int) -> None:
        super().__init__()
        self._task_id = task_id
        self._last_seen = task
        self._report = report
        self._now_ms = max(now_ms, report.now_ms)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog -whole") as page:
            page.border_subtitle = "Esc closes · ↑ ↓ scroll"
            yield Picture()

    def on_mount(self) -> None:
        self._draw()

    def take_world(self, world: Snapshot) -> None:
        """The task may have moved on."""
        self._last_seen = next((task for task in world.tasks if task.id == self._task_id), self._last_seen)
        self._now_ms = max(self._now_ms, world.clock.now_ms)
        if self.is_mounted:
            self._draw()

    def take_report(self, report: Report) -> None:
        """Its clients may have."""
        if report.known:
            self._report = report
            self._now_ms = max(self._now_ms, report.now_ms)
            if self.is_mounted:
                self._draw()

    def _draw(self) -> None:
        picture = self.query_one(Picture)
        shutdown = timeline.known(self._last_seen, self._report.shutdown(self._task_id))
        ended = shutdown is not None and shutdown == picture.shutdown and shutdown.stopped_ms is not None
        if not ended:
            picture.shutdown, picture.now_ms = shutdown, self._now_ms
            picture.refresh(layout=True)
