"""How far the world runs ahead for the poll of a waiter."""

from __future__ import annotations

from typing import Any

from fargate_sim.kernel.engine import Engine
from fargate_sim.waiters import LONGEST_RUN_MS, run_ahead


class Batch:
    """A task that runs after ten seconds and stops by itself after ``minutes``; other things happen each minute."""

    def __init__(self, minutes: int) -> None:
        self.engine = Engine(0)
        self.status, self.desired = "PENDING", "RUNNING"
        self.engine.at(10_000, self._run)
        for minute in range(1, 60):
            self.engine.at(minute * 60_000, self._tick)
        self.engine.at(minutes * 60_000, self._stop)

    def _run(self) -> None:
        self.status = "RUNNING"

    def _tick(self) -> None:
        """Something else in the world."""

    def _stop(self) -> None:
        self.status = self.desired = "STOPPED"

    def describe(self) -> dict[str, Any]:
        return {"tasks": [{"lastStatus": self.status, "desiredStatus": self.desired}]}

    def poll(self, *, again: bool = False) -> bool:
        return run_ahead(self.engine, "DescribeTasks", self.describe, again=again)


def test_the_first_poll_goes_to_running() -> None:
    batch = Batch(8)
    assert batch.poll()
    assert (batch.status, batch.engine.now_ms) == ("RUNNING", 10_000)


def test_who_asks_once_more_waits_for_the_end() -> None:
    batch = Batch(8)
    batch.poll()
    assert batch.poll(again=True)
    assert (batch.status, batch.engine.now_ms) == ("STOPPED", 480_000)


def test_a_new_waiter_for_running_tasks_moves_nothing() -> None:
    batch = Batch(8)
    batch.poll()
    assert not batch.poll()


def test_no_poll_goes_further_than_ten_minutes() -> None:
    batch = Batch(50)
    batch.poll()
    batch.poll(again=True)
    assert batch.status == "RUNNING"
    assert batch.engine.now_ms <= 10_000 + LONGEST_RUN_MS


def test_a_task_on_its_way_is_waited_for_whoever_asks_again() -> None:
    batch = Batch(8)
    assert batch.poll(again=True)
    assert batch.status == "RUNNING"
