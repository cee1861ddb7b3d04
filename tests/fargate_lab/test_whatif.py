"""A session lived through again: as it was, up to a moment, without something, with other commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fargate_lab.again import lived_again
from fargate_lab.errors import SurroundingsError, UsageError
from fargate_lab.inprocess import START_MS, entered
from fargate_lab.whatif import moment, what_if
from fargate_sim.cloud import Cloud
from fargate_sim.control import header_of
from fargate_sim.endpoint import Endpoint
from fargate_sim.recording import Recorder, Recording, read
from gameday.comparison import rows, timeline
from labs.staging import Balanced, Stage, build_balanced, health_check

MINUTE_MS = 60_000


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """A shop with a deregistration delay of 2 s for requests that take longer, released under load: requests get lost."""
    path = tmp_path_factory.mktemp("world") / "state.jsonl"
    cloud = Cloud(611, start_ms=START_MS)
    endpoint = Endpoint(cloud, cloud.pacer(paused=True))
    endpoint.recorder = Recorder.open_new(path, header_of(cloud, "1"))
    try:
        with entered(endpoint) as world:
            stage = Stage("what-if", "game", "shop", 2)
            image = "public.ecr.aws/fargate-lab/shop:1.0"
            build_balanced(world, stage, Balanced(image, 8080, 0, health_check(), draining_s=2))
            world.clock.settle(10 * MINUTE_MS)
            world.traffic.start({"rps": 20, "long_share": 0.3, "long_ms": 8000})
            world.clock.advance(MINUTE_MS)
            world.client("ecs").update_service(cluster="game", service="shop", forceNewDeployment=True)
            world.clock.advance(4 * MINUTE_MS)
            world.control.get("/_lab/digest")
    finally:
        endpoint.close()
    return read(path)


def test_the_same_life_again_is_the_same(recording: Recording) -> None:
    with lived_again(recording) as life:
        life.to(recording.last_ms - 4 * MINUTE_MS)
        assert life.now_ms == recording.last_ms - 4 * MINUTE_MS
        life.to_the_end()
        assert life.unlike == []
        assert life.cloud.traffic.report()["failed"] > 0


def test_without_the_release_nobody_is_lost(recording: Recording) -> None:
    def is_release(_place: int, line: Any) -> bool:
        return "call" in line and "forceNewDeployment" in line["call"].get("body", "")

    with lived_again(recording, skip=is_release) as life:
        life.to_the_end()
        assert life.cloud.traffic.report()["failed"] == 0
        assert life.unlike  # and the checksum tells that it is another life


def test_with_a_longer_delay_the_release_loses_nobody(recording: Recording, tmp_path: Path) -> None:
    at_ms = recording.last_ms - 4 * MINUTE_MS - 1
    commands = [
        "GROUP=$(aws elbv2 describe-target-groups --query 'TargetGroups[0].TargetGroupArn' --output text)",
        "aws elbv2 modify-target-group-attributes --target-group-arn $GROUP --attributes Key=deregistration_delay.timeout_seconds,Value=60",
    ]
    found = what_if(recording, at_ms, recording.last_ms, commands, tmp_path)
    assert found.actual.sent == found.other.sent
    assert found.actual.failed > 0
    assert found.other.failed == 0
    lines = {what: (one, other) for what, one, other in rows(found.actual, found.other)}
    assert lines["failed"] == (str(found.actual.failed), "0")
    assert lines["deployments completed"] == ("1", "1")
    assert "orders" not in lines
    with pytest.raises(SurroundingsError, match="was refused"):
        what_if(recording, at_ms, recording.last_ms, ["aws ecs delete-cluster --cluster nowhere"], tmp_path)
    with pytest.raises(UsageError, match=r"no `aws` command"):
        what_if(recording, at_ms, recording.last_ms, ["rm -rf /tmp/nothing"], tmp_path)


def test_a_moment_before_the_world_is_refused() -> None:
    clock = {"elapsed_ms": 60_000, "now_ms": START_MS + 60_000}
    assert moment(clock, 20_000) == START_MS + 40_000
    with pytest.raises(UsageError, match="did not exist"):
        moment(clock, 60_001)


def test_what_was_not_watched_is_nothing() -> None:
    empty = timeline([], 0, 1)
    assert rows(empty, empty) == []
