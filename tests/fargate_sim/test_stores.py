"""What a world may keep: copies and fan-outs are cheap to ask for, and the memory of a shard belongs to all of its seats."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.shards import Class

MEGABYTE = 1024 * 1024


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Class]:
    monkeypatch.setattr("fargate_sim.ports.stores.MOST", 4 * MEGABYTE)
    room = Class(tmp_path)
    for seat in ("01", "02"):
        room.open(seat)
    yield room
    room.end()


def full(call: Any, **words: Any) -> str:
    with pytest.raises(ClientError, match="MB") as refused:
        call(**words)
    return str(refused.value.response["Error"]["Code"])


def test_copies_and_parts_of_objects_come_to_an_end(room: Class) -> None:
    s3 = room.client("01", "s3")
    s3.create_bucket(Bucket="orders")
    s3.put_object(Bucket="orders", Key="0", Body=b"x" * MEGABYTE)
    whole = {"Bucket": "orders", "Key": "0"}
    for number in range(1, 4):
        s3.copy_object(Bucket="orders", Key=str(number), CopySource=whole)
    assert full(s3.copy_object, Bucket="orders", Key="4", CopySource=whole) == "NotImplementedException"
    upload = s3.create_multipart_upload(Bucket="orders", Key="5")["UploadId"]
    part = {"Bucket": "orders", "Key": "5", "UploadId": upload, "PartNumber": 1}
    full(s3.upload_part_copy, **part, CopySource=whole)
    assert len(s3.list_objects_v2(Bucket="orders")["Contents"]) == 4
    for _ in range(3):  # what went makes room, however often
        s3.delete_object(Bucket="orders", Key="3")
        s3.copy_object(Bucket="orders", Key="3", CopySource=whole)
    s3.delete_object(Bucket="orders", Key="3")
    s3.upload_part_copy(**part, CopySource=whole)
    full(s3.copy_object, Bucket="orders", Key="3", CopySource=whole)
    other = room.client("02", "s3")
    other.create_bucket(Bucket="orders")
    other.put_object(Bucket="orders", Key="0", Body=b"x" * MEGABYTE)


def test_versions_count(room: Class) -> None:
    s3 = room.client("01", "s3")
    s3.create_bucket(Bucket="orders")
    s3.put_bucket_versioning(Bucket="orders", VersioningConfiguration={"Status": "Enabled"})
    for _ in range(4):
        s3.put_object(Bucket="orders", Key="0", Body=b"x" * MEGABYTE)
    full(s3.put_object, Bucket="orders", Key="0", Body=b"x")


@pytest.mark.parametrize("fifo", [False, True])
def test_messages_that_fan_out_come_to_an_end(room: Class, fifo: bool) -> None:
    sns, sqs = room.client("01", "sns"), room.client("01", "sqs")
    more: dict[str, Any] = (
        {"Attributes": {"FifoTopic": "true", "ContentBasedDeduplication": "true"}} if fifo else {}
    )
    topic = sns.create_topic(Name="all.fifo" if fifo else "all", **more)["TopicArn"]
    urls = []
    for number in range(10):
        name = f"q{number}{'.fifo' if fifo else ''}"
        kind = {"Attributes": {"FifoQueue": "true", "ContentBasedDeduplication": "true"}} if fifo else {}
        urls.append(sqs.create_queue(QueueName=name, **kind)["QueueUrl"])
        arn = f"arn:aws:sqs:us-east-1:{room.seat('01').account}:{name}"
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    group = {"MessageGroupId": "g"} if fifo else {}
    sns.publish(TopicArn=topic, Message="1" * 250_000, **group)
    assert full(sns.publish, TopicArn=topic, Message="2" * 250_000, **group) == "OverLimit"
    counts = ["ApproximateNumberOfMessages"]
    held = [
        int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=counts)["Attributes"][counts[0]])
        for url in urls
    ]
    assert 10 <= sum(held) <= 20
    for url in urls:
        sqs.purge_queue(QueueUrl=url)
    sqs.send_message(
        QueueUrl=urls[0], MessageBody="x", **group, **({"MessageDeduplicationId": "1"} if fifo else {})
    )
