"""The control API keeps the contract of docs/control-api.md."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from fargate_sim.control import Control
from fargate_sim.inprocess import ControlRefusedError, call

from .conftest import START_MS, Offline

DOCUMENT = Path(__file__).parents[2] / "docs" / "control-api.md"


def test_every_documented_call_exists_and_no_other(offline: Offline) -> None:
    documented = set(re.findall(r"^\| `(GET|POST) /_lab/(\w+)`", DOCUMENT.read_text(encoding="utf-8"), re.M))
    control = Control(offline.app)
    answered = {("GET", name) for name in control._gets} | {("POST", name) for name in control._posts}
    assert answered == documented


def test_status(offline: Offline) -> None:
    status = offline.control.get("/_lab/status", {"wait": 1})
    assert status is not None
    assert status["product"] == "fargate-lab"
    assert status["ready"] is True
    assert (status["seed"], status["label"], status["started_ms"]) == (7, "test", START_MS)
    assert re.fullmatch(r"\d{12}", status["account"])


def test_env_has_every_documented_name(offline: Offline) -> None:
    line = next(line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if "GET /_lab/env" in line)
    documented = set(re.findall(r'"([A-Z_]+)":', line))
    env = offline.env()
    assert set(env) == documented
    assert all(value for name, value in env.items() if name != "AWS_PAGER")
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", env["AWS_ACCESS_KEY_ID"])


def test_the_clock(offline: Offline) -> None:
    def set_clock(**body: Any) -> dict[str, Any]:
        return offline.control.post("/_lab/clock", body)

    assert offline.control.get("/_lab/clock") == {
        "now_ms": START_MS,
        "now": "2026-01-01T09:00:00Z",
        "elapsed_ms": 0,
        "mode": "paused",
        "speed": 10.0,
        "next_ms": None,
    }
    assert set_clock(action="advance", ms=61_000)["now"] == "2026-01-01T09:01:01Z"
    assert set_clock(action="speed", speed=20)["speed"] == 20
    assert set_clock(action="speed", speed="max")["speed"] == "max"
    assert set_clock(action="run")["mode"] == "running"
    assert set_clock(action="pause")["mode"] == "paused"
    offline.start_service()
    before = offline.control.get("/_lab/clock")
    assert before is not None
    assert set_clock(action="next")["now_ms"] == before["next_ms"]
    settled = set_clock(action="settle", limit_ms=600_000)
    assert START_MS + 61_000 + 40_000 < settled["now_ms"] < START_MS + 661_000
    assert offline.cloud.settled


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/_lab/clock", {"action": "backwards"}, "no action of the clock"),
        ("/_lab/clock", {}, "no action of the clock"),
        ("/_lab/clock", {"action": ["pause"]}, "no action of the clock"),
        ("/_lab/clock", {"action": "speed", "speed": 0}, "a speed is between"),
        ("/_lab/clock", {"action": "speed", "speed": "fast"}, "no speed"),
        ("/_lab/clock", {"action": "advance", "ms": "1e3"}, "whole number"),
        ("/_lab/clock", {"action": "advance", "ms": True}, "whole number"),
        ("/_lab/clock", {"action": "advance"}, "whole number"),
        ("/_lab/clock", {"action": "advance", "ms": 10**12}, "seven days"),
        ("/_lab/note", {"kind": "task.running"}, "no kind of a note"),
        ("/_lab/note", {"kind": "lab.x", "data": []}, "data must be an object"),
        ("/_lab/reset", {"seed": "seven"}, "whole number"),
        ("/_lab/reset", {"label": 1}, "label must be text"),
        ("/_lab/nothing", {}, "there is no POST"),
    ],
)
def test_a_wrong_request_is_told_what_to_do(
    offline: Offline, path: str, body: dict[str, Any], words: str
) -> None:
    with pytest.raises(ControlRefusedError, match=words) as caught:
        offline.control.post(path, body)
    assert 400 <= caught.value.status < 500
    assert caught.value.hint
    assert offline.cloud.engine.now_ms == START_MS
    assert len(offline.cloud.journal) == 0


@pytest.mark.parametrize("body", [b"{", b"[]", b"[" * 100_000, b"\xff"])
def test_a_body_must_be_an_object(offline: Offline, body: bytes) -> None:
    headers = [("X-Fargate-Lab", "1")]
    status, _, content = call(offline.app, "POST", "http://127.0.0.1/_lab/clock", headers, body)
    assert status == 400
    assert set(json.loads(content)) == {"error", "hint"}


def test_a_post_needs_the_header(offline: Offline) -> None:
    status, _, _ = call(offline.app, "POST", "http://127.0.0.1/_lab/clock", [], b'{"action": "run"}')
    assert status == 403


def test_a_snapshot_is_sent_only_when_something_has_happened(offline: Offline) -> None:
    offline.start_service()
    offline.control.post("/_lab/clock", {"action": "settle"})
    snapshot = offline.control.get("/_lab/snapshot")
    assert snapshot is not None
    assert snapshot["version"] == len(offline.cloud.journal)
    assert snapshot["clock"]["now_ms"] == offline.cloud.engine.now_ms
    assert [service["running"] for service in snapshot["services"]] == [2]
    assert {subnet["name"]: subnet["free"] for subnet in snapshot["subnets"]} == {
        "private-a": 250,
        "private-b": 250,
        "public-a": 250,
        "public-b": 251,
    }
    offline.control.post("/_lab/clock", {"action": "advance", "ms": 1000})
    assert offline.control.get("/_lab/snapshot", {"seen": snapshot["version"]}) is None
    offline.client("ecs").update_service(cluster="demo", service="web", desiredCount=3)
    assert offline.control.get("/_lab/snapshot", {"seen": snapshot["version"]}) is not None


def test_the_journal_comes_in_pages(offline: Offline) -> None:
    for number in range(5):
        sequence = offline.control.post("/_lab/note", {"kind": "lab.step", "data": {"n": number}})["seq"]
        assert sequence == number
    offline.client("ecs").list_clusters()
    page = offline.control.get("/_lab/journal", {"since": 1, "limit": 2, "kind": "lab.step"})
    assert page is not None
    assert [entry["data"]["n"] for entry in page["entries"]] == [1, 2]
    rest = offline.control.get("/_lab/journal", {"since": page["next"]})
    assert rest is not None
    assert [entry["kind"] for entry in rest["entries"]] == ["lab.step", "lab.step", "call"]
    for query in ({"since": -1}, {"limit": 0}, {"limit": 10_001}, {"since": "x"}):
        with pytest.raises(ControlRefusedError):
            offline.control.get("/_lab/journal", query)


def test_a_reset_makes_a_new_world_at_once(offline: Offline) -> None:
    offline.start_service()
    old = offline.cloud
    status = offline.control.post("/_lab/reset", {"seed": 99, "label": "again"})
    assert (status["seed"], status["label"]) == (99, "again")
    assert old.closed
    assert offline.client("ecs").list_clusters()["clusterArns"] == []
    kept = offline.control.post("/_lab/reset", {"seed": 99, "label": None})
    assert (kept["seed"], kept["label"]) == (99, "again")
    assert offline.env()["VPC"].startswith("vpc-")
