"""Axes have round numbers, and labels do not lie on each other."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.game_reports import friday

from gameday.report.scales import Scale, apart, minutes, rounded, rows
from gameday.report.series import budgets, merged, team_chart, thinned, worst_budgets

MINUTE = 60_000


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 100, [0, 50, 100]),
        (0, 4.2, [0, 2, 4, 6]),
        (0.88, 1, [0.85, 0.9, 0.95, 1.0]),
        (0, 0, [0, 0.5, 1]),
        (0, 31_000, [0, 20_000, 40_000]),
    ],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert rounded(low, high) == expected


@given(st.floats(0, 1e7), st.floats(0, 1e7))
def test_ticks_cover_the_values(low: float, more: float) -> None:
    ticks = rounded(low, low + more)
    assert ticks[0] <= low + 1e-6 * max(1, low)
    assert ticks[-1] >= (low + more) * (1 - 1e-6)
    assert 2 <= len(ticks) <= 8


@pytest.mark.parametrize(("length", "step"), [(5, 1), (40, 5), (90, 10), (200, 30), (1_000, 120)])
def test_the_time_axis(length: int, step: int) -> None:
    ticks = minutes(length * MINUTE)
    assert ticks[:2] == [0, step * MINUTE]
    assert len(ticks) <= 11


@given(st.lists(st.tuples(st.floats(0, 700), st.floats(5, 90)), max_size=20))
def test_no_label_lies_on_another_or_on_the_line_of_one(labels: list[tuple[float, float]]) -> None:
    labels.sort()
    placed = rows(labels)
    for at, ((begin, wide), row) in enumerate(zip(labels, placed, strict=True)):
        for (other, _), other_row in list(zip(labels, placed, strict=True))[at + 1 :]:
            if begin <= other < begin + wide:
                assert other_row > row  # beneath, and so is its line


@given(st.lists(st.floats(0, 100), max_size=8))
def test_what_is_moved_apart_keeps_its_order_and_place(places: list[float]) -> None:
    moved = apart(places, 10, 0, 100)
    assert all(-1e-6 <= each <= 100 + 1e-6 for each in moved)
    order = sorted(range(len(places)), key=lambda at: (places[at], at))
    assert all(moved[after] - moved[before] >= 10 - 1e-6 for before, after in pairwise(order))


def test_what_is_apart_stays() -> None:
    assert apart([50, 10, 90], 10, 0, 100) == [50, 10, 90]


def test_a_scale_ends_at_its_bounds() -> None:
    scale = Scale(0, 10, 100, 0)
    assert [scale(each) for each in (-5, 0, 5, 10, 20)] == [100, 100, 50, 0, 0]


def test_stretches_are_joined() -> None:
    assert merged([(0, 10), (10, 20), (40, 50)], 0) == [(0, 20), (40, 50)]
    assert merged([(0, 10), (10, 20), (40, 50)], 20) == [(0, 50)]


def test_points_at_which_nothing_changes_are_left_out() -> None:
    assert thinned([(0, 1.0), (1, 1.0), (2, 1.0), (3, 0.5), (4, 0.5), (5, 0.5)]) == [
        (0, 1.0),
        (2, 1.0),
        (3, 0.5),
        (5, 0.5),
    ]


def test_a_budget_ends_where_the_score_says() -> None:
    report = friday()
    for team in report.teams:
        for line in budgets(report.scenario, team):
            burned = team.score.findings.actual.burned[line.title]
            assert 1 - line.points[-1][1] == pytest.approx(burned, abs=1e-4)
    worst = {line.title: line.points[-1][1] for line in worst_budgets(report).lines}
    assert worst["Blue"] == pytest.approx(1 - 1.5)


def test_marks_are_where_the_score_counts_them() -> None:
    report = friday()
    blue = next(team for team in report.teams if team.name == "Blue")
    chart = team_chart(report, blue)
    marks = {mark.label: mark.at_ms for mark in chart.marks}
    assert marks == {
        "A": 300_000,
        "A detected": 380_000,
        "A diagnosed": 420_000,
        "B (decoy)": 480_000,
        "C": 540_000,
        "mitigated": 620_000,
        "C detected": 670_000,
        "C diagnosed": 700_000,
        "D": 1_200_000,
        "D detected": 1_290_000,
        "D diagnosed": 1_350_000,
        "restored": 1_350_000,
    }
    availability = chart.panels[0]
    assert availability.bad == ((360_000, 450_000), (1_230_000, 1_290_000))
    assert availability.bounds == ((0.99, "at least 99%"),)
    assert sum(step.until_ms - step.since_ms for step in availability.steps) == 40 * MINUTE
