"""Where an activity works: what is configured, what the environment says, and whose clock it is."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from chaos.errors import FaultError
from chaos.toolkit import clocks
from chaos.toolkit.clocks import OfflineClock, RealClock, offline_clock
from chaos.toolkit.surroundings import surroundings


class _Handler(BaseHTTPRequestHandler):
    answers: dict[str, tuple[int, Any]]
    asked: list[Any]

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _answer(self, body: Any) -> None:
        self.asked.append((self.path, body, self.headers["X-Fargate-Lab"]))
        status, said = self.answers.get(self.path, (404, "not here"))
        text = said.encode() if isinstance(said, str) else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        pass


class Endpoint:
    """Something that answers on this machine."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, Any]] = {"/_lab/status": (200, {"product": "fargate-lab"})}
        self.asked: list[Any] = []
        handler = type("Handler", (_Handler,), {"answers": self.answers, "asked": self.asked})
        self.server = HTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """One that says it is ours."""
    made = Endpoint()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(autouse=True)
def nothing_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.chdir(tmp_path)


def test_on_aws_the_clock_is_the_real_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    around = surroundings({"aws_region": "eu-central-1", "aws_endpoint_url": "", "fault_journal": ""})
    assert isinstance(around.clock, RealClock)
    around.clock.let_pass(300)
    around.clock.wait_to_poll()
    assert slept == [300, 15]
    assert abs(around.clock.now_ms() - time.time() * 1000) < 5_000
    assert around.journal.path == tmp_path / "faults.jsonl"
    client = around.clients("ecs")
    assert client.meta.region_name == "eu-central-1"
    assert client.meta.endpoint_url == "https://ecs.eu-central-1.amazonaws.com"
    assert client.meta.config.user_agent_extra == "fargate-lab-chaos"
    assert around.clients("ecs") is client


def test_an_offline_cloud_has_its_own_clock(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
    monkeypatch.setattr(clocks, "_OFFLINE_POLL_S", 0)
    around = surroundings({"aws_region": "us-east-1"}, "~/there.jsonl")
    assert isinstance(around.clock, OfflineClock)
    assert around.journal.path == Path.home() / "there.jsonl"
    assert around.clients("ecs").meta.endpoint_url == endpoint.url
    state = {"now_ms": 1_767_258_000_000, "mode": "running", "next_ms": 1_767_258_000_001}
    endpoint.answers["/_lab/clock"] = (200, state)
    assert around.clock.now_ms() == 1_767_258_000_000
    around.clock.let_pass(1.5)
    assert endpoint.asked[-1] == ("/_lab/clock", {"action": "advance", "ms": 1500}, "1")
    around.clock.wait_to_poll()
    state["next_ms"] = None
    with pytest.raises(FaultError, match="Nothing is due"):
        around.clock.wait_to_poll()
    state["mode"] = "paused"
    with pytest.raises(FaultError, match="stands still"):
        around.clock.wait_to_poll()
    endpoint.answers["/_lab/clock"] = (400, {"error": "Too long.", "hint": "Less."})
    with pytest.raises(FaultError, match=r"Too long. Less."):
        around.clock.let_pass(1e9)


@pytest.mark.parametrize(
    "answer",
    [(404, "no such page"), (200, "<html>"), (200, []), (200, {"product": "other"}), (500, {"a": 1})],
)
def test_another_emulator_is_treated_like_aws(endpoint: Endpoint, answer: tuple[int, Any]) -> None:
    endpoint.answers["/_lab/status"] = answer
    assert offline_clock(endpoint.url) is None
    around = surroundings({"aws_region": "us-east-1", "aws_endpoint_url": endpoint.url + "/"})
    assert isinstance(around.clock, RealClock)


def test_an_endpoint_that_is_gone_is_told(endpoint: Endpoint) -> None:
    endpoint.server.shutdown()
    endpoint.server.server_close()
    with pytest.raises(FaultError, match="Nothing answers at"):
        surroundings({"aws_endpoint_url": endpoint.url})


def test_an_address_elsewhere_is_not_asked_for_a_clock() -> None:
    for address in ("https://ecs.example.org", "http://[", "nonsense"):
        assert isinstance(surroundings({"aws_endpoint_url": address}).clock, RealClock)
