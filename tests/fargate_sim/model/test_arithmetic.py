"""Sizes, bounds, thresholds, shares: tables with a reason per row."""

from __future__ import annotations

from collections import Counter

import pytest

from fargate_sim.model.bounds import ceiling_of, floor_of
from fargate_sim.model.breaker import COUNT, UNBOUNDED_PERCENT, CircuitBreaker
from fargate_sim.model.placement import choose_provider
from fargate_sim.model.service import StrategyItem
from fargate_sim.model.sizes import fargate_sizes, is_fargate_size, memory_choices


def test_there_are_74_valid_sizes() -> None:
    assert len(fargate_sizes()) == 74


@pytest.mark.parametrize(
    ("cpu", "memory", "valid"),
    [
        (256, 512, True),
        (256, 2048, True),
        (256, 3072, False),
        (512, 512, False),
        (512, 4096, True),
        (4096, 30720, True),
        (4096, 31744, False),
        (8192, 20480, True),
        (8192, 18432, False),
        (16384, 122880, True),
        (32768, 65536, False),
    ],
)
def test_a_size_is_valid_only_as_a_pair(cpu: int, memory: int, valid: bool) -> None:
    assert is_fargate_size(cpu, memory) is valid
    assert (memory in memory_choices(cpu)) is valid


@pytest.mark.parametrize(
    ("desired", "minimum", "maximum", "floor", "ceiling"),
    [
        (4, 50, 100, 2, 4),
        (4, 100, 200, 4, 8),
        (2, 75, 100, 2, 2),
        (3, 100, 125, 3, 3),
        (1, 50, 100, 1, 1),
        (1, 100, 150, 1, 1),
        (10, 90, 110, 9, 11),
        (5, 50, 150, 3, 7),
        (1, 0, 100, 0, 1),
        (0, 100, 200, 0, 0),
    ],
)
def test_the_lower_bound_rounds_up_and_the_upper_bound_down(
    desired: int, minimum: int, maximum: int, floor: int, ceiling: int
) -> None:
    assert (floor_of(desired, minimum), ceiling_of(desired, maximum)) == (floor, ceiling)


@pytest.mark.parametrize(
    ("desired", "threshold"),
    [
        (1, 3),
        (2, 3),
        (6, 3),
        (7, 4),
        (8, 4),
        (10, 5),
        (20, 10),
        (25, 13),
        (40, 20),
        (100, 50),
        (399, 200),
        (800, 200),
    ],
)
def test_the_default_threshold_is_half_of_desired_between_3_and_200(desired: int, threshold: int) -> None:
    assert CircuitBreaker(enabled=True).threshold(desired) == threshold


def test_other_threshold_types_have_no_bounds() -> None:
    assert CircuitBreaker(threshold_type=UNBOUNDED_PERCENT, threshold_value=50).threshold(800) == 400
    assert CircuitBreaker(threshold_type=UNBOUNDED_PERCENT, threshold_value=50).threshold(2) == 1
    assert CircuitBreaker(threshold_type=COUNT, threshold_value=7).threshold(2) == 7


BASE_2_ONE_TO_FOUR = (StrategyItem("FARGATE", 2, 1), StrategyItem("FARGATE_SPOT", 0, 4))


@pytest.mark.parametrize(
    ("total", "on_demand", "spot"), [(1, 1, 0), (2, 2, 0), (3, 2, 1), (7, 3, 4), (12, 4, 8), (22, 6, 16)]
)
def test_base_two_and_one_to_four(total: int, on_demand: int, spot: int) -> None:
    counts: Counter[str] = Counter()
    for _ in range(total):
        provider = choose_provider(BASE_2_ONE_TO_FOUR, counts)
        assert provider is not None
        counts[provider] += 1
    assert (counts["FARGATE"], counts["FARGATE_SPOT"]) == (on_demand, spot)


def test_a_base_with_weight_zero_is_still_placed() -> None:
    strategy = (StrategyItem("FARGATE", 1, 0), StrategyItem("FARGATE_SPOT", 0, 1))
    counts: Counter[str] = Counter()
    for _ in range(5):
        counts[choose_provider(strategy, counts) or ""] += 1
    assert counts == {"FARGATE": 1, "FARGATE_SPOT": 4}
    assert choose_provider((), counts) is None
