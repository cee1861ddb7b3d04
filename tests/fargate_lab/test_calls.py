"""`fargate-lab calls`: what it asks of the world, and how it tells it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from fargate_lab import worlds
from fargate_lab.__main__ import main

CALL: dict[str, Any] = {
    "role": "web",
    "role_arn": "arn:aws:iam::123456789012:role/web",
    "by": "execution",
    "action": "ecr:GetAuthorizationToken",
    "resource": "*",
    "error": None,
    "count": 1234,
    "first_ms": 0,
    "last_ms": 61_000,
    "tasks": ["t1"],
    "message": "",
}
DENIED = {
    **CALL,
    "by": "task",
    "action": "s3:GetObject",
    "resource": "arn:aws:s3:::b/k",
    "error": "AccessDenied",
    "count": 1,
    "message": "User: x is not authorized to perform: s3:GetObject",
}
TOLD = """\
web, as execution role:
  action                     resource  times  first     last      outcome
  ecr:GetAuthorizationToken  *         1,234  00:00:00  00:01:01  ok

web, as task role:
  action        resource          times  first     last      outcome
  s3:GetObject  arn:aws:s3:::b/k  1      00:00:00  00:01:01  AccessDenied
  User: x is not authorized to perform: s3:GetObject
"""


class World:
    """A world that answers with a fixed report and remembers what it was asked."""

    def __init__(self) -> None:
        self.report: dict[str, Any] = {"now_ms": 1, "since_ms": 0, "calls": [CALL, DENIED]}
        self.asked: list[object] = []

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        self.asked.append((path, dict(query or {})))
        return self.report


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr(worlds, "connect", lambda _endpoint: world)
    return world


def test_calls_for_people(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calls"]) == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == (TOLD, "")
    assert world.asked == [("/_lab/calls", {})]


def test_one_role_as_json(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calls", "web", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == world.report
    assert world.asked == [("/_lab/calls", {"role": "web"})]


@pytest.mark.parametrize(
    ("words", "said"),
    [(["calls"], "No role has called anything.\n"), (["calls", "x"], "The role x has called nothing.\n")],
)
def test_nothing_was_called(
    world: World, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    world.report = {"now_ms": 1, "since_ms": 0, "calls": []}
    assert main(words) == 0
    assert capsys.readouterr().out == said
