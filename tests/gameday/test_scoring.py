"""Points come from the journal, by the rules of docs/scoring.md."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.game_journals import MINUTE, SCENARIO, SECOND, START_MS, Journal, nothing_found

from gameday.findings import Harm
from gameday.scenario import KnobCall
from gameday.scoring import Score, score
from gameday.story import story_of
from labs.errors import LabError

DELAY = {"Attributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "60"}]}


def played(*, detect: int | None = 30, diagnose: int | None = 120, back: int = 8) -> Journal:
    """The delay comes at 5 min and is felt from 6 min on until ``back`` min; seconds after that for the team's first look and change."""
    journal = Journal()
    journal.add(5 * MINUTE, "game.injected", injection="delay")
    journal.call(5 * MINUTE, "elbv2", "ModifyTargetGroupAttributes", actor="facilitator", **DELAY)
    journal.samples(40 * MINUTE, bad=(6 * MINUTE, back * MINUTE))
    journal.call(5 * MINUTE + 10 * SECOND, "ecs", "DescribeServices")  # before anything was to be seen
    if detect is not None:
        journal.call(6 * MINUTE + detect * SECOND, "ecs", "DescribeServices")
    if diagnose is not None:
        journal.call(6 * MINUTE + diagnose * SECOND, "elbv2", "ModifyTargetGroupAttributes", **DELAY)
    journal.add(40 * MINUTE, "game.ended", why="over")
    journal.sort()
    return journal


def points(found: Score) -> dict[str, float]:
    return {line.rule: line.points for line in found.lines}


def test_a_fast_team() -> None:
    journal = played()
    found = score(SCENARIO, journal.entries, nothing_found(journal, restored=8 * MINUTE))
    (cause,) = found.causes
    assert (cause.detect_ms, cause.detected_by) == (30_000, "ecs:DescribeServices")
    assert (cause.diagnose_ms, cause.diagnosed_by) == (120_000, "elbv2:ModifyTargetGroupAttributes")
    assert found.mitigate_ms == 2 * MINUTE
    assert found.restore_ms == 3 * MINUTE
    assert found.broken_ms == 2 * MINUTE
    # 12 bad intervals of 20 lost requests; 240 of 24,000 may fail.
    assert found.findings.actual.bad == {"availability": 240, "latency": 0}
    assert found.findings.actual.burned["availability"] == pytest.approx(1.0)
    assert points(found) == {
        "error budget": 0,
        "time to detect": 10,
        "time to diagnose": 15,
        "time to mitigate": 15,
        "time to restore": 20,
        "hints": 0,
        "harmful actions": 0,
    }
    assert found.total == 60


@pytest.mark.parametrize(
    ("rule", "journal", "expected"),
    [
        ("time to detect", played(detect=330, diagnose=None), 5.0),  # halfway between 1 and 10 minutes
        ("time to detect", played(detect=None, diagnose=None), 0.0),
        ("time to detect", played(detect=None, diagnose=330), 5.0),  # whoever turns the knob has seen enough
        ("time to diagnose", played(diagnose=1050), 7.5),  # halfway between 5 and 30 minutes
        ("time to diagnose", played(diagnose=None), 0.0),
        ("time to mitigate", played(back=6 + 18), 15 * 12 / 25),
        ("time to mitigate", played(back=40), 0.0),
    ],
)
def test_points_fall_in_a_straight_line(rule: str, journal: Journal, expected: float) -> None:
    found = score(SCENARIO, journal.entries, nothing_found(journal, restored=8 * MINUTE))
    assert points(found)[rule] == pytest.approx(expected, abs=0.05)


def test_what_was_never_felt_costs_nothing() -> None:
    journal = Journal()
    journal.add(5 * MINUTE, "game.injected", injection="delay")
    journal.samples(40 * MINUTE)
    journal.call(5 * MINUTE + 20 * SECOND, "elbv2", "DescribeTargetGroupAttributes")
    journal.sort()
    found = score(SCENARIO, journal.entries, nothing_found(journal, restored=6 * MINUTE))
    assert found.total == 100
    assert not found.causes[0].hurt


def test_restoring_late_leaves_half_and_never_leaves_what_holds() -> None:
    journal = played()
    late = score(SCENARIO, journal.entries, nothing_found(journal, restored=39 * MINUTE))
    assert points(late)["time to restore"] == pytest.approx(20 * (0.5 + 0.5 * (60 - 34) / 50), abs=0.05)
    findings = nothing_found(journal, held=False)
    one = replace(findings.exercised[0], held=True)
    never = score(SCENARIO, journal.entries, replace(findings, exercised=(one, findings.exercised[1])))
    assert points(never)["time to restore"] == 5.0
    assert "1 of 2 exercises hold; stop_task: broken" in next(
        line.why for line in never.lines if line.rule == "time to restore"
    )


def test_hints_and_harm_cost() -> None:
    journal = played()
    journal.add(9 * MINUTE, "game.hint", hint=0, text="Look.", cost=3)
    journal.sort()
    harm = tuple(Harm(1, START_MS + 9 * MINUTE, "ecs:UpdateService", "availability", 0.4) for _ in range(5))
    findings = replace(nothing_found(journal, restored=8 * MINUTE), harm=harm)
    found = score(SCENARIO, journal.entries, findings)
    assert points(found)["hints"] == -3
    assert points(found)["harmful actions"] == -20
    assert found.total == 60 - 23


def test_a_look_of_the_facilitator_or_at_something_else_is_no_detection() -> None:
    journal = played(detect=None, diagnose=None)
    journal.call(7 * MINUTE, "ecs", "DescribeServices", actor="facilitator")
    journal.call(7 * MINUTE, "iam", "ListRoles")
    journal.sort()
    found = score(SCENARIO, journal.entries, nothing_found(journal, restored=8 * MINUTE))
    assert found.causes[0].detect_ms is None


def test_a_refused_change_or_another_key_turns_no_knob() -> None:
    journal = played(diagnose=None)
    journal.call(7 * MINUTE, "elbv2", "ModifyTargetGroupAttributes", status=400, **DELAY)
    journal.call(
        7 * MINUTE, "elbv2", "ModifyTargetGroupAttributes", Attributes=[{"Key": "stickiness.enabled"}]
    )
    journal.sort()
    found = score(SCENARIO, journal.entries, nothing_found(journal, restored=8 * MINUTE))
    assert found.causes[0].diagnose_ms is None
    knob = KnobCall("elbv2", "ModifyTargetGroupAttributes")
    assert story_of(SCENARIO, journal.entries).turned([knob], 0) is not None


def test_the_slos_must_stay_back_for_three_minutes() -> None:
    journal = Journal()
    journal.add(5 * MINUTE, "game.injected", injection="delay")
    journal.samples(40 * MINUTE, bad=(6 * MINUTE, 8 * MINUTE))
    # A relapse after two good minutes.
    for entry in journal.entries:
        if entry.kind == "watch.sample" and entry.data["since"] == START_MS + 10 * MINUTE:
            entry.data["traffic"].update(ok=50, failed=50)
    journal.sort()
    found = score(SCENARIO, journal.entries, nothing_found(journal, restored=8 * MINUTE))
    assert found.mitigate_ms == 4 * MINUTE + 10 * SECOND


def test_a_journal_without_a_game_is_said_to_be_none() -> None:
    journal = played()
    with pytest.raises(LabError, match="No game was begun"):
        story_of(SCENARIO, journal.entries[1:])


def test_the_same_journal_gives_the_same_score() -> None:
    first, second = played(), played()
    scores = [
        score(SCENARIO, each.entries, nothing_found(each, restored=8 * MINUTE)).to_dict()
        for each in (first, second)
    ]
    assert scores[0] == scores[1]
