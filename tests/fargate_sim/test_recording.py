"""A world made again from its recording is the same world."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fargate_sim.cloud import Cloud
from fargate_sim.control import header_of
from fargate_sim.endpoint import Endpoint
from fargate_sim.inprocess import control
from fargate_sim.pacer import Pacer
from fargate_sim.recording import (
    HEARTBEAT_SECONDS,
    Header,
    Recorder,
    Recording,
    RecordingError,
    environ_of,
    read,
)

from .conftest import START_MS, MakeOffline, Offline

HEADER = Header(7, START_MS, "111122223333", "us-east-1", "x", "1")


class Wall:
    """A wall clock that a test sets."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def resumed(path: Path) -> Endpoint:
    """A new process's worth of cloud, from a recording."""
    recording = read(path)
    header = recording.header
    cloud = Cloud(header.seed, start_ms=header.start_ms, account=header.account, label=header.label)
    endpoint = Endpoint(cloud, Pacer(cloud.engine, lambda: cloud.settled, paused=True))
    endpoint.replay(recording)
    return endpoint


def live_a_little(offline: Offline) -> None:
    offline.start_service()
    offline.control.post("/_lab/clock", {"action": "settle"})
    ecs, ec2 = offline.client("ecs"), offline.client("ec2")
    ec2.create_vpc(CidrBlock="10.9.0.0/16")
    ecs.list_tasks(cluster="demo")
    offline.register("public.ecr.aws/nginx/nginx:no-such-tag")
    ecs.update_service(cluster="demo", service="web", taskDefinition="web")
    offline.control.post("/_lab/note", {"kind": "lab.step", "data": {"step": "5"}})
    offline.control.post("/_lab/clock", {"action": "advance", "ms": 200_000})
    offline.client("s3").create_bucket(Bucket="lab-bucket")
    offline.client("s3").put_object(Bucket="lab-bucket", Key="k", Body=b"\xff\x00binary")
    offline.client("sqs").create_queue(QueueName="q")
    offline.client("secretsmanager").create_secret(Name="db", SecretString="hunter2")
    offline.client("scheduler").create_schedule_group(Name="nightly")
    with pytest.raises(ClientError):
        ec2.delete_route(RouteTableId="rtb-none", DestinationCidrBlock="0.0.0.0/0")
    ecs.describe_services(cluster="demo", services=["web"])


def test_the_history_comes_back_byte_for_byte(make_offline: MakeOffline, tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    offline = make_offline(91)
    offline.app.recorder = Recorder.open_new(path, header_of(offline.cloud, "1"))
    live_a_little(offline)
    history = offline.cloud.journal.to_jsonl()
    now_ms = offline.cloud.engine.now_ms
    ids = offline.env()["SUBNET_A"], [v["VpcId"] for v in offline.client("ec2").describe_vpcs()["Vpcs"]]
    history = offline.cloud.journal.to_jsonl()
    # The process is gone; nothing was closed.
    offline.app.recorder = None
    offline.app.close()

    again = resumed(path)
    try:
        assert again.cloud.engine.now_ms == now_ms
        assert again.cloud.journal.to_jsonl() == history
        assert again.pacer.paused
        revived = Offline(again, control(again))
        found = [v["VpcId"] for v in revived.client("ec2").describe_vpcs()["Vpcs"]]
        assert (revived.env()["SUBNET_A"], found) == ids
        body = revived.client("s3").get_object(Bucket="lab-bucket", Key="k")["Body"].read()
        assert body == b"\xff\x00binary"
    finally:
        again.close()


def test_every_prefix_of_a_recording_gives_a_prefix_of_the_history(
    make_offline: MakeOffline, tmp_path: Path
) -> None:
    path = tmp_path / "state.jsonl"
    offline = make_offline(92)
    offline.app.recorder = Recorder.open_new(path, header_of(offline.cloud, "1"))
    live_a_little(offline)
    history = offline.cloud.journal.to_jsonl()
    offline.app.close()
    content = path.read_bytes()
    lines = content.splitlines(keepends=True)
    for kept in (2, 4, 7, len(lines) - 1):
        cut = tmp_path / "cut.jsonl"
        torn = lines[kept][: len(lines[kept]) // 2] if kept < len(lines) else b""
        cut.write_bytes(b"".join(lines[:kept]) + torn)
        again = resumed(cut)
        try:
            assert history.startswith(again.cloud.journal.to_jsonl())
        finally:
            again.close()


def test_no_secret_is_written(make_offline: MakeOffline, tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    recorder = Recorder.open_new(path, HEADER)
    scope = "Credential=AKIAREAL/20260101/us-east-1/s3/aws4_request"
    environ = {
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=deadbeef00",
        "HTTP_X_AMZ_SECURITY_TOKEN": "session-token",
        "QUERY_STRING": "X-Amz-Security-Token=session-token&X-Amz-Signature=deadbeef00&a=b",
        "HTTP_X_AMZ_META_COLOUR": "blue",
    }
    recorder.call(START_MS, environ, b"{}")
    recorder.close()
    text = path.read_text(encoding="utf-8")
    assert "session-token" not in text
    assert "deadbeef" not in text
    again, body = environ_of(read(path).inputs[0]["call"])
    assert again["HTTP_X_AMZ_META_COLOUR"] == "blue"
    assert scope in again["HTTP_AUTHORIZATION"]
    assert "a=b" in again["QUERY_STRING"]
    assert body == b"{}"


def test_the_clock_is_noted_once_a_second(tmp_path: Path) -> None:
    wall, path = Wall(), tmp_path / "state.jsonl"
    recorder = Recorder.open_new(path, HEADER, wall=wall)
    for step in range(100):
        wall.seconds = step * HEARTBEAT_SECONDS / 10
        recorder.heartbeat(START_MS + step)
    recorder.clock(START_MS + 500, paused=True, speed="max")
    recorder.close()
    recording = read(path)
    assert len(recording.inputs) in (10, 11)
    assert recording.last_ms == START_MS + 500
    assert recording.clock() == (True, "max")


def test_a_torn_last_line_is_cut_off_before_going_on(tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    recorder = Recorder.open_new(path, HEADER)
    recorder.note(START_MS, "lab.step", {})
    recorder.close()
    with path.open("ab") as file:
        file.write(b'{"at": 17672580')
    recording = read(path)
    assert len(recording.inputs) == 1
    recorder = Recorder.reopen(path, recording.sound_bytes)
    recorder.note(START_MS + 1, "lab.step", {})
    recorder.close()
    assert [line["at"] for line in read(path).inputs] == [START_MS, START_MS + 1]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds no world"),
        (b"{}\n", "no recording"),
        (b'{"a": 1}\n{"at": 1}\n', "no recording"),
        (b"torn", "holds no world"),
        (b'{"at": 1}\nrubbish\n{"at": 2}\n', "damaged"),
        (json.dumps({**HEADER.__dict__, "format": 99}).encode() + b"\n", "cannot read"),
    ],
)
def test_a_file_that_is_no_recording_says_why(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "state.jsonl"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=words):
        read(path)


def test_a_reset_begins_a_new_recording(make_offline: MakeOffline, tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    offline = make_offline(93)
    offline.app.recorder = Recorder.open_new(path, header_of(offline.cloud, "1"))
    offline.client("ecs").create_cluster(clusterName="old")
    offline.control.post("/_lab/reset", {"seed": 94, "label": "new"})
    offline.client("ecs").create_cluster(clusterName="new")
    recording = read(path)
    assert (recording.header.seed, recording.header.label) == (94, "new")
    assert [line["call"]["body"] for line in recording.inputs if "call" in line] == ['{"clusterName": "new"}']


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.jsonl"
    recorder = Recorder.open_new(path, HEADER)
    recorder.note(START_MS, "lab.word", {"n": 1})
    write = os.write
    with monkeypatch.context() as full:

        def half(descriptor: int, content: bytes) -> int:
            if len(content) < 40:
                raise OSError(errno.ENOSPC, "No space left on device")
            return write(descriptor, content[: len(content) // 2])

        full.setattr("fargate_sim.recording.os.write", half)
        with pytest.raises(OSError, match="No space"):
            recorder.note(START_MS, "lab.word", {"n": 2, "text": "x" * 100})
    recorder.note(START_MS, "lab.word", {"n": 3})
    recorder.close()
    assert [line["note"]["data"]["n"] for line in read(path).inputs] == [1, 3]


@pytest.mark.parametrize(
    "line", [{}, {"at": "soon"}, {"at": START_MS, "call": {}}, {"at": START_MS, "note": 3}]
)
def test_a_line_that_is_no_input_is_told(offline: Offline, line: dict[str, Any]) -> None:
    with pytest.raises(RecordingError, match="no input"):
        offline.app.replay(Recording(HEADER, [line], 0))


def test_recordings_are_for_their_owner_only(tmp_path: Path) -> None:
    recorder = Recorder.open_new(tmp_path / "state.jsonl", HEADER)
    kept = recorder.go_on_with(Recording(HEADER, [], 0))
    recorder.close()
    assert {stat.S_IMODE(path.stat().st_mode) for path in (recorder.path, kept)} == {0o600}
