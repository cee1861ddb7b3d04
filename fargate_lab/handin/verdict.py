"""What became of a file: data for tables and machines. Shapes: docs/cli.md, `verify-result --json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class StepVerdict:
    """A step that the file claims. `at_ms` is the virtual moment at which it was graded anew, None when it was not; `failing` are the
    checks that did not pass: `{id, expected, observed}`.
    """

    id: str
    passed: bool
    at_ms: int | None = None
    failing: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LabVerdict:
    """A lab of a file.

    `trouble` says why nothing of it counts, "" when it does. `of_steps` is how many steps the lab has. `answers` are the predictions,
    judged anew. `solution_used`: the program was told to solve it. `duration_ms` is virtual time from the set-up to the last claimed
    step; `calls` how many AWS requests that may change something came then, drills included. `session` names the session: two of one
    name are copies.
    """

    lab: str
    trouble: str = ""
    of_steps: int = 0
    steps: tuple[StepVerdict, ...] = ()
    answers: Mapping[str, bool] = field(default_factory=dict)
    hints: Mapping[str, int] = field(default_factory=dict)
    solutions: tuple[str, ...] = ()
    solution_used: bool = False
    duration_ms: int = 0
    calls: int = 0
    notices: tuple[str, ...] = ()
    session: str = ""
    copy_of: str = ""
    """Who has handed in the same session with another key."""

    @property
    def passed(self) -> int:
        """How many steps passed again."""
        return 0 if self.trouble else sum(step.passed for step in self.steps)

    @property
    def score(self) -> int:
        """Of the lab's steps, in percent."""
        return 100 * self.passed // self.of_steps if self.of_steps else 0

    @property
    def good(self) -> bool:
        """Whether all that is claimed is so, and the learner's own."""
        return not self.trouble and not self.copy_of and all(step.passed for step in self.steps)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "passed": self.passed, "score": self.score, "good": self.good}

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> LabVerdict:
        """From the JSON of the process that judged."""
        known = {name: raw[name] for name in cls.__dataclass_fields__}
        steps = tuple(StepVerdict(**{**each, "failing": tuple(each["failing"])}) for each in raw["steps"])
        return replace(
            cls(**known), steps=steps, solutions=tuple(raw["solutions"]), notices=tuple(raw["notices"])
        )


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """A file. `trouble` says why it cannot be used at all; then the rest is empty."""

    file: str
    trouble: str = ""
    name: str = ""
    key: str = ""
    made_at: str = ""
    version: str = ""
    labs: tuple[LabVerdict, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether all of it is good."""
        return not self.trouble and all(each.good for each in self.labs)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "labs": [each.to_dict() for each in self.labs], "good": self.good}
