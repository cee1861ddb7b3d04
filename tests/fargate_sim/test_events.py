"""EventBridge over the wire: rules of moto, events of ours, in queues and log groups."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fargate_sim.cloud import Cloud
from fargate_sim.control import header_of
from fargate_sim.endpoint import Endpoint
from fargate_sim.inprocess import control
from fargate_sim.pacer import Pacer
from fargate_sim.recording import Recorder, read

from .conftest import MakeOffline, Offline

STOPPED = {
    "source": ["aws.ecs"],
    "detail-type": ["ECS Task State Change"],
    "detail": {"lastStatus": ["STOPPED"]},
}
PROBE = {"Source": "my.shop", "DetailType": "Order", "Detail": '{"items": [{"n": 1}, {"n": 2}]}'}


def settle(offline: Offline) -> None:
    offline.control.post("/_lab/clock", {"action": "settle"})


def make_queue(offline: Offline, name: str = "alerts") -> tuple[str, str]:
    """(url, ARN) of a new queue."""
    sqs = offline.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def make_rule(offline: Offline, pattern: Any, *arns: str, **target: Any) -> str:
    events = offline.client("events")
    arn = events.put_rule(Name="watch", EventPattern=json.dumps(pattern))["RuleArn"]
    events.put_targets(
        Rule="watch", Targets=[{"Id": str(number), "Arn": arn, **target} for number, arn in enumerate(arns)]
    )
    return str(arn)


def messages(offline: Offline, url: str) -> list[Any]:
    """Take all that is in a queue."""
    sqs = offline.client("sqs")
    found: list[Any] = []
    while batch := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for each in batch:
            found.append(json.loads(each["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
    return found


def stop_a_task(offline: Offline) -> str:
    ecs = offline.client("ecs")
    arn = ecs.list_tasks(cluster="demo")["taskArns"][0]
    ecs.stop_task(cluster="demo", task=arn)
    settle(offline)
    return str(arn)


def test_a_queue_and_a_log_group_get_the_event_at_its_time(offline: Offline) -> None:
    offline.start_service()
    settle(offline)
    url, queue = make_queue(offline)
    logs = offline.client("logs")
    logs.create_log_group(logGroupName="/aws/events/ecs")
    group = logs.describe_log_groups(logGroupNamePrefix="/aws/events")["logGroups"][0]["arn"]
    rule = make_rule(offline, STOPPED, queue, group)
    arn = stop_a_task(offline)
    (event,) = messages(offline, url)
    assert event["resources"] == [arn]
    assert event["detail"]["stopCode"] == "UserInitiated"
    assert event["account"] == offline.env()["ACCOUNT_ID"]
    (line,) = logs.filter_log_events(logGroupName="/aws/events/ecs")["events"]
    assert json.loads(line["message"]) == event
    (sent,) = offline.journal("event.sent")
    assert line["timestamp"] == sent["at"]
    assert sent["data"]["rules"] == ["watch"]
    assert rule.endswith("rule/watch")


def test_a_rule_without_its_target_or_switched_off_hears_nothing(offline: Offline) -> None:
    offline.start_service()
    settle(offline)
    url, queue = make_queue(offline)
    make_rule(offline, STOPPED, queue)
    events = offline.client("events")
    events.disable_rule(Name="watch")
    stop_a_task(offline)
    events.put_events(Entries=[PROBE])
    assert messages(offline, url) == []
    events.enable_rule(Name="watch")
    stop_a_task(offline)
    assert len(messages(offline, url)) == 1
    events.remove_targets(Rule="watch", Ids=["0"])
    stop_a_task(offline)
    events.delete_rule(Name="watch")
    stop_a_task(offline)
    assert messages(offline, url) == []


def test_what_a_queue_gets_can_be_transformed(offline: Offline) -> None:
    offline.start_service()
    settle(offline)
    url, queue = make_queue(offline)
    transformer = {
        "InputPathsMap": {"task": "$.detail.taskArn", "why": "$.detail.stoppedReason"},
        "InputTemplate": '"<task> has stopped: <why>"',
    }
    make_rule(offline, STOPPED, queue, InputTransformer=transformer)
    arn = stop_a_task(offline)
    assert messages(offline, url) == [f"{arn} has stopped: Task stopped by user"]


def test_events_of_ones_own_are_matched_the_same_way(offline: Offline) -> None:
    url, queue = make_queue(offline)
    make_rule(offline, {"source": ["my.shop"], "detail": {"items": {"n": [{"numeric": [">", 1]}]}}}, queue)
    offline.client("events").put_events(Entries=[PROBE, {**PROBE, "Detail": '{"items": [{"n": 1}]}'}])
    (event,) = messages(offline, url)
    assert event["detail"]["items"][1] == {"n": 2}
    assert event["time"] == "2026-01-01T09:00:00Z"


def test_a_missing_queue_is_told_in_the_history(offline: Offline) -> None:
    offline.start_service()
    settle(offline)
    url, queue = make_queue(offline)
    make_rule(offline, STOPPED, queue, "arn:aws:logs:us-east-1:123456789012:log-group:/aws/events/none")
    offline.client("sqs").delete_queue(QueueUrl=url)
    stop_a_task(offline)
    lost = {each["data"]["reason"] for each in offline.journal("event.undelivered")}
    assert lost == {"the queue does not exist", "the log group does not exist"}


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:sqs",
        "arn:aws:sqs:us-east-1",
        "arn:aws:sqs::ACCOUNT:alerts",
        "arn:aws:sqs:mars-1:ACCOUNT:alerts",
        "arn:aws:logs:mars-1:ACCOUNT:log-group:/x",
        "arn:aws:logs:us-east-1:ACCOUNT",
    ],
)
def test_a_target_that_is_nowhere_is_told_in_the_history(offline: Offline, arn: str) -> None:
    make_queue(offline)
    make_rule(offline, STOPPED, arn.replace("ACCOUNT", offline.cloud.account))
    offline.start_service()
    settle(offline)
    stop_a_task(offline)
    assert all("does not exist" in each["data"]["reason"] for each in offline.journal("event.undelivered"))
    assert offline.journal("event.undelivered")


@pytest.mark.parametrize(
    ("arn", "named"),
    [
        ("arn:aws:lambda:us-east-1:123456789012:function:f", "lambda"),
        ("arn:aws:ecs:us-east-1:123456789012:cluster/demo", "ecs"),
        ("arn:aws:sns:us-east-1:123456789012:topic", "sns"),
    ],
)
def test_targets_that_nothing_reaches_are_refused(offline: Offline, arn: str, named: str) -> None:
    with pytest.raises(ClientError) as refused:
        make_rule(offline, STOPPED, arn)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert f"a target of the service {named}" in refused.value.response["Error"]["Message"]
    assert offline.client("events").list_targets_by_rule(Rule="watch")["Targets"] == []


def test_scheduled_rules_and_dead_letter_queues_of_targets_are_refused(offline: Offline) -> None:
    _, queue = make_queue(offline)
    with pytest.raises(ClientError, match="aws scheduler create-schedule"):
        offline.client("events").put_rule(Name="nightly", ScheduleExpression="rate(1 day)")
    arn = f"arn:aws:events:us-east-1:{offline.env()['ACCOUNT_ID']}:event-bus/default"
    with pytest.raises(ClientError, match="events:CreateArchive"):
        offline.client("events").create_archive(ArchiveName="all", EventSourceArn=arn)
    with pytest.raises(ClientError, match="DeadLetterConfig"):
        make_rule(offline, STOPPED, queue, DeadLetterConfig={"Arn": queue})


def test_a_bad_pattern_is_refused_and_a_good_one_can_be_tried(offline: Offline) -> None:
    events = offline.client("events")
    with pytest.raises(ClientError) as refused:
        events.put_rule(Name="watch", EventPattern='{"source": "aws.ecs"}')
    assert refused.value.response["Error"] == {
        "Code": "InvalidEventPatternException",
        "Message": "Event pattern is not valid. Reason: 'source' must be an object or an array",
    }
    event = json.dumps(
        {"source": "aws.ecs", "detail-type": "ECS Task State Change", "detail": {"lastStatus": "STOPPED"}}
    )
    assert events.test_event_pattern(Event=event, EventPattern=json.dumps(STOPPED))["Result"] is True
    assert events.test_event_pattern(Event=event, EventPattern='{"source": ["aws.ec2"]}')["Result"] is False
    with pytest.raises(ClientError, match="ValidationException"):
        events.test_event_pattern(Event="no", EventPattern=json.dumps(STOPPED))
    with pytest.raises(ClientError, match="InvalidEventPatternException"):
        events.test_event_pattern(Event=event, EventPattern="no")
    events.put_rule(Name="watch", EventPattern=json.dumps(STOPPED))
    with pytest.raises(ClientError, match="ValidationException"):
        events.put_targets(Rule="watch", Targets=[{"Id": "1"}])


def test_a_world_made_again_has_the_same_messages(make_offline: MakeOffline, tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    offline = make_offline(93)
    offline.app.recorder = Recorder.open_new(path, header_of(offline.cloud, "1"))
    offline.start_service()
    url, queue = make_queue(offline)
    make_rule(offline, {"source": ["aws.ecs"]}, queue)
    settle(offline)
    stop_a_task(offline)
    history, now_ms = offline.cloud.journal.to_jsonl(), offline.cloud.engine.now_ms
    offline.app.recorder = None
    first = _queue_of(offline, url)
    offline.app.close()
    recording = read(path)
    cloud = Cloud(recording.header.seed, start_ms=recording.header.start_ms, account=recording.header.account)
    again = Endpoint(cloud, Pacer(cloud.engine, lambda: cloud.settled, paused=True))
    try:
        again.replay(recording)
        cloud.engine.run_until(now_ms)
        assert cloud.journal.to_jsonl() == history
        assert _queue_of(Offline(again, control(again)), url) == first
        assert len(first) > 10
    finally:
        again.close()


def _queue_of(offline: Offline, url: str) -> list[tuple[str, str, str]]:
    """(id, body, when it was sent) of all messages."""
    sqs, found = offline.client("sqs"), []
    while batch := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["SentTimestamp"]
    ).get("Messages"):
        found += [(each["MessageId"], each["Body"], each["Attributes"]["SentTimestamp"]) for each in batch]
    return found
