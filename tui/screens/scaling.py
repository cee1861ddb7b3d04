"""How a service scales: an hour of charts, every decision with its reason, the alarms, AWS's activities.

Shown on top of the lab, which hands on what its feed sees; time is moved through the lab, too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar, Literal, Protocol

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget

from tui.actions import Scope, bindings
from tui.decisionview import alarm_page, decision_page
from tui.scaling import Scaling
from tui.session import SessionError
from tui.snapshot import Clock, Snapshot
from tui.widgets.banner import Banner
from tui.widgets.keybar import KeyBar
from tui.widgets.panetabs import PaneTabs
from tui.widgets.scaling import (
    ActivityList,
    AlarmList,
    DecisionList,
    ScalingCharts,
    TargetLine,
    View,
    charted,
    find_decision,
    key_of,
    view_of,
)
from tui.widgets.worldline import TitleLine

WIDE = 140
"""From this width and `TALL` on, everything is on screen at once."""
TALL = 36

Sight = Literal["charts", "decisions", "alarms", "activities"]
SIGHTS: tuple[Sight, ...] = ("charts", "decisions", "alarms", "activities")


class Clockwork(Protocol):
    """Who moves the clock."""

    def action_toggle_clock(self) -> None: ...
    def action_next_happening(self) -> None: ...
    def action_speed(self, step: int) -> None: ...


class ScalingScreen(Screen[None]):
    """Everything about scaling in this world, one scalable target at a time."""

    CSS_PATH = "scaling.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("scaling")]
    SCOPE: ClassVar[Scope] = "scaling"

    def __init__(
        self, clockwork: Clockwork, world: Snapshot, clock: Clock, scaling: Scaling, slo_ms: float | None
    ) -> None:
        super().__init__()
        self._clockwork = clockwork
        self._world = world
        self._clock = clock
        self._scaling = scaling
        self._view = View(slo_ms=slo_ms)
        self._index = 0
        self._sight: Sight = "charts"
        self._page: PageScreen | None = None

    def compose(self) -> ComposeResult:
        yield TitleLine()
        yield TargetLine()
        yield PaneTabs(SIGHTS, id="tabs")
        yield Banner()
        with Horizontal(id="sights"):
            yield ScalingCharts(id="charts")
            with Vertical(id="lists"):
                yield AlarmList(id="alarms")
                yield DecisionList(id="decisions")
                yield ActivityList(id="activities")
        yield KeyBar("scaling")

    def on_mount(self) -> None:
        self.query_one(TitleLine).title = "Scaling"
        self.query_one(TitleLine).clock = self._clock
        self._lay_out(self.app.size.width, self.app.size.height)
        self.action_show("decisions" if not self.has_class("-compact") else "charts")
        self._show()

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out(event.size.width, event.size.height)

    def _lay_out(self, width: int, height: int) -> None:
        compact = width < WIDE or height < TALL
        self.set_class(compact, "-compact")
        self.query_one(KeyBar).tabbed = compact

    # What the lab hands on.

    def take_scaling(self, scaling: Scaling) -> None:
        """The scaling has moved on."""
        self._scaling = scaling
        if self.is_mounted:
            self._show()

    def take_world(self, world: Snapshot) -> None:
        """The world has moved on."""
        self._world = world
        if self.is_mounted:
            self._show()

    def take_clock(self, clock: Clock) -> None:
        """Time has."""
        self._clock = clock
        if self.is_mounted:
            self.query_one(TitleLine).clock = clock

    def take_error(self, error: SessionError | None) -> None:
        """A call on the session has failed, or (None) the world answers again."""
        if self.is_mounted:
            self.query_one(Banner).error = error

    def _show(self) -> None:
        service = self._world.focus
        view = View(
            slo_ms=self._view.slo_ms,
            cluster=service.cluster if service else "CLUSTER",
            service=service.name if service else "SERVICE",
            asked=self._world.scaling.targets > 0 and not self._scaling.known,
        )
        view = view_of(view, self._scaling, self._index)
        if view == self._view:
            return
        self._view = view
        self.query_one(TargetLine).view = view
        charts = self.query_one(ScalingCharts)
        if charted(view) != charted(charts.view):
            charts.view = view
        self.query_one(AlarmList).view = view
        self.query_one(DecisionList).view = view
        self.query_one(ActivityList).view = view
        if self._page is not None:
            self._page.renew()

    # What the keys do.

    def action_show(self, sight: Sight) -> None:
        self._sight = sight
        for each in SIGHTS:
            self.set_class(each == sight, f"-show-{each}")
        self.query_one(PaneTabs).shown = sight
        self.query_one(f"#{sight}").focus()

    def action_sight(self, by: int) -> None:
        self.action_show(SIGHTS[(SIGHTS.index(self._sight) + by) % len(SIGHTS)])

    def action_target(self, by: int) -> None:
        if len(self._scaling.targets) > 1:
            self._index = (self._index + by) % len(self._scaling.targets)
            self._show()

    def action_toggle_clock(self) -> None:
        self._clockwork.action_toggle_clock()

    def action_next_happening(self) -> None:
        self._clockwork.action_next_happening()

    def action_speed(self, step: int) -> None:
        self._clockwork.action_speed(step)

    def action_back(self) -> None:
        self.dismiss()

    # One decision, one alarm.

    @on(DecisionList.Chosen)
    def _on_decision(self, message: DecisionList.Chosen) -> None:
        message.stop()
        key = key_of(message.decision)
        target_id = self._view.target.resource_id if self._view.target else ""
        self._open(partial(self._decision, key, target_id))

    @on(AlarmList.Chosen)
    def _on_alarm(self, message: AlarmList.Chosen) -> None:
        message.stop()
        self._open(partial(self._alarm, message.alarm.name))

    def _decision(self, key: str, target_id: str, width: int, height: int) -> list[Content] | None:
        target = next((t for t in self._scaling.targets if t.resource_id == target_id), None)
        decision = find_decision(target, key)
        if target is None or decision is None:
            return None
        return decision_page(decision, target, self._scaling, width, height)

    def _alarm(self, name: str, width: int, height: int) -> list[Content] | None:
        alarm = self._scaling.alarm(name)
        return None if alarm is None else alarm_page(alarm, self._scaling, width, height)

    def _open(self, make: Make) -> None:
        def then(_: None) -> None:
            self._page = None

        self._page = PageScreen(make)
        self.app.push_screen(self._page, then)


Make = Callable[[int, int], "list[Content] | None"]
"""The lines of a page for a width and the height of the terminal; None when what it shows is no longer known."""


class Page(Widget, can_focus=False):
    """As wide as it is allowed to be, as high as it must."""

    DEFAULT_CSS = "Page { height: auto; }"

    def __init__(self, make: Make) -> None:
        super().__init__()
        self._make = make
        self._last: list[Content] = []

    def drawn(self, width: int) -> Content:
        """The page for a width; the last one once its subject is forgotten."""
        self._last = self._make(max(20, width), self.app.size.height) or self._last
        return Content("\n").join(self._last)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - Textual's
        return self.drawn(width).plain.count("\n") + 1

    def render(self) -> Content:
        return self.drawn(self.size.width)


class PageScreen(Screen[None]):
    """One decision or alarm, kept up to date. No dialog: to shade the charts behind one costs more than to draw it."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q", "dismiss(None)", "Close")]

    def __init__(self, make: Make) -> None:
        super().__init__()
        self._make = make

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog -whole") as page:
            page.border_subtitle = "Esc closes · ↑ ↓ scroll"
            yield Page(self._make)

    def renew(self) -> None:
        """What it shows may have moved on."""
        if self.is_mounted:
            self.query_one(Page).refresh(layout=True)
