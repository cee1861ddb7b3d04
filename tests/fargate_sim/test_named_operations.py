"""What is carried out is what was taken in: no call passes for a read and changes something, however it names its operation."""

from __future__ import annotations

import pytest
from support.shards import Class
from support.signed import FORM, JSON, Signed, as_json, calls

CREATE_VPC = b"Action=CreateVpc&Version=2016-11-15&CidrBlock=10.9.0.0%2F16"


def vpcs(room: Class) -> int:
    return len(room.client("01", "ec2").describe_vpcs()["Vpcs"])


def test_a_header_that_was_not_signed_cannot_make_a_replay_a_read(room: Class) -> None:
    heard = Signed("ec2", body=CREATE_VPC, headers=FORM).by(room)
    assert heard.sent(room)[0] == 200
    before = vpcs(room)
    assert heard.sent(room, port="50002")[0] == 503
    assert heard.with_header("X-Amz-Target", "x.DescribeVpcs").sent(room, port="50002")[0] == 403
    assert vpcs(room) == before


def test_a_header_that_was_not_signed_cannot_make_a_read_a_change(room: Class) -> None:
    heard = Signed("scheduler", "GET", "/schedules").by(room)
    assert heard.sent(room)[0] == 200
    target = "AmazonEC2ContainerServiceV20141113.CreateCluster"
    assert heard.with_header("X-Amz-Target", target).sent(room)[0] == 403
    # moto takes headers for parameters where there are no others.
    assert heard.with_header("Action", "CreateScheduleGroup").sent(room)[0] == 501
    assert room.client("01", "ecs").list_clusters()["clusterArns"] == []
    assert len(room.client("01", "scheduler").list_schedule_groups()["ScheduleGroups"]) == 1


@pytest.mark.parametrize(
    "sent",
    [
        Signed("ec2", body=CREATE_VPC, headers={**FORM, "X-Amz-Target": "x.DescribeVpcs"}),
        Signed("ec2", body=b"Act%69on=CreateVpc&Action=DescribeVpcs&CidrBlock=10.9.0.0%2F16", headers=FORM),
        Signed("ec2", body=b"Act%69on=CreateVpc&CidrBlock=10.9.0.0%2F16", headers=FORM),
        Signed(
            "ec2",
            path="/?Action=DescribeVpcs",
            body=b"Act%69on=CreateVpc&CidrBlock=10.9.0.0%2F16",
            headers=FORM,
        ),
        Signed(
            "ssm",
            path="/?Action=PutParameter",
            body=as_json(Name="/x", Value="1", Type="String"),
            headers={**JSON, "X-Amz-Target": "AmazonSSM.GetParameter"},
        ),
        Signed(
            "logs",
            path="/?Action=CreateLogGroup",
            body=as_json(logGroupName="/x"),
            headers={**JSON, "X-Amz-Target": "Logs_20140328.DescribeLogGroups"},
        ),
    ],
    ids=["target", "encoded", "encoded alone", "query", "query and target", "of logs"],
)
def test_a_change_that_looks_like_a_read_is_none(room: Class, sent: Signed) -> None:
    before = vpcs(room)
    status, told = sent.by(room).sent(room)
    assert status == 501
    assert b"named differently in two places" in told
    assert vpcs(room) == before
    assert "Parameters" not in str(room.client("01", "ssm").get_parameters(Names=["/x"])["Parameters"])
    assert room.client("01", "logs").describe_log_groups(logGroupNamePrefix="/x")["logGroups"] == []


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/a-bucket/key?Action=GetObject", {}),
        ("/a-bucket/key", {"X-Amz-Target": "x.GetObject"}),
        ("/a-bucket/key", {"Smithy-Protocol": "rpc-v2-cbor"}),
        ("/a-bucket/service/x/operation/GetObject", {}),
    ],
    ids=["query", "target", "protocol", "path"],
)
def test_what_is_put_into_s3_is_a_change_whatever_it_is_called(
    room: Class, path: str, headers: dict[str, str]
) -> None:
    room.client("01", "s3").create_bucket(Bucket="a-bucket")
    heard = Signed("s3", "PUT", path, b"hello", headers).by(room)
    assert heard.sent(room)[0] == 200
    assert calls(room)[-1] == ("PutObject", False)
    assert heard.sent(room, port="50002")[0] == 503
