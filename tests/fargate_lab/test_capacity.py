"""`fargate-lab capacity`: what it asks of the world, and how it tells the answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fargate_lab import worlds
from fargate_lab.__main__ import main
from fargate_lab.commands.capacity import render

TASK = "0123456789abcdef0123456789abcdef"
QUIET: dict[str, Any] = {
    "now_ms": 600_000,
    "shortages": [],
    "weather": None,
    "interruptions": 0,
    "spot_tasks": [],
}
ROUGH: dict[str, Any] = {
    "interrupted": [TASK],
    "now_ms": 600_000,
    "shortages": [
        {"provider": "FARGATE_SPOT", "zone": None, "since_ms": 540_000},
        {"provider": "FARGATE", "zone": "us-east-1a", "since_ms": 0},
    ],
    "weather": {"mean_minutes": 7.5},
    "interruptions": 3,
    "spot_tasks": [
        {"task": TASK, "cluster": "lab", "service": None, "az": "us-east-1a", "started_ms": 300_000}
    ],
}


class World:
    """A world that answers with a fixed report and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    def get(self, path: str) -> dict[str, Any]:
        self.asked.append(path)
        return QUIET

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(body)
        return ROUGH


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr(worlds, "connect", lambda _endpoint: world)
    return world


def test_how_things_are_for_people() -> None:
    assert render(QUIET).splitlines() == [
        "There is capacity for new tasks.",
        "The Spot weather is calm.",
        "Interruptions so far: 0.",
        "Running on FARGATE_SPOT: 0.",
    ]
    assert render(ROUGH).splitlines() == [
        "No FARGATE_SPOT capacity in any zone for new tasks, for 1 min.",
        "No FARGATE capacity in us-east-1a for new tasks, for 10 min.",
        "The Spot weather is rough: a task lives for 7 min 30 s on average.",
        "Interruptions so far: 3.",
        "Running on FARGATE_SPOT: 1.",
        f"  {TASK}  us-east-1a  –  for 5 min",
    ]


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ([], "/_lab/capacity"),
        (["show"], "/_lab/capacity"),
        (["interrupt"], {"action": "interrupt"}),
        (
            ["interrupt", "--count", "2", "--service", "web", "--zone", "us-east-1a"],
            {"action": "interrupt", "count": 2, "service": "web", "zone": "us-east-1a"},
        ),
        (["interrupt", "--share", "0.5"], {"action": "interrupt", "share": 0.5}),
        (
            ["interrupt", "--task", "01234567", "--task", TASK],
            {"action": "interrupt", "tasks": ["01234567", TASK]},
        ),
        (["shortage"], {"action": "shortage", "provider": "FARGATE_SPOT"}),
        (
            ["shortage", "--provider", "FARGATE", "--zone", "z"],
            {"action": "shortage", "provider": "FARGATE", "zone": "z"},
        ),
        (["restore"], {"action": "restore"}),
        (["weather"], {"action": "weather", "mean_minutes": 20.0}),
        (["weather", "--mean", "90s"], {"action": "weather", "mean_minutes": 1.5}),
        (["calm"], {"action": "calm"}),
    ],
)
def test_it_asks_for_what_was_given_and_nothing_else(
    world: World, words: list[str], asked: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["capacity", *words]) == 0
    assert world.asked == [asked]
    assert capsys.readouterr().out


def test_an_interruption_names_its_tasks(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["capacity", "interrupt"]) == 0
    assert capsys.readouterr().out == f"1 task on FARGATE_SPOT has two minutes' notice:\n  {TASK}\n"
    assert main(["capacity", "interrupt", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == ROUGH


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["show", "--count", "1"], "--count does not go with `capacity show`"),
        (["calm", "--task", TASK], "--task does not go with `capacity calm`"),
        (["interrupt", "--provider", "FARGATE"], "--provider does not go with"),
        (["interrupt", "--count", "1", "--share", "1"], "not allowed with"),
        (["weather", "--mean", "soon"], "is not a duration"),
    ],
)
def test_wrong_words(world: World, capsys: pytest.CaptureFixture[str], words: list[str], text: str) -> None:
    assert main(["capacity", *words]) == 2
    assert text in capsys.readouterr().err
    assert world.asked == []
