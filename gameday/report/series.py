"""What the charts show, as numbers. Moments are milliseconds since the game's start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from gameday.budget import budget
from gameday.findings import played
from gameday.indicators import Interval
from gameday.report.model import GameReport, TeamReport
from gameday.report.words import bounds, finite, percent
from gameday.scenario import Scenario, Slo
from gameday.scoring import bad_spans

MarkKind = Literal["injection", "decoy", "detected", "diagnosed", "mitigated", "restored"]
Unit = Literal["share", "ms", "s", "count"]
_UNITS: dict[str, Unit] = {
    "availability": "share",
    "latency_p95_ms": "ms",
    "latency_p99_ms": "ms",
    "oldest_age_s": "s",
}
NEIGHBOURS_MS = 60_000
"""Bad stretches with less than this between them are told as one."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment worth a line through a chart, with a short label."""

    at_ms: int
    label: str
    kind: MarkKind


@dataclass(frozen=True, slots=True)
class Step:
    """A value that held from one moment to another."""

    since_ms: int
    until_ms: int
    value: float


@dataclass(frozen=True, slots=True)
class Panel:
    """An SLO over time: its values, its bounds (and what they are called), and the stretches in which it was broken."""

    title: str
    unit: Unit
    bounds: tuple[tuple[float, str], ...]
    steps: tuple[Step, ...]
    bad: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A share that changes: (moment, value) from the game's start on. ``tag`` is what the line is marked with, ``note`` its
    end in words.
    """

    tag: str
    title: str
    points: tuple[tuple[int, float], ...]
    note: str


@dataclass(frozen=True, slots=True)
class TeamChart:
    """Of one team: its SLOs under each other, and what is left of their budgets."""

    length_ms: int
    panels: tuple[Panel, ...]
    budgets: tuple[Line, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Lane:
    """Of one team in the comparison: when any SLO was broken, and what happened when."""

    tag: str
    title: str
    length_ms: int
    bad: tuple[tuple[int, int], ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class LanesChart:
    """All teams under each other."""

    length_ms: int
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True)
class BudgetsChart:
    """What is left of each team's most burned budget."""

    length_ms: int
    lines: tuple[Line, ...]


Chart = TeamChart | LanesChart | BudgetsChart


def length_ms(report: GameReport) -> int:
    """The charts' length, the same in all of them: the longest that a team has played."""
    return max([1, *(team.length_ms for team in report.teams)])


def team_chart(report: GameReport, team: TeamReport) -> TeamChart:
    """The charts of one team."""
    return TeamChart(
        length_ms(report),
        tuple(_panel(team, slo) for slo in report.scenario.steady_state),
        budgets(report.scenario, team),
        marks(report, team),
    )


def lanes(report: GameReport) -> LanesChart:
    """The teams in the order of their places."""
    return LanesChart(
        length_ms(report),
        tuple(
            Lane(str(at), team.name, team.length_ms, any_broken(team), marks(report, team))
            for at, (_, team) in enumerate(report.ranked(), 1)
        ),
    )


def worst_budgets(report: GameReport) -> BudgetsChart:
    """At each moment the budget of which least is left, by team."""
    found = []
    for at, (_, team) in enumerate(report.ranked(), 1):
        lines = budgets(report.scenario, team)
        if lines:
            # All lines of a team have the same moments: those of its samples.
            lowest = tuple(
                (each[0][0], min(value for _, value in each))
                for each in zip(*(line.points for line in lines), strict=True)
            )
            found.append(Line(str(at), team.name, lowest, _left(lowest)))
    return BudgetsChart(length_ms(report), tuple(found))


def budgets(scenario: Scenario, team: TeamReport) -> tuple[Line, ...]:
    """What is left of each error budget after each sample; below 0 when it is overdrawn."""
    story, share = team.story, played(scenario, team.story)
    found = []
    for at, slo in enumerate(scenario.steady_state):
        allowed = budget(slo, story.samples, story.names, share).allowed
        bad = 0
        line = [(0, 1.0)]
        for sample in story.samples:
            bad += budget(slo, [sample], story.names).bad
            gone = bad / allowed if allowed else float(bad > 0)
            line.append((team.since_start(sample.at_ms), 1 - gone))
        found.append(Line(chr(ord("a") + at % 26), slo.id, tuple(line), _left(line)))
    return tuple(found)


def marks(report: GameReport, team: TeamReport) -> tuple[Mark, ...]:
    """Injections, and how the team met them, in order."""
    found: list[Mark] = []
    for injection in report.scenario.timeline:
        if injection.id in team.story.injected:
            letter = report.letter(injection.id)
            at_ms = team.since_start(team.story.injected[injection.id])
            if injection.decoy:
                found.append(Mark(at_ms, f"{letter} (decoy)", "decoy"))
            else:
                found.append(Mark(at_ms, letter, "injection"))
    for cause in team.score.causes:
        letter, seen_ms = report.letter(cause.injection), team.since_start(cause.seen_ms)
        if cause.detect_ms is not None:
            found.append(Mark(seen_ms + cause.detect_ms, f"{letter} detected", "detected"))
        if cause.diagnose_ms is not None:
            found.append(Mark(seen_ms + cause.diagnose_ms, f"{letter} diagnosed", "diagnosed"))
    if team.mitigated_ms is not None:
        found.append(Mark(team.mitigated_ms, "mitigated", "mitigated"))
    if team.restored_ms is not None and team.score.causes:
        found.append(Mark(max(0, team.restored_ms), "restored", "restored"))
    return tuple(sorted(found, key=lambda mark: mark.at_ms))


def any_broken(team: TeamReport) -> tuple[tuple[int, int], ...]:
    """The stretches in which at least one SLO was broken, neighbours joined."""
    spans = sorted(
        (team.since_start(each.since_ms), team.since_start(each.until_ms))
        for found in team.story.intervals.values()
        for each in found
        if not each.good
    )
    return tuple(merged(spans, 0))


def merged(spans: Sequence[tuple[int, int]], gap_ms: int) -> list[tuple[int, int]]:
    """Stretches in order, those with at most so much between them joined."""
    found: list[tuple[int, int]] = []
    for since_ms, until_ms in spans:
        if found and since_ms - found[-1][1] <= gap_ms:
            found[-1] = (found[-1][0], max(found[-1][1], until_ms))
        else:
            found.append((since_ms, until_ms))
    return found


def slo_spans(team: TeamReport, slo: Slo) -> list[tuple[int, int]]:
    """The stretches in which an SLO was broken, as they are told: short breaks between them do not count."""
    return merged(_bad(team, team.story.intervals[slo.id]), NEIGHBOURS_MS)


def _bad(team: TeamReport, intervals: Sequence[Interval]) -> list[tuple[int, int]]:
    return [
        (team.since_start(since_ms), team.since_start(until_ms))
        for since_ms, until_ms in bad_spans(intervals)
    ]


def _panel(team: TeamReport, slo: Slo) -> Panel:
    intervals = team.story.intervals[slo.id]
    steps: list[Step] = []
    for each in intervals:
        value = finite(each.value)
        if value is None:
            continue
        since_ms, until_ms = team.since_start(each.since_ms), team.since_start(each.until_ms)
        if steps and steps[-1].until_ms == since_ms and steps[-1].value == value:
            steps[-1] = Step(steps[-1].since_ms, until_ms, value)
        else:
            steps.append(Step(since_ms, until_ms, value))
    return Panel(
        f"{slo.id}: {slo.title}",
        _UNITS.get(slo.indicator, "count"),
        bounds(slo),
        tuple(steps),
        tuple(_bad(team, intervals)),
    )


def _left(line: Sequence[tuple[int, float]]) -> str:
    """How much is left at a line's end; an overdrawn budget is said to be so."""
    left = line[-1][1]
    return f"overdrawn by {percent(round(-left, 2))}" if left < -0.005 else f"{round(left * 100)}% left"


def thinned(line: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """The same line without the points at which it does not change."""
    if len(line) < 3:
        return list(line)
    inner = [
        here
        for before, (here, after) in zip(line, pairwise(line[1:]), strict=False)
        if not before[1] == here[1] == after[1]
    ]
    return [line[0], *inner, line[-1]]
