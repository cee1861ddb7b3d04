"""The facilitator's console: the board, a team, the injections, the log; side by side where there is room, else one at a time.

The rule: widgets show; this screen connects them, and says what keys mean; every call on the door is made by
`tui/screens/facilitator_calls.py`, away from the thread that draws.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar, Literal

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content

from tui import text
from tui.actions import Scope, bindings
from tui.games import FacilitatorDoor, InjectionView
from tui.injectionlines import about_lines
from tui.scene import Scene, step_speed, toggle_clocks
from tui.screens.confirm import ConfirmScreen
from tui.screens.facilitator_calls import (
    LOOK_SECONDS,
    FacilitatorCalls,
    GameSeen,
    GameUnseen,
    ReportFailed,
    ReportTold,
    ReportWritten,
)
from tui.screens.facilitator_hint import HintScreen
from tui.screens.facilitator_message import MessageScreen
from tui.screens.facilitator_papers import PaperScreen, briefing, questions
from tui.screens.facilitator_report import Report, ReportScreen
from tui.screens.scaling import PageScreen
from tui.widgets.banner import Banner
from tui.widgets.facilitator import (
    AimLine,
    Board,
    GameLine,
    GameLog,
    InjectionAbout,
    InjectionList,
    SceneList,
    TeamPage,
)
from tui.widgets.keybar import KeyBar
from tui.widgets.panetabs import PaneTabs

WIDE = 160
"""From this width and `TALL` on, everything is on screen at once."""
TALL = 40

Pane = Literal["board", "team", "injections", "log"]
PANES: tuple[Pane, ...] = ("board", "team", "injections", "log")
_FOCUS: dict[Pane, type[SceneList]] = {
    "board": Board,
    "team": TeamPage,
    "injections": InjectionList,
    "log": GameLog,
}


class FacilitatorScreen(FacilitatorCalls):
    """One game, from its beginning to its report."""

    CSS_PATH = "facilitator.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("facilitator")]
    SCOPE: ClassVar[Scope] = "facilitator"

    def __init__(self, door: FacilitatorDoor) -> None:
        super().__init__(door)
        self.scene = Scene()
        self.report = Report()
        self._pane: Pane = "board"
        self._page: PageScreen | None = None

    def compose(self) -> ComposeResult:
        yield GameLine()
        yield AimLine()
        yield PaneTabs(PANES, id="tabs")
        yield Banner()
        with Horizontal(id="panes"):
            with Vertical(id="left"):
                yield Board(id="board")
                yield GameLog(id="log")
            with Vertical(id="right"):
                yield TeamPage(id="team")
                with Vertical(id="injections"):
                    yield InjectionList(id="injectionlist")
                    yield InjectionAbout()
        yield KeyBar("facilitator")

    def on_mount(self) -> None:
        for pane in PANES:
            self.query_one(f"#{pane}").border_title = pane.capitalize()
        self._lay_out(self.app.size.width, self.app.size.height)
        self.action_show("board")
        self._timer = self.set_interval(LOOK_SECONDS, self.look)
        self.look()

    # Layout.

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out(event.size.width, event.size.height)

    def _lay_out(self, width: int, height: int) -> None:
        compact = width < WIDE or height < TALL
        self.set_class(compact, "-compact")
        self.query_one(KeyBar).tabbed = compact

    def action_show(self, pane: Pane) -> None:
        self._mark(pane)
        self.query_one(_FOCUS[pane]).focus()

    def _mark(self, pane: Pane) -> None:
        self._pane = pane
        for each in PANES:
            self.set_class(each == pane, f"-show-{each}")
        self.query_one(PaneTabs).shown = pane

    @on(events.DescendantFocus)
    def _pane_of_focus(self, event: events.DescendantFocus) -> None:
        for pane, kind in _FOCUS.items():
            if isinstance(event.widget, kind):
                self._mark(pane)

    def action_sight(self, by: int) -> None:
        self.action_show(PANES[(PANES.index(self._pane) + by) % len(PANES)])

    # What is seen.

    @on(GameSeen)
    def _on_seen(self, message: GameSeen) -> None:
        message.stop()
        self.query_one(Banner).error = None
        if message.view != self.scene.view:
            self._show(self.scene.seen(message.view))

    @on(GameUnseen)
    def _on_unseen(self, message: GameUnseen) -> None:
        message.stop()
        if self.report.state != "written":
            self.query_one(Banner).error = message.error

    def _show(self, scene: Scene) -> None:
        self.scene = scene
        self.query_one(GameLine).scene = scene
        self.query_one(AimLine).scene = scene
        for kind in _FOCUS.values():
            self.query_one(kind).scene = scene
        if scene.selected is not None:
            self.query_one("#team").border_title = f"Team {text.one_line(scene.selected.name)}"
        self._show_about()
        if self._page is not None:
            self._page.renew()

    def _show_about(self) -> None:
        self.query_one(InjectionAbout).shown = (self.scene, self.query_one(InjectionList).chosen)

    def show_doing(self, doing: tuple[str, ...]) -> None:
        if self.is_mounted:
            self.query_one(AimLine).doing = doing

    def action_retry(self) -> None:
        self.look()

    # Which team.

    def action_team(self, by: int) -> None:
        self._show(self.scene.moved(by))

    @on(Board.Moved)
    def _on_team_moved(self, message: Board.Moved) -> None:
        message.stop()
        self.action_team(message.by)

    @on(Board.Opened)
    def _on_team_opened(self, message: Board.Opened) -> None:
        message.stop()
        self.action_show("team")

    def action_everybody(self) -> None:
        if len(self.scene.teams) < 2:
            self.notify("There is one team.", markup=False)
            return
        scene = self.scene
        self._show(Scene(scene.view, scene.team, not scene.everybody))

    # Time.

    def _playing(self) -> bool:
        """Whether time can still be moved for those that keys act on; if not, say so."""
        if any(team.phase != "over" for team in self.scene.aimed):
            return True
        whom = self.scene.aim_words
        self.notify(
            f"The game is over for {whom}." if self.scene.teams else "There is no team yet.", markup=False
        )
        return False

    def action_toggle_clock(self) -> None:
        running = any(team.mode == "running" for team in self.scene.aimed)
        if running or self._playing():
            self.perform("moving the clock", partial(toggle_clocks, self.door, self.scene.aim))

    def action_speed(self, step: int) -> None:
        if self._playing() and self.scene.selected is not None:
            aim, reference = self.scene.aim, self.scene.selected.slug
            self.perform("changing the speed", partial(step_speed, self.door, aim, step, reference))

    # Injections.

    @on(InjectionList.Moved)
    def _on_injection_moved(self, message: InjectionList.Moved) -> None:
        message.stop()
        self._show_about()

    @on(InjectionList.Opened)
    def _on_injection_opened(self, message: InjectionList.Opened) -> None:
        message.stop()

        def then(_: None) -> None:
            self._page = None

        self._page = PageScreen(partial(self._about, message.injection.id))
        self.app.push_screen(self._page, then)

    def _about(self, injection_id: str, width: int, _height: int) -> list[Content] | None:
        injection = self.scene.injection(injection_id)
        return None if injection is None else about_lines(injection, self.scene.teams, width)

    def _to_injection(self, doing: str, call: Callable[[str, str | None], None]) -> None:
        """Do something to the injection at the cursor, if that is on screen."""
        chosen: InjectionView | None = self.query_one(InjectionList).chosen
        if chosen is None:
            self.notify("This scenario injects nothing.", markup=False)
        elif self.has_class("-compact") and self._pane != "injections":
            self.action_show("injections")
            self.notify("Choose an injection, then press that again.", markup=False)
        else:
            self.perform(f"{doing} {chosen.id}", partial(call, chosen.id, self.scene.aim))

    def action_inject(self) -> None:
        self._to_injection("injecting", self.door.inject)

    def action_hold(self) -> None:
        self._to_injection("holding", self.door.hold)

    def action_let_go(self) -> None:
        self._to_injection("letting go", self.door.let_go)

    def action_take_back(self) -> None:
        self._to_injection("taking back", self.door.take_back)

    # Talking to teams.

    def action_hint(self) -> None:
        team, view = self.scene.selected, self.scene.view
        if team is None or view is None:
            self.notify("There is no team yet.", markup=False)
            return
        name = text.one_line(team.name)
        if team.hints_shown >= len(view.hints):
            self.notify(
                f"{name} has had every hint." if view.hints else "This scenario has no hints.", markup=False
            )
            return

        def answered(yes: bool | None) -> None:
            if yes:
                call = partial(self.door.hint, team.slug)
                self.perform("giving a hint", call, f"{name} has its hint.")

        self.app.push_screen(HintScreen(team, view), answered)

    def action_message(self) -> None:
        scene = self.scene
        if scene.selected is None:
            self.notify("There is no team yet.", markup=False)
            return

        def given(words: str | None) -> None:
            if words:
                call = partial(self.door.message, words, scene.aim)
                self.perform("sending a message", call, f"Sent to {scene.aim_words}.")

        self.app.push_screen(MessageScreen(scene.aim_words), given)

    # The game.

    def action_briefing(self) -> None:
        if self.scene.view is not None:
            self._read(briefing(self.scene.view))

    def action_questions(self) -> None:
        if self.scene.view is not None:
            self._read(questions(self.scene.view))

    def _read(self, paper: PaperScreen) -> None:
        self.app.push_screen(paper)

    def _ask(self, question: str, consequence: str, then: Callable[[], object]) -> None:
        def answered(yes: bool | None) -> None:
            if yes:
                then()

        self.app.push_screen(ConfirmScreen(question, consequence), answered)

    def action_end(self) -> None:
        if not self._playing():
            return
        aim, whom = self.scene.aim, self.scene.aim_words

        def end() -> None:
            self.perform("ending the game", partial(self.door.end, aim), f"The game is over for {whom}.")

        self._ask(f"End the game for {whom}?", "Their worlds stay as they are, for the score.", end)

    def action_abort(self) -> None:
        if not self._playing():
            return

        def abort() -> None:
            self.perform_beside("aborting", self.door.abort, "Aborted; everything was taken back.")

        self._ask(
            "Abort the game for all teams?",
            "It ends at once, and every injection is taken back. That may take a while.",
            abort,
        )

    def action_report(self) -> None:
        if self.report.state in ("writing", "written"):
            self._open_report()
        elif not self.scene.over:
            self.notify("The report is written when the game is over for all. E ends it.", markup=False)
        else:
            self._ask(
                "Score every team and write the reports?",
                "That ends the worlds, and may take minutes.",
                self._begin_report,
            )

    def _begin_report(self) -> None:
        self.report = Report("writing")
        self._open_report()
        self.write_report()

    def _open_report(self) -> None:
        def closed(again: bool | None) -> None:
            if again:
                self._begin_report()

        self.app.push_screen(ReportScreen(self.report), closed)

    def _tell_report(self, report: Report) -> None:
        self.report = report
        self.query_one(AimLine).reported = report.state == "written"
        for screen in self.app.screen_stack:
            if isinstance(screen, ReportScreen):
                screen.take(report)

    @on(ReportTold)
    def _on_report_told(self, message: ReportTold) -> None:
        message.stop()
        self._tell_report(self.report.tell(message.words))

    @on(ReportWritten)
    def _on_report_written(self, message: ReportWritten) -> None:
        message.stop()
        # The worlds have ended: there is nothing more to see.
        self._timer.stop()
        self._tell_report(Report("written", self.report.told, message.paths))
        if not isinstance(self.app.screen, ReportScreen):
            self.notify("The reports are written. R shows where.", markup=False)

    @on(ReportFailed)
    def _on_report_failed(self, message: ReportFailed) -> None:
        message.stop()
        self._tell_report(Report("failed", self.report.told, error=message.error))
        if not isinstance(self.app.screen, ReportScreen):
            self.refused(message.error)

    def action_leave(self) -> None:
        if isinstance(self.app.screen, ConfirmScreen):
            return
        if self.scene.view is None or self.report.state == "written":
            self.app.exit()
        elif self.report.state == "writing":
            self._ask("Leave while the report is being written?", "Leaving waits for it.", self.app.exit)
        else:
            self._ask(
                "Leave the game?",
                "The worlds end, for all teams. The game can be gone on with later.",
                self.app.exit,
            )
