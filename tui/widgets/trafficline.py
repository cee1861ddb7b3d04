"""The traffic in one line of the world pane: rate, errors, p99."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui import chart, text
from tui.traffic import NOTHING, Report


class TrafficLine(Widget, can_focus=False):
    """Not there before the first load."""

    DEFAULT_CSS = """
    TrafficLine { height: 1; padding: 0 1; display: none; }
    TrafficLine.-known { display: block; }
    """
    ALLOW_SELECT = False
    auto_links = False

    report: reactive[Report] = reactive(NOTHING)

    def watch_report(self, report: Report) -> None:
        self.set_class(report.known, "-known")

    def render(self) -> Content:
        return line(self.report).truncate(max(1, self.size.width), ellipsis=True)


def line(report: Report) -> Content:
    """The line, the least important last."""
    if report.running:
        head = Content.assemble(("▶ ", "$primary"), (f"{chart.number(report.rate)}/s", "bold"))
        failed, when = report.failed_lately, " last minute"
        p99 = report.p99_lately_ms
    else:
        head = Content.assemble(("■ traffic stopped", "$muted"), (f"  sent {report.sent:,}", ""))
        failed, when, p99 = report.failed, "", report.p99_ms
    return Content.assemble(
        head,
        ("   ", ""),
        (f"✗ {failed:,} failed" if failed else "✓ 0 failed", "bold $error" if failed else "$success"),
        (when, "$muted"),
        ("   p99 ", "$muted"),
        (chart.latency(p99), "bold"),
        *unsaved(report),
    )


def unsaved(report: Report) -> list[tuple[str, str]]:
    """Requests that were accepted and never written down; nothing when there are none."""
    if not report.unsaved_lost:
        return []
    return [("  ", ""), (f"✗ {report.unsaved_lost:,} never written down", "bold $error")]


def totals(report: Report) -> list[Content]:
    """The load, and its figures so far."""
    ended = report.stopped_ms
    lasted = text.duration((report.now_ms if ended is None else ended) - report.started_ms)
    state = f"running for {lasted}" if report.running else f"stopped after {lasted}"
    sign = ("▶ ", "$primary") if report.running else ("■ ", "$muted")
    share = 100 * report.failed / report.sent if report.sent else 0.0
    group = report.group.split("/")[1] if report.group.count("/") > 1 else report.group
    return [
        Content.assemble(
            sign,
            (f"{report.rates} requests/s", "bold"),
            (f" ({report.pattern}) to ", "$muted"),
            (text.one_line(group), "bold"),
            (f", {state}", "$muted"),
        ),
        Content.assemble(
            ("sent ", "$muted"),
            f"{report.sent:,}",
            ("  ok ", "$muted"),
            f"{report.ok:,}",
            ("  failed ", "$muted"),
            (f"{report.failed:,} ({share:.2g} %)", "bold $error" if report.failed else ""),
            *unsaved(report),
            ("  in flight ", "$muted"),
            f"{report.in_flight:,}",
        ),
    ]
