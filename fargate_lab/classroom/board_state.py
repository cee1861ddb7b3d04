"""The class as its board shows it, out of the seats' logs and of what the teacher has set.

`ClassReader` reads the folder, each log from where it stopped; the rest is pure. A seat is *stuck* when somebody works there (is at the
screen, and did something in the last `QUIET_S` seconds), its step is open, and

- `TRIES` checks of it failed since it was begun, or
- it takes longer than twice what is usual, and longer than `PATIENCE_S` seconds. Usual is the median of the seats that have passed it;
  before there are `ENOUGH` of them, the lab's minutes divided by its steps.
"""

from __future__ import annotations

import statistics
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from fargate_lab.classroom.folder import ClassFolder, Seat
from fargate_lab.classroom.policy import Policy
from fargate_lab.classroom.seat_story import BREAK_S, LabStory, SeatStory
from labs import loader
from tui.classroom import BoardView, ClassPolicy, SeatRow, StepHead, StepState

QUIET_S = BREAK_S
TRIES = 3
PATIENCE_S = 300.0
ENOUGH = 3


@dataclass(frozen=True, slots=True)
class ClassLab:
    """What the board must know of a lab."""

    id: str
    minutes: int
    steps: tuple[StepHead, ...]


def catalogue() -> dict[str, ClassLab]:
    """Every lab, in teaching order. Reads their files."""
    return {
        lab.id: ClassLab(lab.id, lab.minutes, tuple(StepHead(step.id, step.title) for step in lab.steps))
        for lab in loader.load_all()
    }


@dataclass(frozen=True, slots=True)
class Sitter:
    """A seat that was taken, at one moment."""

    id: str
    name: str
    code: str
    online: bool
    policy: Policy
    story: SeatStory


@dataclass(frozen=True, slots=True)
class ClassHead:
    """What the board says of the class as a whole. `join` is the address of its pages."""

    name: str
    code: str
    free: int
    policy: Policy
    join: str
    trouble: str = ""


def board_view(
    head: ClassHead, sitters: Sequence[Sitter], catalogue: Mapping[str, ClassLab], now: datetime
) -> BoardView:
    """The board at a moment."""
    lab = shown_lab(head.policy, sitters, catalogue)
    usual = Usual(sitters, catalogue)
    policy = head.policy
    return BoardView(
        name=head.name,
        lab=lab.id,
        steps=lab.steps,
        seats=tuple(_row(sitter, lab, catalogue, usual, now) for sitter in sitters),
        free=head.free,
        policy=ClassPolicy(policy.lab, policy.steps, policy.hints, policy.solutions),
        join=head.join,
        code=head.code,
        labs=tuple(catalogue),
        trouble=head.trouble,
    )


def shown_lab(policy: Policy, sitters: Iterable[Sitter], catalogue: Mapping[str, ClassLab]) -> ClassLab:
    """The lab whose steps are the board's columns: that of the class; where everybody chooses, the one that most have open."""
    if policy.lab in catalogue:
        return catalogue[policy.lab]
    opened = [sitter.story.lab for sitter in sitters]
    # The first of the catalogue wins a tie, and before anything is open.
    return max(catalogue.values(), key=lambda lab: opened.count(lab.id))


class Usual:
    """How long a step takes in this class."""

    def __init__(self, sitters: Sequence[Sitter], catalogue: Mapping[str, ClassLab]) -> None:
        self._catalogue = catalogue
        self._taken: dict[tuple[str, str], list[float]] = {}
        for sitter in sitters:
            for lab, story in sitter.story.labs.items():
                for step, spent in story.earned.items():
                    if spent is None:
                        continue
                    self._taken.setdefault((lab, step), []).append(spent)

    def seconds(self, lab: str, step: str) -> float:
        """What is usual."""
        taken = self._taken.get((lab, step), [])
        if len(taken) >= ENOUGH:
            return statistics.median(taken)
        known = self._catalogue[lab]
        return known.minutes * 60 / max(1, len(known.steps))


def is_stuck(
    *, online: bool, idle_s: float | None, locked: bool, tries: int, on_step_s: float, usual_s: float
) -> bool:
    """The rule."""
    if not online or idle_s is None or idle_s >= QUIET_S or locked:
        return False
    return tries >= TRIES or on_step_s > max(PATIENCE_S, 2 * usual_s)


def step_states(
    steps: Sequence[StepHead], story: LabStory | None, opened: int | None
) -> tuple[StepState, ...]:
    """How a lab's steps stand at a seat where the first `opened` (None: all) are open."""
    found: list[StepState] = []
    for at, step in enumerate(steps):
        if story is not None and step.id in story.passed:
            found.append("passed")
        elif opened is not None and at >= opened:
            found.append("locked")
        else:
            found.append("tried" if story is not None and step.id in story.failing else "open")
    return tuple(found)


def _row(
    sitter: Sitter, shown: ClassLab, catalogue: Mapping[str, ClassLab], usual: Usual, now: datetime
) -> SeatRow:
    story = sitter.story
    states = step_states(shown.steps, story.labs.get(shown.id), sitter.policy.steps)
    idle_s = story.idle_s(now)
    row = SeatRow(
        id=sitter.id,
        name=sitter.name,
        code=sitter.code,
        online=sitter.online,
        lab=story.lab,
        steps=states,
        last_command=story.last_command,
        # Whole seconds: a board that shows the same is the same.
        idle_s=None if idle_s is None else float(int(idle_s)),
        score=100 * states.count("passed") // max(1, len(states)),
    )
    here = story.labs.get(story.lab)
    step = None if here is None else here.current
    if here is None or step is None:
        return row
    lab = catalogue[story.lab]
    at = [each.id for each in lab.steps].index(step)
    on_step_s = story.on_step_s(now)
    tries = here.tries.get(step, 0)
    return replace(
        row,
        step=lab.steps[at].title,
        on_step_s=float(int(on_step_s)),
        failing=tuple(f"{check}: {observed}" for check, observed in here.failing.get(step, ())),
        tries=tries,
        hints=here.hints.get(step, 0),
        solution=step in here.solutions,
        stuck=is_stuck(
            online=sitter.online,
            idle_s=idle_s,
            locked=sitter.policy.steps is not None and at >= sitter.policy.steps,
            tries=tries,
            on_step_s=on_step_s,
            usual_s=usual.seconds(lab.id, step),
        ),
    )


class ClassReader:
    """A class's folder, read again and again; from several threads. Its methods read files."""

    def __init__(self, folder: ClassFolder) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._read: dict[Path, tuple[SeatStory, int]] = {}

    @cached_property
    def catalogue(self) -> Mapping[str, ClassLab]:
        """Every lab."""
        return catalogue()

    def sitters(self, online: Callable[[str], bool]) -> tuple[Sitter, ...]:
        """The seats that were taken, as their logs say by now."""
        with self._lock:
            policies = self.folder.policy
            found = []
            for seat in self.folder.seats:
                name = seat.name
                if name:
                    story = self._story(seat)
                    found.append(
                        Sitter(seat.id, name, seat.keys.code, online(seat.id), policies.of(seat.id), story)
                    )
            return tuple(found)

    def view(self, online: Callable[[str], bool], *, join: str, trouble: str = "") -> BoardView:
        """The board now."""
        folder = self.folder
        sitters = self.sitters(online)
        head = ClassHead(
            folder.name, folder.code, len(folder.seats) - len(sitters), folder.policy.of(), join, trouble
        )
        with self._lock:
            return board_view(head, sitters, self.catalogue, datetime.now(UTC))

    def _story(self, seat: Seat) -> SeatStory:
        steps = {lab.id: [step.id for step in lab.steps] for lab in self.catalogue.values()}
        story, since = self._read.get(seat.folder) or (SeatStory(steps), 0)
        entries, since = seat.log.read(since)
        for entry in entries:
            story.take(entry)
        self._read[seat.folder] = (story, since)
        return story
