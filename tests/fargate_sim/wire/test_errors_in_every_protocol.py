"""An error of our own reaches every client as the error that it is."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.awsrequest import HeadersDict
from botocore.parsers import create_parser

from fargate_sim.wire.identify import identify, is_reading
from fargate_sim.wire.render import NOT_MODELLED, not_modelled


@pytest.mark.parametrize(
    ("protocol", "parser"),
    [
        ("json-1.0", "json"),
        ("json-1.1", "json"),
        ("rest-json", "rest-json"),
        ("query", "query"),
        ("ec2", "ec2"),
        ("rest-xml", "rest-xml"),
        ("cbor", "smithy-rpc-v2-cbor"),
    ],
)
@pytest.mark.parametrize("service", ["s3", "a<b>"])
def test_botocore_reads_the_error(protocol: str, parser: str, service: str) -> None:
    answer = not_modelled(protocol, service, "DoIt", request_id="id")
    response = {
        "status_code": answer.status,
        "headers": HeadersDict(dict(answer.headers)),
        "body": answer.body,
    }
    error = create_parser(parser).parse(response, None)["Error"]
    assert answer.status == NOT_MODELLED
    assert error["Code"] == "NotImplementedException"
    assert f"{service}:DoIt" in error["Message"]


AUTH = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/{}/aws4_request, SignedHeaders=host, Signature=0"


@pytest.mark.parametrize(
    ("signed_for", "environ", "body", "expected"),
    [
        ("ec2", {}, b"Action=DescribeSubnets&Version=2016-11-15", ("ec2", "DescribeSubnets", "ec2", True)),
        ("sts", {}, b"Version=2011-06-15&Action=AssumeRole", ("sts", "AssumeRole", "query", False)),
        (
            "elasticloadbalancing",
            {},
            b"Action=CreateRule&Version=2015-12-01",
            ("elbv2", "CreateRule", "query", False),
        ),
        (
            "elasticloadbalancing",
            {},
            b"Action=DescribeTags&Version=2012-06-01",
            ("elb", "DescribeTags", "query", True),
        ),
        (
            "logs",
            {"HTTP_X_AMZ_TARGET": "Logs_20140328.GetLogEvents", "CONTENT_TYPE": "application/x-amz-json-1.1"},
            b"{}",
            ("logs", "GetLogEvents", "json-1.1", True),
        ),
        (
            "sqs",
            {"HTTP_X_AMZ_TARGET": "AmazonSQS.ReceiveMessage", "CONTENT_TYPE": "application/x-amz-json-1.0"},
            b"{}",
            ("sqs", "ReceiveMessage", "json-1.0", False),
        ),
        (
            "monitoring",
            {"PATH_INFO": "/service/GraniteServiceVersion20100801/operation/PutMetricData"},
            b"",
            ("cloudwatch", "PutMetricData", "cbor", False),
        ),
        ("s3", {"REQUEST_METHOD": "GET"}, b"", ("s3", "ListBuckets", "rest-xml", True)),
        ("s3", {"REQUEST_METHOD": "PUT", "PATH_INFO": "/b/k"}, b"", ("s3", "PutObject", "rest-xml", False)),
        (
            "s3",
            {"REQUEST_METHOD": "GET", "PATH_INFO": "/b", "QUERY_STRING": "list-type=2"},
            b"",
            ("s3", "ListObjectsV2", "rest-xml", True),
        ),
        (
            "scheduler",
            {"PATH_INFO": "/schedules/x"},
            b"{}",
            ("scheduler", "CreateSchedule", "rest-json", False),
        ),
        ("nonsense", {"PATH_INFO": "/x"}, b"{}", ("nonsense", None, "rest-json", False)),
    ],
)
def test_a_request_is_named(
    signed_for: str, environ: dict[str, Any], body: bytes, expected: tuple[str, str | None, str, bool]
) -> None:
    base = {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "QUERY_STRING": ""}
    call = identify({**base, "HTTP_AUTHORIZATION": AUTH.format(signed_for), **environ}, body)
    assert (call.service, call.operation, call.protocol, call.reading) == expected
    assert call.region == "eu-west-1"


def test_words_that_only_begin_like_a_read_change_something() -> None:
    assert not is_reading("Getaway")
    assert not is_reading("ListenRule")
    assert is_reading("Query")
