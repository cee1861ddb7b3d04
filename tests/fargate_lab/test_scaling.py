"""`fargate-lab scaling`: what it asks, and how it tells the answer."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from fargate_lab import own_commands, worlds
from fargate_lab.__main__ import main
from fargate_lab.commands.scaling import render
from labs.control import scaling as fetch
from tui.scaling import parse_scaling

sys.path.insert(0, str(Path(__file__).parents[1] / "tui"))

from tui_scaling import STEP_POLICY, alarm, decision, scaling, target


class World:
    """A world that answers with a fixed state and remembers what it was asked."""

    def __init__(self, state: dict[str, Any]) -> None:
        self.state = state
        self.asked: list[object] = []

    def get(self, path: str, query: dict[str, Any] | None = None) -> dict[str, Any]:
        self.asked.append((path, query))
        return self.state

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        raise AssertionError(path)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(scaling())
    monkeypatch.setattr(worlds, "connect", lambda _endpoint: world)
    return world


def test_everything_for_people() -> None:
    lines = render(parse_scaling(scaling())).splitlines()
    assert lines[0] == "service/core-lab/web: 8 desired, 8 running, between 2 and 10"
    text = "\n".join(" ".join(line.split()) for line in lines)
    for words in (
        "web-requests requests per target at 600 cooldown out 60 s, in 600 s",
        "before-lunch cron(30 10 * * ? *) UTC 4 to – next 10:30:00",
        "09:59:00 8 8 24.9 45.4 203 1,621 0 24 ms 70 ms",
        "09:57:12 in held at 8 cooldown x3 web-requests Wants 6 tasks",
        "09:31:06 out 7 → 9 scaled web-requests 3 of 3 points above 600",
        "09:52:06 Setting desired count to 8. Successful",
        "ALARM web-cpu AlarmLow-8a0b7c62 ECS CPUUtilization below 54 in 15 of 15, now 15 last 24.9",
        "INSUFFICIENT_DATA web-dead-letters SQS ApproximateNumberOfMessagesVisible above 0 in 1 of 1, now 0 no data",
    ):
        assert words in text
    assert len([line for line in lines if line.startswith("    09:") and " ms" in line]) <= 12


def test_what_is_not_there_is_left_out() -> None:
    bare = target(
        policies=[{**STEP_POLICY, "disable_scale_in": True}], scheduled_actions=[], activities=[], series=[],
        decisions=[decision(m, "out", "held", "suspended") for m in range(25)], suspended={"out": True}, in_rollout=True,
    )  # fmt: skip
    text = render(parse_scaling(scaling(targets=[bare], alarms=[])))
    assert "suspended: scaling out; a deployment is on its way: no scale-in" in text
    assert "cooldown out 120 s, in 120 s, scale-in off" in text
    assert "Decisions, newest first (20 of 25)" in text
    for heading in ("Scheduled", "By the minute", "Activities", "Alarms"):
        assert heading not in text
    alone = render(parse_scaling(scaling(targets=[], alarms=[alarm("mine", "OK", "AWS/SQS x", 1, [])])))
    assert alone.startswith("Alarms")
    slow = target(series=[{"at_ms": 0, "p99_ms": 4200.0, "sent": 5}])
    assert "4.2 s" in render(parse_scaling(scaling(targets=[slow])))


def test_a_world_that_does_not_scale_says_how_to_begin() -> None:
    assert "register-scalable-target" in render(parse_scaling({"now_ms": 5, "targets": [], "alarms": []}))


def test_it_asks_for_what_was_given(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scaling"]) == 0
    assert main(["scaling", "--json", "--minutes", "0"]) == 0
    assert world.asked == [("/_lab/scaling", {"minutes": 60}), ("/_lab/scaling", {"minutes": 0})]
    out = capsys.readouterr().out
    assert json.loads(out[out.index("{") :]) == world.state
    assert fetch(world) == world.state


@pytest.mark.parametrize("minutes", ["181", "-1", "x", "1.5"])
def test_wrong_minutes(world: World, capsys: pytest.CaptureFixture[str], minutes: str) -> None:
    assert main(["scaling", f"--minutes={minutes}"]) == 2
    assert "not a number of minutes" in capsys.readouterr().err
    assert world.asked == []


def test_a_lab_may_look_at_its_own_scaling(world: World) -> None:
    ran = own_commands.run(["fargate-lab", "scaling"], world)
    assert ran.code == 0
    assert "between 2 and 10" in ran.stdout
    assert own_commands.run(["fargate-lab", "scaling", "--endpoint", "http://x"], world).code == 2
    assert own_commands.run(["fargate-lab"], world).code == 2
