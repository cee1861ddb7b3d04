"""Whatever was done in a world, it can be lived through again: the same digests in another world, and the same ones after a rewind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.mixes import Mix

from fargate_sim import inprocess
from fargate_sim.control import header_of
from fargate_sim.digest import digest
from fargate_sim.pacer import Pacer
from fargate_sim.recording import Recorder, read

from .conftest import MakeOffline, Offline
from .test_traffic import set_up

SIGNED = "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=00"


class Wall:
    """A wall clock on which every look takes a moment."""

    seconds = 0.0

    def __call__(self) -> float:
        self.seconds += 0.07
        return self.seconds


def recorded(make_offline: MakeOffline, folder: Path, seed: int) -> Offline:
    """A world that is recorded, with a wall clock of its own."""
    offline = make_offline(seed)
    cloud = offline.cloud
    told = lambda: len(cloud.journal)  # noqa: E731
    offline.app.pacer = Pacer(cloud.engine, lambda: cloud.settled, paused=True, wall=Wall(), told=told)
    offline.app.recorder = Recorder.open_new(folder / "state.jsonl", header_of(cloud, "1"))
    return offline


def again(make_offline: MakeOffline, offline: Offline, folder: Path) -> tuple[list[str], dict[str, Any]]:
    """The same from the recording, in a world that has seen nothing else; what differs, and its digest."""
    offline.app.close()
    recording = read(folder / "state.jsonl")
    other = make_offline(recording.header.seed)
    unlike = other.app.replay(recording)
    return unlike, digest(other.cloud)


def live(offline: Offline, seed: int, steps: int) -> list[dict[str, Any]]:
    """A mix of calls; digests that were taken meanwhile, each where nothing else came at its moment."""
    group = set_up(offline)
    made: dict[tuple[Any, ...], Any] = {}

    def client(service: str, **options: Any) -> Any:
        key = (service, *sorted(options.items()))
        if key not in made:
            made[key] = offline.client(service, **options)
        return made[key]

    mix = Mix(seed, client, offline.control.post, offline.env(), group)
    taken = []
    for step in range(1, steps + 1):
        mix.step()
        if step % 12 == 0:
            found = offline.control.get("/_lab/digest")
            assert found is not None
            taken.append(found)
            offline.control.post("/_lab/clock", {"action": "advance", "ms": 1})
    return taken


@pytest.mark.parametrize("seed", [1, 2])
def test_a_wide_mix_of_calls_comes_out_the_same_again_and_after_rewinding(
    make_offline: MakeOffline, tmp_path: Path, seed: int
) -> None:
    offline = recorded(make_offline, tmp_path, 700 + seed)
    taken = live(offline, seed, 72)
    end = digest(offline.cloud)
    for then in (taken[-2], taken[1]):
        offline.control.post("/_lab/clock", {"action": "rewind", "to_ms": then["now_ms"]})
        assert digest(offline.cloud) == then
    (tmp_path / "state.rewound-1.jsonl").replace(tmp_path / "state.jsonl")
    assert again(make_offline, offline, tmp_path) == ([], end)


def test_a_request_that_fails_does_not_end_the_world_that_is_lived_again(
    make_offline: MakeOffline, tmp_path: Path
) -> None:
    offline = recorded(make_offline, tmp_path, 711)
    offline.client("events").put_rule(Name="r", EventPattern='{"source":["aws.ecs"]}')
    headers = [
        ("Authorization", SIGNED.format("events")),
        ("X-Amz-Target", "AWSEvents.PutTargets"),
        ("Content-Type", "application/x-amz-json-1.1"),
    ]
    body = b'{"Rule": "r", "Targets": 3}'
    status, _, _ = inprocess.call(offline.app, "POST", "http://127.0.0.1/", headers, body)
    assert status == 500
    offline.client("sqs").create_queue(QueueName="after")
    offline.control.post("/_lab/clock", {"action": "rewind", "ms": 0})
    assert offline.client("sqs").list_queues()["QueueUrls"]
    end = digest(offline.cloud)
    assert again(make_offline, offline, tmp_path) == ([], end)


def test_the_conditions_of_a_request_are_kept(make_offline: MakeOffline, tmp_path: Path) -> None:
    offline = recorded(make_offline, tmp_path, 712)
    s3 = offline.client("s3")
    s3.create_bucket(Bucket="files")
    s3.put_object(Bucket="files", Key="k", Body=b"first", CacheControl="no-store")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket="files", Key="k", Body=b"second", IfNoneMatch="*")
    offline.control.post("/_lab/clock", {"action": "rewind", "ms": 0})
    found = s3.get_object(Bucket="files", Key="k")
    assert (found["Body"].read(), found["CacheControl"]) == (b"first", "no-store")


def test_ids_and_moments_are_the_worlds_own_and_not_the_machines(
    make_offline: MakeOffline, tmp_path: Path
) -> None:
    offline = recorded(make_offline, tmp_path, 713)
    s3, sts = offline.client("s3"), offline.client("sts")
    s3.create_bucket(Bucket="files")
    upload = s3.create_multipart_upload(Bucket="files", Key="k")["UploadId"]
    assert s3.list_buckets()["Buckets"][0]["CreationDate"].year == 2026
    sts.assume_role(RoleArn=offline.env()["TASK_ROLE"], RoleSessionName="someone")
    offline.client("kms").create_key()
    offline.client("ec2").create_key_pair(KeyName="pair")
    offline.client("cloudwatch").put_dashboard(DashboardName="d", DashboardBody="{}")
    end = digest(offline.cloud)
    offline.control.post("/_lab/clock", {"action": "rewind", "ms": 0})
    assert digest(offline.cloud) == end
    assert s3.list_multipart_uploads(Bucket="files")["Uploads"][0]["UploadId"] == upload


def test_a_digest_changes_nothing(make_offline: MakeOffline, tmp_path: Path) -> None:
    offline = recorded(make_offline, tmp_path, 714)
    stacks = offline.client("cloudformation")
    template = {"Resources": {"Orders": {"Type": "AWS::SQS::Queue"}}}
    stacks.create_stack(StackName="s", TemplateBody=json.dumps(template))
    stacks.delete_stack(StackName="s")
    first = digest(offline.cloud)
    assert "QueueUrls" not in offline.client("sqs").list_queues()
    offline.client("ssm").describe_parameters()
    assert digest(offline.cloud)["parts"]["account"] == first["parts"]["account"]
