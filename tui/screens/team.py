"""What a team of a game day sees: the screen of somebody on call. Pager, services, traffic and console; no guide and no explanations.

The rule: widgets show; this screen connects them; every call on the door is made in a worker thread
(`tui/screens/team_calls.py`) and comes back as a message.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from textual import events, on
from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import BindingType
from textual.containers import Center, Horizontal, Middle, Vertical
from textual.content import Content
from textual.getters import query_one
from textual.reactive import reactive
from textual.widgets import Static

from tui import text
from tui.actions import Scope, bindings
from tui.chart import HOUR, MINUTES
from tui.duty import Inbox, Look, calls_for_attention, foremost, sign_of
from tui.games import Briefing, Page, TeamDoor
from tui.messages import SessionFailed
from tui.screens.lab_calls import ShellReady
from tui.screens.team_calls import TeamCalls
from tui.session import SessionError
from tui.shell import hand_over
from tui.shellpager import paged
from tui.teamfeed import Briefed, Lost, Seen
from tui.widgets.console import Console
from tui.widgets.keybar import KeyBar
from tui.widgets.pager import PageBanner, PagerPane
from tui.widgets.panetabs import PaneTabs
from tui.widgets.tasktable import TaskTable
from tui.widgets.teamline import Notice, TeamLine
from tui.widgets.traffic import TrafficList, TrafficPane
from tui.widgets.world import Addresses, WorldPane
from tui.widgets.worldline import WorldLine

if TYPE_CHECKING:
    from tui.screens.briefing import BriefingScreen
    from tui.screens.shutdown import ShutdownScreen
    from tui.screens.task import Wanted

WIDE, TALL = 140, 40
"""From this width and height on, all panes are on screen."""
ROOMY = 320
"""From this width on, subnets are shown with zone and range."""

Pane = Literal["pager", "services", "console", "traffic"]
PANES: tuple[Pane, ...] = get_args(Pane)
_FOCUS: dict[Pane, str] = {
    "pager": "#pages",
    "services": "#tasks",
    "console": "Prompt",
    "traffic": "#trafficlist",
}

GREETING = "Type aws here. Tab completes, ↑ recalls, Ctrl+C stops, Ctrl+T is a whole shell."
NO_TRAFFIC = (
    ("No traffic yet.", "bold"),
    ("", ""),
    ("What the clients of your services live through is seen here.", "$muted"),
)
WAITING = (
    ("You are in. The game has not begun yet.", "bold"),
    ("", ""),
    ("The briefing comes up here when it does. Nothing is to be done until then;", "$muted"),
    ("F1 shows every key.", "$muted"),
)
CONNECTING = (("connecting to the game …", "$muted"),)


class TeamScreen(TeamCalls):
    """A team's seat in a game."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("team")]
    SCOPE: ClassVar[Scope] = "team"

    console = query_one(Console)
    notice = query_one(Notice)

    look: reactive[Look] = reactive(Look(), repaint=False)

    def __init__(self, door: TeamDoor) -> None:
        super().__init__(door)
        self.inbox = Inbox()
        self.told: Briefing | None = None
        self._pane: Pane = "pager"
        self._briefing_screen: BriefingScreen | None = None
        self._shutdown: ShutdownScreen | None = None

    def compose(self) -> ComposeResult:
        yield TeamLine()
        yield WorldLine()
        yield PaneTabs(PANES, id="tabs")
        yield Notice()
        yield PageBanner()
        with Middle(id="waiting"), Center():
            yield Static(id="waitingwords")
        with Horizontal(id="panes"):
            with Vertical(id="left"):
                yield PagerPane(id="pager")
                yield Console(self.door, greeting=GREETING, id="console")
            with Vertical(id="right"):
                yield WorldPane(id="services")
                yield TrafficPane(empty=NO_TRAFFIC, id="traffic")
        yield KeyBar("team")

    def on_mount(self) -> None:
        for pane in PANES:
            self.query_one(f"#{pane}").border_title = pane.capitalize()
        self._lay_out(self.app.size.width, self.app.size.height)
        self._stand()
        self.start_feed()

    # Layout.

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out(event.size.width, event.size.height)

    def _lay_out(self, width: int, height: int) -> None:
        compact = width < WIDE or height < TALL
        self.set_class(compact, "-compact")
        self.set_class(width >= ROOMY, "-roomy")
        self.query_one(KeyBar).tabbed = compact
        self.query_one(Addresses).captioned = not compact
        self._mark_pane()

    def action_show(self, pane: Pane) -> None:
        if self.playable:
            self._pane = pane
            self._mark_pane()
            target = self.query_one(_FOCUS[pane])
            if target.focusable:
                # At once: what is typed next is meant for it already.
                self.set_focus(target)
            else:
                target.focus()

    def _mark_pane(self) -> None:
        for pane in PANES:
            self.set_class(pane == self._pane, f"-show-{pane}")
        self.query_one(PaneTabs).shown = self._pane

    @on(events.DescendantFocus)
    def _pane_of_focus(self, event: events.DescendantFocus) -> None:
        for node in event.widget.ancestors_with_self:
            if node.id in PANES:
                self._pane = node.id
                self._mark_pane()
                return

    def action_back(self) -> None:
        self.action_show("pager")

    # The game.

    @property
    def playable(self) -> bool:
        """Whether there is a world to look at: not before the game begins."""
        return self.look.standing not in ("unknown", "waiting")

    def _stand(self) -> None:
        """Show how the game stands: what is to be seen at all, and the notice."""
        began = self.playable and self.has_class("-waiting")
        self.set_class(not self.playable, "-waiting")
        self.notice.standing = self.look.standing
        words = WAITING if self.look.standing == "waiting" else CONNECTING
        self.query_one("#waitingwords", Static).update(
            Content("\n").join([Content.styled(*each) for each in words])
        )
        if began:
            self.action_show("pager")

    @on(Seen)
    def _on_seen(self, message: Seen) -> None:
        message.stop()
        self._connected()
        self.look = message.look

    def watch_look(self, before: Look, look: Look) -> None:
        if not self.is_mounted:
            return
        if before.standing != look.standing:
            self._stand()
        self.query_one(TeamLine).look = look
        line = self.query_one(WorldLine)
        line.world, line.now_ms = look.world, look.clock.now_ms
        services = self.query_one(WorldPane)
        services.world, services.now_ms, services.report = look.world, look.clock.now_ms, look.report
        traffic = self.query_one(TrafficPane)
        traffic.report, traffic.queues = look.report, look.queues
        if self._shutdown is not None:
            self._shutdown.take_world(look.world)
            self._shutdown.take_report(look.report)
        self._take_pages(look)

    # The pager.

    def _take_pages(self, look: Look) -> None:
        fresh = self.inbox.take(look.pages)
        pager = self.query_one(PagerPane)
        pager.pages, pager.in_alarm = look.pages, look.in_alarm
        self._show_unread()
        if calls_for_attention(fresh):
            self.app.bell()
            if self.app.screen not in (self, self._briefing_screen):
                self._announce(fresh)

    def _announce(self, fresh: Sequence[Page]) -> None:
        """The banner is out of sight: say on top of what hides it that there are pages. The briefing counts them itself."""
        for page in foremost(fresh):
            words = text.clip(text.one_line(page.text), 160)
            title = f"{sign_of(page)[1]} {text.time_of_day(page.at_ms)}"
            severity: Literal["error", "warning"] = "error" if page.kind == "alarm" else "warning"
            self.notify(words, title=title, severity=severity, markup=False)

    def _show_unread(self) -> None:
        unread = self.inbox.unread
        self.query_one(PagerPane).unread = unread
        self.query_one(PageBanner).unread = unread
        if self._briefing_screen is not None:
            self._briefing_screen.count(len(unread))

    def action_acknowledge(self) -> None:
        self.inbox.acknowledge()
        self._show_unread()

    # The briefing.

    @on(Briefed)
    def _on_briefed(self, message: Briefed) -> None:
        message.stop()
        self.briefed = True
        self.told = message.briefing
        self.query_one(TeamLine).briefing = message.briefing
        self.action_briefing()

    def action_briefing(self) -> None:
        from tui.screens.briefing import BriefingScreen  # noqa: PLC0415 - only when it is wanted

        if self.told is None:
            self.notify("There is no briefing before the game begins.", markup=False)
            return
        if self._briefing_screen is not None:
            return
        self._briefing_screen = BriefingScreen(self.told, unread=len(self.inbox.unread))

        def then(_: None) -> None:
            self._briefing_screen = None

        self.app.push_screen(self._briefing_screen, then)

    # Services and traffic.

    @on(TaskTable.Chosen)
    def _on_task(self, message: TaskTable.Chosen) -> None:
        from tui.screens.task import TaskScreen  # noqa: PLC0415 - only when it is wanted

        message.stop()

        def then(wanted: Wanted | None) -> None:
            if wanted == "end":
                self._show_shutdown(message.task.id)

        self.app.push_screen(TaskScreen(message.task, self.look.world, explained=False), then)

    @on(TrafficList.Chosen)
    def _on_end(self, message: TrafficList.Chosen) -> None:
        message.stop()
        self._show_shutdown(message.shutdown.task)

    def _show_shutdown(self, task_id: str) -> None:
        from tui.screens.shutdown import ShutdownScreen  # noqa: PLC0415 - only when it is wanted

        task = next((task for task in self.look.world.tasks if task.id == task_id), None)
        self._shutdown = ShutdownScreen(task_id, task, self.look.report, self.look.clock.now_ms)

        def then(_: None) -> None:
            self._shutdown = None

        self.app.push_screen(self._shutdown, then)

    def action_span(self) -> None:
        pane = self.query_one(TrafficPane)
        pane.span = MINUTES if pane.span is HOUR else HOUR

    def action_subject(self) -> None:
        if not self.query_one(TrafficPane).next_subject():
            self.notify("There is one thing to show at most: the traffic, or a queue.", markup=False)

    # The console.

    def action_interrupt(self) -> None:
        selected = self.get_selected_text()
        if selected and not self.console.running:
            self.app.copy_to_clipboard(selected)
            self.clear_selection()
            return
        self.console.interrupt()

    def action_clear_console(self) -> None:
        self.console.scrollback.clear()

    def action_shell(self) -> None:
        if self.playable:
            self.fetch_shell()

    @on(ShellReady)
    def _on_shell(self, message: ShellReady) -> None:
        message.stop()
        # Nobody is looking: what the feed saw would only pile up.
        self.stop_feed()
        try:
            with self.app.suspend(), paged(self.door, self.look.pages):
                hand_over(message.shell)
        except SuspendNotSupported:
            self.notify("This terminal cannot be handed over to a shell.", severity="warning", markup=False)
        except OSError as error:
            self.notify(f"The shell did not start: {error}", severity="error", markup=False)
        self.start_feed()

    # The connection.

    @on(Lost)
    def _on_lost(self, message: Lost) -> None:
        message.stop()
        self._disconnected(message.error)

    @on(SessionFailed)
    def _on_failed(self, message: SessionFailed) -> None:
        message.stop()
        if message.error.world_lost:
            self._disconnected(message.error)
            self.wake_feed()
        else:
            words = "\n".join(part for part in (message.error.message, message.error.hint) if part)
            self.notify(words, severity="error", markup=False)

    def _disconnected(self, error: SessionError) -> None:
        before = self.notice.error
        if before is None or (before.message, before.hint) != (error.message, error.hint):
            self.notice.error = error
        self.query_one(TeamLine).lost = True

    def _connected(self) -> None:
        self.notice.error = None
        self.query_one(TeamLine).lost = False

    def action_retry(self) -> None:
        self.wake_feed()
