"""Wall time to virtual time."""

from __future__ import annotations

import pytest

from fargate_sim.kernel.engine import Engine
from fargate_sim.pacer import HOUR_MS, Pacer


class Wall:
    """A wall clock that a test sets."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


class Bench:
    """An engine that is unsettled while ``left`` happenings, a minute apart, are to come."""

    def __init__(self, left: int = 0, **options: object) -> None:
        self.engine, self.wall, self.left = Engine(0), Wall(), left
        self.pacer = Pacer(self.engine, lambda: self.left == 0, wall=self.wall, **options)  # type: ignore[arg-type]
        if left:
            self.engine.after(60_000, self._happen)

    def _happen(self) -> None:
        self.left -= 1
        if self.left:
            self.engine.after(60_000, self._happen)

    def after(self, seconds: float) -> int:
        self.wall.seconds += seconds
        self.pacer.catch_up()
        return self.engine.now_ms


def test_virtual_time_runs_at_its_speed() -> None:
    bench = Bench(speed=10.0)
    assert bench.after(1.5) == 15_000
    bench.pacer.set_speed(0.5)
    assert bench.after(2) == 16_000


def test_asking_often_loses_no_time() -> None:
    bench = Bench(speed=1.0)
    for _ in range(10_000):
        bench.after(0.0001)
    assert bench.engine.now_ms in (999, 1000)


def test_a_paused_clock_stands_still_and_goes_on_from_there() -> None:
    bench = Bench(speed=10.0)
    bench.after(1)
    bench.pacer.pause()
    assert bench.after(100) == 10_000
    bench.pacer.run()
    assert bench.after(1) == 20_000
    assert bench.pacer.hurries
    bench.pacer.set_speed(1.0)
    assert not bench.pacer.hurries


def test_at_full_speed_whatever_is_under_way_comes_to_its_end_at_once() -> None:
    bench = Bench(left=30, speed="max")
    assert bench.after(0.001) == 30 * 60_000
    assert bench.left == 0


def test_at_full_speed_a_settled_world_keeps_wall_time() -> None:
    bench = Bench(speed="max")
    assert bench.after(3) == 3000
    for _ in range(100):
        bench.after(0.0101)
    assert bench.engine.now_ms in range(4000, 4012)


def test_at_full_speed_an_hour_passes_in_a_second_at_most() -> None:
    bench = Bench(left=10**6, speed="max")
    assert bench.after(0) == HOUR_MS
    assert HOUR_MS <= bench.after(0.001) < HOUR_MS + 60_000 * 2
    assert bench.after(1) <= 2 * HOUR_MS + 60_000


def test_jumps() -> None:
    bench = Bench(left=3, speed=1.0)
    bench.pacer.next()
    assert (bench.engine.now_ms, bench.left) == (60_000, 2)
    bench.pacer.advance(30_000)
    assert bench.engine.now_ms == 90_000
    bench.pacer.settle(HOUR_MS)
    assert (bench.engine.now_ms, bench.left) == (180_000, 0)
    assert bench.after(2) == 182_000
    bench.pacer.next()
    assert bench.engine.now_ms == 182_000


def test_a_jump_goes_on_until_the_world_tells_something() -> None:
    told: list[int] = []
    bench = Bench(left=100, speed=1.0, told=lambda: len(told))
    bench.engine.after(150_000, lambda: told.append(1))
    bench.pacer.next()
    assert bench.engine.now_ms == 150_000
    bench.pacer.next(600_000)
    assert bench.engine.now_ms == 720_000  # nothing was told: the last silent happening before the limit


def test_settling_stops_at_its_limit() -> None:
    bench = Bench(left=100, speed=1.0)
    bench.pacer.settle(90_000)
    assert bench.engine.now_ms == 90_000


def test_what_is_out_of_range_is_refused() -> None:
    pacer = Bench().pacer
    for speed in (0, -1, 4000, float("nan")):
        with pytest.raises(ValueError, match="a speed is between"):
            pacer.set_speed(speed)
    for milliseconds in (-1, 8 * 24 * HOUR_MS):
        with pytest.raises(ValueError, match="seven days"):
            pacer.advance(milliseconds)
        with pytest.raises(ValueError, match="seven days"):
            pacer.settle(milliseconds)
