"""Server, shard, nursery, screen, or all of it is killed while learners work: no step that was completed is lost, and they go on.

``FARGATE_LAB_KILLS=50`` kills that often; otherwise the first three are killed once each.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from pathlib import Path

from support.running_class import Learner, RunningClass, eventually

from labs.control import HttpControl
from labs.errors import LabError

VICTIMS = ("screen", "shard", "everything", "server", "nursery")
KILLS = int(os.environ.get("FARGATE_LAB_KILLS", "3"))
ROUND = 10
"""Kills of one class, after which another begins: the lab has an end."""
LONGEST_PAUSE = 4.0


async def test_whatever_is_killed_no_completed_step_is_lost(tmp_path: Path) -> None:
    chance = random.Random("kills")
    killed = 0
    while killed < KILLS:
        home = tmp_path / str(killed)
        home.mkdir()
        count = min(ROUND, KILLS - killed)
        await _one_class(home, [VICTIMS[(killed + n) % len(VICTIMS)] for n in range(count)], chance)
        killed += count


async def _one_class(home: Path, victims: list[str], chance: random.Random) -> None:
    running = RunningClass(home, "--seats", "2", "--port", "0", "--lab", "core-lab")
    people = [Learner(running, name) for name in ("Ada", "Grace")]
    working: list[asyncio.Task[None]] = []
    try:
        for each in people:
            await each.join()
        working = [asyncio.create_task(each.work(chance)) for each in people]
        await eventually(lambda: all(each.passed() for each in people))
        for victim in victims:
            await asyncio.sleep(chance.uniform(0.0, LONGEST_PAUSE))  # a kill comes in real time
            before = [each.passed() for each in people]
            print(f"{victim} is killed after {before}")
            if victim == "everything":
                for task in working:
                    task.cancel()
                running.kill()
                running = RunningClass(home, "--resume", running.folder.name, "--port", "0")
                codes = [each.seat.keys.code for each in people]
                for each, code in zip(people, codes, strict=True):
                    await each.close()
                    each.running = running
                    await each.join(code)
                working = [asyncio.create_task(each.work(chance)) for each in people]
            else:
                _kill(running, victim, chance)
            for each, steps in zip(people, before, strict=True):
                await eventually(
                    lambda each=each, steps=steps: _kept(each.running, each, steps), told=each.told
                )
            # And it goes on.
            ran = [_commands(each) for each in people]
            for each, count in zip(people, ran, strict=True):
                await eventually(lambda each=each, count=count: _commands(each) > count, told=each.told)
    finally:
        for task in working:
            task.cancel()
        for each in people:
            await each.close()
        running.stop()


def _kill(running: RunningClass, victim: str, chance: random.Random) -> None:
    if victim == "screen":
        until = time.monotonic() + 30
        while not (pids := _screens(running)) and time.monotonic() < until:
            time.sleep(0.1)
    else:
        what = {
            "server": r"fargate_lab\.classroom\.server",
            "shard": r"fargate_sim\.shard",
            "nursery": r"fargate_lab\.classroom\.nursery",
        }
        pids = running.pids(what[victim])[: 1 if victim == "nursery" else None]
    os.kill(chance.choice(pids), signal.SIGKILL)


def _screens(running: RunningClass) -> list[int]:
    """Forked by the nursery, they have its command line."""
    return running.pids(r"fargate_lab\.classroom\.nursery")[1:]


def _kept(running: RunningClass, learner: Learner, steps: set[str]) -> bool:
    """Whether the progress still has the steps, and the world that comes back its notes of them."""
    assert steps <= learner.passed(), "a completed step was lost"
    if not steps:
        return True
    seat = learner.seat
    (first,) = {_first_port(running)}
    shards = len(running.pids(r"fargate_sim\.shard"))
    if not shards:
        return False
    for number in range(max(shards, os.cpu_count() or 1)):
        try:
            entries = HttpControl(f"http://127.0.0.1:{first + 1 + number}", 10, token=seat.keys.token).get(
                "/_lab/journal", {"kind": "lab.step_passed"}
            )["entries"]
        except LabError:
            continue
        noted = {entry["data"]["step"] for entry in entries}
        assert steps <= noted, f"the world has lost {steps - noted}"
        return True
    return False


def _first_port(running: RunningClass) -> int:
    return int(running.address.rpartition(":")[2])


def _commands(learner: Learner) -> int:
    """How many commands of theirs have ended well."""
    entries, _ = learner.seat.log.read()
    return sum(entry.kind == "command" and entry.data["code"] == 0 for entry in entries)
