"""The live world: services and their deployments, tasks, events, addresses."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from tui import text
from tui.decisionview import scales_in
from tui.scaling import NOTHING as NO_SCALING
from tui.scaling import Scaling
from tui.snapshot import EMPTY, Deployment, Service, Snapshot
from tui.traffic import NOTHING, Report
from tui.widgets.block import Block
from tui.widgets.tasktable import TaskTable
from tui.widgets.trafficline import TrafficLine
from tui.widgets.worldline import state_of

EVENTS_SHOWN = 30


class Deployments(Block):
    """Each service with its deployments: progress, and failures against the breaker's threshold."""

    DEFAULT_CSS = "Deployments { height: auto; max-height: 9; padding: 0 1; }"

    scaling: reactive[Scaling] = reactive(NO_SCALING, repaint=False)

    def watch_scaling(self) -> None:
        self.remake()

    def make(self, world: Snapshot, width: int) -> Content:
        lines: list[Content] = []
        for service in world.services:
            bounds = bounds_of(service, self.scaling)
            lines += service_lines(service, width, len(world.services) > 1, bounds)
        if not lines:
            return Content.styled("no deployments yet", "$muted")
        return Content("\n").join(lines)


def bounds_of(service: Service, scaling: Scaling) -> list[tuple[str, str]]:
    """Between what and what its desired count is moved, and a red word when one of its alarms calls for more."""
    target = scaling.target(service.cluster, service.name)
    if target is None:
        return []
    parts = [(f"of {target.low}-{target.high} ", "$muted")]
    loud = [a for a in scaling.alarms_of(target) if a.state == "ALARM" and not scales_in(a, (target,))]
    if loud:
        parts.append(("✗ ALARM ", "bold $error"))
    return parts


def service_lines(
    service: Service, width: int, named: bool, bounds: Sequence[tuple[str, str]] = ()
) -> list[Content]:
    """A service's heading (when there are several) and one or two lines for each deployment."""
    lines: list[Content] = []
    if named:
        state, style = state_of(service)
        lines.append(Content.assemble((text.one_line(service.name), "bold"), "  ", (state, style)))
    for deployment in service.deployments:
        primary = deployment is service.deployments[0]
        lines.append(deployment_line(deployment, service, width, bounds if primary else ()))
        if deployment.rollout_state == "FAILED" and deployment.reason:
            lines.append(
                Content.styled("  " + text.clip(text.one_line(deployment.reason), width - 2), "$error")
            )
    return lines


_ROLLOUT = {
    "COMPLETED": ("✓ completed", "$success"),
    "IN_PROGRESS": ("◐ in progress", "$warning"),
    "FAILED": ("✗ failed", "$error"),
}


def deployment_line(
    deployment: Deployment, service: Service, width: int, bounds: Sequence[tuple[str, str]] = ()
) -> Content:
    """One deployment: "PRIMARY  web:2  ◐ in progress  ━━╌╌ 1/2  failed 1/3"."""
    word, style = _ROLLOUT.get(deployment.rollout_state, (f"· {deployment.rollout_state.lower()}", ""))
    bar_width = max(6, min(28, width - 68))
    progress = text.bar(deployment.running, deployment.desired, bar_width)
    parts: list[tuple[str, str]] = [
        (deployment.status.ljust(8), "bold" if deployment.status == "PRIMARY" else "$muted"),
        (text.clip(text.one_line(deployment.task_definition), 14).ljust(15), ""),
        (word.ljust(14), style),
        (progress, style),
        (f" {deployment.running}/{deployment.desired}".ljust(7), "bold"),
        *bounds,
    ]
    if deployment.failed or deployment.breaker_count:
        parts.append((f" {deployment.failed} failed", "$error"))
    if deployment.rollout_state == "IN_PROGRESS":
        parts.append((f" {_breaker(deployment, service)}", "$muted"))
    return Content.assemble(*parts).truncate(max(1, width), ellipsis=True)


def _breaker(deployment: Deployment, service: Service) -> str:
    if not service.breaker:
        return "breaker off"
    if not deployment.breaker_threshold:
        return "breaker on"
    return f"breaker {deployment.breaker_count}/{deployment.breaker_threshold}"


class Events(VerticalScroll, can_focus=True):
    """Service events as they happen, newest first."""

    DEFAULT_CSS = """
    Events { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
    """

    world: reactive[Snapshot] = reactive(EMPTY)

    def compose(self) -> ComposeResult:
        yield Static(Content.styled("Events", "bold $muted"), classes="caption")
        yield EventLines()

    def watch_world(self, world: Snapshot) -> None:
        if self.is_mounted:
            self.query_one(EventLines).world = world


class EventLines(Block):
    """The events of all services."""

    def make(self, world: Snapshot, width: int) -> Content:  # noqa: ARG002 - wrapped as it is drawn
        return event_lines(world)


def event_lines(world: Snapshot) -> Content:
    """All services' events, newest first."""
    found = sorted((e for s in world.services for e in s.events), key=lambda e: -e.at_ms)[:EVENTS_SHOWN]
    if not found:
        return Content.styled("no events yet", "$muted")
    lines = [
        Content.assemble((text.time_of_day(e.at_ms) + " ", "$muted"), text.one_line(e.message)) for e in found
    ]
    return Content("\n").join(lines)


class Addresses(Block):
    """Free addresses per subnet."""

    DEFAULT_CSS = "Addresses { height: auto; padding: 0 1; }"

    captioned: reactive[bool] = reactive(False)
    """Whether there is room for a caption and for the public subnets."""

    def watch_captioned(self) -> None:
        self.remake()

    def make(self, world: Snapshot, width: int) -> Content:
        if not world.subnets:
            return Content.styled("no subnets yet", "$muted")
        every = sorted(world.subnets, key=lambda subnet: (subnet.public, subnet.name))
        private = [subnet for subnet in every if not subnet.public] or every
        shown = every if self.captioned else private
        lines = [Content.styled("Free addresses", "bold $muted")] if self.captioned else []
        for subnet in shown:
            low = subnet.usable > 0 and subnet.free * 10 <= subnet.usable
            style = "bold $error" if subnet.free == 0 else "bold $warning" if low else "bold"
            note = " none left" if subnet.free == 0 else " low" if low else ""
            where = f"{text.one_line(subnet.az)}  {text.one_line(subnet.cidr):<18}"
            lines.append(
                Content.assemble(
                    (text.clip(text.one_line(subnet.name or subnet.id), 14).ljust(15), ""),
                    (where if width >= 60 else "", "$muted"),
                    (f"{subnet.free:>4}", style),
                    (f" of {subnet.usable} free", "$muted"),
                    (note, style),
                )
            )
        return Content("\n").join(lines)


class WorldPane(Vertical):
    """The whole world pane; hands each snapshot on to its parts."""

    world: reactive[Snapshot] = reactive(EMPTY, repaint=False)
    now_ms: reactive[int] = reactive(0, repaint=False)
    report: reactive[Report] = reactive(NOTHING, repaint=False)
    scaling: reactive[Scaling] = reactive(NO_SCALING, repaint=False)

    def compose(self) -> ComposeResult:
        yield Deployments()
        yield TrafficLine()
        yield TaskTable(id="tasks")
        with Horizontal(id="below"):
            yield Events(id="events")
            yield Addresses()

    def watch_world(self, world: Snapshot) -> None:
        if not self.is_mounted:
            return
        self.query_one(Deployments).world = world
        self.query_one(TaskTable).world = world
        self.query_one(Events).world = world
        self.query_one(Addresses).world = world

    def watch_scaling(self, scaling: Scaling) -> None:
        if self.is_mounted:
            self.query_one(Deployments).scaling = scaling

    def watch_report(self, report: Report) -> None:
        if self.is_mounted:
            self.query_one(TrafficLine).report = report

    def watch_now_ms(self, now_ms: int) -> None:
        if self.is_mounted:
            self.query_one(TaskTable).now_ms = now_ms
