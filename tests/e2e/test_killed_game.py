"""Whoever runs a game is killed at any moment: a later command takes back what is in force, and every file can be read.

``FARGATE_LAB_KILLS=50`` kills it that often.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fargate_lab.games.folder import GameFolder
from fargate_lab.games.seat import Seat
from fargate_sim.recording import read

SCENARIO = Path(__file__).parents[1] / "support" / "scenarios" / "short_shift.yaml"
KILLS = int(os.environ.get("FARGATE_LAB_KILLS", "1"))
LONGEST_SECONDS = 9.0
"""The whole game takes so long at this speed, the worlds' start included."""
SPEED = "120"


@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_game_is_taken_back(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARGATE_LAB_HOME", str(tmp_path))
    command = [sys.executable, "-m", "fargate_lab", "gameday"]
    host = [
        *command,
        "host",
        str(SCENARIO),
        "--team",
        "red",
        "--name",
        "doomed",
        "--no-screen",
        "--speed",
        SPEED,
    ]
    moment = random.Random(f"kill {number + 1}").uniform(0.5, LONGEST_SECONDS)
    with (tmp_path / "host.txt").open("w") as said:
        process = subprocess.Popen([*host, "--seed", str(number + 1)], stdout=said, stderr=said)
        time.sleep(moment)  # the moment is of real time: that is what a kill is
        process.send_signal(signal.SIGKILL)
        process.wait()
    if not (tmp_path / "state" / "games" / "doomed" / "game.json").exists():
        return  # killed before there was a game
    folder = GameFolder.open("doomed")
    (team,) = folder.teams
    if not folder.gate(team).exists():
        return  # killed while it was being made
    taken_back = subprocess.run([*command, "abort", "doomed"], capture_output=True, text=True, check=False)
    assert taken_back.returncode == 0, taken_back.stderr
    if folder.book(team).exists():
        seat = Seat.open(folder, team)
        try:
            assert seat.runner.in_force == ()
            if seat.runner.started_ms is not None:
                found = seat.cloud.client("elbv2").describe_target_group_attributes(
                    TargetGroupArn=seat.runner.names["TARGET_GROUP"]
                )["Attributes"]
                delay = {each["Key"]: each["Value"] for each in found}["deregistration_delay.timeout_seconds"]
                assert delay == "30"
        finally:
            seat.close()
        assert read(folder.recording(team)).inputs is not None
