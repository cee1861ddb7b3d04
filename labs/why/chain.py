"""What an explanation is: a title, a verdict, and steps from the first cause to the end, each with its source.

Plain data. ``to_dict`` is the shape of ``fargate-lab why --json`` (docs/cli.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Rule:
    """Why one thing follows from another: a sentence, and AWS's page that says so."""

    sentence: str
    page: str

    def __str__(self) -> str:
        return f"{self.sentence} ({self.page})"


@dataclass(frozen=True, slots=True)
class Step:
    """One fact. ``source`` is the call, the journal's entry or the field of a document that it was read from."""

    at_ms: int | None
    """Milliseconds since the epoch; None when the source names no moment."""
    fact: str
    source: str
    rule: Rule | None = None
    quote: str = ""
    """AWS's own words, as they stand there."""
    knob: str = ""
    """The setting that would change it."""
    seq: int | None = None
    """The journal's entry; None for a fact from a file or a report."""

    def to_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "at_ms": self.at_ms,
            "at": None if self.at_ms is None else moment(self.at_ms),
            "fact": self.fact,
            "source": self.source,
            "entry": self.seq,
            "rule": None if self.rule is None else {"text": self.rule.sentence, "page": self.rule.page},
            "quote": self.quote or None,
            "knob": self.knob or None,
        }


@dataclass(frozen=True, slots=True)
class Chain:
    """An explanation of one resource."""

    resource: str
    """The full name of what is explained."""
    title: str
    verdict: str
    steps: tuple[Step, ...] = ()
    look: tuple[str, ...] = ()
    """What to look at, or to turn, next."""
    unknown: tuple[str, ...] = ()
    """What the facts at hand cannot tell."""

    def to_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "resource": self.resource,
            "title": self.title,
            "verdict": self.verdict,
            "steps": [step.to_dict() for step in self.steps],
            "look": list(self.look),
            "unknown": list(self.unknown),
        }


def in_order(steps: Iterable[Step]) -> tuple[Step, ...]:
    """From cause to effect: as the journal has them, each entry once. Steps without an entry keep their place at the end."""
    found: dict[tuple[int | None, str], Step] = {}
    for step in steps:
        key = (step.seq, step.fact if step.seq is None else "")
        known = found.get(key)
        # One entry told twice: the telling that says more stays.
        if known is None or _weight(step) > _weight(known):
            found[key] = step
    entered = [step for step in found.values() if step.seq is not None]
    others = [step for step in found.values() if step.seq is None]
    return (*sorted(entered, key=lambda step: step.seq or 0), *others)


def _weight(step: Step) -> int:
    return len(step.fact) + (1000 if step.rule or step.knob or step.quote else 0)


def collapsed(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Neighbours that say the same become one."""
    found: list[Step] = []
    times = 1
    for step in steps:
        before = found[-1] if found else None
        if before is not None and (step.fact, step.rule) == (before.fact, before.rule):
            times += 1
            continue
        if before is not None and times > 1:
            found[-1] = replace(before, fact=f"{before.fact} The same {again(times - 1)}.")
        times = 1
        found.append(step)
    if found and times > 1:
        found[-1] = replace(found[-1], fact=f"{found[-1].fact} The same {again(times - 1)}.")
    return tuple(found)


def again(times: int) -> str:
    """``once more``, ``4 times more``."""
    return "once more" if times == 1 else f"{times} times more"


def moment(at_ms: int) -> str:
    """``2026-01-01T09:14:02Z``: ISO 8601, to the second."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def time_of_day(at_ms: int) -> str:
    """``09:14:02``."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%H:%M:%S}"


def plural(count: int, noun: str) -> str:
    """``a task``, ``3 tasks``."""
    return f"a {noun}" if count == 1 else f"{count:,} {noun}s"


def listed(names: Iterable[str], most: int = 3) -> str:
    """``a, b and 4 more``."""
    every = list(names)
    shown = every[:most]
    if len(every) > most:
        return f"{', '.join(shown)} and {len(every) - most} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)
