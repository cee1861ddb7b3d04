"""Points for a team, from its world's journal and what living it through again has shown. The rules, for people: docs/scoring.md.

Nothing that anybody says counts. The same journal gives the same score, whoever computes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gameday.findings import Findings
from gameday.indicators import Interval
from gameday.scenario import Injection, Scenario
from gameday.story import Story, story_of
from labs.history import Entry

MINUTE_MS = 60_000
BACK_MS = 3 * MINUTE_MS
"""An SLO is back when it has been kept for so long."""
BUDGET_POINTS, DETECT_POINTS, DIAGNOSE_POINTS, MITIGATE_POINTS, RESTORE_POINTS = 40, 10, 15, 15, 20
DETECT_MS = (MINUTE_MS, 10 * MINUTE_MS)
DIAGNOSE_MS = (5 * MINUTE_MS, 30 * MINUTE_MS)
MITIGATE_MS = (5 * MINUTE_MS, 30 * MINUTE_MS)
RESTORE_MS = (10 * MINUTE_MS, 60 * MINUTE_MS)
"""Until when the points are full, and from when on there are none; in between a straight line."""
RESTORED_LATE = 0.5
"""The share of the points for restoring that is left however late it is."""
SO_FAR = frozenset({"error budget", "time to detect", "time to diagnose", "time to mitigate", "hints"})
"""The rules that can be told while the game goes on; the others need the session to be lived through again."""
HARM_POINTS, MOST_HARM_POINTS = 5, 20


@dataclass(frozen=True, slots=True)
class Cause:
    """One injection that hurts, and how the team met it. All in virtual milliseconds: ``seen_ms`` is when it began to be felt, an SLO
    broken, or when it came if no SLO broke; the times count from then, None for what never happened.
    """

    injection: str
    title: str
    came_ms: int
    seen_ms: int
    hurt: bool
    detect_ms: int | None
    detected_by: str
    diagnose_ms: int | None
    diagnosed_by: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a score: what it is for, the points, how many there could have been, and why."""

    rule: str
    points: float
    most: float
    why: str


@dataclass(frozen=True, slots=True)
class Score:
    """A team's score. ``mitigate_ms`` is from the first broken SLO until all were back to stay for three minutes; ``restore_ms`` from the
    last cause until the exercises hold.
    """

    scenario: str
    total: int
    lines: tuple[Line, ...]
    causes: tuple[Cause, ...]
    mitigate_ms: int | None
    restore_ms: int | None
    broken_ms: int
    findings: Findings

    def to_dict(self) -> dict[str, Any]:
        """For a score's file, and for `--json`."""
        found = self.findings
        return {
            "scenario": self.scenario,
            "total": self.total,
            "lines": [
                {"rule": each.rule, "points": each.points, "most": each.most, "why": each.why}
                for each in self.lines
            ],
            "causes": [
                {name: getattr(each, name) for name in Cause.__slots__}  # in the order of the class
                for each in self.causes
            ],
            "mitigate_ms": self.mitigate_ms,
            "restore_ms": self.restore_ms,
            "broken_ms": self.broken_ms,
            "outcome": found.actual.to_dict(),
            "exercised": [each.to_dict() for each in found.exercised],
            "harm": [
                {"at_ms": each.at_ms, "call": each.call, "slo": each.slo, "burned": each.burned}
                for each in found.harm
            ],
            "knobs": [
                {"knob": each.knob, "title": each.title, "outcome": each.outcome.to_dict()}
                for each in found.knobs
            ],
        }


def score(scenario: Scenario, entries: Sequence[Entry], findings: Findings) -> Score:
    """The score of one team."""
    story = story_of(scenario, entries)
    causes = tuple(_cause(scenario, story, each) for each in scenario.timeline if _counts(each, story))
    hurt_ms = _first_broken_ms(story)
    mitigate_ms = None if hurt_ms is None else _back_after(story, hurt_ms)
    restore_ms = _restore_ms(story, causes, findings)
    lines = (
        _budget(findings),
        _detect(causes),
        _diagnose(causes),
        _mitigate(hurt_ms, mitigate_ms),
        _restore(findings, causes, restore_ms),
        _hints(story),
        _harm(findings, story),
    )
    total = max(0, round(sum(each.points for each in lines)))
    return Score(
        scenario.id,
        total,
        lines,
        causes,
        mitigate_ms,
        restore_ms,
        findings.actual.broken_ms,
        findings,
    )


# -- what happened --------------------------------------------------------------------------------------


def _counts(injection: Injection, story: Story) -> bool:
    return not injection.decoy and bool(injection.knobs or injection.reads) and injection.id in story.injected


def _cause(scenario: Scenario, story: Story, injection: Injection) -> Cause:
    came_ms = story.injected[injection.id]
    felt_ms = _first_broken_ms(story, came_ms)
    seen_ms = came_ms if felt_ms is None else felt_ms
    look = story.reads(injection.reads, seen_ms)
    knobs = [call for name in injection.knobs for call in scenario.knob(name).turned_by]
    turn = story.turned(knobs, came_ms)
    if turn is not None and (look is None or turn.at_ms < look.at_ms):
        look = turn  # whoever turns the knob has seen enough
    return Cause(
        injection.id,
        injection.title,
        came_ms,
        seen_ms,
        felt_ms is not None,
        None if look is None else max(0, look.at_ms - seen_ms),
        "" if look is None else f"{look.service}:{look.operation}",
        None if turn is None else max(0, turn.at_ms - seen_ms),
        "" if turn is None else f"{turn.service}:{turn.operation}",
    )


def _first_broken_ms(story: Story, since_ms: int = 0) -> int | None:
    """The beginning of the first interval at or after a moment in which an SLO was broken. One that goes on counts from the moment."""
    bad = [
        max(each.since_ms, since_ms)
        for found in story.intervals.values()
        for each in found
        if not each.good and each.until_ms > since_ms
    ]
    return min(bad, default=None)


def _back_after(story: Story, hurt_ms: int) -> int | None:
    """How long after the first broken interval all SLOs were back; None when they never were."""
    by_time: dict[tuple[int, int], bool] = {}
    for found in story.intervals.values():
        for each in found:
            if each.until_ms > hurt_ms:
                span = (each.since_ms, each.until_ms)
                by_time[span] = by_time.get(span, True) and bool(each.good)
    good_since: int | None = None
    for (since_ms, until_ms), good in sorted(by_time.items()):
        good_since = (since_ms if good_since is None else good_since) if good else None
        if good_since is not None and until_ms - good_since >= BACK_MS:
            return good_since - hurt_ms
    return None


def _restore_ms(story: Story, causes: Sequence[Cause], findings: Findings) -> int | None:
    if findings.restored_ms is None:
        return None
    last_ms = max((each.came_ms for each in causes), default=story.started_ms)
    return max(0, findings.restored_ms - last_ms)


# -- points ---------------------------------------------------------------------------------------------


def _falling(took_ms: int, bounds: tuple[int, int]) -> float:
    """1 up to the first bound, 0 from the second on, a straight line between."""
    full_ms, none_ms = bounds
    return min(1.0, max(0.0, (none_ms - took_ms) / (none_ms - full_ms)))


def _line(rule: str, share: float, most: float, why: str) -> Line:
    return Line(rule, round(share * most, 1), most, why)


def _minutes(ms: int) -> str:
    seconds = round(ms / 1000)
    return f"{seconds // 60} min {seconds % 60:02d} s" if seconds >= 60 else f"{seconds} s"


def _budget(findings: Findings) -> Line:
    name, burned = max(findings.actual.burned.items(), key=lambda item: item[1], default=("", 0.0))
    why = f"{burned:.0%} of the error budget of {name} burned" if burned else "no error budget was touched"
    return _line("error budget", 1 - min(1.0, burned), BUDGET_POINTS, why)


def _detect(causes: Sequence[Cause]) -> Line:
    shares = [0.0 if each.detect_ms is None else _falling(each.detect_ms, DETECT_MS) for each in causes]
    told = [f"{each.injection}: {_took(each.detect_ms, each.detected_by)}" for each in causes]
    return _line("time to detect", _mean(shares), DETECT_POINTS, "; ".join(told) or "nothing came")


def _diagnose(causes: Sequence[Cause]) -> Line:
    blamed = [each for each in causes if each.hurt or each.diagnose_ms is not None]
    shares = [0.0 if each.diagnose_ms is None else _falling(each.diagnose_ms, DIAGNOSE_MS) for each in blamed]
    told = [f"{each.injection}: {_took(each.diagnose_ms, each.diagnosed_by)}" for each in blamed]
    return _line("time to diagnose", _mean(shares), DIAGNOSE_POINTS, "; ".join(told) or "nothing hurt")


def _mitigate(hurt_ms: int | None, took_ms: int | None) -> Line:
    if hurt_ms is None:
        return _line("time to mitigate", 1.0, MITIGATE_POINTS, "no SLO was ever broken")
    if took_ms is None:
        return _line("time to mitigate", 0.0, MITIGATE_POINTS, "the SLOs never came back")
    why = f"all SLOs were back after {_minutes(took_ms)}"
    return _line("time to mitigate", _falling(took_ms, MITIGATE_MS), MITIGATE_POINTS, why)


def _restore(findings: Findings, causes: Sequence[Cause], took_ms: int | None) -> Line:
    held = sum(each.held for each in findings.exercised)
    if took_ms is None:
        failed = next((each for each in findings.exercised if not each.held), None)
        why = f"{held} of {len(findings.exercised)} exercises hold"
        if failed is not None:
            why += f"; {failed.exercise.do}: {failed.observed}"
        share = RESTORED_LATE * held / len(findings.exercised) if findings.exercised and causes else 0.0
        return _line("time to restore", share, RESTORE_POINTS, why)
    share = RESTORED_LATE + (1 - RESTORED_LATE) * _falling(took_ms, RESTORE_MS)
    return _line("time to restore", share, RESTORE_POINTS, f"the cause was gone after {_minutes(took_ms)}")


def _hints(story: Story) -> Line:
    count = len(story.hints)
    return Line("hints", float(-sum(story.hints)), 0.0, f"{count} taken" if count else "none taken")


def _harm(findings: Findings, story: Story) -> Line:
    points = min(MOST_HARM_POINTS, HARM_POINTS * len(findings.harm))
    told = [
        f"{each.call} after {_minutes(each.at_ms - story.started_ms)} burned {each.burned:.0%} of {each.slo}"
        for each in findings.harm
    ]
    return Line("harmful actions", float(-points), 0.0, "; ".join(told) or "none")


def _took(ms: int | None, by: str) -> str:
    return "never" if ms is None else f"{_minutes(ms)} ({by})"


def _mean(shares: Sequence[float]) -> float:
    return sum(shares) / len(shares) if shares else 1.0


def bad_spans(intervals: Sequence[Interval]) -> list[tuple[int, int]]:
    """The stretches in which an SLO was broken, neighbours joined."""
    spans: list[tuple[int, int]] = []
    for each in intervals:
        if each.good:
            continue
        if spans and spans[-1][1] == each.since_ms:
            spans[-1] = (spans[-1][0], each.until_ms)
        else:
            spans.append((each.since_ms, each.until_ms))
    return spans
