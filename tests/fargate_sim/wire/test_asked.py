"""What a request asks for, read back from requests that botocore itself has written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.awsrequest import prepare_request_dict
from botocore.model import ServiceModel
from botocore.serialize import create_serializer
from hypothesis import given
from hypothesis import strategies as st

from fargate_sim.wire.asked import HIDDEN, LARGEST_READ, LONGEST_LIST, LONGEST_TEXT, MOST_CHARACTERS, asked
from fargate_sim.wire.identify import Call, is_reading
from fargate_sim.wire.services import raw_model

_SPOKEN = {"json": "json-1.1", "smithy-rpc-v2-cbor": "cbor"}


def sent(service: str, operation: str, params: Mapping[str, Any]) -> tuple[Call, dict[str, Any], bytes]:
    """A request as it comes to the endpoint."""
    model = ServiceModel(raw_model(service), service_name=service)
    protocol = model.metadata["protocol"]
    request = create_serializer(protocol, False).serialize_to_request(
        params, model.operation_model(operation)
    )
    prepare_request_dict(request, endpoint_url="http://127.0.0.1")
    body = request["body"]
    if isinstance(body, dict):
        body = urlencode(body, doseq=True).encode()
    path, _, query = request["url"].removeprefix("http://127.0.0.1").partition("?")
    environ = {
        f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request["headers"].items()
    } | {"REQUEST_METHOD": request["method"], "PATH_INFO": path, "QUERY_STRING": query}
    call = Call(service, operation, _SPOKEN.get(protocol, protocol), "us-east-1", is_reading(operation))
    return call, environ, body if isinstance(body, bytes) else body.encode()


def read(service: str, operation: str, **params: Any) -> Any:
    return asked(*sent(service, operation, params))


RULE = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
SCHEDULE = {
    "Name": "nightly",
    "GroupName": "default",
    "ScheduleExpression": "cron(0 3 * * ? *)",
    "FlexibleTimeWindow": {"Mode": "OFF"},
    "Target": {
        "Arn": "arn:aws:ecs:us-east-1:1:cluster/c",
        "RoleArn": "arn:aws:iam::1:role/r",
        "EcsParameters": {"TaskDefinitionArn": "arn:td", "TaskCount": 2, "EnableExecuteCommand": False},
    },
}
ALARM = {
    "AlarmName": "5xx",
    "Namespace": "AWS/ApplicationELB",
    "MetricName": "HTTPCode_Target_5XX_Count",
    "Dimensions": [{"Name": "LoadBalancer", "Value": "app/web/1"}],
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 2,
    "Threshold": 5.5,
    "ActionsEnabled": True,
    "AlarmActions": [],
}


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        (
            "ec2",
            "DeleteRoute",
            {"RouteTableId": "rtb-1", "DestinationCidrBlock": "0.0.0.0/0", "DryRun": False},
        ),
        ("ec2", "AuthorizeSecurityGroupIngress", {"GroupId": "sg-1", "IpPermissions": [RULE, RULE]}),
        ("ec2", "CreateTags", {"Resources": ["vpc-1", "vpc-2"], "Tags": [{"Key": "a", "Value": ""}]}),
        (
            "elbv2",
            "ModifyTargetGroupAttributes",
            {
                "TargetGroupArn": "arn:tg",
                "Attributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "5"}],
            },
        ),
        (
            "elbv2",
            "ModifyTargetGroup",
            {"TargetGroupArn": "arn:tg", "HealthCheckEnabled": True, "HealthyThresholdCount": 2},
        ),
        (
            "iam",
            "PutRolePolicy",
            {"RoleName": "r", "PolicyName": "p", "PolicyDocument": '{"Version": "2012-10-17"}'},
        ),
        ("iam", "TagRole", {"RoleName": "r", "Tags": []}),
        ("sns", "CreateTopic", {"Name": "pager", "Attributes": {"DisplayName": "Pager"}}),
        ("secretsmanager", "RotateSecret", {"SecretId": "db", "RotateImmediately": True}),
        ("logs", "PutRetentionPolicy", {"logGroupName": "/ecs/web", "retentionInDays": 7}),
        ("sqs", "SetQueueAttributes", {"QueueUrl": "http://q", "Attributes": {"VisibilityTimeout": "30"}}),
        ("scheduler", "CreateSchedule", SCHEDULE),
        ("scheduler", "DeleteSchedule", {"Name": "nightly", "GroupName": "default"}),
        ("cloudwatch", "PutMetricAlarm", ALARM),
        ("s3", "DeleteObject", {"Bucket": "b", "Key": "a/b c.txt"}),
    ],
)
def test_it_is_what_boto3_was_given(service: str, operation: str, params: dict[str, Any]) -> None:
    assert read(service, operation, **params) == params


def test_what_is_secret_does_not_show() -> None:
    assert read("secretsmanager", "PutSecretValue", SecretId="db", SecretString="s3cret") == {
        "SecretId": "db",
        "SecretString": HIDDEN,
    }
    assert read("secretsmanager", "CreateSecret", Name="db", SecretBinary=b"s3cret")["SecretBinary"] == HIDDEN
    stored = read("ssm", "PutParameter", Name="/db/password", Value="s3cret", Type="SecureString")
    assert stored == {"Name": "/db/password", "Value": HIDDEN, "Type": "SecureString"}
    assert read("iam", "CreateLoginProfile", UserName="u", Password="s3cret")["Password"] == HIDDEN
    function = read(
        "lambda", "UpdateFunctionConfiguration", FunctionName="f", Environment={"Variables": {"P": "s3cret"}}
    )
    assert "s3cret" not in json.dumps(function)
    assert function["FunctionName"] == "f"
    oidc = {
        "Type": "authenticate-oidc",
        "AuthenticateOidcConfig": {"ClientId": "c", "ClientSecret": "s3cret"},
    }
    action = read("elbv2", "ModifyListener", ListenerArn="arn:l", DefaultActions=[oidc])["DefaultActions"][0]
    assert action["AuthenticateOidcConfig"] == {"ClientId": "c", "ClientSecret": HIDDEN}
    stack = read(
        "cloudformation",
        "CreateStack",
        StackName="s",
        Parameters=[
            {"ParameterKey": "DbPassword", "ParameterValue": "s3cret"},
            {"ParameterKey": "Tasks", "ParameterValue": "2"},
        ],
    )
    assert [each["ParameterValue"] for each in stack["Parameters"]] == [HIDDEN, "2"]


def test_tokens_that_clients_draw_are_left_out() -> None:
    token = "12345678-1234-1234-1234-123456789012"
    assert read("secretsmanager", "DeleteSecret", SecretId="db") == {"SecretId": "db"}
    assert read("secretsmanager", "CreateSecret", Name="db", ClientRequestToken=token) == {"Name": "db"}
    assert "ClientToken" not in read("scheduler", "CreateSchedule", **SCHEDULE, ClientToken=token)
    assert read("ec2", "CreateNatGateway", SubnetId="subnet-1", ClientToken=token) == {"SubnetId": "subnet-1"}


def test_what_is_long_is_cut() -> None:
    told = read("iam", "PutRolePolicy", RoleName="r", PolicyName="p", PolicyDocument="x" * 5000)
    assert told["PolicyDocument"] == "x" * LONGEST_TEXT + "..."
    items = [{"Key": f"k{number}", "Value": "v"} for number in range(LONGEST_LIST + 20)]
    tags = read("ec2", "CreateTags", Resources=["vpc-1"], Tags=items)["Tags"]
    assert (tags[:-1], tags[-1]) == (items[:LONGEST_LIST], "... 20 more")
    events = [{"timestamp": 1, "message": "m" * 1900} for _ in range(90)]
    told = read("logs", "PutLogEvents", logGroupName="g", logStreamName="s", logEvents=events)
    assert len(json.dumps(told)) < 2 * MOST_CHARACTERS


def test_a_body_of_bytes_is_told_by_its_length_or_not_at_all() -> None:
    assert read("s3", "PutObject", Bucket="b", Key="k", Body=b"\xff" * 10) == {"Bucket": "b", "Key": "k"}
    part = read("ecr", "UploadLayerPart", repositoryName="r", uploadId="u", layerPartBlob=b"abcd")
    assert part == {"repositoryName": "r", "uploadId": "u", "layerPartBlob": "4 bytes"}
    assert read("cloudwatch", "PutDashboard", DashboardName="d", DashboardBody="{}")["DashboardBody"] == "{}"


@pytest.mark.parametrize(
    ("protocol", "service", "operation", "body"),
    [
        ("json-1.1", "logs", "CreateLogGroup", b"no json"),
        ("json-1.1", "logs", "CreateLogGroup", b"[1]"),
        ("json-1.1", "logs", "CreateLogGroup", b"[" * 100_000),
        ("json-1.1", "logs", "NoSuchOperation", b"{}"),
        ("json-1.1", "no-such-service", "Do", b"{}"),
        ("json-1.1", "logs", None, b"{}"),
        ("cbor", "cloudwatch", "PutMetricAlarm", b"\xbf\x61"),
        ("query", "iam", "CreateRole", b"\xff\xfe"),
        ("query", "iam", "CreateRole", b"Tags.member.\xd9\xa1.Key=a"),
        ("query", "iam", "CreateRole", b"Tags.member.1=a"),
        ("json-1.1", "logs", "CreateLogGroup", b" " * (LARGEST_READ + 1)),
    ],
)
def test_what_cannot_be_read_is_nothing(
    protocol: str, service: str, operation: str | None, body: bytes
) -> None:
    call = Call(service, operation, protocol, None, False)
    assert asked(call, {"REQUEST_METHOD": "POST"}, body) in (None, {"Tags": [{}]})


def test_a_compressed_body_is_not_read() -> None:
    call, environ, body = sent("logs", "CreateLogGroup", {"logGroupName": "g"})
    assert asked(call, environ | {"HTTP_CONTENT_ENCODING": "gzip"}, body) is None


def test_wrong_types_are_told_as_they_came() -> None:
    call = Call("logs", "PutRetentionPolicy", "json-1.1", None, False)
    assert asked(call, {}, b'{"logGroupName": {"a": 1}, "retentionInDays": "x", "unknown": 1}') == {
        "logGroupName": '{"a": 1}',
        "retentionInDays": "x",
    }
    form = Call("elbv2", "ModifyTargetGroup", "query", None, False)
    body = b"Action=ModifyTargetGroup&HealthyThresholdCount=two&HealthCheckEnabled=maybe"
    assert asked(form, {"REQUEST_METHOD": "POST"}, body) == {
        "HealthyThresholdCount": "two",
        "HealthCheckEnabled": "maybe",
    }


@given(st.sampled_from(("json-1.1", "cbor", "query", "ec2", "rest-json", "rest-xml")), st.binary(max_size=80))
def test_nothing_that_comes_is_an_error(protocol: str, body: bytes) -> None:
    call = Call("scheduler", "CreateSchedule", protocol, None, False)
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/schedules/x",
        "QUERY_STRING": body[:20].decode("latin-1"),
    }
    told = asked(call, environ, body)
    assert told is None or isinstance(told, dict)
