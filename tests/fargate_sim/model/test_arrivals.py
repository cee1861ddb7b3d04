"""When requests come: the patterns, and that a changing rate is a true Poisson process of that rate."""

from __future__ import annotations

import math
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.worlds import GROUP

from fargate_sim.model.traffic.demand import CHANGING, SECOND_US, Arrivals, Demand

BEGIN_US = 1_767_225_600 * SECOND_US
"""The beginning of a day."""


def arrivals(demand: Demand, until_s: float, seed: int = 1) -> list[float]:
    """Seconds since the beginning of all requests of a time."""
    coming = Arrivals(demand, BEGIN_US, Random(seed))
    found = []
    while (at_s := (coming.next_us - BEGIN_US) / SECOND_US) < until_s:
        found.append(at_s)
        coming.go_on()
    return found


def demand(pattern: str, rps: float = 50, **more: Any) -> Demand:
    return Demand(GROUP, rps, pattern=pattern, **more)


def test_a_ramp_grows_evenly_and_stays() -> None:
    ramp = demand("ramp", 10, to_rps=110, after_ms=60_000, for_ms=100_000)
    rates = [ramp.rate(BEGIN_US, BEGIN_US + second * SECOND_US) for second in (0, 59, 60, 110, 160, 1000)]
    assert rates == pytest.approx([10, 10, 10, 60, 110, 110])
    assert ramp.peak_rps == 110


def test_a_ramp_can_fall() -> None:
    ramp = demand("ramp", 40, to_rps=4, after_ms=1, for_ms=90_000)
    assert ramp.rate(BEGIN_US, BEGIN_US + 3_600 * SECOND_US) == pytest.approx(4)
    assert ramp.peak_rps == 40


@pytest.mark.parametrize("rates", [(10, 50), (50, 10)])
def test_a_wave_begins_at_the_lower_rate(rates: tuple[float, float]) -> None:
    wave = demand("wave", rates[0], to_rps=rates[1], for_ms=600_000)
    seen = [wave.rate(BEGIN_US, BEGIN_US + second * SECOND_US) for second in (0, 150, 300, 450, 600, 900)]
    assert seen == pytest.approx([10, 30, 50, 30, 10, 50])
    assert wave.peak_rps == 50


@pytest.mark.parametrize("pattern", CHANGING)
def test_the_other_rate_is_twice_the_first_unless_given(pattern: str) -> None:
    assert demand(pattern, 20).other_rps == 40
    assert demand(pattern, 4_000).other_rps == 5_000
    assert demand(pattern, 20, to_rps=7).other_rps == 7


PATTERNS: list[Demand] = [
    demand("poisson", 40),
    demand("step", 5, to_rps=60, after_ms=120_000),
    demand("spike", 5, to_rps=80, after_ms=100_000, for_ms=50_000),
    demand("ramp", 2, to_rps=80, after_ms=50_000, for_ms=200_000),
    demand("ramp", 80, to_rps=2, after_ms=50_000, for_ms=200_000),
    demand("wave", 2, to_rps=80, for_ms=150_000),
]


@pytest.mark.parametrize("load", PATTERNS, ids=lambda each: each.pattern)
def test_gaps_are_exponential_in_the_time_of_the_process(load: Demand) -> None:
    """Measured in requests expected instead of seconds, any Poisson process is one of rate 1: compare the gaps with
    the exponential distribution (Kolmogorov and Smirnov)."""
    moments = arrivals(load, 300)
    step_s = 0.01
    expected, at_s, areas = 0.0, 0.0, []
    for moment in moments:
        while at_s + step_s <= moment:
            expected += load.rate(BEGIN_US, BEGIN_US + int((at_s + step_s / 2) * SECOND_US)) * step_s
            at_s += step_s
        rest = load.rate(BEGIN_US, BEGIN_US + int(moment * SECOND_US)) * (moment - at_s)
        areas.append(expected + rest)
    gaps = sorted(
        1 - math.exp(-(later - earlier)) for earlier, later in zip([0.0, *areas], areas, strict=False)
    )
    count = len(gaps)
    distance = max(max((index + 1) / count - gap, gap - index / count) for index, gap in enumerate(gaps))
    assert distance * math.sqrt(count) < 1.63, "one in a hundred seeds would be further off"
    assert count == pytest.approx(areas[-1], abs=4 * math.sqrt(count))


def test_a_load_that_hardly_begins_is_there_when_its_step_comes() -> None:
    """The next request after a quiet beginning comes with the new rate, not when the old one would have brought it."""
    moments = arrivals(demand("step", 0.01, to_rps=100, after_ms=60_000), 61)
    assert len([moment for moment in moments if moment >= 60]) == pytest.approx(100, abs=40)


LOADS = st.builds(
    demand,
    st.sampled_from(CHANGING),
    st.floats(0.5, 60),
    to_rps=st.floats(0.5, 60),
    after_ms=st.integers(1, 30_000),
    for_ms=st.integers(1, 30_000),
) | st.builds(demand, st.sampled_from(["daily", "poisson", "constant"]), st.floats(0.5, 60))


@settings(max_examples=60, deadline=None)
@given(load=LOADS, seed=st.integers(0, 1000))
def test_no_piece_is_exceeded_by_its_rate(load: Demand, seed: int) -> None:
    rng, at_us = Random(seed), BEGIN_US
    for _ in range(50):
        peak, end_us, flat = load.piece(BEGIN_US, at_us)
        assert peak <= load.peak_rps * (1 + 1e-9)
        last_us = end_us - 1 if end_us is not None else at_us + 60 * SECOND_US
        assert last_us >= at_us
        for moment in (at_us, last_us, rng.randint(at_us, last_us)):
            rate = load.rate(BEGIN_US, moment)
            assert rate <= peak * (1 + 1e-9)
            assert not flat or rate == pytest.approx(peak)
        if end_us is None:
            break
        at_us = end_us
    moments = arrivals(load, 5, seed)
    assert moments == sorted(moments) == arrivals(load, 5, seed)
