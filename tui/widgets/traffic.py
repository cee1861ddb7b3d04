"""The traffic pane: charts above; below them causes, ends of tasks and targets, drawn straight from the report.

It shows one thing at a time: the load through the load balancer, or a queue with orders (`tui/queuecharts.py`).
Nothing is drawn while the pane is not on screen, and of the list only the lines in view.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui import chart, queuecharts, queues, text, timeline
from tui.queues import Queue, Queues
from tui.traffic import NOTHING, Load, Report, Shutdown
from tui.widgets import queue as queuelist
from tui.widgets.linelist import Line, LineList, ready
from tui.widgets.tasktable import TARGET_STYLES
from tui.widgets.trafficline import totals

ENDS_SHOWN = 50

EMPTY_LINES = (
    ("No traffic yet.", "bold"),
    ("", ""),
    ("L starts a load on the service behind the load balancer; L again stops it.", ""),
    ("In the console: fargate-lab traffic start --rps 20", ""),
    ("Orders to a queue: fargate-lab queue start --queue NAME --rps 2", ""),
    ("", ""),
    ("Then deploy, scale or stop a task, and see here what its clients lived through.", "$muted"),
)


class Charts(Widget, can_focus=False):
    """Rate, errors and latency over the last 2 minutes or the last hour; or a queue by minute."""

    DEFAULT_CSS = "Charts { height: auto; padding: 0 1; }"
    ALLOW_SELECT = False
    auto_links = False

    report: reactive[Report] = reactive(NOTHING)
    span: reactive[chart.Span] = reactive(chart.MINUTES)
    rows: reactive[tuple[int, int, int]] = reactive((2, 2, 3), layout=True)
    """Rows of the rate, of the errors, of the three latencies together."""
    queue: reactive[Queue | None] = reactive(None)
    """The queue to show; None for the load."""
    queue_rows: reactive[int] = reactive(16, layout=True)
    """Rows of a queue, totals and all."""
    other: reactive[str] = reactive("")
    """What the pane shows next, when there is more than one thing."""

    def __init__(self, empty: Sequence[tuple[str, str]] = EMPTY_LINES) -> None:
        super().__init__()
        self._empty = empty

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - Textual's
        return sum(self.rows) + 6 if self.queue is None else self.queue_rows

    def watch_queue(self, before: Queue | None, after: Queue | None) -> None:
        if (before is None) is not (after is None):
            self.refresh(layout=True)

    def render(self) -> Content:
        width, height = self.size
        if self.queue is not None:
            lines = queuecharts.lines(self.queue, queue_span(self.span), width, height)
        elif self.report.known:
            lines = chart_lines(self.report, self.span, self.rows, width)
        else:
            return Content("\n").join([Content.styled(*line) for line in self._empty])
        if self.other:
            more = Content.styled(f"   V: {text.one_line(self.other)}", "$accent")
            lines[0] = lines[0].truncate(max(1, width - len(more)), ellipsis=True) + more
        return Content("\n").join(lines)


def queue_span(span: chart.Span) -> queuecharts.Span:
    """How far back a queue is shown: its charts know no seconds."""
    return queuecharts.LONG if span is chart.HOUR else queuecharts.SHORT


def chart_lines(report: Report, span: chart.Span, rows: tuple[int, int, int], width: int) -> list[Content]:
    """Totals and the three charts with their captions."""
    room = max(10, width - chart.MARGIN)
    found = chart.columns(report, span, room)
    peak = max((column.rate for column in found if column.rate is not None), default=0.0)
    latest = next((c.percentiles for c in reversed(found) if c.percentiles[0] is not None), (None,) * 3)
    errors: Counter[int] = Counter()
    for column in found:
        errors.update(column.errors)
    rate = Content.assemble(
        ("Requests/s", "bold"),
        (f"  now {chart.number(report.rate) if report.running else 0}", ""),
        (f", at most {chart.number(peak)}   {span.words}; M changes", "$muted"),
    )
    failed: list[tuple[str, str]] = [("Failed", "bold")]
    for status, count in errors.most_common():
        glyph, style = chart.shade(status)
        failed += [("  ", ""), (glyph * 2, style), (f" {status} ×{count:,}", "")]
    if not errors:
        failed.append((f"  none in {span.words}", "$success"))
    legend: list[tuple[str, str]] = [("Latency", "bold")]
    for (name, style), value in zip(chart.PERCENTILES, latest, strict=True):
        legend += [(f"  {name} ", "$muted"), (chart.latency(value), style)]
    legend.append(
        (f"   1 ms to {chart.latency(10.0 ** chart.latency_decades(found))}, logarithmic", "$muted")
    )
    lines = [
        *totals(report),
        rate,
        *chart.rate_rows(found, rows[0], room),
        Content.assemble(*failed),
        *chart.error_rows(found, rows[1], room),
        Content.assemble(*legend),
        *chart.latency_rows(found, rows[2] // 3, room),
        chart.axis(found, room, report.now_ms),
    ]
    return [line.truncate(max(1, width), ellipsis=True) for line in lines]


def list_lines(report: Report, width: int) -> list[Line]:
    """Causes, then the latest ends of tasks, then targets: headings and lines."""
    lines: list[Line] = []
    if report.causes:
        lines.append(ready(Content.styled("Failed, by cause", "bold")))
        for cause in report.causes:
            lines += [ready(content) for content in timeline.cause_lines(cause, width)]
    if report.shutdowns:
        lines.append(
            ready(Content.assemble(("Ends of tasks", "bold"), ("   Enter shows one to scale", "$muted")))
        )
        latest = list(reversed(report.shutdowns))[:ENDS_SHOWN]
        lines += [Line(partial(end_line, end, width), end.task) for end in latest]
    if report.targets:
        lines.append(ready(Content.styled("Targets", "bold")))
        busiest = max(1, *(load.in_flight for load in report.targets))
        lines += [Line(partial(target_line, load, busiest)) for load in report.targets]
    return lines


def end_line(end: Shutdown, width: int) -> Content:
    """One end of a task: when, how, and what it cost."""
    first = end.moments[0].at_ms if end.moments else 0
    cost = [f"{end.lost:,} lost"] if end.lost else []
    if end.unsaved:
        cost.append(f"{end.unsaved:,} never written down")
    if end.exited_ms is None:
        state = ("◌ " + (end.moments[-1].words.partition(",")[0] if end.moments else "ending"), "$warning")
    elif end.killed:
        state = (f"✗ killed, exit {end.exit_code}", "$error")
    else:
        state = (
            f"{'✗' if end.exit_code else '○'} exit {end.exit_code}",
            "$error" if end.exit_code else "$muted",
        )
    signal = (
        ""
        if end.in_flight_at_signal is None or width < 100
        else f"{end.in_flight_at_signal} in flight at SIGTERM"
    )
    return Content.assemble(
        (f"  {text.time_of_day(first)}  ", "$muted"),
        (text.one_line(end.task[:8]), ""),
        "  ",
        (f"{state[0]:<20}", state[1]),
        (f"{', '.join(cost) or 'nothing lost':<16}", "bold $error" if cost else "$success"),
        (f"  {signal}", "$muted"),
    )


def target_line(load: Load, busiest: int) -> Content:
    """One target: state, requests in flight as a bar, requests so far."""
    return Content.assemble(
        (f"  {text.one_line(load.task[:8])}  ", ""),
        (f"{text.one_line(load.ip):<14}", "$muted"),
        (f"{text.one_line(load.state):<10}", TARGET_STYLES.get(load.state, "$muted")),
        (text.bar(load.in_flight, busiest, 10), "$primary"),
        (f" {load.in_flight:>4} in flight", ""),
        (f"  sent {load.sent:,}", "$muted"),
        (f"  ✗ {load.failed:,} failed" if load.failed else "", "$error"),
    )


class TrafficList(LineList):
    """Causes, ends and targets; the cursor goes from end to end and stays on its task."""

    @dataclass
    class Chosen(Message):
        """The end of a task was asked for."""

        shutdown: Shutdown

    report: reactive[Report] = reactive(NOTHING, repaint=False)

    queue: reactive[Queue | None] = reactive(None, repaint=False)

    def watch_report(self) -> None:
        if self.queue is None:
            self.remake()

    def watch_queue(self) -> None:
        self.remake()

    def make(self, width: int) -> Sequence[Line]:
        return (
            list_lines(self.report, width) if self.queue is None else queuelist.list_lines(self.queue, width)
        )

    def choose(self, key: str) -> None:
        shutdown = self.report.shutdown(key)
        if shutdown is not None:
            self.post_message(self.Chosen(shutdown))


class TrafficPane(Vertical):
    """The whole traffic pane: the load first, the first queue where there is no load, and what was last chosen."""

    DEFAULT_CSS = "TrafficPane > TrafficList { margin: 1 1 0 1; }"

    report: reactive[Report] = reactive(NOTHING, repaint=False)
    queues: reactive[Queues] = reactive(queues.NOTHING, repaint=False)
    span: reactive[chart.Span] = reactive(chart.MINUTES, repaint=False)

    _subject: str | None = None
    """What was chosen: the name of a queue, empty for the load; None before anything was."""

    def __init__(
        self,
        *,
        empty: Sequence[tuple[str, str]] = EMPTY_LINES,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        super().__init__(id=id)
        self._empty = empty

    @property
    def queue_span(self) -> queuecharts.Span:
        """How far back a queue is shown."""
        return queue_span(self.span)

    @property
    def subjects(self) -> list[str]:
        """What there is to show: empty for the load, the names of queues."""
        return [*([""] if self.report.known else []), *(each.queue for each in self.queues.queues)]

    def next_subject(self) -> bool:
        """Show the next of what there is; whether there is more than one."""
        found = self.subjects
        if len(found) < 2:
            return False
        self._subject = found[(self._place(found) + 1) % len(found)]
        self._show()
        return True

    def _place(self, found: Sequence[str]) -> int:
        return found.index(self._subject) if self._subject in found else 0

    def _show(self) -> None:
        if not self.is_mounted:
            return
        found = self.subjects
        place = self._place(found)
        queue = self.queues.named(found[place]) if found and found[place] else None
        charts = self.query_one(Charts)
        charts.other = (found[(place + 1) % len(found)] or "load") if len(found) > 1 else ""
        charts.queue_rows = queue_rows(self.size.height, queue)
        charts.queue = self.query_one(TrafficList).queue = queue

    def compose(self) -> ComposeResult:
        yield Charts(self._empty)
        yield TrafficList(id="trafficlist")

    def on_resize(self, event: events.Resize) -> None:
        self.query_one(Charts).rows = rows_for(event.size.height)
        self._show()

    def watch_report(self, report: Report) -> None:
        if self.is_mounted:
            self.query_one(Charts).report = report
            self.query_one(TrafficList).report = report
            self._show()

    def watch_queues(self) -> None:
        self._show()

    def watch_span(self, span: chart.Span) -> None:
        if self.is_mounted:
            self.query_one(Charts).span = span


def rows_for(height: int) -> tuple[int, int, int]:
    """The rows of the three charts in a pane of that height; the list below keeps about a third of it."""
    if height < 24:
        return (2, 2, 3)
    return (3, 3, 6) if height < 34 else (5, 4, 6) if height < 44 else (6, 5, 9)


def queue_rows(height: int, queue: Queue | None) -> int:
    """The rows of a queue's charts in a pane of that height; where orders were charged again the causes need the rest."""
    if height < 24:
        return 16
    return height * (3 if queue is not None and queue.causes else 4) // 5
