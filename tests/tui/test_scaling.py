"""What is made of a scaling answer before it is drawn."""

from __future__ import annotations

import pytest
from tui_scaling import CPU_LOW, NOW_MS, REQUESTS_HIGH, STEP_POLICY, at, decision, scaling, target

from tui.scaling import NOTHING, Point, breaching, parse_scaling


def test_an_answer_is_read_field_by_field() -> None:
    seen = parse_scaling(scaling())
    found = seen.target("core-lab", "web")
    assert found is not None
    assert (found.low, found.high, found.desired, found.running) == (2, 10, 8, 8)
    assert (found.policies[0].kind, found.policies[0].target) == ("TargetTrackingScaling", 600)
    assert (found.policies[0].cooldown("out"), found.policies[0].cooldown("in")) == (60, 600)
    assert found.tracked("ALBRequestCountPerTarget") == 600
    assert found.tracked("ECSServiceAverageMemory") is None
    assert found.decisions[0].points[0] == (at(37), 280.0)
    assert (found.decisions[1].before, found.decisions[1].after) == (9, 8)
    assert found.activities[0].description == "Setting desired count to 8."
    assert found.scheduled_actions[0].low == 4
    assert found.scheduled_actions[0].high is None
    assert [alarm.state for alarm in seen.alarms_of(found)] == ["OK", "ALARM", "OK", "ALARM"]
    assert seen.alarm(CPU_LOW) is seen.alarms[3]
    assert seen.now_ms == NOW_MS
    assert len(found.series) == 60


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"targets": None, "alarms": 3, "now_ms": "x"},
        {"targets": [1, None, "x"], "alarms": {"name": "x"}, "weather": "fine"},
    ],
)
def test_what_is_missing_or_wrong_is_empty(raw: dict[str, object]) -> None:
    seen = parse_scaling(raw)
    assert seen == NOTHING
    assert not seen.known


def test_odd_values_are_no_values() -> None:
    odd = target(
        min=True,
        max="ten",
        desired=3.0,
        suspended=[],
        policies=[{"target": float("nan"), "alarms": ["a", 3, None], "steps": [{"adjustment": "x"}]}],
        decisions=[{"points": [[1], [2, 3], "no", [None, 4], [5, "x"], [6, None], 7], "why": None}],
        series=[{"at_ms": 60_000, "cpu": "much", "desired": None}],
        activities="none",
    )
    found = parse_scaling(scaling(targets=[odd], alarms=[{}])).targets[0]
    assert (found.low, found.high, found.desired) == (0, 0, 3)
    assert found.suspended.words == ""
    assert (found.policies[0].target, found.policies[0].alarms) == (None, ("a",))
    assert found.policies[0].steps[0].adjustment == 0
    assert found.decisions[0].points == ((2, 3.0), (5, None), (6, None))
    assert found.decisions[0].value == 3
    assert (found.series[0].cpu, found.series[0].desired) == (None, None)
    assert found.activities == ()
    assert parse_scaling(scaling(alarms=[{}])).alarms[0].rule == " ? in 0 of 0"


@pytest.mark.parametrize(
    ("comparison", "wrong"),
    [
        ("GreaterThanThreshold", 1),
        ("GreaterThanOrEqualToThreshold", 2),
        ("LessThanThreshold", 1),
        ("LessThanOrEqualToThreshold", 2),
        ("Sideways", 0),
    ],
)
def test_points_on_the_wrong_side_are_counted(comparison: str, wrong: int) -> None:
    points: tuple[Point, ...] = ((1, 59.0), (2, 60.0), (3, 61.0), (4, None))
    assert breaching(points, 60, comparison) == wrong
    assert breaching(points, None, comparison) == 0


def test_the_state_of_an_alarm_in_the_past() -> None:
    alarm = parse_scaling(scaling()).alarms[1]
    assert [alarm.state_at(at(m)) for m in (0, 3, 45)] == ["INSUFFICIENT_DATA", "OK", "ALARM"]
    assert alarm.rule == "below 540 in 15 of 15"
    assert alarm.breaching == 15


def test_steps_hold_what_lies_between_their_bounds() -> None:
    made = target(policies=[STEP_POLICY], suspended={"in": True, "out": False, "scheduled": True})
    found = parse_scaling(scaling(targets=[made])).targets[0]
    one, three = found.policies[0].steps
    assert [one.holds(d) for d in (0, 49, 50)] == [True, True, False]
    assert [three.holds(d) for d in (49, 50, 5000)] == [False, True, True]
    assert found.policies[0].words == "SQS queue, ChangeInCapacity +1, +3"
    assert found.policies[0].cooldown("out") == 120
    assert found.suspended.words == "scaling in, scheduled actions"


def test_a_decision_knows_its_words() -> None:
    raw = decision(5, "out", "held", "at_max")
    made = parse_scaling(scaling(targets=[target(decisions=[raw])])).targets[0].decisions[0]
    assert (made.scaled, made.reason_words, made.breaching, made.alarm) == (
        False,
        "at the maximum",
        3,
        REQUESTS_HIGH,
    )
