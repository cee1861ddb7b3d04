"""Whenever a runner is killed, another one on the same file takes everything back."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.doomed import GAME, Countdown, DoomedBook, DoomedCloud, live
from support.games import delay_of, service

from fargate_lab import worlds
from gameday.book import Book
from gameday.runner import GameRunner
from labs.endpoint_cloud import EndpointCloud

ROOT = Path(__file__).parents[2]
MOMENTS = 62
"""So many calls, notes and lines of the file there are in the whole game, at least."""


class KilledError(BaseException):
    """Nobody catches this."""


def assert_nothing_is_in_force(runner: GameRunner) -> None:
    """The stage is as it was built."""
    cloud = runner.cloud
    assert runner.in_force == ()
    if runner.started_ms is None:
        return
    found = service(runner)
    assert found["taskDefinition"] == runner.names["TASK_DEFINITION"]
    assert (found["desiredCount"], delay_of(runner)) == (2, "20")
    subnets = found["networkConfiguration"]["awsvpcConfiguration"]["subnets"]
    assert set(subnets) == {runner.names["SERVICE_SUBNET_A"], runner.names["SERVICE_SUBNET_B"]}
    filters = [{"Name": "tag-key", "Values": ["fargate-lab-fault"]}]
    assert cloud.client("ec2").describe_subnets(Filters=filters)["Subnets"] == []
    assert cloud.capacity.report()["shortages"] == []
    assert cloud.traffic.report()["demand"]["rps"] == 2


def recovered(cloud: EndpointCloud, path: Path) -> GameRunner:
    """Another runner, after everything could be taken back."""
    runner = GameRunner(GAME, cloud, Book(path))
    runner.recover()
    for _ in range(20):
        if not runner.in_force:
            break
        cloud.clock.advance(60_000)
        runner.tick()
    return runner


@pytest.mark.parametrize("moment", sorted(random.Random(6).sample(range(MOMENTS), 9)))
def test_killed_at_any_moment_in_this_process(
    new_cloud: Callable[[], EndpointCloud], tmp_path: Path, moment: int
) -> None:
    def end() -> None:
        raise KilledError

    cloud, count = new_cloud(), Countdown(moment, end)
    doomed = DoomedCloud(cloud.control, count, cloud._session)
    book = DoomedBook(tmp_path / "game.jsonl", count)
    with pytest.raises(KilledError):
        live(doomed, book, count)
    doomed.forget()
    book.close()
    assert_nothing_is_in_force(recovered(cloud, tmp_path / "game.jsonl"))


def test_killed_for_real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARGATE_LAB_HOME", str(tmp_path))
    with worlds.start("game", speed="max", seed=7, registered=False) as world:
        world.control.post("/_lab/clock", {"action": "pause"})
        cloud = EndpointCloud(world.endpoint)
        for number, moment in enumerate(random.Random(7).sample(range(MOMENTS), 3)):
            if number:
                cloud.reset()
            path = tmp_path / f"{moment}.jsonl"
            child = subprocess.run(
                [sys.executable, "-m", "support.doomed", world.endpoint, str(path), str(moment)],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
                check=False,
                capture_output=True,
                text=True,
            )
            assert child.returncode == -signal.SIGKILL, child.stderr
            with path.open("a") as file:
                file.write('{"what":"inj')  # what the disk may have kept of a last line
            assert_nothing_is_in_force(recovered(cloud, path))
