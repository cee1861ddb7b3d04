"""The doors between the screens of a game day and everything behind them: one for whoever runs the game, one for a team.

The rules are those of `tui.session`: calls block and come from worker threads, several at once; what goes wrong is a `SessionError`;
everything given out is immutable. Texts from people (names of teams, messages) and from the world are plain text, never markup; `briefing`
is Markdown. Moments are virtual milliseconds: `*_ms` since the epoch, `elapsed_ms` and `length_ms` durations.

A team's door shows nothing of the injector, and nothing of other teams.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from tui.session import CommandEvent, Completion, Progress, ShellCommand

Speed = float | Literal["max"]
Phase = Literal["ready", "playing", "over"]
InjectionState = Literal["waiting", "held", "in force", "came", "taken back", "refused"]
PageKind = Literal["alarm", "ok", "message", "hint", "begun", "ended"]


@dataclass(frozen=True, slots=True)
class Role:
    """Who does what in a team."""

    name: str
    does: str


@dataclass(frozen=True, slots=True)
class SloView:
    """An SLO as it stands. `value` is that of the latest interval, for people ("98.2 %", "340 ms", "3"), empty when there was nothing to
    measure; `good` whether it was good (None: nothing was measured). `burned` is the share of the whole game's error budget that is gone
    (1.0: all of it), `history` the latest intervals, oldest first.
    """

    id: str
    title: str
    value: str
    good: bool | None
    burned: float
    history: tuple[bool | None, ...] = ()


@dataclass(frozen=True, slots=True)
class CallLine:
    """A call that a team made: when, and in words ("ecs update-service --desired-count 4"). `reading`: it only looked."""

    at_ms: int
    text: str
    reading: bool
    refused: bool = False


@dataclass(frozen=True, slots=True)
class PointsLine:
    """One line of a score so far."""

    rule: str
    points: float
    most: float
    why: str


@dataclass(frozen=True, slots=True)
class TeamCard:
    """A team as whoever runs the game sees it. `symptoms` are short sentences: alarms in ALARM, tasks missing, a deployment that fails.
    `calls` are the latest, newest first. `in_force` are the injections that have not been taken back. `join` is what the team types to take
    part. `trouble` is what the runner could not do, for a person; empty when all is well.
    """

    slug: str
    name: str
    phase: Phase
    mode: Literal["running", "paused"]
    speed: Speed
    now_ms: int
    elapsed_ms: int
    slos: tuple[SloView, ...]
    symptoms: tuple[str, ...]
    calls: tuple[CallLine, ...]
    points: int
    lines: tuple[PointsLine, ...]
    hints_shown: int
    in_force: tuple[str, ...]
    join: str
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class InjectionView:
    """An injection of the scenario, and how it stands with each team (by slug). `when` says when it comes by itself ("after 5 min", "by
    hand"), `tells` what it does and what can be seen.
    """

    id: str
    title: str
    when: str
    tells: str
    decoy: bool
    states: Mapping[str, InjectionState]


@dataclass(frozen=True, slots=True)
class HintView:
    """A hint and what it costs."""

    text: str
    cost: int


@dataclass(frozen=True, slots=True)
class LogLine:
    """Something that happened in the game, for people: "red: the delay was injected"."""

    at_ms: int
    text: str
    tone: Literal["plain", "good", "bad"] = "plain"


@dataclass(frozen=True, slots=True)
class GameView:
    """The whole game at one moment."""

    name: str
    title: str
    briefing: str
    length_ms: int
    teams: tuple[TeamCard, ...]
    injections: tuple[InjectionView, ...]
    hints: tuple[HintView, ...]
    hint_budget: int
    debrief: tuple[str, ...]
    log: tuple[LogLine, ...]
    """The latest, newest first."""


@runtime_checkable
class FacilitatorDoor(Protocol):
    """What whoever runs the game can do. `team` is a slug, None means all teams."""

    def view(self) -> GameView:
        """The game now. Quick: it may be asked for twice a second."""
        ...

    def run(self, team: str | None = None) -> None:
        """Let clocks go on; the first time, that is the start of the game for those that watch."""
        ...

    def freeze(self, team: str | None = None) -> None:
        """Stop clocks where they are."""
        ...

    def set_speed(self, speed: Speed, team: str | None = None) -> None:
        """How fast time goes: 0.1 to 3600, or max."""
        ...

    def inject(self, injection: str, team: str | None = None) -> None:
        """Let an injection come now."""
        ...

    def hold(self, injection: str, team: str | None = None) -> None:
        """Keep an injection from coming by itself."""
        ...

    def let_go(self, injection: str, team: str | None = None) -> None:
        """End a hold."""
        ...

    def take_back(self, injection: str, team: str | None = None) -> None:
        """Take an injection back."""
        ...

    def hint(self, team: str) -> None:
        """Give a team its next hint."""
        ...

    def message(self, text: str, team: str | None = None) -> None:
        """Say something."""
        ...

    def end(self, team: str | None = None) -> None:
        """End the game; the worlds stay as they are."""
        ...

    def abort(self) -> None:
        """End the game and take everything back. May take a while."""
        ...

    def report(self, progress: Progress) -> tuple[str, ...]:
        """Score every team and write the reports; the paths of the files. Only when the game is over for all; ends the worlds. May take
        minutes.
        """
        ...

    def close(self) -> None:
        """End the worlds; the game can be gone on with later."""
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """What the pager shows: an alarm that changed its state, or what whoever runs the game has to say."""

    at_ms: int
    kind: PageKind
    text: str


@dataclass(frozen=True, slots=True)
class Briefing:
    """What a team is told at the beginning."""

    team: str
    title: str
    text: str
    roles: tuple[Role, ...]
    length_ms: int


@dataclass(frozen=True, slots=True)
class TeamView:
    """What somebody on call sees: the clock, the pager (newest first), and the world as `tui.snapshot` reads it (docs/control-api.md).
    `traffic` and `queue` are the answers of the control API, without causes. `started_ms` is None before the game begins.
    """

    now_ms: int
    mode: Literal["running", "paused"]
    speed: Speed
    started_ms: int | None
    over: bool
    pages: tuple[Page, ...]
    in_alarm: tuple[str, ...]
    snapshot: Mapping[str, Any]
    traffic: Mapping[str, Any]
    queue: Mapping[str, Any]


@runtime_checkable
class TeamDoor(Protocol):
    """What a team can see and do."""

    def briefing(self) -> Briefing:
        """What the team is told; asked for again until the game has begun, because there is none before."""
        ...

    def view(self) -> TeamView:
        """The world now. May be asked for twice a second."""
        ...

    def history(self) -> list[str]:
        """The command lines of before, oldest first."""
        ...

    def run_command(self, line: str) -> Iterator[CommandEvent]:
        """Run a line of the console."""
        ...

    def complete(self, line: str, cursor: int) -> Completion:
        """What could be typed next."""
        ...

    def shell_command(self) -> ShellCommand:
        """A shell of the team's own machine that talks to its world."""
        ...

    def cancel(self) -> None:
        """Stop the command that runs."""
        ...

    def close(self) -> None:
        """Leave; the world stays."""
        ...
