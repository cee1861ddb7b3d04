"""The lab: guide, live world and console; side by side where there is room, else one at a time.

The rule: widgets show; this screen connects them; what becomes of the work is decided in
`tui/screens/lab_work.py`, and every call on the session is made in a worker thread
(`tui/screens/lab_calls.py`) and comes back as a message.
"""

from __future__ import annotations

import gc
from pathlib import PurePath
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.getters import query_one

from tui.actions import Scope, bindings
from tui.messages import ClockRead, LabOpened, ProgressMade, SessionFailed, SnapshotTaken
from tui.screens.lab_calls import CostsSeen, Explained, ShellReady
from tui.screens.lab_traffic import LabTraffic
from tui.session import LabCard, LabSession, LabView
from tui.shell import hand_over
from tui.snapshot import Clock, Snapshot
from tui.widgets.banner import Banner
from tui.widgets.console import Console
from tui.widgets.guide import Guide
from tui.widgets.keybar import KeyBar
from tui.widgets.panetabs import PANES, Pane, PaneTabs
from tui.widgets.tasktable import TaskTable
from tui.widgets.traffic import TrafficPane
from tui.widgets.world import Addresses, WorldPane
from tui.widgets.worldline import TitleLine, WorldLine
from tui.work import Work

if TYPE_CHECKING:
    from tui.screens.task import Wanted

WIDE = 140
"""From this width and `TALL` on, all three panes are on screen."""
TALL = 36

ROOMY = 190
"""From this width on, subnets are shown with zone and range."""


class LabScreen(LabTraffic):
    """One open lab."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["world.tcss", "lab.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("lab")]
    SCOPE: ClassVar[Scope] = "lab"

    closed: frozenset[str] = frozenset()
    """Actions (by name) that the session does not offer for this lab."""

    console = query_one(Console)
    banner = query_one(Banner)

    def __init__(self, session: LabSession, card: LabCard) -> None:
        super().__init__(session, card)
        self._pane: Pane = "guide"

    def compose(self) -> ComposeResult:
        yield TitleLine()
        yield WorldLine()
        yield PaneTabs(PANES, screens=("scaling",), id="tabs")
        yield Banner()
        with Horizontal(id="panes"):
            yield Guide(id="guide")
            with Vertical(id="right"):
                yield WorldPane(id="world")
                yield TrafficPane(id="traffic")
                yield Console(self.session, id="console")
        yield KeyBar("lab")

    def on_mount(self) -> None:
        self.query_one(TitleLine).title = self.card.title
        for pane in PANES:
            self.query_one(f"#{pane}").border_title = pane.capitalize()
        self.guide.wait("opening the lab …")
        self._lay_out(self.app.size.width, self.app.size.height)
        self.action_show("guide")
        self.open_lab(self.card.id)
        self.start_checking()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action not in self.closed and super().check_action(action, parameters)

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
        self._pane = pane
        self._mark_pane()
        target = {"guide": "#page", "world": "#tasks", "console": "Prompt", "traffic": "#trafficlist"}[pane]
        self.query_one(target).focus()

    def _mark_pane(self) -> None:
        for pane in PANES:
            self.set_class(pane == self._pane, f"-show-{pane}")
        if self._pane in ("world", "traffic"):
            # Where all panes are on screen, these two share a place: the one that was wanted last has it.
            self.set_class(self._pane == "traffic", "-traffic")
        self.query_one(PaneTabs).shown = self._pane
        self.look_at_traffic()
        self.look_at_scaling()

    @on(events.DescendantFocus)
    def _pane_of_focus(self, event: events.DescendantFocus) -> None:
        for node in event.widget.ancestors_with_self:
            if node.id in PANES:
                self._pane = node.id
                self._mark_pane()
                return

    def action_back(self) -> None:
        self.action_show("guide")

    # The world.

    @on(SnapshotTaken)
    def _on_snapshot(self, message: SnapshotTaken) -> None:
        message.stop()
        moved = message.snapshot.version != self.world.version
        self.world = message.snapshot
        self.clock = message.snapshot.clock
        self._mended()
        if moved:
            self.world_moved()

    @on(ClockRead)
    def _on_clock(self, message: ClockRead) -> None:
        message.stop()
        self.clock = message.clock

    def watch_world(self, world: Snapshot) -> None:
        if self.is_mounted and not self.covered:
            self.query_one(WorldLine).world = world
            self.query_one(WorldPane).world = world
            if self._shutdown is not None:
                self._shutdown.take_world(world)

    def watch_clock(self, clock: Clock) -> None:
        if self.is_mounted and not self.covered:
            self.query_one(TitleLine).clock = clock
            self.query_one(WorldLine).now_ms = clock.now_ms
            self.query_one(WorldPane).now_ms = clock.now_ms
        self.hand_on_scaling(error=self.banner.error)

    @on(TaskTable.Chosen)
    def _on_task(self, message: TaskTable.Chosen) -> None:
        from tui.screens.task import TaskScreen  # noqa: PLC0415 - only when it is wanted

        def then(wanted: Wanted | None) -> None:
            if wanted == "end":
                self._show_shutdown(message.task.id)
            elif wanted == "why":
                self.fetch_why(message.task.id)

        self.app.push_screen(TaskScreen(message.task, self.world), then)

    def action_why(self) -> None:
        tasks = self.query_one(TaskTable)
        task = tasks.chosen if tasks.has_focus else None
        service = self.world.focus
        if task is not None:
            self.fetch_why(task.id)
        elif service is not None:
            self.fetch_why(f"{service.cluster}/{service.name}")
        else:
            self.notify("There is no task and no service yet.", markup=False)

    @on(Explained)
    def _on_explained(self, message: Explained) -> None:
        from tui.screens.why import WhyScreen  # noqa: PLC0415 - only when it is wanted

        message.stop()
        self.app.push_screen(WhyScreen(message.chain))

    def uncovered(self) -> None:
        self.watch_world(self.world)
        self.watch_clock(self.clock)
        self.watch_report(self.report)
        self.watch_queues(self.queues)
        self.watch_scaling(self.scaling)

    # The lab and its steps.

    @on(LabOpened)
    async def _on_opened(self, message: LabOpened) -> None:
        message.stop()
        self.work = Work(message.lab)
        self._offer(message.lab)
        self._debriefed = message.lab.solved
        self._mended()
        self.query_one(TitleLine).title = message.lab.title
        if message.lab.resumed:
            self.notify("Resumed where you left off.", markup=False)
        await self.show_work()
        self.start_feed()
        # What is loaded by now stays: the collector need not look at it again in the middle of a key press.
        gc.freeze()

    async def renew(self, lab: LabView) -> None:
        """The same lab, but something else of it is open now."""
        if self.work is not None and self.work.lab.id == lab.id:
            self.work.renew(lab)
            self._offer(lab)
            await self.show_work()

    def open_anew(self, why: str) -> None:
        """Somebody else has begun the lab anew: open it as it stands."""
        self.session.cancel()
        self.guide.wait(why)
        self.open_lab(self.card.id)

    def _offer(self, lab: LabView) -> None:
        self.closed = lab.closed
        self.query_one(KeyBar).closed = lab.closed

    @on(ProgressMade)
    def _on_progress(self, message: ProgressMade) -> None:
        message.stop()
        self.guide.wait(message.text)

    def action_paste(self) -> None:
        found = self.work.next_command() if self.work else None
        if found is None:
            waiting = self.work is None
            self.notify(
                "The lab is still opening." if waiting else "This step has no command to paste.", markup=False
            )
            return
        command, _, _ = found
        self.action_show("console")
        self.console.put(command)
        self.call_later(self.show_work)
        self.guide.show_commands()

    # The whole lab.

    def action_play(self) -> None:
        self.ask(
            "Watch the lab being performed?",
            "The commands really run, in this world; reset the lab afterwards to do it yourself.",
            self._play,
        )

    def _play(self) -> None:
        self.action_show("console")
        self.console.play(self.session.play)

    @on(Console.Played)
    async def _on_played(self, message: Console.Played) -> None:
        message.stop()
        event = message.event
        index = self.work.index_of(event.step) if self.work else None
        if self.work is None or index is None:
            return
        if event.kind == "passed" and event.step is not None:
            self.work.passed.add(event.step)
        self.work.index = index
        await self.show_work()

    def action_debrief(self) -> None:
        from tui.screens.debrief import DebriefScreen  # noqa: PLC0415 - only when it is wanted

        solved = self.work is not None and self.work.solved
        title = self.work.lab.title if self.work else self.card.title

        def then(leave: bool | None) -> None:
            if leave:
                self.action_leave()

        self.app.push_screen(DebriefScreen(self.session, title, solved=solved), then)

    def action_cost(self) -> None:
        self.fetch_costs()

    @on(CostsSeen)
    def _on_costs(self, message: CostsSeen) -> None:
        from tui.screens.cost import CostScreen  # noqa: PLC0415 - only when it is wanted

        message.stop()
        self.app.push_screen(CostScreen(message.costs))

    def action_leave(self) -> None:
        self.stop_feed()
        if self.console.running:
            self.console.interrupt()
        self.dismiss()

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
        self.fetch_shell()

    @on(ShellReady)
    def _on_shell(self, message: ShellReady) -> None:
        message.stop()
        # Nobody is looking: what the feed saw would only pile up.
        self.stop_feed()
        try:
            with self.app.suspend():
                hand_over(message.shell)
        except SuspendNotSupported:
            self.notify("This terminal cannot be handed over to a shell.", severity="warning", markup=False)
        except OSError as error:
            self.notify(f"The shell did not start: {error}", severity="error", markup=False)
        self.start_feed()

    # Errors.

    @on(SessionFailed)
    def _on_failed(self, message: SessionFailed) -> None:
        message.stop()
        self.checking_failed()
        if self.work is None:
            self.guide.wait("the lab is not open yet")
        self.banner.error = message.error
        self.hand_on_scaling(error=message.error)

    def _mended(self) -> None:
        self.banner.error = None
        self.hand_on_scaling(error=None)

    def action_retry(self) -> None:
        error = self.banner.error
        self.banner.error = None
        if self.work is None or (error is not None and error.world_lost):
            self.guide.wait("opening the lab again …")
            self.open_lab(self.card.id)
        else:
            self.wake_feed()
            self.action_check()
