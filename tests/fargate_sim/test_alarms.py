"""CloudWatch alarms over the wire: as boto3 and the `aws` command put, read and lose them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fargate_sim import inprocess
from fargate_sim.cloud import Cloud
from fargate_sim.control import header_of
from fargate_sim.endpoint import Endpoint
from fargate_sim.pacer import Pacer
from fargate_sim.recording import Recorder, read

from .conftest import Offline

SERVICE = [{"Name": "ClusterName", "Value": "demo"}, {"Name": "ServiceName", "Value": "web"}]
IDLE = {
    "AlarmName": "web-idle",
    "Namespace": "AWS/ECS",
    "MetricName": "CPUUtilization",
    "Dimensions": SERVICE,
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 2,
    "Threshold": 5,
    "ComparisonOperator": "LessThanThreshold",
}


def advance(offline: Any, minutes: float) -> None:
    offline.control.post("/_lab/clock", {"action": "advance", "ms": int(minutes * 60_000)})


@pytest.fixture
def watched(offline: Any) -> tuple[Any, Any]:
    """The service ``web`` with an alarm that is in ALARM, and a client."""
    offline.start_service()
    client = offline.client("cloudwatch")
    client.put_metric_alarm(**IDLE)
    advance(offline, 10)
    return offline, client


def refused(call: Any, **params: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call(**params)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_an_alarm_as_it_is_shown(watched: Any) -> None:
    _, client = watched
    [alarm] = client.describe_alarms()["MetricAlarms"]
    assert alarm["StateValue"] == "ALARM"
    assert alarm["StateReason"].startswith("Threshold Crossed: 2 out of the last 2 datapoints [")
    assert alarm["StateReason"].endswith("(minimum 2 datapoints for OK -> ALARM transition).")
    assert alarm["AlarmArn"].endswith(":alarm:web-idle")
    assert alarm["Dimensions"] == SERVICE
    assert (alarm["Period"], alarm["Threshold"], alarm["ActionsEnabled"]) == (60, 5.0, True)
    assert "TreatMissingData" not in alarm
    assert json.loads(alarm["StateReasonData"])["period"] == 60
    assert alarm["StateTransitionedTimestamp"] >= alarm["AlarmConfigurationUpdatedTimestamp"]


def test_finding_alarms(watched: Any) -> None:
    _, client = watched
    client.put_metric_alarm(
        **IDLE | {"AlarmName": "other", "Threshold": 101.0, "ComparisonOperator": "GreaterThanThreshold"}
    )

    def names(**params: Any) -> list[str]:
        return [alarm["AlarmName"] for alarm in client.describe_alarms(**params)["MetricAlarms"]]

    assert names() == ["other", "web-idle"]
    assert names(AlarmNamePrefix="web") == ["web-idle"]
    assert names(AlarmNames=["other", "none"]) == ["other"]
    assert names(StateValue="INSUFFICIENT_DATA") == ["other"]
    assert names(AlarmTypes=["CompositeAlarm"]) == []
    pages = client.get_paginator("describe_alarms").paginate(PaginationConfig={"PageSize": 1})
    assert [len(page["MetricAlarms"]) for page in pages] == [1, 1]
    of_metric = client.describe_alarms_for_metric(
        Namespace="AWS/ECS", MetricName="CPUUtilization", Dimensions=SERVICE, Statistic="Average"
    )
    assert len(of_metric["MetricAlarms"]) == 2


def test_history(watched: Any) -> None:
    _, client = watched
    items = client.describe_alarm_history(AlarmName="web-idle")["AlarmHistoryItems"]
    assert [(item["HistoryItemType"], item["HistorySummary"]) for item in items] == [
        ("StateUpdate", "Alarm updated from INSUFFICIENT_DATA to ALARM"),
        ("ConfigurationUpdate", 'Alarm "web-idle" created'),
    ]
    assert json.loads(items[0]["HistoryData"])["newState"]["stateValue"] == "ALARM"
    oldest = client.describe_alarm_history(ScanBy="TimestampAscending", HistoryItemType="StateUpdate")
    assert len(oldest["AlarmHistoryItems"]) == 1


def test_states_by_hand_and_actions(watched: Any) -> None:
    offline, client = watched
    client.set_alarm_state(AlarmName="web-idle", StateValue="OK", StateReason="a drill")
    assert client.describe_alarms()["MetricAlarms"][0]["StateReason"] == "a drill"
    advance(offline, 1)
    assert client.describe_alarms()["MetricAlarms"][0]["StateValue"] == "ALARM"
    client.disable_alarm_actions(AlarmNames=["web-idle"])
    assert client.describe_alarms()["MetricAlarms"][0]["ActionsEnabled"] is False
    client.enable_alarm_actions(AlarmNames=["web-idle"])
    assert client.describe_alarms()["MetricAlarms"][0]["ActionsEnabled"] is True
    assert (
        refused(client.set_alarm_state, AlarmName="no", StateValue="OK", StateReason="")[0]
        == "ResourceNotFound"
    )


def test_deleting(watched: Any) -> None:
    _, client = watched
    client.delete_alarms(AlarmNames=["web-idle"])
    assert client.describe_alarms()["MetricAlarms"] == []
    assert refused(client.delete_alarms, AlarmNames=["web-idle"])[0] == "ResourceNotFound"


def test_tags_of_an_alarm_and_of_something_else(watched: Any) -> None:
    _, client = watched
    arn = client.describe_alarms()["MetricAlarms"][0]["AlarmArn"]
    client.tag_resource(ResourceARN=arn, Tags=[{"Key": "team", "Value": "a"}, {"Key": "x", "Value": "y"}])
    client.untag_resource(ResourceARN=arn, TagKeys=["x"])
    assert client.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "team", "Value": "a"}]


def test_a_topic_and_its_queue_are_told(offline: Any) -> None:
    offline.start_service()
    sns, sqs, client = (offline.client(name) for name in ("sns", "sqs", "cloudwatch"))
    topic = sns.create_topic(Name="pager")["TopicArn"]
    queue = sqs.create_queue(QueueName="pages")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    client.put_metric_alarm(**IDLE, AlarmActions=[topic], OKActions=[topic])
    advance(offline, 10)
    client.set_alarm_state(AlarmName="web-idle", StateValue="OK", StateReason="a drill")
    received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    told = [json.loads(json.loads(message["Body"])["Message"]) for message in received]
    assert {each["NewStateValue"] for each in told} == {"ALARM", "OK"}
    assert len({message["MessageId"] for message in received}) == 2


@pytest.mark.parametrize(
    ("protocol", "endpoint"),
    [
        ("sqs", "arn:aws:sqs:us-east-1:ACCOUNT:gone"),
        ("lambda", "arn:aws:lambda:us-east-1:ACCOUNT:function:f"),
        ("http", "http://example.invalid/page"),
        ("email", "a@example.invalid"),
    ],
)
def test_a_subscriber_that_cannot_be_reached_stops_nobody(offline: Any, protocol: str, endpoint: str) -> None:
    sns, sqs, client = (offline.client(name) for name in ("sns", "sqs", "cloudwatch"))
    topic = sns.create_topic(Name="pager")["TopicArn"]
    gone = sqs.create_queue(QueueName="gone")["QueueUrl"]
    queue = sqs.create_queue(QueueName="pages")["QueueUrl"]
    account = offline.cloud.account
    sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint.replace("ACCOUNT", account))
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:{account}:pages")
    sqs.delete_queue(QueueUrl=gone)
    own = {"Namespace": "Shop", "MetricName": "Depth", "TreatMissingData": "breaching"}
    client.put_metric_alarm(**IDLE | own | {"Dimensions": []}, AlarmActions=[topic])
    client.put_metric_alarm(**IDLE | own | {"Dimensions": [], "AlarmName": "another"})
    advance(offline, 10)
    assert {alarm["StateValue"] for alarm in client.describe_alarms()["MetricAlarms"]} == {"ALARM"}
    assert len(sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]) == 1


def test_eventbridge_is_told(offline: Any) -> None:
    offline.start_service()
    rules, sqs, client = (offline.client(name) for name in ("events", "sqs", "cloudwatch"))
    queue = sqs.create_queue(QueueName="alarms")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["aws.cloudwatch"], "detail": {"state": {"value": ["ALARM"]}}}
    rules.put_rule(Name="alarms", EventPattern=json.dumps(pattern))
    rules.put_targets(Rule="alarms", Targets=[{"Id": "1", "Arn": arn}])
    client.put_metric_alarm(**IDLE)
    advance(offline, 10)
    [message] = sqs.receive_message(QueueUrl=queue)["Messages"]
    event = json.loads(message["Body"])
    assert event["detail-type"] == "CloudWatch Alarm State Change"
    assert event["detail"]["previousState"]["value"] == "INSUFFICIENT_DATA"
    [metric] = event["detail"]["configuration"]["metrics"]
    assert metric["metricStat"]["metric"]["dimensions"] == {"ClusterName": "demo", "ServiceName": "web"}


def test_a_metric_of_ones_own(offline: Any) -> None:
    client = offline.client("cloudwatch")
    client.put_metric_data(
        Namespace="Shop", MetricData=[{"MetricName": "Depth", "Value": 100, "Unit": "Count"}]
    )
    client.put_metric_alarm(
        AlarmName="deep",
        EvaluationPeriods=1,
        Threshold=150,
        ComparisonOperator="GreaterThanThreshold",
        Metrics=[
            {
                "Id": "m1",
                "MetricStat": {
                    "Metric": {"Namespace": "Shop", "MetricName": "Depth"},
                    "Period": 60,
                    "Stat": "Maximum",
                },
                "ReturnData": False,
            },
            {"Id": "e1", "Expression": "m1 * 2", "Label": "twice"},
        ],
    )
    advance(offline, 3)
    [alarm] = client.describe_alarms()["MetricAlarms"]
    assert alarm["StateValue"] == "ALARM"
    assert [query["Id"] for query in alarm["Metrics"]] == ["m1", "e1"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Period": 45}, "ValidationError"),
        ({"DatapointsToAlarm": 3}, "ValidationError"),
        ({"TreatMissingData": "guess"}, "ValidationError"),
        ({"EvaluationPeriods": 2000}, "ValidationError"),
        ({"ExtendedStatistic": "p99"}, "InvalidParameterCombination"),
        ({"AlarmActions": ["arn:aws:lambda:us-east-1:123456789012:function:f"]}, "NotImplementedException"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "NotImplementedException"),
        ({"Period": 10}, "NotImplementedException"),
    ],
)
def test_what_is_refused(offline: Any, changes: dict[str, Any], code: str) -> None:
    client = offline.client("cloudwatch")
    found, status = refused(client.put_metric_alarm, **IDLE | changes)
    assert status == (501 if code == "NotImplementedException" else 400)
    assert code in found or status == 501
    assert client.describe_alarms()["MetricAlarms"] == []


@pytest.mark.parametrize(
    ("operation", "params", "missing"),
    [
        ("enable_alarm_actions", {}, "AlarmNames"),
        ("delete_alarms", {}, "AlarmNames"),
        ("set_alarm_state", {"StateValue": "OK", "StateReason": "x"}, "AlarmName"),
        ("list_tags_for_resource", {}, "ResourceARN"),
        (
            "describe_alarms_for_metric",
            {"Namespace": "a", "MetricName": "b", "Dimensions": [{"Name": "c"}]},
            "Dimensions.member.1.Value",
        ),
        ("get_metric_data", {"MetricDataQueries": [], "StartTime": 1767258000}, "EndTime"),
        (
            "get_metric_data",
            {
                "MetricDataQueries": [
                    {"Id": "m", "MetricStat": {"Metric": {"MetricName": "x"}, "Period": 60, "Stat": "Sum"}}
                ],
                "StartTime": 1767258000,
                "EndTime": 1767258060,
            },
            "Metric.Namespace",
        ),
        (
            "put_metric_alarm",
            {
                **{
                    key: IDLE[key]
                    for key in ("AlarmName", "EvaluationPeriods", "Threshold", "ComparisonOperator")
                },
                "Metrics": [
                    {"Id": "m", "MetricStat": {"Metric": {"Namespace": "x"}, "Period": 60, "Stat": "Sum"}}
                ],
            },
            "Metric.MetricName",
        ),
    ],
)
def test_what_is_missing_is_said(offline: Any, operation: str, params: Any, missing: str) -> None:
    with pytest.raises(ClientError, match=missing) as caught:
        getattr(offline.client("cloudwatch"), operation)(**params)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize("other", ["e1 + 1", "e3 * 2", "(e2 + 1) / 2"])
def test_expressions_that_need_themselves_are_refused(offline: Any, other: str) -> None:
    client = offline.client("cloudwatch")
    bare = {
        name: IDLE[name] for name in ("AlarmName", "EvaluationPeriods", "Threshold", "ComparisonOperator")
    }
    metrics = [
        {"Id": "e1", "Expression": "e2 * 2"},
        {"Id": "e2", "Expression": other, "ReturnData": False},
        {"Id": "e3", "Expression": "e1 - 1", "ReturnData": False},
    ]
    assert "ValidationError" in refused(client.put_metric_alarm, **bare, Metrics=metrics)[0]
    advance(offline, 5)


def test_composite_alarms_are_not_modelled(offline: Any) -> None:
    client = offline.client("cloudwatch")
    _, status = refused(client.put_composite_alarm, AlarmName="c", AlarmRule="ALARM(a)")
    assert status == 501


def test_a_resumed_world_has_the_same_alarms(make_offline: Any, tmp_path: Path) -> None:
    offline = make_offline(94)
    offline.app.recorder = Recorder.open_new(tmp_path / "state.jsonl", header_of(offline.cloud, "1"))
    client = offline.client("cloudwatch")
    client.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Depth", "Value": 1}])
    own = {"Namespace": "Shop", "MetricName": "Depth", "Dimensions": [], "EvaluationPeriods": 1}
    client.put_metric_alarm(**IDLE | own)
    advance(offline, 10)
    told = client.describe_alarms()["MetricAlarms"], client.describe_alarm_history()["AlarmHistoryItems"]
    story = offline.cloud.journal.to_jsonl()
    assert '"alarm.state"' in story
    offline.app.recorder = None
    offline.app.close()
    recording = read(tmp_path / "state.jsonl")
    header = recording.header
    cloud = Cloud(header.seed, start_ms=header.start_ms, account=header.account, label=header.label)
    again = Endpoint(cloud, Pacer(cloud.engine, lambda: cloud.settled, paused=True))
    try:
        again.replay(recording)
        assert cloud.journal.to_jsonl() == story
        revived = Offline(again, inprocess.control(again)).client("cloudwatch")
        assert (
            revived.describe_alarms()["MetricAlarms"],
            revived.describe_alarm_history()["AlarmHistoryItems"],
        ) == told
    finally:
        again.close()
