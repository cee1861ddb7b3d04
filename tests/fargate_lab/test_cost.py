"""`fargate-lab cost`: what it asks of the world, and how it tells the estimate."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from fargate_lab import own_commands, worlds
from fargate_lab.__main__ import main

ITEM: dict[str, Any] = {
    "kind": "fargate",
    "resource": "vcpu",
    "cluster": "lab",
    "service": "web",
    "family": None,
    "architecture": "x86_64",
    "quantity": 10.5,
    "unit": "vCPU-hour",
    "price": 0.04048,
    "price_date": "2026-09-28",
    "assumed": False,
    "amount": 0.42504,
    "per_hour_now": 0.02024,
    "saved": 0.0,
}
NAT: dict[str, Any] = {
    **ITEM,
    "kind": "nat",
    "resource": None,
    "cluster": None,
    "service": None,
    "architecture": None,
    "quantity": 2.0,
    "price": 0.045,
    "amount": 0.09,
    "per_hour_now": 0.045,
}
SPOT: dict[str, Any] = {
    **ITEM,
    "kind": "fargate_spot",
    "resource": "ephemeral_storage",
    "service": None,
    "family": "job",
    "architecture": "arm64",
    "quantity": 0.02,
    "price": 0.000111,
    "amount": 0.000002,
    "assumed": True,
    "per_hour_now": 0,
}
REPORT: dict[str, Any] = {
    "now_ms": 7_200_000,
    "since_ms": 0,
    "estimate": True,
    "region": "us-east-1",
    "price_date": "2026-09-30",
    "currency": "USD",
    "total": 0.515042,
    "per_hour_now": 0.06524,
    "saved": 0.01,
    "of_which": {"leaving": 0.0012, "never_ran": 0.0},
    "items": [ITEM, SPOT, NAT],
}
TOLD = """\
about $0.52 in 2h00m; now $0.0652 an hour

what                                of            hours      price   so far  an hour
Fargate vCPU                        web           10.50   $0.04048    $0.43  $0.0202
Fargate Spot ARM extra storage [A]  tasks of job   0.02  $0.000111    $0.00    $0.00
NAT gateway                                        2.00     $0.045  $0.0900  $0.0450

Of it $0.0012 for tasks that had been told to stop.
Spot saved $0.0100 against on demand.
An estimate: list prices of us-east-1, 2026-09-30. Not in it: load balancer capacity units, data,
logs, metrics, tax.
"""


class World:
    """A world that answers with a fixed report and remembers what it was asked."""

    def __init__(self) -> None:
        self.report = REPORT
        self.asked: list[object] = []

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        if path == "/_lab/journal":
            started = [(1_000, "core-lab"), (5_000, "p06-no-breaker"), (9_000, "core-lab")]
            return {"entries": [{"at": at, "data": {"lab": lab}} for at, lab in started]}
        self.asked.append((path, dict(query or {})))
        return self.report

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        raise AssertionError(path)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr(worlds, "connect", lambda _endpoint: world)
    return world


def test_the_estimate_for_people(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost"]) == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == (TOLD, "")
    assert world.asked == [("/_lab/cost", {})]


def test_a_world_without_costs(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.report = {**REPORT, "total": 0, "per_hour_now": 0, "saved": 0, "of_which": {}, "items": []}
    assert main(["cost"]) == 0
    assert capsys.readouterr().out.startswith("about $0.00 in 2h00m; now $0.00 an hour\nAn estimate:")


def test_clusters_are_told_apart(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.report = {**REPORT, "items": [ITEM, {**ITEM, "cluster": "other"}]}
    assert main(["cost"]) == 0
    assert "web in other" in capsys.readouterr().out


def test_json_is_the_answer_itself(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "--json", "--since", "1234"]) == 0
    assert json.loads(capsys.readouterr().out) == REPORT
    assert world.asked == [("/_lab/cost", {"since": 1234})]


def test_since_a_lab_is_since_its_latest_start(world: World) -> None:
    assert main(["cost", "--since", "core-lab"]) == 0
    assert world.asked == [("/_lab/cost", {"since": 9_000})]


@pytest.mark.parametrize(
    ("lab", "says"),
    [("p05-tiny-subnet", "was not started in this world"), ("p05-tiny-subnt", "p05-tiny-subnet")],
)
def test_a_lab_that_is_not_there_is_refused(
    world: World, capsys: pytest.CaptureFixture[str], lab: str, says: str
) -> None:
    assert main(["cost", "--since", lab]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert says in told.err
    assert world.asked == []


def test_a_lab_s_own_command_goes_to_its_own_world(world: World) -> None:
    ran = own_commands.run(["fargate-lab", "cost"], world)
    assert (ran.code, ran.stdout, ran.stderr) == (0, TOLD, "")
    assert own_commands.run(["fargate-lab", "cost", "--endpoint", "http://127.0.0.1:1"], world).code == 2
    assert own_commands.run(["fargate-lab"], world).code == 2
