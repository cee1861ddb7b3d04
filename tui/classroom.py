"""The door between the teacher's board and everything behind it.

The rules are those of `tui.session`: calls block and come from worker threads, several at once; what goes wrong is a
`SessionError`; everything
given out is immutable. Texts from people (names, commands, messages) and from the world are plain text, never markup. A seat is
named by its
number ("07"); None means all of them. Durations are seconds of this machine's time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

StepState = Literal["locked", "open", "tried", "passed"]
ClassClock = Literal["pause", "run", "speed"]


@dataclass(frozen=True, slots=True)
class StepHead:
    """A column of the board."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class SeatRow:
    """A seat as the teacher sees it. `steps` are the states of the columns' steps. `step` is the title of the first that has not
    passed, and
    `on_step_s` how long it has been that one; `failing` says which of its checks failed last and what was observed, `stuck`
    whether that has
    been so for long. `hints` is the highest level shown for it, `solution` whether its answer was shown. `lab` is the lab open there.
    """

    id: str
    name: str
    code: str
    online: bool
    lab: str
    steps: tuple[StepState, ...]
    step: str = ""
    on_step_s: float = 0.0
    failing: tuple[str, ...] = ()
    tries: int = 0
    stuck: bool = False
    hints: int = 0
    solution: bool = False
    last_command: str = ""
    idle_s: float | None = None
    """Since anything happened there; None when nothing ever has."""
    score: int = 0
    """Percentage of the lab's steps that passed."""


@dataclass(frozen=True, slots=True)
class ClassPolicy:
    """What the teacher has set for the class (`fargate_lab.classroom.policy`)."""

    lab: str
    steps: int | None
    hints: Literal["all", "first", "none"]
    solutions: bool


@dataclass(frozen=True, slots=True)
class BoardView:
    """The class at one moment. `join` is the address, `code` what to type there. `seats` has every seat that was ever taken;
    `free` says how
    many are left. `trouble` says what does not work, for a person; empty when all is well.
    """

    name: str
    lab: str
    steps: tuple[StepHead, ...]
    seats: tuple[SeatRow, ...]
    free: int
    policy: ClassPolicy
    join: str
    code: str
    labs: tuple[str, ...] = ()
    """What may be chosen for the class."""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """A seat's screen as it is now: `lines` of plain text, `svg` the same as a picture; empty when no screen is open there."""

    seat: str
    width: int
    height: int
    lines: tuple[str, ...] = ()
    svg: str = field(default="", repr=False)


@runtime_checkable
class BoardDoor(Protocol):
    """What a teacher can see and do."""

    def view(self) -> BoardView:
        """The class now. Quick: it may be asked for twice a second."""
        ...

    def look(self, seat: str) -> Look:
        """A seat's screen, to read and not to touch."""
        ...

    def message(self, text: str, seat: str | None = None) -> None:
        """Say something."""
        ...

    def set_policy(self, seat: str | None = None, **changes: Any) -> None:
        """Set lab, steps, hints or solutions (`ClassPolicy`)."""
        ...

    def clock(self, action: ClassClock, speed: float | None = None, seat: str | None = None) -> None:
        """Stop worlds' clocks, let them go on, or set how fast they go."""
        ...

    def reset(self, seat: str | None = None) -> None:
        """Begin the lab that is open there anew. May take a while."""
        ...

    def rename(self, seat: str, name: str) -> None:
        """Correct the name of who sits there."""
        ...

    def free(self, seat: str) -> None:
        """Let somebody else sit there, who begins with nothing and another code; what was done there is kept, off the board."""
        ...

    def export(self) -> tuple[str, ...]:
        """Write the grades as CSV and JUnit XML; the paths of the files, on the machine of the class."""
        ...

    def close(self) -> None:
        """Leave the board; the class goes on."""
        ...
