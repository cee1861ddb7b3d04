"""The lab screen's side of the work: steps, checks, hints, predictions, resets.

The rule: this class owns `work` and decides what becomes of it; how it is laid out on screen is its heir's
concern (`tui/screens/lab.py`).
"""

from __future__ import annotations

from abc import abstractmethod

from textual import on
from textual.getters import query_one

from tui.messages import ChecksFinished
from tui.screens.lab_calls import Answered, LabCalls, Revelation
from tui.session import LabCard, LabSession
from tui.widgets.guide import Guide
from tui.widgets.panetabs import Pane
from tui.widgets.worldline import TitleLine
from tui.work import Work

SETTLE_SECONDS = 0.4
"""The world must have been still for this long before the step is checked again ..."""
PATIENCE_SECONDS = 2.0
"""... but a world that is never still is checked this often."""


class LabWork(LabCalls):
    """What the learner does with the steps of a lab."""

    guide = query_one(Guide)

    def __init__(self, session: LabSession, card: LabCard) -> None:
        super().__init__(session)
        self.card = card
        self.work: Work | None = None
        self._checking = False
        self._rechecking = False
        self._check_again = False
        self._asked: str | None = None
        self._moves = 0
        self._debriefed = False

    @abstractmethod
    def action_show(self, pane: Pane) -> None:
        """Go to a pane."""

    @abstractmethod
    def action_debrief(self) -> None:
        """Look back at the run."""

    async def show_work(self) -> None:
        """Bring the guide up to date with the work."""
        if self.work is None:
            return
        step = self.work.step
        detailed = step is not None and step.id == self._asked
        await self.guide.show(self.work, checking=self._checking, detailed=detailed)
        count = len(self.work.lab.steps)
        self.query_one(TitleLine).place = f"step {self.work.index + 1} of {count}" if count else ""

    async def action_step(self, by: int) -> None:
        if self.work is not None and self.work.move(by):
            self._asked = None
            await self.show_work()
            self.check(asked=False)

    async def action_show_step(self, index: int) -> None:
        if self.work is not None:
            await self.action_step(index - self.work.index)

    # Checking.

    def action_check(self) -> None:
        self.check(asked=True)

    def start_checking(self) -> None:
        """Check the step again as the world moves."""
        self.set_interval(PATIENCE_SECONDS, self._check_if_moved)

    def world_moved(self) -> None:
        """The world has moved: check again once it is still."""
        self._check_again = True
        self._moves += 1
        moves = self._moves

        def if_still() -> None:
            if moves == self._moves:
                self._check_if_moved()

        self.set_timer(SETTLE_SECONDS, if_still)

    def _check_if_moved(self) -> None:
        if self._check_again:
            self.check(asked=False)

    def check(self, *, asked: bool) -> None:
        """Check the step that is shown; with its drills when the learner asked for it.

        One check at a time: drills change the world, and two of them would measure each other. A step that has
        passed is left alone, unless the learner asks.
        """
        step = self.work.step if self.work else None
        if step is None or self.work is None:
            return
        if step.locked:
            if asked:
                self.notify("This step opens when the teacher opens it.", markup=False)
            return
        if asked and self._checking:
            self.notify("A check is running. It says when it is done.", markup=False)
            return
        if not asked and (self._checking or self._rechecking or step.id in self.work.passed):
            return
        self._check_again = False
        if asked:
            self._checking = True
            self._asked = step.id
            self.call_later(self.show_work)
        else:
            self._rechecking = True
        self.check_step(step.id, asked=asked)

    def checking_failed(self) -> None:
        """No answer will come to what was asked."""
        self._rechecking = False
        if self._checking:
            self._checking = False
            self.call_later(self.show_work)

    @on(ChecksFinished)
    async def _on_checks(self, message: ChecksFinished) -> None:
        message.stop()
        if message.asked:
            self._checking = False
        else:
            self._rechecking = False
        if self.work is None:
            return
        fresh = self.work.take(message.report, asked=message.asked)
        for step in fresh:
            self.notify(f"✓ {step.title}", title="Step passed", markup=False)
        await self.show_work()
        if self.work.solved and not self._debriefed:
            self._debriefed = True
            self.action_debrief()

    # What can be revealed.

    def action_hint(self) -> None:
        step = self.work.step if self.work else None
        if step is None or self.work is None:
            return
        level = len(self.work.revealed(step.id).hints) + 1
        if level > step.hints:
            last = "That was the last hint." if step.hints else "There are no hints to give now."
            more = "" if "solution" in self.work.lab.closed else " S reveals the solution."
            self.notify(last + more, markup=False)
            return
        self.fetch_hint(step.id, level)

    def action_solution(self) -> None:
        step = self.work.step if self.work else None
        if step is not None and not step.locked:
            self.ask(
                "Reveal the solution of this step?",
                "It stands below the guide; F6 pastes its commands.",
                lambda: self.fetch_solution(step.id),
            )

    def action_question(self) -> None:
        from tui.screens.question import QuestionScreen  # noqa: PLC0415 - only when it is wanted

        step = self.work.step if self.work else None
        if step is None or step.question is None:
            self.notify("This step asks nothing.", markup=False)
            return

        def given(value: str | None) -> None:
            if value is not None:
                self.judge(step.id, value)

        self.app.push_screen(QuestionScreen(step.question), given)

    @on(Revelation)
    async def _on_revelation(self, message: Revelation) -> None:
        message.stop()
        if self.work is None:
            return
        revealed = self.work.revealed(message.step_id)
        if message.hint is not None and message.level == len(revealed.hints) + 1:
            revealed.hints.append(message.hint)
        if message.solution is not None:
            revealed.solution = message.solution
        self.action_show("guide")
        await self.show_work()

    @on(Answered)
    async def _on_answered(self, message: Answered) -> None:
        message.stop()
        if self.work is not None:
            self.work.revealed(message.step_id).answer = (message.value, message.answer)
            self.action_show("guide")
            await self.show_work()

    # Resets.

    def action_reset_step(self) -> None:
        step = self.work.step if self.work else None
        if step is not None and not step.locked:
            self.ask(
                "Put the world back to where this step starts?",
                "What you have done in this step and after it is lost.",
                lambda: self.reset(step.id),
            )

    def action_reset_lab(self) -> None:
        self.ask(
            "Start the whole lab again?", "This world and everything in it is lost.", lambda: self.reset(None)
        )
