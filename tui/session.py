"""The one door between the screens and everything behind them.

The screens never talk to AWS, to the offline cloud, to files or to processes: they call a `LabSession`. The
rules of the door:

- Every call blocks and may be slow. The screens call from worker threads, several at once: `snapshot`,
  `clock`, `traffic`, `check`, `complete` and `cancel` must be safe while `run_command`, `play` or another `check` is
  under way.
- `catalogue`, `history` and `preference` must work before any world exists, and be quick: the first frame
  waits for nothing, the second for these.
- What goes wrong is raised as `SessionError`: one plain sentence, and what to do. Anything else is our
  own bug.
- Texts that come from the world (names, reasons, command output) are plain text. Texts that lab authors
  write (`intro`, `guide`, hints, explanations, `Debrief.lessons`) are Markdown.
- Everything given out is immutable.

This module imports nothing but the standard library, so that it costs nothing at start-up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

Progress = Callable[[str], None]
"""Told, in a few words, what a slow call is doing now ("starting the offline cloud")."""

LabStatus = Literal["new", "started", "solved"]
ClockAction = Literal["read", "pause", "run", "speed", "advance", "next", "settle"]
Stream = Literal["out", "err"]
PlayKind = Literal["say", "command", "output", "wait", "passed", "failed", "done"]


class SessionError(Exception):
    """Something went wrong that a person can act on.

    `message` says what is wrong and where, `hint` what to do. `world_lost` means that the offline cloud
    no longer answers: the
    screen then offers to open the lab again, which starts the cloud anew and resumes.
    """

    def __init__(self, message: str, hint: str = "", *, world_lost: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.world_lost = world_lost


@dataclass(frozen=True, slots=True)
class LabCard:
    """A lab as the catalogue shows it.

    `track` is the heading under which it stands; the order given is kept.
    """

    id: str
    title: str
    track: str
    minutes: int
    summary: str
    teaches: tuple[str, ...] = ()
    status: LabStatus = "new"
    steps_done: int = 0
    steps_total: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """Something to predict before it is seen.

    Without `choices` the answer is typed (usually a number, in `unit`).
    """

    prompt: str
    choices: tuple[str, ...] = ()
    unit: str = ""
    given: str | None = None
    """What the learner answered in an earlier sitting, or None."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The verdict on a prediction.

    `explanation` is Markdown and is worth reading when the answer was right, too.
    """

    correct: bool
    expected: str
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class CheckView:
    """One check's evidence: what should be, what is, and where to look when they differ.

    `passed` is None while the check has not run (a drill that only runs on request, a step not yet
    reached).
    """

    id: str
    title: str
    passed: bool | None = None
    expected: str = ""
    observed: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a step stands now."""

    id: str
    passed: bool
    checks: tuple[CheckView, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckReport:
    """How a lab stands now.

    `steps` holds the steps that were asked for; `solved` speaks of the whole lab.
    """

    steps: tuple[StepResult, ...]
    solved: bool = False
    score: float = 0.0
    """Share of the lab that passes, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step as the guide shows it.

    `commands` are as a person would type them, and may span lines with backslashes.
    """

    id: str
    title: str
    goal: str
    guide: str
    commands: tuple[str, ...] = ()
    hints: int = 3
    question: Question | None = None
    passed: bool = False
    checks: tuple[CheckView, ...] = ()
    """The checks by title, before they have run; may be empty."""
    locked: bool = False
    """Whether the teacher of a class has not opened it yet: then it has no guide, no commands and no checks."""


@dataclass(frozen=True, slots=True)
class LabView:
    """A lab that is set up in a running world. `resumed` is true when earlier work was found and kept."""

    id: str
    title: str
    steps: tuple[Step, ...]
    intro: str = ""
    current: str | None = None
    """The step to show first; None means the first that has not passed."""
    resumed: bool = False
    solved: bool = False
    endpoint: str = ""
    slo_p99_ms: float | None = None
    """The latency that the lab asks for, at the 99th percentile; None when it asks for none."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """What the shell exports for the guide's commands ($SUBNET_A, $SG ...)."""
    closed: frozenset[str] = frozenset()
    """Actions of the screen (by name: `shell`, `play`, `solution`) that this session does not offer."""


@dataclass(frozen=True, slots=True)
class Output:
    """A piece of a command's output, as it comes; not necessarily whole lines."""

    text: str
    stream: Stream = "out"


@dataclass(frozen=True, slots=True)
class Finished:
    """A command's end. `exit_code` is 130 when it was interrupted."""

    exit_code: int
    seconds: float = 0.0


CommandEvent = Output | Finished


@dataclass(frozen=True, slots=True)
class Completion:
    """What could stand in place of `line[start:cursor]`, best first."""

    start: int
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShellCommand:
    """A full interactive shell with the lab's environment. `env` is complete, not an addition."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    greeting: str = ""


@dataclass(frozen=True, slots=True)
class Solution:
    """The reference answer to a step: commands to paste, and why they are right (Markdown)."""

    commands: tuple[str, ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class PlayEvent:
    """One happening of a narrated run.

    `say` and `wait` are the narrator's text, `command` a line about to be run, `output` what it
    printed, `passed`
    and `failed` name a step that was graded (`step`), `done` ends the run.
    """

    kind: PlayKind
    text: str = ""
    step: str | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """One measured figure of the run: "Lowest running count", "2", "never under the floor of 2"."""

    label: str
    value: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the run's timeline. `at` is ready to show ("+04:12"); `tone` says how to mark it."""

    at: str
    text: str
    tone: Literal["plain", "good", "bad", "learner"] = "plain"


@dataclass(frozen=True, slots=True)
class Debrief:
    """What happened in *this* run, built from its journal."""

    headline: str
    facts: tuple[Fact, ...] = ()
    timeline: tuple[Moment, ...] = ()
    lessons: str = ""
    costs: tuple[Fact, ...] = ()
    """What this would have cost on AWS, an estimate."""


class CommandLine(Protocol):
    """What the console needs: somebody who runs lines, remembers them and completes them. `LabSession` says what each does."""

    def run_command(self, line: str) -> Iterator[CommandEvent]:
        """Run a line."""
        ...

    def complete(self, line: str, cursor: int) -> Completion:
        """What could be typed at `cursor`."""
        ...

    def history(self) -> list[str]:
        """Lines run before, oldest first."""
        ...

    def cancel(self) -> None:
        """Stop the command that runs."""
        ...


@runtime_checkable
class LabSession(Protocol):
    """A learner's seat: the catalogue, at most one running world, and at most one open lab."""

    def catalogue(self) -> list[LabCard]:
        """Every lab in teaching order, with this learner's progress. Needs no world."""
        ...

    def open(self, lab_id: str, progress: Progress) -> LabView:
        """Start or resume the world, set the lab up in it (or find it as it was left), and give the lab.

        Also used to recover after `SessionError.world_lost`.
        """
        ...

    def snapshot(self, seen: int | None) -> Mapping[str, Any] | None:
        """The world as `GET /_lab/snapshot` gives it (docs/control-api.md).

        None when its version is still `seen`.
        """
        ...

    def clock(self, action: ClockAction, value: float | Literal["max"] | None = None) -> Mapping[str, Any]:
        """Read or move the clock; the answer is that of `GET /_lab/clock`.

        `value` is the speed for `speed`, milliseconds for `advance`, the limit in milliseconds for
        `settle`.
        """
        ...

    def traffic(self, *, seconds: int, minutes: int) -> Mapping[str, Any]:
        """The load that runs, or the last one, as `GET /_lab/traffic` gives it, without failed requests one by one.

        `seconds` and `minutes` are how far back its series go; 0 leaves one out.
        """
        ...

    def scaling(self, *, minutes: int) -> Mapping[str, Any]:
        """Scalable targets, policies, decisions and alarms, as `GET /_lab/scaling` gives them.

        `minutes` is how far back the series go; 0 leaves them out.
        """
        ...

    def queue(self, *, minutes: int) -> Mapping[str, Any]:
        """Every queue that has been used, as `GET /_lab/queue` gives them.

        `minutes` is how far back the series go; 0 leaves them out.
        """
        ...

    def start_traffic(self, rps: float) -> Mapping[str, Any]:
        """Send so many requests a second to the service's target group; answers as `traffic`.

        SessionError in the cloud's own words when it refuses (no target group, several, too many).
        """
        ...

    def stop_traffic(self) -> Mapping[str, Any]:
        """Stop the load that runs; answers as `traffic`."""
        ...

    def cost(self) -> Mapping[str, Any]:
        """What the open lab would have cost on AWS since it was started, as `GET /_lab/cost` gives it."""
        ...

    def why(self, resource: str) -> Mapping[str, Any]:
        """The causal chain of a task, a service, a target or whatever else `fargate-lab why` takes, in its JSON shape (docs/cli.md).

        SessionError when nothing is called that.
        """
        ...

    def check(self, step_id: str | None, *, drills: bool, progress: Progress | None = None) -> CheckReport:
        """Grade one step, or (None) all.

        `drills` also runs the checks that disturb the world to make a failure happen again.

        Never depends on what was typed. Records what passed for the first time.
        """
        ...

    def hint(self, step_id: str, level: int) -> str:
        """The hint of that level, 1 (a nudge) to `Step.hints` (nearly the answer); Markdown.

        Recorded in the journal.
        """
        ...

    def solution(self, step_id: str) -> Solution:
        """The reference answer. Recorded in the journal."""
        ...

    def answer(self, step_id: str, value: str) -> Answer:
        """Judge a prediction.

        SessionError when `value` is not an answer at all (not a number, not a choice).
        """
        ...

    def reset_step(self, step_id: str, progress: Progress) -> LabView:
        """Put the world back to where that step starts."""
        ...

    def reset_lab(self, progress: Progress) -> LabView:
        """A new world and the lab from its first step."""
        ...

    def run_command(self, line: str) -> Iterator[CommandEvent]:
        """Run a line as the learner's shell would, with the lab's environment, and add it to the history.

        Yields `Output` as it comes and ends with exactly one `Finished`. Closing the iterator or
        `cancel` stops the command.
        """
        ...

    def complete(self, line: str, cursor: int) -> Completion:
        """What could be typed at `cursor`. Quick (<= 100 ms); empty when nothing is known."""
        ...

    def history(self) -> list[str]:
        """Lines run before, oldest first, earlier sittings included."""
        ...

    def shell_command(self) -> ShellCommand:
        """The shell to hand the terminal over to."""
        ...

    def play(self) -> Iterator[PlayEvent]:
        """Perform the open lab with its reference commands, narrated.

        Closing the iterator or `cancel` stops it.
        """
        ...

    def debrief(self) -> Debrief:
        """What happened in this run.

        Meaningful once the lab is solved; never raises merely because it is not.
        """
        ...

    def cancel(self) -> None:
        """Stop the command or the play that runs in another thread, if any; returns at once."""
        ...

    def preference(self, key: str) -> str | None:
        """A remembered choice of the screen (the theme), or None. Needs no world."""
        ...

    def set_preference(self, key: str, value: str) -> None:
        """Remember a choice of the screen."""
        ...

    def close(self) -> None:
        """Keep what is to be resumed and end the world. Safe to call twice."""
        ...
