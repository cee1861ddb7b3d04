"""Step scaling, rule by rule of its sources."""

from __future__ import annotations

import pytest
from support.scaling import QUEUE, Scaled

from fargate_sim.model.scaling.arithmetic import (
    CHANGE,
    EXACT,
    PERCENT,
    Step,
    adjusted,
    aggregated,
    bounds_problem,
    percent_change,
    step_for,
)

OUT = (Step(0, 10, 1), Step(10, 20, 2), Step(20, None, 3))
IN = (Step(-10, 0, -1), Step(None, -10, -2))


@pytest.mark.parametrize(
    ("distance", "expected"), [(0, 1), (9.99, 1), (10, 2), (19.99, 2), (20, 3), (999, 3)]
)
def test_above_the_threshold_the_lower_bound_belongs_to_a_step(distance: float, expected: int) -> None:
    step = step_for(OUT, distance, above=True)
    assert step is not None
    assert step.adjustment == expected


@pytest.mark.parametrize(("distance", "expected"), [(0, -1), (-9.99, -1), (-10, -2), (-999, -2)])
def test_below_the_threshold_the_upper_bound_belongs_to_a_step(distance: float, expected: int) -> None:
    step = step_for(IN, distance, above=False)
    assert step is not None
    assert step.adjustment == expected


def test_a_distance_outside_all_steps_has_none() -> None:
    assert step_for(OUT, -1, above=True) is None


def test_a_service_is_never_asked_for_more_tasks_than_it_can_have() -> None:
    web = Scaled(4, maximum=2**31 - 1)
    web.step((0, None, 2**30), adjustment=EXACT)
    web.from_now(99, QUEUE.name)
    for _ in range(600):
        web.seconds(1)
        if web.web.desired != 4:
            break
    assert web.web.desired == 5000


def test_three_kinds_of_adjustment() -> None:
    assert adjusted(CHANGE, 4, 3) == 7
    assert adjusted(CHANGE, 4, -3) == 1
    assert adjusted(CHANGE, 4, -9) == 0
    assert adjusted(EXACT, 4, 9) == 9
    assert adjusted(PERCENT, 4, 50) == 6


@pytest.mark.parametrize(
    ("capacity", "percent", "expected"),
    [(10, 25, 2), (10, 30, 3), (4, 10, 1), (10, -25, -2), (4, -10, -1), (127, 10, 12), (0, 50, 0)],
)
def test_percent_is_rounded_towards_zero_but_never_to_it(capacity: int, percent: int, expected: int) -> None:
    assert percent_change(capacity, percent) == expected


def test_the_least_magnitude_of_a_percentage() -> None:
    assert adjusted(PERCENT, 4, 25, 2) == 6  # AWS's own example
    assert adjusted(PERCENT, 4, -25, 2) == 2
    assert adjusted(PERCENT, 40, 25, 2) == 50


def test_aggregation() -> None:
    assert aggregated([70, 80, 90], "Average") == 80
    assert aggregated([70, 80, 90], "Minimum") == 70
    assert aggregated([70, 80, 90], "Maximum") == 90


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ([Step(None, None, 1)], "can not both be null"),
        ([Step(10, 10, 1)], "must be greater"),
        ([Step(0, 10, 1), Step(5, None, 2)], "overlap"),
        ([Step(0, 10, 1), Step(15, None, 2)], "gap"),
        ([Step(None, 0, -1), Step(None, 5, -2)], "no lower bound"),
        ([Step(0, None, 1), Step(5, None, 2)], "no upper bound"),
        ([Step(-10, 0, -1)], "negative lower bound"),
        ([Step(0, 10, 1)], "positive upper bound"),
    ],
)
def test_bounds_that_are_wrong(steps: list[Step], says: str) -> None:
    problem = bounds_problem(steps)
    assert problem is not None
    assert says in problem


def test_bounds_that_are_right() -> None:
    assert bounds_problem(OUT) is None
    assert bounds_problem(IN) is None
    assert bounds_problem([Step(0, None, 1)]) is None
    assert bounds_problem([Step(None, 0, -1)]) is None


def test_the_size_of_the_breach_chooses_the_step() -> None:
    world = Scaled(4)
    world.step((0, 20, 1), (20, None, 4))
    world.follow(70, QUEUE.name)
    world.until_scaled()
    assert world.moves() == [(4, 5)]
    other = Scaled(4)
    other.step((0, 20, 1), (20, None, 4))
    other.follow(85, QUEUE.name)
    other.until_scaled()
    assert other.moves() == [(4, 8)]


def test_the_points_of_the_alarm_are_aggregated() -> None:
    moves = {}
    for how in ("Minimum", "Average", "Maximum"):
        world = Scaled(4)
        world.step((0, 10, 1), (10, 20, 2), (20, None, 3), points=3, aggregation=how)
        world.follow(lambda minute: (62, 72, 88)[minute % 3], QUEUE.name)
        world.until_scaled()
        moves[how] = world.moves()[0]
    assert moves == {"Minimum": (4, 5), "Average": (4, 6), "Maximum": (4, 7)}


def test_within_the_cooldown_a_larger_step_adds_the_difference() -> None:
    world = Scaled(4)
    world.step((0, 20, 2), (20, None, 3))
    world.follow(70, QUEUE.name)
    world.until_scaled()
    world.minutes(2)
    assert world.moves() == [(4, 6)]
    assert world.reasons()[0] == ("steps", "cooldown")
    world.follow(90, QUEUE.name)
    world.minutes(2)
    assert world.moves() == [(4, 6), (6, 7)]


def test_after_the_cooldown_the_whole_step_is_added_again() -> None:
    world = Scaled(4)
    world.step((0, None, 2), cooldown_s=60)
    world.follow(70, QUEUE.name)
    world.minutes(5)
    assert world.moves()[:2] == [(4, 6), (6, 8)]


def test_the_cooldown_holds_up_the_next_scale_in() -> None:
    world = Scaled(8)
    world.step((None, 0, -1), threshold=10, comparison="LessThanThreshold")
    world.follow(2, QUEUE.name)
    world.until_scaled()
    world.minutes(4)
    assert world.moves() == [(8, 7)]
    assert world.reasons()[0] == ("steps", "cooldown")
    world.minutes(3)
    assert world.moves() == [(8, 7), (7, 6)]


def test_exact_capacity() -> None:
    world = Scaled(8)
    world.step((None, 0, 3), adjustment="ExactCapacity", threshold=10, comparison="LessThanThreshold")
    world.follow(0, QUEUE.name)
    world.minutes(10)
    assert world.moves() == [(8, 3)]
    assert world.reasons()[0] == ("steps", "already")


def test_a_step_in_is_not_held_up_by_target_tracking() -> None:
    world = Scaled(8)
    world.track(60)
    world.step((None, 0, -2), threshold=10, comparison="LessThanThreshold")
    world.follow(58)
    world.follow(0, QUEUE.name)
    world.until_scaled()
    assert world.moves() == [(8, 6)]


def test_a_breach_that_no_step_is_for_changes_nothing() -> None:
    world = Scaled(4)
    world.step((5, None, 2))
    world.follow(62, QUEUE.name)
    world.minutes(4)
    assert world.moves() == []
    assert "no step is for that" in world.decisions()[0].verdict.why


def test_the_bounds_of_the_target_hold() -> None:
    world = Scaled(4, maximum=5)
    world.step((0, None, 3))
    world.follow(90, QUEUE.name)
    world.minutes(4)
    assert world.moves() == [(4, 5)]


def test_all_alarms_that_call_a_policy_are_known() -> None:
    world = Scaled(4)
    policy = world.step((0, None, 3))
    assert [alarm.spec.name for alarm in world.world.scaling.alarms_of(policy)] == ["steps"]


def test_a_policy_of_the_same_name_does_not_inherit_a_call() -> None:
    web = Scaled(4)
    old = web.step((0, None, 3))
    web.from_now(99, QUEUE.name)
    while not web.target.signals:
        web.seconds(1)
    web.world.scaling.delete_policy(web.target, old)
    web.track(60, name=old.name)
    web.seconds(20)
    assert web.web.desired == 4
