"""What a lab is: frozen data, read from its folder once and never changed.

A lab's id is its folder's name with hyphens (``labs/p06_no_breaker`` is ``p06-no-breaker``). These
dataclasses are the schema of ``lab.yaml``: ``labs.loader`` accepts their fields and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from labs.errors import UnknownLabError
from labs.nearest import did_you_mean

if TYPE_CHECKING:
    from labs.cloud import Cloud

Kind = Literal["walkthrough", "repair"]
Setting = str | int | float | bool

TRACK_AIMS: Mapping[str, str] = {
    "foundations": "a service from nothing to nothing, each step proved",
    "playbook": "the fifteen failures: cause each, see it, repair it, prove it",
    "design": "decisions and arithmetic that decide what happens later",
    "readiness": "what a service must pass before production",
    "incidents": "several causes at once, and no hint in the title",
}
"""What each track is for, in the order in which they are taught."""
TRACKS: tuple[str, ...] = tuple(TRACK_AIMS)
HINT_LEVELS = 3


@dataclass(frozen=True, slots=True)
class Hint:
    """One of three hints. Level 1 says where to look, level 2 what is going on, level 3 what to type."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Check:
    """One fact to be proved: ``call`` names a function of the lab's ``checks.py``, ``title`` says it in a few
    words.

    ``hint`` is what to say when it fails and the function has nothing more exact. A ``drill`` makes the
    failure happen again and measures; it changes the world, so it runs only when somebody asks for a check.
    """

    id: str
    title: str
    call: str
    hint: str
    drill: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A number or word to predict before looking.

    ``call`` names a function of ``checks.py`` that knows the answer in this world; otherwise ``value`` is the
    answer, right within ``tolerance``. ``why`` is shown afterwards, whatever was answered.
    """

    ask: str
    why: str
    call: str | None = None
    value: Setting | None = None
    tolerance: float = 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, with the commands a person would type for it and the checks that prove it."""

    id: str
    title: str
    goal: str
    guide: str
    commands: tuple[str, ...]
    checks: tuple[Check, ...]
    hints: tuple[Hint, ...]
    question: Question | None = None


@dataclass(frozen=True, slots=True)
class FaultUse:
    """A fault of ``chaos.actions`` that the lab injects at its start, and waits for with ``settle``.

    Settings that begin with ``$`` are looked up in the environment.
    """

    fault: str
    settings: Mapping[str, Setting] = field(default_factory=dict)
    settle: bool = False


@dataclass(frozen=True, slots=True)
class Lab:
    """A lab as its folder describes it. ``names`` holds the names (cluster, service ...) and numbers that its
    checks use.
    """

    id: str
    title: str
    track: str
    minutes: int
    summary: str
    teaches: tuple[str, ...]
    kind: Kind
    intro: str
    names: Mapping[str, Setting]
    faults: tuple[FaultUse, ...]
    steps: tuple[Step, ...]
    folder: Path

    def step(self, step_id: str) -> Step:
        """The step of that id; LabError naming the nearest otherwise."""
        for step in self.steps:
            if step.id == step_id:
                return step
        known = [step.id for step in self.steps]
        raise UnknownLabError(f"The lab {self.id} has no step {step_id!r}.", did_you_mean(step_id, known))

    def name(self, key: str) -> str:
        """A name from ``names`` as text."""
        return str(self.names[key])

    def number(self, key: str) -> int:
        """A number from ``names``."""
        return int(self.names[key])

    def module(self, stem: str) -> str:
        """The dotted name of a module in the lab's folder, such as ``labs.core_lab.checks``."""
        return f"labs.{self.folder.name}.{stem}"


@dataclass(frozen=True, slots=True)
class Fix:
    """A different right fix, declared in ``solutions``: it must pass."""

    name: str
    apply: Callable[[Cloud], Any]


@dataclass(frozen=True, slots=True)
class WrongFix:
    """A fix that looks right and is not, declared in ``solutions``: the check ``fails`` must fail and its
    feedback contain ``word``.
    """

    name: str
    apply: Callable[[Cloud], Any]
    fails: str
    word: str
