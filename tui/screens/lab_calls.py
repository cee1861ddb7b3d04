"""The lab screen's calls on the session: each in a worker thread, each answered by a message.

The rule: nothing here touches a widget or the work; an error of any call becomes `SessionFailed`.
"""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from textual import work
from textual.message import Message
from textual.screen import Screen

from tui.cost import Costs, parse_costs
from tui.feed import LOOKS_PER_SECOND, Feed
from tui.frame import Frame
from tui.messages import ChecksFinished, ClockRead, LabOpened, ProgressMade, SessionFailed
from tui.session import Answer, ClockAction, LabSession, SessionError, ShellCommand, Solution
from tui.snapshot import parse_clock
from tui.traffic import Report, parse_report


@dataclass
class Revelation(Message):
    """A hint or the solution of a step is here."""

    step_id: str
    level: int = 0
    hint: str | None = None
    solution: Solution | None = None


@dataclass
class Answered(Message):
    """A prediction was judged."""

    step_id: str
    value: str
    answer: Answer


@dataclass
class ShellReady(Message):
    """The shell to hand the terminal over to."""

    shell: ShellCommand


@dataclass
class TrafficMoved(Message):
    """A load was started or stopped."""

    report: Report


@dataclass
class TrafficRefused(Message):
    """The cloud does not start or stop a load, and says why."""

    error: SessionError


@dataclass
class CostsSeen(Message):
    """What the lab has cost so far."""

    costs: Costs


@dataclass
class Explained(Message):
    """Why something is as it is."""

    chain: Mapping[str, Any]


class LabCalls(Screen[None]):
    """What the lab screen asks of the session."""

    _one_lab_at_a_time: ClassVar[threading.Lock] = threading.Lock()
    """Who leaves a lab while it opens, and opens another, has the second wait for the first."""

    def __init__(self, session: LabSession) -> None:
        super().__init__()
        self.session = session
        self._feed: Feed | None = None

    def _call(self, doing: str, call: Callable[[], Message | None]) -> None:
        """Make a call (in the worker that this runs in) and post what comes of it."""
        try:
            message = call()
        except SessionError as error:
            message = SessionFailed(error, doing)
        if message is not None and self.is_attached:
            self.post_message(message)

    def _progress(self, words: str) -> None:
        if self.is_attached:
            self.post_message(ProgressMade(words))

    @work(thread=True, exclusive=True, group="open")
    def open_lab(self, lab_id: str) -> None:
        """Open (or resume, or recover) the lab."""

        def call() -> Message | None:
            with self._one_lab_at_a_time:
                if not self.is_attached:
                    return None
                return LabOpened(self.session.open(lab_id, self._progress))

        self._call("opening the lab", call)

    @work(thread=True, exclusive=True, group="open")
    def reset(self, step_id: str | None) -> None:
        """Reset a step, or (None) the lab."""

        def call() -> Message:
            with self._one_lab_at_a_time:
                if step_id is None:
                    return LabOpened(self.session.reset_lab(self._progress))
                return LabOpened(self.session.reset_step(step_id, self._progress))

        self._call("resetting", call)

    @work(thread=True, group="check")
    def check_step(self, step_id: str, *, asked: bool) -> None:
        """Grade a step; with its drills when it was asked for."""
        self._call(
            "checking",
            lambda: ChecksFinished(self.session.check(step_id, drills=asked), asked),
        )

    @work(thread=True, group="clock")
    def move_clock(self, action: ClockAction, value: float | Literal["max"] | None = None) -> None:
        """Pause, run, speed up or jump."""

        def call() -> Message:
            message = ClockRead(parse_clock(self.session.clock(action, value)))
            self.wake_feed()
            return message

        self._call("moving the clock", call)

    @work(thread=True, exclusive=True, group="traffic")
    def move_traffic(self, rps: float | None) -> None:
        """Start a load of so many requests a second, or (None) stop the one that runs."""

        def call() -> Message:
            raw = self.session.stop_traffic() if rps is None else self.session.start_traffic(rps)
            self.wake_feed()
            return TrafficMoved(parse_report(raw))

        try:
            message: Message = call()
        except SessionError as error:
            message = (
                SessionFailed(error, "moving the traffic") if error.world_lost else TrafficRefused(error)
            )
        if self.is_attached:
            self.post_message(message)

    @work(thread=True, exclusive=True, group="reveal")
    def fetch_hint(self, step_id: str, level: int) -> None:
        """Fetch a hint."""
        self._call(
            "fetching a hint",
            lambda: Revelation(step_id, level=level, hint=self.session.hint(step_id, level)),
        )

    @work(thread=True, exclusive=True, group="reveal")
    def fetch_solution(self, step_id: str) -> None:
        """Fetch a step's solution."""
        self._call(
            "fetching the solution", lambda: Revelation(step_id, solution=self.session.solution(step_id))
        )

    @work(thread=True, exclusive=True, group="reveal")
    def judge(self, step_id: str, value: str) -> None:
        """Judge a prediction."""
        self._call(
            "judging the answer", lambda: Answered(step_id, value, self.session.answer(step_id, value))
        )

    @work(thread=True, exclusive=True, group="costs")
    def fetch_costs(self) -> None:
        """Find out what the lab has cost."""
        self._call("adding up the cost", lambda: CostsSeen(parse_costs(self.session.cost())))

    @work(thread=True, exclusive=True, group="why")
    def fetch_why(self, resource: str) -> None:
        """Find out why something is as it is."""
        self._call("looking for the cause", lambda: Explained(self.session.why(resource)))

    @work(thread=True, exclusive=True, group="shell")
    def fetch_shell(self) -> None:
        """Find out which shell to hand over to."""
        self._call("preparing the shell", lambda: ShellReady(self.session.shell_command()))

    # The feed.

    def start_feed(self) -> None:
        """Begin to look at the world, or look at it afresh."""
        if self._feed is None:
            frame = self.app if isinstance(self.app, Frame) else Frame
            self._feed = Feed(
                self.session,
                self.post_message,
                frame.LOOKS_PER_SECOND or LOOKS_PER_SECOND,
                frame.RETRY_SECONDS,
            )
            self.look_at_traffic()
            self.look_at_scaling()
            self._run_feed(self._feed)
        else:
            self._feed.renew()

    @work(thread=True, exclusive=True, group="feed")
    def _run_feed(self, feed: Feed) -> None:
        feed.run()

    def wake_feed(self) -> None:
        """Look at the world now."""
        if self._feed is not None:
            self._feed.wake()

    def look_at_traffic(self) -> None:
        """Tell the feed how much of the traffic, and of the queues, is on screen."""
        if self._feed is None:
            return
        more = self._feed.ask_for_queues(self.queues_on_screen())
        span = self.traffic_on_screen()
        if span is None:
            self._feed.leave_traffic()
        else:
            more = self._feed.ask_for_traffic(*span) or more
        if more:
            self.wake_feed()

    @abstractmethod
    def traffic_on_screen(self) -> tuple[int, int] | None:
        """How many seconds and minutes back the screen shows the traffic; None when it does not."""

    @abstractmethod
    def queues_on_screen(self) -> int | None:
        """How many minutes back the screen shows the queues; None when it does not."""

    def look_at_scaling(self) -> None:
        """Tell the feed how much of the scaling is on screen."""
        if self._feed is not None and self._feed.ask_for_scaling(self.scaling_on_screen()):
            self.wake_feed()

    @abstractmethod
    def scaling_on_screen(self) -> int | None:
        """How many minutes back the screen shows the scaling; None when it does not."""

    def stop_feed(self) -> None:
        """Stop looking."""
        if self._feed is not None:
            self._feed.stop()
            self._feed = None

    def on_unmount(self) -> None:
        self.stop_feed()
        # A command left running would hold the whole process up at its end.
        self.session.cancel()

    def ask(self, question: str, consequence: str, then: Callable[[], object]) -> None:
        """Do something after the learner has confirmed it."""
        from tui.screens.confirm import ConfirmScreen  # noqa: PLC0415 - only when it is wanted

        def answered(yes: bool | None) -> None:
            if yes:
                then()

        self.app.push_screen(ConfirmScreen(question, consequence), answered)
