"""`fargate-lab traffic`: what it asks of the world, and how it tells the report."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fargate_lab import worlds
from fargate_lab.__main__ import main
from fargate_lab.commands.traffic import render

END = {
    "task": "0123456789abcdef0123456789abcdef",
    "stop_requested_ms": 100_000,
    "deregistered_ms": 110_500,
    "delay_s": 5,
    "in_flight_at_deregistration": 6,
    "stray": 3,
    "unused_ms": 115_500,
    "signal_ms": 122_000,
    "in_flight_at_signal": 0,
    "exited_ms": 152_000,
    "exit_code": 137,
    "killed": True,
    "stopped_ms": None,
    "lost": 4,
    "unsaved": 17,
    "causes": [],
}
REPORT: dict[str, Any] = {
    "running": True,
    "target_group": "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/web/0123",
    "demand": {"rps": 50, "pattern": "poisson", "long_share": 0.1, "long_ms": 8000},
    "started_ms": 0,
    "stopped_ms": None,
    "now_ms": 600_000,
    "sent": 30_000,
    "ok": 29_990,
    "failed": 4,
    "in_flight": 6,
    "unsaved_lost": 17,
    "latency": {"p50_ms": 20.1, "p95_ms": 51.2, "p99_ms": None},
    "causes": [
        {
            "kind": "delay",
            "status": 502,
            "by": "elb",
            "count": 4,
            "cause": "The delay was over.",
            "knob": "deregistration_delay.timeout_seconds",
            "phases": {"draining": 4},
        }
    ],
    "shutdowns": [{**END, "task": "f" * 32, "lost": 0, "unsaved": 0}, END],
}


class World:
    """A world that answers with a fixed report and remembers what it was asked."""

    def __init__(self, report: dict[str, Any]) -> None:
        self.report = report
        self.asked: list[object] = []

    def get(self, path: str) -> dict[str, Any]:
        self.asked.append(path)
        return self.report

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((path, body))
        return self.report


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(REPORT)
    monkeypatch.setattr(worlds, "connect", lambda _endpoint: world)
    return world


def test_the_report_for_people() -> None:
    text = render(REPORT)
    assert text.splitlines()[:4] == [
        "50 requests a second (poisson), 0.1 of them long (8 s) to web, running for 10 min",
        "sent 30,000   answered 29,990   failed 4 (0.0133 %)   in flight 6",
        "answered within   p50 20.1 ms   p95 51.2 ms   p99 –",
        "answered, but lost with the program that had not written them down: 17",
    ]
    assert "       4  502 from the load balancer; task: 4 while draining" in text
    assert "          what to turn: deregistration_delay.timeout_seconds" in text
    first, second = text.index("01234567  lost 4, 17 not written down"), text.index("ffffffff  lost 0")
    assert first < second
    moments = [line.split("  ")[-1] for line in text.splitlines() if line.startswith("    ") and "+" in line]
    assert moments[:5] == [
        "told to stop",
        "deregistered, 6 in flight; 3 more strayed in",
        "deregistration delay of 5 s over",
        "stop signal, 0 in flight",
        "killed (SIGKILL), exit code 137",
    ]


def test_before_the_first_load_it_says_how_to_begin() -> None:
    assert "traffic start --rps" in render({"running": False, "target_group": None, "now_ms": 0})


def test_a_load_that_changes_says_where_it_goes() -> None:
    report = REPORT | {"demand": {"rps": 5, "pattern": "ramp", "to_rps": 80, "long_share": 0}}
    assert render(report).startswith("5 to 80 requests a second (ramp) to web")


def test_start_asks_for_what_was_given_and_nothing_else(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["traffic", "start", "--rps", "50", "--pattern", "spike", "--after", "2m", "--for", "30s"]
    assert main([*words, "--long-share", "0.1", "--long-ms", "8000", "--client-timeout", "10"]) == 0
    asked = {
        "action": "start",
        "rps": 50.0,
        "pattern": "spike",
        "after_ms": 120_000,
        "for_ms": 30_000,
        "long_share": 0.1,
        "long_ms": 8000,
        "client_timeout_ms": 10_000,
    }
    assert world.asked == [("/_lab/traffic", asked)]
    assert capsys.readouterr().out.startswith("50 requests a second")


def test_stop_and_report(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["traffic", "stop"]) == 0
    assert main(["traffic"]) == 0
    assert main(["traffic", "report", "--json"]) == 0
    assert world.asked == [("/_lab/traffic", {"action": "stop"}), "/_lab/traffic", "/_lab/traffic"]
    out = capsys.readouterr().out
    assert json.loads(out[out.index("{") :]) == REPORT


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["start"], "needs --rps"),
        (["stop", "--rps", "5"], "--rps goes with"),
        (["report", "--for", "5s"], "--for goes with"),
        (["start", "--rps", "5", "--after", "soon"], "is not a duration"),
    ],
)
def test_wrong_words(world: World, capsys: pytest.CaptureFixture[str], words: list[str], text: str) -> None:
    assert main(["traffic", *words]) == 2
    assert text in capsys.readouterr().err
    assert world.asked == []
