"""How an alarm judges its datapoints: the two tables of the CloudWatch user guide ("Configuring how CloudWatch alarms treat missing
data"), row by row, and the wording of reasons."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargate_sim.model.alarms import AlarmSpec
from fargate_sim.model.alarms.alarm import ALARM, INSUFFICIENT_DATA, OK
from fargate_sim.model.alarms.evaluation import evaluate

START_MS = 1_767_258_000_000  # 2026-01-01T09:00:00Z
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
KEEP = None


def readings(text: str) -> list[tuple[int, float | None]]:
    """``0 X -``: fine, breaching, missing; oldest first."""
    values = {"0": 10.0, "X": 90.0, "-": None}
    return [(START_MS + 60_000 * index, values[each]) for index, each in enumerate(text.split())]


def state(text: str, treatment: str, *, needed: int, of: int = 3) -> str | None:
    spec = AlarmSpec("a", 50.0, evaluation_periods=of, datapoints_to_alarm=needed, treat_missing=treatment)
    verdict = evaluate(spec, readings(text))
    return verdict.state if verdict else KEEP


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ("0 - X - X", (OK, OK, OK, OK)),
        ("- - - - 0", (OK, OK, OK, OK)),
        ("- - - - -", (INSUFFICIENT_DATA, KEEP, ALARM, OK)),
        ("0 X X - X", (ALARM, ALARM, ALARM, ALARM)),
        ("- - X - -", (ALARM, KEEP, ALARM, OK)),
    ],
)
def test_three_of_three(points: str, expected: tuple[str | None, ...]) -> None:
    assert tuple(state(points, treatment, needed=3) for treatment in TREATMENTS) == expected


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ("0 - X - X", (ALARM, ALARM, ALARM, ALARM)),
        ("0 0 X 0 X", (ALARM, ALARM, ALARM, ALARM)),
        ("0 - X - -", (OK, OK, ALARM, OK)),
        ("- - - - 0", (OK, OK, ALARM, OK)),
        ("- - - X -", (ALARM, KEEP, ALARM, OK)),
    ],
)
def test_two_of_three(points: str, expected: tuple[str | None, ...]) -> None:
    assert tuple(state(points, treatment, needed=2) for treatment in TREATMENTS) == expected


def test_a_single_new_datapoint_does_not_alarm_too_early() -> None:
    assert state("- - - - X", "missing", needed=3) is KEEP


@pytest.mark.parametrize(
    ("comparison", "value", "breaches"),
    [
        ("GreaterThanThreshold", 50.0, False),
        ("GreaterThanOrEqualToThreshold", 50.0, True),
        ("LessThanThreshold", 50.0, False),
        ("LessThanOrEqualToThreshold", 50.0, True),
        ("LessThanThreshold", 49.9, True),
    ],
)
def test_comparisons(comparison: str, value: float, breaches: bool) -> None:
    assert AlarmSpec("a", 50.0, comparison).breaches(value) is breaches


class TestReasons:
    """Wording: public state-change records."""

    spec = AlarmSpec("a", 50.0, evaluation_periods=3)

    def reason(self, text: str, treatment: str = "missing", of: int = 3) -> str:
        spec = AlarmSpec("a", 50.0, evaluation_periods=of, treat_missing=treatment)
        verdict = evaluate(spec, readings(text))
        assert verdict is not None
        return verdict.reason

    def test_alarm(self) -> None:
        assert self.reason("0 0 X X X") == (
            "Threshold Crossed: 3 out of the last 3 datapoints [90.0 (01/01/26 09:04:00), 90.0 (01/01/26 09:03:00), "
            "90.0 (01/01/26 09:02:00)] were greater than the threshold (50.0) (minimum 3 datapoints for OK -> ALARM transition)."
        )

    def test_many_datapoints(self) -> None:
        assert self.reason("X X X X X X X", of=6) == (
            "Threshold Crossed: 6 out of the last 6 datapoints were greater than the threshold (50.0). The most recent datapoints "
            "which crossed the threshold: [90.0 (01/01/26 09:06:00), 90.0 (01/01/26 09:05:00), 90.0 (01/01/26 09:04:00), "
            "90.0 (01/01/26 09:03:00), 90.0 (01/01/26 09:02:00)] (minimum 6 datapoints for OK -> ALARM transition)."
        )

    def test_ok(self) -> None:
        assert self.reason("0 0 X 0 X") == (
            "Threshold Crossed: 1 out of the last 3 datapoints [10.0 (01/01/26 09:03:00)] was not greater than the threshold "
            "(50.0) (minimum 1 datapoint for ALARM -> OK transition)."
        )

    def test_nothing_known(self) -> None:
        assert self.reason("- - - - -") == "Insufficient Data: 3 datapoints were unknown."
        assert self.reason("- - -", of=1) == "Insufficient Data: 1 datapoint was unknown."

    def test_treated_as(self) -> None:
        assert self.reason("- - -", "breaching", of=1) == (
            "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [Breaching]."
        )
        assert self.reason("- - - - -", "notBreaching") == (
            "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as [NonBreaching]."
        )


@given(
    st.lists(st.sampled_from("0X-"), min_size=7, max_size=7),
    st.integers(1, 5),
    st.integers(1, 5),
    st.sampled_from(TREATMENTS),
)
def test_with_enough_data_the_treatment_of_missing_data_does_not_matter(
    points: list[str], of: int, needed: int, treatment: str
) -> None:
    text, needed = " ".join(points), min(of, needed)
    if sum(each != "-" for each in points) >= of:
        assert state(text, treatment, needed=needed, of=of) == state(text, "missing", needed=needed, of=of)
    else:
        assert state(text, "notBreaching", needed=needed, of=of) in (OK, ALARM)
