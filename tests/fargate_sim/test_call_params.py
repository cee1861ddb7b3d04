"""What calls of other services than ours asked for, in the journal: over every protocol that clients speak."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import Offline

ALARM = {
    "AlarmName": "errors",
    "Namespace": "AWS/ApplicationELB",
    "MetricName": "HTTPCode_Target_5XX_Count",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 2,
    "Threshold": 5.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


def last(offline: Offline) -> dict[str, Any]:
    return dict(offline.journal("call")[-1]["data"])


def test_each_protocol(offline: Offline) -> None:
    env = offline.env()
    assert not offline.journal("call")  # the base environment is nobody's call
    offline.client("ec2").create_tags(Resources=[env["VPC"]], Tags=[{"Key": "a", "Value": "b"}])
    assert last(offline) == {
        "service": "ec2",
        "operation": "CreateTags",
        "reading": False,
        "params": {"Resources": [env["VPC"]], "Tags": [{"Key": "a", "Value": "b"}]},
        "status": 200,
        "error": None,
    }
    group = offline.client("elbv2").create_target_group(
        Name="web", Protocol="HTTP", Port=80, VpcId=env["VPC"], TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "5"}
    offline.client("elbv2").modify_target_group_attributes(TargetGroupArn=group, Attributes=[delay])
    assert last(offline)["params"] == {"TargetGroupArn": group, "Attributes": [delay]}
    offline.client("cloudwatch").put_metric_alarm(**ALARM)
    assert last(offline)["params"] == ALARM
    offline.client("scheduler").create_schedule_group(Name="nightly")
    assert last(offline)["params"] == {"Name": "nightly"}
    offline.client("logs").put_retention_policy(logGroupName=env["LOG_GROUP"], retentionInDays=7)
    assert last(offline)["params"] == {"logGroupName": env["LOG_GROUP"], "retentionInDays": 7}
    offline.client("s3").create_bucket(Bucket="lab")
    assert last(offline)["params"] == {"Bucket": "lab"}


def test_reads_have_none(offline: Offline) -> None:
    env = offline.env()
    offline.client("ec2").describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [env["VPC"]]}])
    assert "params" not in last(offline)


def test_what_a_refused_call_asked_for_and_why_it_was_refused(offline: Offline) -> None:
    with pytest.raises(ClientError) as refused:
        offline.client("ec2").delete_route(RouteTableId="rtb-none", DestinationCidrBlock="0.0.0.0/0")
    data = last(offline)
    assert data["params"] == {"RouteTableId": "rtb-none", "DestinationCidrBlock": "0.0.0.0/0"}
    assert data["error"] == refused.value.response["Error"]["Code"] == "InvalidRouteTableID.NotFound"
    assert data["message"] == refused.value.response["Error"]["Message"]
    with pytest.raises(ClientError) as refused:
        offline.client("secretsmanager").delete_secret(SecretId="none")
    assert last(offline)["message"] == refused.value.response["Error"]["Message"]
    with pytest.raises(ClientError) as refused:
        offline.client("cloudwatch").set_alarm_state(AlarmName="none", StateValue="OK", StateReason="a drill")
    data = last(offline)
    assert (data["error"], data["message"]) == (
        refused.value.response["Error"]["Code"],
        refused.value.response["Error"]["Message"],
    )
    with pytest.raises(ClientError):
        offline.client("ec2").run_instances(ImageId="ami-1", MinCount=1, MaxCount=1)
    data = last(offline)
    assert (data["error"], data["status"]) == ("NotImplementedException", 501)
    assert "does not model ec2:RunInstances" in data["message"]


def test_no_secret_is_in_the_journal(offline: Offline) -> None:
    secrets = offline.client("secretsmanager")
    secrets.create_secret(Name="db", SecretString="hunter2")
    assert last(offline)["params"] == {"Name": "db", "SecretString": "***"}
    offline.client("ssm").put_parameter(Name="/db", Value="hunter2", Type="SecureString")
    assert "hunter2" not in offline.cloud.journal.to_jsonl()
    [event] = offline.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateSecret"}]
    )["Events"]
    assert json.loads(event["CloudTrailEvent"])["requestParameters"] == {
        "name": "db",
        "secretString": "HIDDEN_DUE_TO_SECURITY_REASONS",
    }
