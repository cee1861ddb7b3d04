"""The lab screen's side of traffic: how much of it is on screen, a load started and stopped, ends of tasks, queues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.reactive import reactive

from tui import queues
from tui.chart import HOUR, MINUTES
from tui.messages import QueuesSeen, TrafficSeen
from tui.queues import Queues
from tui.screens.lab_calls import TrafficMoved, TrafficRefused
from tui.screens.lab_scaling import LabScaling
from tui.session import LabCard, LabSession
from tui.traffic import NOTHING, Report
from tui.widgets.traffic import TrafficList, TrafficPane
from tui.widgets.world import WorldPane

if TYPE_CHECKING:
    from tui.screens.shutdown import ShutdownScreen

LATELY_SECONDS, LATELY_MINUTES = 60, 2
"""How far back the line of the world pane looks."""


class LabTraffic(LabScaling):
    """What the lab screen knows of the load and of the queues."""

    report: reactive[Report] = reactive(NOTHING, repaint=False)
    queues: reactive[Queues] = reactive(queues.NOTHING, repaint=False)

    def __init__(self, session: LabSession, card: LabCard) -> None:
        super().__init__(session, card)
        self._shutdown: ShutdownScreen | None = None

    @property
    def _traffic_shown(self) -> bool:
        """Whether the traffic pane is on screen."""
        if self.covered or not self.has_class("-traffic"):
            return False
        return not self.has_class("-compact") or self.has_class("-show-traffic")

    def traffic_on_screen(self) -> tuple[int, int] | None:
        if self.covered:
            return None
        if self._traffic_shown:
            return (LATELY_SECONDS, 60) if self.query_one(TrafficPane).span is HOUR else (120, LATELY_MINUTES)
        if not self.has_class("-compact") or self.has_class("-show-world"):
            return (LATELY_SECONDS, LATELY_MINUTES)
        return None

    def queues_on_screen(self) -> int | None:
        return self.query_one(TrafficPane).queue_span.minutes if self._traffic_shown else None

    @on(TrafficSeen)
    def _on_traffic(self, message: TrafficSeen) -> None:
        message.stop()
        self.report = message.report

    def watch_report(self, report: Report) -> None:
        if self.is_mounted and not self.covered:
            self.query_one(WorldPane).report = report
            self.query_one(TrafficPane).report = report
            if self._shutdown is not None:
                self._shutdown.take_report(report)

    @on(QueuesSeen)
    def _on_queues(self, message: QueuesSeen) -> None:
        message.stop()
        self.queues = message.queues

    def watch_queues(self, seen: Queues) -> None:
        if self.is_mounted and not self.covered:
            self.query_one(TrafficPane).queues = seen

    def action_load(self) -> None:
        if self.world.load_running:
            self.move_traffic(None)
            return
        from tui.screens.rate import RateScreen  # noqa: PLC0415 - only when it is wanted

        def then(rps: float | None) -> None:
            if rps is not None:
                self.move_traffic(rps)

        self.app.push_screen(RateScreen(), then)

    @on(TrafficMoved)
    def _on_traffic_moved(self, message: TrafficMoved) -> None:
        message.stop()
        report = message.report
        words = f"Traffic: {report.rates} requests a second. F10 shows what comes of it."
        self.notify(words if report.running else "Traffic stopped.", markup=False)

    @on(TrafficRefused)
    def _on_traffic_refused(self, message: TrafficRefused) -> None:
        message.stop()
        words = "\n".join(part for part in (message.error.message, message.error.hint) if part)
        self.notify(words, severity="error", markup=False)

    def action_span(self) -> None:
        pane = self.query_one(TrafficPane)
        pane.span = MINUTES if pane.span is HOUR else HOUR
        self.look_at_traffic()

    def action_subject(self) -> None:
        if not self.query_one(TrafficPane).next_subject():
            self.notify("There is one thing to show at most: a load, or a queue with orders.", markup=False)

    @on(TrafficList.Chosen)
    def _on_end(self, message: TrafficList.Chosen) -> None:
        message.stop()
        self._show_shutdown(message.shutdown.task)

    def _show_shutdown(self, task_id: str) -> None:
        from tui.screens.shutdown import ShutdownScreen  # noqa: PLC0415 - only when it is wanted

        task = next((task for task in self.world.tasks if task.id == task_id), None)
        self._shutdown = ShutdownScreen(task_id, task, self.report, self.clock.now_ms)

        def then(_: None) -> None:
            self._shutdown = None

        self.app.push_screen(self._shutdown, then)
