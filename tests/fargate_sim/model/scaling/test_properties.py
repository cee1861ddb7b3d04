"""What holds whatever the alarms say."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from support.scaling import QUEUE, Scaled

from fargate_sim.model.scaling.arithmetic import percent_change, tracked
from fargate_sim.model.scaling.policy import REQUESTS

VALUES = st.lists(st.one_of(st.none(), st.floats(0, 300)), min_size=45, max_size=45)


@settings(max_examples=15, deadline=None)
@given(cpu=VALUES, requests=VALUES, queue=VALUES, minimum=st.integers(0, 4), room=st.integers(0, 12))
def test_the_capacity_stays_within_its_bounds(
    cpu: list[float | None],
    requests: list[float | None],
    queue: list[float | None],
    minimum: int,
    room: int,
) -> None:
    world = Scaled(3, minimum=minimum, maximum=minimum + room, settle=False)
    world.track(60, out_s=60, in_s=0)
    world.track(100, name="requests", kind=REQUESTS, out_s=0, in_s=60)
    world.step((0, 50, 30), (50, None, 120), adjustment="PercentChangeInCapacity", minimum=2, cooldown_s=60)
    world.step((None, 0, -3), name="fewer", threshold=20, comparison="LessThanThreshold", cooldown_s=0)
    world.follow(lambda minute: cpu[minute])
    world.follow(lambda minute: requests[minute], "RequestCountPerTarget")
    world.follow(lambda minute: queue[minute], QUEUE.name)
    for _ in range(45):
        world.minutes(1)
        assert minimum <= world.web.desired <= minimum + room
    for before, after in world.moves():
        assert before != after


@settings(max_examples=10, deadline=None)
@given(low=st.lists(st.floats(0, 40), min_size=45, max_size=45), high=st.floats(91, 100))
def test_never_in_when_one_policy_disagrees(low: list[float], high: float) -> None:
    """One policy always wants less; the other one is never below nine tenths of its target."""
    world = Scaled(8, settle=False)
    world.track(60, in_s=0)
    world.track(100, name="requests", kind=REQUESTS, in_s=0)
    world.follow(lambda minute: low[minute])
    world.follow(high, "RequestCountPerTarget")
    world.minutes(40)
    assert world.moves() == []


@given(st.integers(1, 500), st.floats(0, 1000), st.floats(0.1, 1000))
def test_at_the_tracked_capacity_the_metric_is_not_above_its_target(
    capacity: int, metric: float, target: float
) -> None:
    wanted = tracked(capacity, metric, target)
    assert wanted >= 0
    assert metric * capacity <= wanted * target * (1 + 1e-6) + 1e-6


@given(st.integers(0, 5000), st.floats(), st.floats(min_value=0, exclude_min=True, allow_infinity=False))
def test_any_number_makes_some_capacity(capacity: int, metric: float, target: float) -> None:
    assert 0 <= tracked(capacity, metric, target) <= 2**31


@given(st.integers(0, 5000), st.integers(-100, 1000))
def test_a_percentage_of_something_is_something(capacity: int, percent: int) -> None:
    change = percent_change(capacity, percent)
    assert (change == 0) == (capacity * percent == 0)
    assert capacity + change >= 0
