"""What a decision says: its sum, its cooldown, the others' votes."""

from __future__ import annotations

from typing import Any

import pytest
from tui_scaling import CPU_HIGH, CPU_LOW, STEP_POLICY, alarm, at, decision, policy, scaling, target

from tui import decisions
from tui.decisionview import decision_page, points_chart
from tui.scaling import Point, Scaling, Target, parse_scaling


def made(*raw: dict[str, Any], **more: Any) -> tuple[Scaling, Target]:
    seen = parse_scaling(scaling(targets=[target(decisions=list(raw), **more)]))
    return seen, seen.targets[0]


@pytest.mark.parametrize(
    ("before", "points", "wanted", "said"),
    [
        (4, [[0, 92.0]], 7, "ceil(4 x 92 / 60) = 7"),
        (2, [[0, 60.0]], 2, "ceil(2 x 60 / 60) = 2"),
        (4, [[0, 80.0], [1, 100.0], [2, 90.0]], 6, "ceil(4 x 90 / 60) = 6"),
        (4, [[0, 100.0], [1, None]], 7, "ceil(4 x 100 / 60) = 7"),
        (8, [[0, 110.0]], 10, "ceil(8 x 110 / 60) = 15, at most 10"),
        (2, [[0, 10.0]], 2, "ceil(2 x 10 / 60) = 1, at least 2"),
        (4, [[0, 92.0]], 9, ""),
        (4, [], 7, ""),
    ],
)
def test_the_sum_of_target_tracking_is_shown_when_it_comes_to_what_was_wanted(
    before: int, points: list[Any], wanted: int, said: str
) -> None:
    raw = decision(5, "out", "scaled", "scaled", points=points, target=60.0, wanted=wanted)
    _, one = made({**raw, "from": before}, series=[])
    assert decisions.arithmetic(one.decisions[0], one) == said


def test_the_running_count_is_tried_where_the_desired_one_does_not_fit() -> None:
    raw = {**decision(5, "out", "scaled", "scaled", points=[[0, 90.0]], target=60.0, wanted=3), "from": 4}
    _, one = made(raw, series=[{"at_ms": at(5), "desired": 4, "running": 2}])
    assert decisions.arithmetic(one.decisions[0], one) == "ceil(2 x 90 / 60) = 3"


@pytest.mark.parametrize(
    ("adjustment", "value", "wanted", "said"),
    [
        ("ChangeInCapacity", 120.0, 5, "120 - 100 = 20 from the threshold, step 0 to 50: 4 + 1 = 5"),
        ("ChangeInCapacity", 151.0, 7, "151 - 100 = 51 from the threshold, step 50 to ∞: 4 + 3 = 7"),
        ("ExactCapacity", 151.0, 3, "151 - 100 = 51 from the threshold, step 50 to ∞: exactly 3"),
        (
            "PercentChangeInCapacity",
            151.0,
            5,
            "151 - 100 = 51 from the threshold, step 50 to ∞: +3 % of 4, to 5",
        ),
        ("ChangeInCapacity", 120.0, 9, "120 - 100 = 20 from the threshold, step 0 to 50: to 9"),
        ("ChangeInCapacity", 90.0, 9, ""),
    ],
)
def test_the_step_of_step_scaling(adjustment: str, value: float, wanted: int, said: str) -> None:
    raw = decision(
        5, "out", "scaled", "scaled", policy="web-steps", points=[[0, value]], threshold=100.0, target=None, wanted=wanted
    )  # fmt: skip
    _, one = made({**raw, "from": 4}, policies=[{**STEP_POLICY, "adjustment": adjustment}])
    assert decisions.arithmetic(one.decisions[0], one) == said


def test_nothing_is_reckoned_for_a_policy_that_is_gone() -> None:
    raw = decision(5, "out", "held", "not_active", policy="gone", target=None, points=[[1, None]])
    seen, one = made(raw)
    assert decisions.arithmetic(one.decisions[0], one) == ""
    assert decisions.cooldown(one.decisions[0], one) is None
    assert "gone" in "\n".join(line.plain for line in decision_page(one.decisions[0], one, seen, 80, 24))


def test_a_cooldown_counts_from_the_last_time_in_its_direction() -> None:
    _, one = made(decision(58, "in", "held", "cooldown"), decision(59, "out", "held", "cooldown"))
    held_in = decisions.cooldown(one.decisions[0], one)
    assert held_in is not None
    assert (held_in.since_ms, held_in.seconds) == (at(52.1), 600)
    assert held_in.left_s(at(58)) == 246
    assert held_in.left_s(at(70)) == 0
    held_out = decisions.cooldown(one.decisions[1], one)
    assert held_out is not None
    assert held_out.since_ms == at(31.1)
    _, fresh = made(decision(1, "in", "held", "at_min"))
    assert decisions.cooldown(fresh.decisions[0], fresh) is None


def votes(*others: dict[str, Any], direction: str = "in", minute: float = 50, **more: Any) -> list[str]:
    seen, one = made(decision(minute, direction, "held", "another_policy"), *others, **more)
    return [f"{v.words}={v.agrees}" for v in decisions.votes(one.decisions[0], one, seen)]


def test_the_others_say_what_they_decided_at_the_time_or_what_their_alarms_said() -> None:
    near = decision(50.5, "out", "scaled", "scaled", policy="web-cpu", wanted=9)
    assert votes(near) == ["says out, wants 9=False"]
    assert votes({**near, "at_ms": at(30), "last_ms": at(31)}) == [
        "says in, too: its alarm was in ALARM=True"
    ]
    assert votes(minute=10) == ["does not say in=False"]
    assert votes(minute=1) == ["has no data: neither out nor in=None"]
    silent = [
        policy("web-requests", "ALBRequestCountPerTarget", 600.0),
        policy("web-cpu", "ECSServiceAverageCPUUtilization", 60.0, CPU_HIGH, CPU_LOW, disable_scale_in=True),
        policy("no-alarm", "ECSServiceAverageMemoryUtilization", 60.0),
    ]
    assert votes(minute=10, policies=silent) == [
        "has scale-in switched off and is not asked=None",
        "no alarm of its own=None",
    ]


@pytest.mark.parametrize(
    ("direction", "wanted", "after", "said"),
    [
        ("out", 7, 7, ""),
        ("out", 14, 10, "10, not 14: the maximum"),
        ("in", 1, 2, "2, not 1: the minimum"),
        ("in", 4, 5, "5, not 4: with fewer, the points before would have called for a scale-out again"),
        ("out", 4, 5, "5, not 4"),
    ],
)
def test_what_was_done_instead_is_explained(direction: str, wanted: int, after: int, said: str) -> None:
    _, one = made(decision(5, direction, "scaled", "scaled", wanted=wanted, to=after))
    assert decisions.difference(one.decisions[0], one) == said


def test_names_of_alarms_are_short_where_nothing_is_lost() -> None:
    assert decisions.short_alarm(CPU_HIGH) == "AlarmHigh-4f6d2a51"
    assert decisions.short_alarm("web-Alarm-backlog") == "web-Alarm-backlog"


def test_points_stand_against_the_threshold_and_missing_ones_leave_a_gap() -> None:
    three: tuple[Point, ...] = ((0, 50.0), (60_000, None), (120_000, 90.0))
    rows = [line.plain for line in points_chart(three, 60.0, "GreaterThanThreshold", 60, 24)]
    assert len(rows) == 6
    assert "60 │" in "\n".join(rows)
    assert rows[-2].split() == ["50", "–", "90"]
    assert rows[-1].split() == ["00:00", "00:01", "00:02"]
    many = tuple((i * 60_000, 90.0) for i in range(15))
    assert all(
        len(line.plain) <= 78 for line in points_chart(many, 60.0, "GreaterThanThreshold", 78, 24)[:-2]
    )
    assert "no data" in points_chart((), 60.0, "", 60, 24)[0].plain


def test_an_alarm_that_is_not_known_needs_nothing() -> None:
    seen, one = made(decision(5, "out", "scaled", "scaled", alarm="gone", threshold=None))
    assert decisions.points_words(one.decisions[0], seen) == "0 of 3 points above the threshold"
    assert alarm("High", "OK", "m", 1.0, [])["comparison"] == "GreaterThanThreshold"
