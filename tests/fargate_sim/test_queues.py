"""SQS over the wire, with the messages in the model; orders and their report over the control API."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fargate_sim import inprocess, queue_api
from fargate_sim.cloud import Cloud
from fargate_sim.control import header_of
from fargate_sim.endpoint import Endpoint
from fargate_sim.inprocess import ControlRefusedError
from fargate_sim.pace import Pace
from fargate_sim.pacer import Pacer
from fargate_sim.recording import Recorder, read

from .conftest import START_MS, Offline

CHARGER = "public.ecr.aws/fargate-lab/charger:1.0"


def advance(offline: Offline, seconds: float) -> None:
    offline.control.post("/_lab/clock", {"action": "advance", "ms": int(seconds * 1000)})


def report(offline: Offline, name: str = "orders") -> dict[str, Any]:
    answer = offline.control.get("/_lab/queue", {"queue": name})
    assert answer is not None
    (found,) = answer["queues"]
    return dict(found)


def start_workers(offline: Offline, url: str, *, desired: int = 2, image: str = CHARGER) -> None:
    env, ecs = offline.env(), offline.client("ecs")
    ecs.create_cluster(clusterName="demo")
    logs = {
        "awslogs-group": env["LOG_GROUP"],
        "awslogs-region": "us-east-1",
        "awslogs-stream-prefix": "charger",
    }
    ecs.register_task_definition(
        family="charger",
        cpu="256",
        memory="512",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        executionRoleArn=env["EXECUTION_ROLE"],
        containerDefinitions=[
            {
                "name": "charger",
                "image": image,
                "environment": [{"name": "QUEUE_URL", "value": url}],
                "logConfiguration": {"logDriver": "awslogs", "options": logs},
            }
        ],
    )
    network = {"awsvpcConfiguration": {"subnets": [env["SUBNET_A"]], "securityGroups": [env["SG"]]}}
    ecs.create_service(
        cluster="demo",
        serviceName="charger",
        taskDefinition="charger",
        desiredCount=desired,
        launchType="FARGATE",
        networkConfiguration=network,
    )
    offline.control.post("/_lab/clock", {"action": "settle"})


@pytest.fixture
def sqs(offline: Offline) -> Any:
    return offline.client("sqs")


@pytest.fixture
def url(sqs: Any) -> str:
    return str(sqs.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "20"})["QueueUrl"])


def test_send_receive_delete_as_ever(offline: Offline, sqs: Any, url: str) -> None:
    attribute = {"kind": {"DataType": "String", "StringValue": "gift"}}
    sent = sqs.send_message(QueueUrl=url, MessageBody="hello", MessageAttributes=attribute)
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert counts["ApproximateNumberOfMessages"] == "1"
    (got,) = sqs.receive_message(
        QueueUrl=url, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"], WaitTimeSeconds=20
    )["Messages"]
    assert (got["MessageId"], got["Body"]) == (sent["MessageId"], "hello")
    assert got["MessageAttributes"]["kind"]["StringValue"] == "gift"
    assert got["Attributes"]["ApproximateReceiveCount"] == "1"
    assert got["Attributes"]["SentTimestamp"] == str(START_MS)
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (counts["ApproximateNumberOfMessages"], counts["ApproximateNumberOfMessagesNotVisible"]) == (
        "0",
        "1",
    )
    assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=got["ReceiptHandle"])
    advance(offline, 60)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    with pytest.raises(ClientError, match="ReceiptHandleIsInvalid"):
        sqs.delete_message(QueueUrl=url, ReceiptHandle="nonsense")


def test_visibility_batches_delay_purge_and_dead_letters(offline: Offline, sqs: Any, url: str) -> None:
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": policy})
    sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": each, "MessageBody": each} for each in "abc"])
    for _ in range(2):
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        assert [each["Body"] for each in got] == ["a", "b", "c"]
        sqs.change_message_visibility_batch(
            QueueUrl=url,
            Entries=[
                {"Id": each["Body"], "ReceiptHandle": each["ReceiptHandle"], "VisibilityTimeout": 0}
                for each in got
            ],
        )
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    assert len(sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10)["Messages"]) == 3
    assert report(offline)["dead_lettered"] == 3
    assert report(offline)["dead_letter_of"] == []
    assert report(offline, "dead")["dead_letter_of"] == ["orders"]
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=30)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    advance(offline, 31)
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "later"
    sqs.purge_queue(QueueUrl=url)
    advance(offline, 60)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    sqs.delete_queue(QueueUrl=dead)
    with pytest.raises(ClientError):
        sqs.receive_message(QueueUrl=dead)


def test_an_old_receipt_handle_succeeds_and_deletes_nothing(offline: Offline, sqs: Any, url: str) -> None:
    sqs.send_message(QueueUrl=url, MessageBody="a")
    (first,) = sqs.receive_message(QueueUrl=url)["Messages"]
    advance(offline, 21)
    (second,) = sqs.receive_message(QueueUrl=url)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    advance(offline, 21)
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["MessageId"] == second["MessageId"]


def test_fifo_queues_work_without_waiting(sqs: Any) -> None:
    url = sqs.create_queue(QueueName="orders.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="a", MessageGroupId="g", MessageDeduplicationId="1")
    assert sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"][0]["Body"] == "a"
    assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)


def test_workers_take_what_anybody_sends(offline: Offline, sqs: Any, url: str) -> None:
    start_workers(offline, url)
    sqs.send_message(QueueUrl=url, MessageBody='{"order": "A-1", "amount": 10}')
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns = offline.client("sns")
    topic = sns.create_topic(Name="shop")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    sns.publish(TopicArn=topic, Message="another order")
    events = offline.client("events")
    events.put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="orders", Targets=[{"Id": "1", "Arn": arn}])
    events.put_events(Entries=[{"Source": "shop", "DetailType": "order", "Detail": "{}"}])
    advance(offline, 60)
    found = report(offline)
    assert (found["sent"], found["charged"], found["deleted"], found["visible"]) == (3, 3, 3, 0)
    lines = offline.client("logs").filter_log_events(
        logGroupName=offline.env()["LOG_GROUP"], filterPattern="charged"
    )
    assert "charger: charged order A-1" in [event["message"] for event in lines["events"]]


def test_orders_come_and_are_reported(offline: Offline, sqs: Any, url: str) -> None:
    before = offline.control.get("/_lab/snapshot")
    started = offline.control.post("/_lab/queue", {"action": "start", "queue": url, "rps": 1})
    assert started["queues"][0]["running"]
    # A screen that has seen the one is told of the other.
    after = offline.control.get("/_lab/snapshot", {"seen": before["version"]})
    assert (before["queues"], after["queues"]) == (0, 1)
    start_workers(offline, url)
    advance(offline, 300)
    found = report(offline)
    assert found["demand"]["rps"] == 1
    assert found["ordered"] == found["sent"] > 200
    assert found["processed"] > 200
    assert 2000 < found["latency"]["p50_ms"] < found["latency"]["p99_ms"]
    assert {worker["task"] for worker in found["workers"]} == {
        task["id"]
        for task in offline.control.get("/_lab/snapshot")["tasks"]  # type: ignore[index]
    }
    assert sum(minute["sent"] for minute in found["minutes"]) == found["sent"]
    assert sum(minute["charged"] for minute in found["minutes"]) == found["charged"]
    stopped = offline.control.post("/_lab/queue", {"action": "stop", "queue": "orders"})
    assert not stopped["queues"][0]["running"]
    assert [entry["kind"] for entry in offline.journal("queue.started", "queue.stopped")] == [
        "queue.started",
        "queue.stopped",
    ]
    data = offline.client("cloudwatch").get_metric_data(
        StartTime=START_MS // 1000,
        EndTime=START_MS // 1000 + 3600,
        MetricDataQueries=[
            {
                "Id": "sent",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/SQS",
                        "MetricName": "NumberOfMessagesSent",
                        "Dimensions": [{"Name": "QueueName", "Value": "orders"}],
                    },
                    "Period": 60,
                    "Stat": "Sum",
                },
            }
        ],
    )
    assert sum(data["MetricDataResults"][0]["Values"]) > 150
    listed = offline.client("cloudwatch").list_metrics(Namespace="AWS/SQS")["Metrics"]
    assert "ApproximateAgeOfOldestMessage" in {metric["MetricName"] for metric in listed}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"action": "start", "rps": 1}, "queue is missing"),
        ({"action": "start", "queue": "orders"}, "rps is missing"),
        ({"action": "start", "queue": "nothing", "rps": 1}, "there is no queue nothing"),
        ({"action": "start", "queue": "orders.fifo", "rps": 1}, "FIFO"),
        ({"action": "start", "queue": "orders", "rps": "1"}, "rps must be a number"),
        (
            {"action": "start", "queue": "orders", "rps": 1, "after_ms": 1.5},
            "after_ms must be a whole number",
        ),
        ({"action": "start", "queue": "orders", "rps": 1, "path": "/"}, "path is nothing that orders have"),
        ({"action": "start", "queue": "orders", "rps": 1000}, "more than a world can keep up with"),
        ({"action": "start", "queue": 3, "rps": 1}, "queue must be text"),
        ({"action": "stop"}, "no orders are coming"),
        ({"action": "dance"}, "no action of a queue"),
    ],
)
def test_what_is_refused(offline: Offline, sqs: Any, url: str, body: dict[str, Any], said: str) -> None:
    sqs.create_queue(QueueName="orders.fifo", Attributes={"FifoQueue": "true"})
    with pytest.raises(ControlRefusedError, match=said):
        offline.control.post("/_lab/queue", body)


def test_jumps_are_limited_while_orders_come(offline: Offline, url: str) -> None:
    offline.control.post("/_lab/queue", {"action": "start", "queue": url, "rps": 100})
    with pytest.raises(ControlRefusedError, match="orders are coming"):
        advance(offline, 6 * 24 * 3600)


def test_the_next_happening_is_not_the_next_order(offline: Offline, url: str) -> None:
    start_workers(offline, url)
    offline.control.post("/_lab/queue", {"action": "start", "queue": url, "rps": 10})
    clock = offline.control.get("/_lab/clock")
    assert clock is not None
    assert clock["next_ms"] is None or clock["next_ms"] - clock["now_ms"] > 1000


def test_a_jump_over_what_tells_nothing_brings_no_more_orders_than_others(offline: Offline, url: str) -> None:
    alarm = {"AlarmName": "a", "Namespace": "Shop", "MetricName": "Depth", "Statistic": "Sum", "Period": 60}
    offline.client("cloudwatch").put_metric_alarm(
        **alarm, EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold"
    )
    advance(offline, 300)
    offline.app.pacer = offline.cloud.pacer(paused=True)
    offline.control.post("/_lab/queue", {"action": "start", "queue": url, "rps": 1})
    offline.app.pace = Pace(orders=replace(queue_api.BEARABLE, in_a_jump=600))
    before_ms = offline.cloud.engine.now_ms
    offline.control.post("/_lab/clock", {"action": "next"})
    assert offline.cloud.engine.now_ms - before_ms <= 600_000


def test_an_override_names_another_queue(offline: Offline, sqs: Any, url: str) -> None:
    start_workers(offline, url, desired=0)
    other = sqs.create_queue(QueueName="other")["QueueUrl"]
    sqs.send_message(QueueUrl=other, MessageBody="a")
    env = offline.env()
    offline.client("ecs").run_task(
        cluster="demo",
        taskDefinition="charger",
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [env["SUBNET_A"]]}},
        overrides={
            "containerOverrides": [
                {"name": "charger", "environment": [{"name": "QUEUE_URL", "value": other}]}
            ]
        },
    )
    advance(offline, 120)
    assert report(offline, "other")["charged"] == 1


def test_a_world_with_orders_is_lived_through_again(tmp_path: Path) -> None:
    cloud = Cloud(11, start_ms=START_MS)
    recorder = Recorder.open_new(tmp_path / "world.jsonl", header_of(cloud, "0"))
    first = Endpoint(cloud, Pacer(cloud.engine, lambda: cloud.settled, paused=True), recorder=recorder)
    offline = Offline(first, inprocess.control(first))
    sqs = offline.client("sqs")
    url = sqs.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "3"})["QueueUrl"]
    start_workers(offline, url)
    offline.control.post("/_lab/queue", {"action": "start", "queue": "orders", "rps": 1})
    advance(offline, 60)
    sqs.receive_message(QueueUrl=url)
    sqs.send_message(QueueUrl=url, MessageBody="by hand")
    advance(offline, 60)
    offline.control.post("/_lab/queue", {"action": "stop"})
    before, history = report(offline), first.cloud.journal.to_jsonl()
    assert before["duplicates"] > 0
    first.close()

    recording = read(tmp_path / "world.jsonl")
    again = Cloud(11, start_ms=START_MS)
    second = Endpoint(again, Pacer(again.engine, lambda: again.settled, paused=True))
    second.replay(recording)
    try:
        assert again.journal.to_jsonl() == history
        assert report(Offline(second, inprocess.control(second))) == before
    finally:
        second.close()
