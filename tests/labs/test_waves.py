"""What a drill under a changing load makes of what it has seen."""

from __future__ import annotations

from itertools import pairwise

import pytest

from labs.checking import CheckContext
from labs.endpoint_cloud import EndpointCloud
from labs.load import pattern
from labs.loader import find
from labs.runner import LabRunner
from labs.waves import MEDIAN, Minute, Ridden, Step, ride

MINUTE_MS = 60_000


def ridden(*counts: int, minutes: tuple[Minute, ...] = ()) -> Ridden:
    """A drill that began with the first count and went through the others."""
    steps = tuple(
        Step(MINUTE_MS * number, before, after, "requests")
        for number, (before, after) in enumerate(pairwise(counts))
    )
    return Ridden(0, minutes, steps, counts[0])


@pytest.mark.parametrize(
    ("counts", "turns"),
    [
        ((2,), 0),
        ((2, 4, 9), 0),
        ((2, 4, 9, 7, 3, 2), 1),
        ((2, 9, 8, 9, 4, 2), 1),
        ((2, 9, 2, 7, 2), 3),
        ((2, 9, 3, 2, 3), 1),
        ((9, 2, 9), 2),
    ],
)
def test_turning_round(counts: tuple[int, ...], turns: int) -> None:
    assert ridden(*counts).turns == turns


def test_how_clients_fared() -> None:
    minutes = (Minute(0, 100, 0, 900.0), Minute(60_000, 100, 3, 4200.0), Minute(120_000, 100, 100, None))
    found = ridden(2, 4, minutes=minutes)
    assert (found.sent, found.failed, len(found.slow(4000))) == (300, 103, 2)
    assert found.fared(4000) == (
        "300 requests, 103 failed; p99 above 4 s in 2 of 3 minutes, at worst nothing was answered"
    )
    assert found.scaled() == "1 change of the desired count: 2 to 4 after 0 s"
    assert ridden(2).scaled() == "the desired count stayed at 2"


def test_the_median_where_some_requests_take_long_by_nature() -> None:
    minutes = (Minute(0, 100, 0, 20_800.0, 1500.0), Minute(60_000, 100, 2, 29_000.0, 4500.0))
    found = ridden(4, minutes=minutes)
    assert len(found.slow(4000)) == 2
    assert [minute.at_ms for minute in found.slow(4000, MEDIAN)] == [60_000]
    assert found.fared(4000, MEDIAN) == (
        "200 requests, 2 failed; median above 4 s in 1 of 2 minutes, at worst 4.5 s"
    )


def test_only_whole_minutes_count_when_the_clock_runs_on_by_itself(
    cloud: EndpointCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person's clock goes on between two calls: a minute that has just begun has requests and no answers yet."""
    runner = LabRunner(find("p03-cpu-scaling"), cloud)
    runner.start()
    advance = type(cloud.clock).advance
    monkeypatch.setattr(type(cloud.clock), "advance", lambda clock, ms: advance(clock, ms + 500))
    ctx = CheckContext(runner.lab, cloud)
    ridden, problem = ride(ctx, "a swing", pattern(ctx.lab), 20)
    assert ridden is not None, problem
    assert ridden.minutes[-1].at_ms <= cloud.clock.now_ms - MINUTE_MS
    assert all(minute.p50_ms is not None for minute in ridden.minutes if minute.sent)
