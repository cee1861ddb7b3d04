"""Two worlds in one process, in moto, too: neither reads, changes or even notices the other, whatever it names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.shards import Class


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Class]:
    room = Class(tmp_path)
    for seat in ("01", "02"):
        room.open(seat)
        assert room.lab(seat, "POST", "clock", {"action": "pause"})[0] == 200
    yield room
    room.end()


@pytest.fixture
def hers(room: Class) -> dict[str, Any]:
    """What seat 01 has."""
    room.client("01", "s3").create_bucket(Bucket="orders")
    room.client("01", "s3").put_object(Bucket="orders", Key="secret.txt", Body=b"hers")
    topic = room.client("01", "sns").create_topic(Name="alarms")["TopicArn"]
    queue = room.client("01", "sqs").create_queue(QueueName="work")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{room.seat('01').account}:work"
    room.client("01", "sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    secret = room.client("01", "secretsmanager").create_secret(Name="db", SecretString="hers")["ARN"]
    parameter = room.client("01", "ssm").put_parameter(Name="/db", Value="hers", Type="String")
    assert parameter["Version"] == 1
    key = room.client("01", "kms").create_key()["KeyMetadata"]["Arn"]
    sealed = room.client("01", "kms").encrypt(KeyId=key, Plaintext=b"hers")["CiphertextBlob"]
    everybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [everybody]})
    role = room.client("01", "iam").create_role(RoleName="boss", AssumeRolePolicyDocument=trust)["Role"][
        "Arn"
    ]
    repository = room.client("01", "ecr").create_repository(repositoryName="web")["repository"]
    bus = room.client("01", "events").create_event_bus(Name="mine")["EventBusArn"]
    return {
        "topic": topic,
        "queue": queue,
        "queue_arn": arn,
        "secret": secret,
        "key": key,
        "sealed": sealed,
        "role": role,
        "registry": repository["registryId"],
        "bus": bus,
    }


def refused(call: Any, **words: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**words)
    return str(caught.value.response["Error"]["Code"])


def test_nothing_can_be_read_by_name(room: Class, hers: dict[str, Any]) -> None:
    s3 = room.client("02", "s3")
    assert s3.list_buckets()["Buckets"] == []
    assert refused(s3.get_object, Bucket="orders", Key="secret.txt") == "NoSuchBucket"
    assert refused(s3.list_objects_v2, Bucket="orders") == "NoSuchBucket"
    assert refused(s3.put_object, Bucket="orders", Key="x", Body=b"x") == "NoSuchBucket"
    assert refused(s3.delete_bucket, Bucket="orders") == "NoSuchBucket"
    assert refused(room.client("02", "secretsmanager").get_secret_value, SecretId=hers["secret"])
    assert refused(room.client("02", "kms").describe_key, KeyId=hers["key"])
    assert refused(room.client("02", "kms").decrypt, CiphertextBlob=hers["sealed"], KeyId=hers["key"])
    assert refused(
        room.client("02", "ecr").describe_images, registryId=hers["registry"], repositoryName="web"
    )
    assert refused(room.client("02", "sns").get_topic_attributes, TopicArn=hers["topic"])


def test_nothing_can_be_sent_there(room: Class, hers: dict[str, Any]) -> None:
    refused(room.client("02", "sns").publish, TopicArn=hers["topic"], Message="spam")
    refused(
        room.client("02", "sns").subscribe, TopicArn=hers["topic"], Protocol="sqs", Endpoint=hers["queue_arn"]
    )
    # A queue's address has the account in it.
    assert refused(room.client("02", "sqs").send_message, QueueUrl=hers["queue"], MessageBody="spam")
    own = room.client("02", "sns").create_topic(Name="alarms")["TopicArn"]
    room.client("02", "sns").subscribe(TopicArn=own, Protocol="sqs", Endpoint=hers["queue_arn"])
    for act in (
        lambda: room.client("02", "sns").publish(TopicArn=own, Message="spam"),
        lambda: room.client("02", "events").put_events(
            Entries=[{"Source": "a", "DetailType": "b", "Detail": "{}", "EventBusName": hers["bus"]}]
        ),
    ):
        try:
            act()
        except ClientError:
            continue
    queue = room.client("01", "sqs").get_queue_attributes(QueueUrl=hers["queue"], AttributeNames=["All"])
    assert queue["Attributes"]["ApproximateNumberOfMessages"] == "0"


def test_a_role_taken_there_opens_nothing(room: Class, hers: dict[str, Any]) -> None:
    try:
        given = room.client("02", "sts").assume_role(RoleArn=hers["role"], RoleSessionName="me")[
            "Credentials"
        ]
    except ClientError:
        return
    stolen = room.client("02", "ecs", key_id=given["AccessKeyId"], secret=given["SecretAccessKey"])
    assert refused(stolen.list_clusters) == "UnrecognizedClientException"
    assert refused(room.client("02", "iam").get_role, RoleName="boss") == "NoSuchEntity"


def test_names_are_free_in_every_account(room: Class, hers: dict[str, Any]) -> None:
    room.client("02", "s3").create_bucket(Bucket="orders")
    room.client("02", "s3").put_object(Bucket="orders", Key="secret.txt", Body=b"his")
    for seat, content in (("01", b"hers"), ("02", b"his")):
        found = room.client(seat, "s3").get_object(Bucket="orders", Key="secret.txt")["Body"].read()
        assert found == content
    room.client("02", "s3").delete_object(Bucket="orders", Key="secret.txt")
    room.client("02", "s3").delete_bucket(Bucket="orders")
    assert room.client("01", "s3").get_object(Bucket="orders", Key="secret.txt")["Body"].read() == b"hers"


def test_neighbours_leave_no_trace(room: Class, hers: dict[str, Any], tmp_path: Path) -> None:
    """Seat 02 names what seat 01 has; lived through again where there is no seat 01, its world is the same."""
    for call in (
        lambda: room.client("02", "sns").publish(TopicArn=hers["topic"], Message="spam"),
        lambda: room.client("02", "sts").assume_role(RoleArn=hers["role"], RoleSessionName="me"),
        lambda: room.client("02", "s3").put_object(Bucket="orders", Key="x", Body=b"x"),
        lambda: room.client("02", "s3").create_bucket(Bucket="orders"),
        lambda: room.client("02", "ecr").get_authorization_token(registryIds=[hers["registry"]]),
        lambda: room.client("02", "iam").create_user(UserName="me"),
        lambda: room.client("02", "iam").create_access_key(UserName="me"),
    ):
        try:
            call()
        except ClientError:
            continue
    digest = room.lab("02", "GET", "digest")[1]["digest"]
    room.end()
    alone = Class(tmp_path)
    assert alone.lab("02", "GET", "digest")[1]["digest"] == digest
    alone.end()


def test_what_one_closes_the_other_keeps(room: Class, hers: dict[str, Any]) -> None:
    room.host("POST", "close", {"seat": "02"})
    assert room.client("01", "s3").get_object(Bucket="orders", Key="secret.txt")["Body"].read() == b"hers"
    room.open("01", fresh=True)
    assert room.client("01", "s3").list_buckets()["Buckets"] == []


def test_no_header_says_whose_account_it_is(room: Class, hers: dict[str, Any]) -> None:
    forged = {"x-moto-account-id": room.seat("01").account, "X-Moto-Account-Id": room.seat("01").account}
    mallory = room.client("02", "s3", headers=forged)
    assert mallory.list_buckets()["Buckets"] == []
    assert (
        room.client("02", "sts", headers=forged).get_caller_identity()["Account"] == room.seat("02").account
    )
