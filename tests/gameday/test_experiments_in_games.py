"""Faults that AWS Fault Injection Service carries out, in a game: they bite, and are taken back without anybody waiting."""

from __future__ import annotations

from pathlib import Path

from support.games import begun, fault, injection, scenario

from gameday.headless import play
from gameday.indicators import WATCHED
from labs.endpoint_cloud import EndpointCloud

READY = {
    "desired": 4,
    "alarms": False,
    "fault_ready": True,
    "image": "public.ecr.aws/fargate-lab/shop:2.1",
}


def test_a_slow_dependency_in_a_stage_that_is_ready_for_it(cloud: EndpointCloud, tmp_path: Path) -> None:
    slow = fault("slow_dependency", host="stock.internal", delay_milliseconds=3000)
    what = scenario(injection("slow", slow, at_s=60), settings=READY, traffic={"rps": 5, "path": "/checkout"})
    runner = begun(what, cloud, tmp_path)
    play(runner, until_ms=180_000)
    p95 = [entry.data["traffic"]["p95_ms"] for entry in cloud.history.of(WATCHED)]
    assert p95[2] < 1000
    assert p95[-1] > 3000
    runner.abort()
    assert runner.in_force == ()
    cloud.clock.advance(60_000)
    assert cloud.history.of(WATCHED)[-1].data["traffic"]["p95_ms"] < 1000


def test_while_a_game_goes_on_nobody_waits_for_an_experiment(cloud: EndpointCloud, tmp_path: Path) -> None:
    runner = begun(scenario(injection("zone", fault("az_loss"))), cloud, tmp_path)
    runner.inject("zone")
    cloud.clock.advance(60_000)
    now_ms = cloud.clock.now_ms
    (failed,) = runner.take_back("zone")
    assert (failed.what, cloud.clock.now_ms) == ("undo_failed", now_ms)
    assert "is stopping" in failed.text
    cloud.clock.advance(60_000)
    assert [each.what for each in runner.tick()] == ["taken_back"]
    assert cloud.client("fis").list_experiment_templates()["experimentTemplates"] == []
