"""Roles' calls as the control API and CloudTrail tell them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.policies import TASKS, trusting

from fargate_sim.inprocess import ControlRefusedError
from fargate_sim.model.calls import ApiCall
from fargate_sim.model.trail import Called, Trail

from .conftest import START_MS, Offline
from .model.test_trail import CALL, GET

DENIED = replace(
    CALL,
    error="AccessDeniedException",
    message="User: x is not authorized",
    endpoint="vpce-0123456789abcdef0",
)


def trail(offline: Offline) -> Trail:
    return offline.cloud.world("us-east-1").trail


def advance(offline: Offline, ms: int) -> None:
    offline.control.post("/_lab/clock", {"action": "advance", "ms": ms})


def lookup(offline: Offline, attribute: str = "", value: str = "", **more: Any) -> list[dict[str, Any]]:
    chosen = [{"AttributeKey": attribute, "AttributeValue": value}] if attribute else []
    answer = offline.client("cloudtrail").lookup_events(LookupAttributes=chosen, **more)
    return list(answer["Events"])


def names(events: list[dict[str, Any]]) -> list[str]:
    return [event["EventName"] for event in events]


def record(event: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(event["CloudTrailEvent"]))


class TestControl:
    def test_what_was_called(self, offline: Offline) -> None:
        trail(offline).record(DENIED)
        advance(offline, 60_000)
        trail(offline).record(GET, times=7)
        report = offline.control.get("/_lab/calls")
        assert report is not None
        assert (report["now_ms"], report["since_ms"]) == (START_MS + 60_000, START_MS)
        assert [(each["role"], each["by"], each["count"], each["error"]) for each in report["calls"]] == [
            ("web", "execution", 1, "AccessDeniedException"),
            ("web", "task", 7, None),
        ]
        assert report["calls"][0] == {
            "role": "web",
            "role_arn": CALL.role_arn,
            "by": "execution",
            "action": CALL.action,
            "resource": CALL.resource,
            "error": "AccessDeniedException",
            "count": 1,
            "first_ms": START_MS,
            "last_ms": START_MS,
            "tasks": ["t1"],
            "message": "User: x is not authorized",
        }

    def test_of_one_role_and_since_a_moment(self, offline: Offline) -> None:
        trail(offline).record(CALL)
        advance(offline, 60_000)
        trail(offline).record(replace(GET, role_arn=GET.role_arn + "-2"))

        def asked(query: dict[str, Any]) -> list[str]:
            report = offline.control.get("/_lab/calls", query)
            assert report is not None
            return [each["action"] for each in report["calls"]]

        assert asked({"role": "web"}) == asked({"role": CALL.role_arn}) == [CALL.action]
        assert asked({"since": START_MS + 1}) == ["s3:GetObject"]
        assert asked({"role": "none"}) == []

    @pytest.mark.parametrize("since", ["soon", START_MS + 10**9])
    def test_a_moment_that_is_none(self, offline: Offline, since: object) -> None:
        with pytest.raises(ControlRefusedError):
            offline.control.get("/_lab/calls", {"since": since})  # type: ignore[dict-item]


class TestEventHistory:
    def test_management_events_are_there_newest_first_and_data_events_are_not(self, offline: Offline) -> None:
        trail(offline).record(CALL)
        trail(offline).record(GET)
        advance(offline, 1000)
        trail(offline).record(replace(CALL, action="kms:Decrypt"))
        assert names(lookup(offline)) == ["Decrypt", "GetSecretValue"]

    def test_an_event_of_a_role(self, offline: Offline) -> None:
        iam = offline.client("iam")
        made = iam.create_role(RoleName="app", AssumeRolePolicyDocument=trusting(TASKS))["Role"]
        trail(offline).record(replace(DENIED, role_arn=made["Arn"]))
        (event,) = lookup(offline, "EventName", "GetSecretValue")
        assert event["EventTime"] == datetime.fromtimestamp(START_MS / 1000, UTC)
        assert event["Username"] == CALL.session
        assert event["ReadOnly"] == "true"
        assert event["EventSource"] == "secretsmanager.amazonaws.com"
        assert event["Resources"] == [
            {"ResourceType": "AWS::SecretsManager::Secret", "ResourceName": CALL.resource}
        ]
        told = record(event)
        assert told["eventID"] == event["EventId"]
        assert told["userIdentity"] == {
            "type": "AssumedRole",
            "principalId": f"{made['RoleId']}:{CALL.session}",
            "arn": f"arn:aws:sts::{offline.cloud.account}:assumed-role/app/{CALL.session}",
            "accountId": offline.cloud.account,
            "accessKeyId": event["AccessKeyId"],
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": made["RoleId"],
                    "arn": made["Arn"],
                    "accountId": offline.cloud.account,
                    "userName": "app",
                }
            },
        }
        assert (told["errorCode"], told["errorMessage"]) == ("AccessDenied", "User: x is not authorized")
        assert (told["sourceIPAddress"], told["vpcEndpointId"]) == ("10.0.10.5", "vpce-0123456789abcdef0")
        assert told["requestParameters"] == {"secretId": CALL.resource}
        assert (told["awsRegion"], told["eventTime"]) == ("us-east-1", "2026-01-01T09:00:00Z")
        assert event["AccessKeyId"].startswith("ASIA")

    def test_ecs_takes_a_role(self, offline: Offline) -> None:
        taken = replace(CALL, action="sts:AssumeRole", resource=CALL.role_arn)
        trail(offline).record(taken)
        (event,) = lookup(offline, "ResourceType", "AWS::IAM::Role")
        told = record(event)
        assert told["userIdentity"] == {"type": "AWSService", "invokedBy": TASKS}
        assert told["sourceIPAddress"] == TASKS
        assert told["requestParameters"] == {"roleArn": CALL.role_arn, "roleSessionName": CALL.session}
        assert "Username" not in event

    def test_the_learners_changes_are_there_and_their_reads_are_not(self, offline: Offline) -> None:
        ecs = offline.client("ecs")
        ecs.create_cluster(clusterName="demo")
        ecs.list_clusters()
        with pytest.raises(ClientError):
            ecs.delete_service(cluster="demo", service="none")
        offline.client("sns").create_topic(Name="news")
        s3 = offline.client("s3")
        s3.create_bucket(Bucket="my-lab-bucket")
        s3.put_object(Bucket="my-lab-bucket", Key="k", Body=b"x")
        with pytest.raises(ClientError):
            offline.client("ec2").run_instances(MinCount=1, MaxCount=1)
        events = lookup(offline, "Username", "learner")
        assert names(events) == ["CreateBucket", "CreateTopic", "DeleteService", "CreateCluster"]
        told = [record(event) for event in events]
        assert told[2]["errorCode"] == "ServiceNotFoundException"
        assert told[3]["requestParameters"] == {"clusterName": "demo"}
        assert told[3]["eventSource"] == "ecs.amazonaws.com"
        identity = told[0]["userIdentity"]
        assert (identity["type"], identity["userName"]) == ("IAMUser", "learner")
        assert identity["accessKeyId"] == offline.env()["AWS_ACCESS_KEY_ID"]

    def test_looking_twice_tells_the_same_and_changes_nothing(self, offline: Offline) -> None:
        offline.client("ecs").create_cluster(clusterName="demo")
        trail(offline).record(CALL)
        assert lookup(offline) == lookup(offline)
        assert [entry["data"]["operation"] for entry in offline.journal("call")][-1] == "LookupEvents"

    @pytest.mark.parametrize(
        ("attribute", "value", "found"),
        [
            ("EventSource", "kms.amazonaws.com", ["Decrypt"]),
            ("ReadOnly", "true", ["Decrypt", "GetSecretValue"]),
            ("ReadOnly", "false", ["CreateCluster"]),
            ("ResourceName", CALL.resource, ["GetSecretValue"]),
            ("EventName", "None", []),
        ],
    )
    def test_lookup_attributes(self, offline: Offline, attribute: str, value: str, found: list[str]) -> None:
        offline.client("ecs").create_cluster(clusterName="demo")
        trail(offline).record(CALL)
        trail(offline).record(replace(CALL, action="kms:Decrypt", resource="*"))
        assert names(lookup(offline, attribute, value)) == found

    def test_by_id_and_by_access_key(self, offline: Offline) -> None:
        trail(offline).record(CALL)
        trail(offline).record(replace(CALL, session="other"))
        newest, oldest = lookup(offline)
        assert lookup(offline, "EventId", oldest["EventId"]) == [oldest]
        assert lookup(offline, "AccessKeyId", newest["AccessKeyId"]) == [newest]

    def test_a_span_of_time(self, offline: Offline) -> None:
        for minute in range(3):
            trail(offline).record(replace(CALL, action=f"kms:Call{minute}"))
            advance(offline, 60_000)
        span = {
            "StartTime": datetime.fromtimestamp(START_MS / 1000 + 30, UTC),
            "EndTime": datetime.fromtimestamp(START_MS / 1000 + 60, UTC),
        }
        assert names(lookup(offline, **span)) == ["Call1"]

    def test_pages_stand_still_while_events_come(self, offline: Offline) -> None:
        cloudtrail = offline.client("cloudtrail")
        for number in range(5):
            trail(offline).record(replace(CALL, action=f"kms:Call{number}"))
        first = cloudtrail.lookup_events(MaxResults=2)
        trail(offline).record(replace(CALL, action="kms:Late"))
        second = cloudtrail.lookup_events(MaxResults=2, NextToken=first["NextToken"])
        third = cloudtrail.lookup_events(MaxResults=2, NextToken=second["NextToken"])
        assert [names(page["Events"]) for page in (first, second, third)] == [
            ["Call4", "Call3"],
            ["Call2", "Call1"],
            ["Call0"],
        ]
        assert "NextToken" not in third

    def test_there_are_no_insights(self, offline: Offline) -> None:
        trail(offline).record(CALL)
        assert lookup(offline, EventCategory="insight") == []

    @pytest.mark.parametrize(
        ("asked", "code"),
        [
            ({"MaxResults": 51}, "InvalidMaxResultsException"),
            ({"MaxResults": 0}, "InvalidMaxResultsException"),
            ({"NextToken": "none"}, "InvalidNextTokenException"),
            ({"EventCategory": "Data"}, "InvalidEventCategoryException"),
            ({"StartTime": 2_000_000_000, "EndTime": 1_000_000_000}, "InvalidTimeRangeException"),
            (
                {"LookupAttributes": [{"AttributeKey": "Who", "AttributeValue": "x"}]},
                "InvalidLookupAttributesException",
            ),
            (
                {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "x"}] * 2},
                "InvalidLookupAttributesException",
            ),
        ],
    )
    def test_what_cannot_be_looked_up(self, offline: Offline, asked: dict[str, Any], code: str) -> None:
        with pytest.raises(ClientError) as caught:
            offline.client("cloudtrail").lookup_events(**asked)
        assert caught.value.response["Error"]["Code"] == code

    def test_other_operations_are_motos(self, offline: Offline) -> None:
        offline.env()
        offline.client("s3").create_bucket(Bucket="trail-bucket")
        cloudtrail = offline.client("cloudtrail")
        cloudtrail.create_trail(Name="all", S3BucketName="trail-bucket")
        assert [each["Name"] for each in cloudtrail.describe_trails()["trailList"]] == ["all"]

    def test_the_history_goes_back_ninety_days(self, offline: Offline) -> None:
        trail(offline).record(CALL)
        for _ in range(12):
            advance(offline, 7 * 86_400_000)
        assert names(lookup(offline)) == ["GetSecretValue"]
        advance(offline, 7 * 86_400_000)
        assert lookup(offline) == []


def test_a_role_that_is_gone_is_still_told(offline: Offline) -> None:
    gone: Called = replace(CALL, role_arn=f"arn:aws:iam::{offline.cloud.account}:role/gone")
    trail(offline).record(gone)
    (event,) = lookup(offline)
    assert record(event)["userIdentity"]["principalId"].startswith("AROA")


def test_a_call_that_is_written_down_later_keeps_the_address_that_it_came_from(offline: Offline) -> None:
    offline.start_service(desired=1)
    offline.control.post("/_lab/clock", {"action": "settle", "limit_ms": 600_000})
    world = offline.cloud.world("us-east-1")
    task = next(iter(world.tasks.values()))
    call = ApiCall("s3:ListAllMyBuckets", "*", "s3")
    role = offline.env()["TASK_ROLE"]
    outcome = world.caller.place(task, call, by="task", role_arn=role, write=False)
    nat = offline.client("ec2").describe_nat_gateways()["NatGateways"][0]
    offline.client("iam").tag_role(RoleName=role.rpartition("/")[2], Tags=[{"Key": "a", "Value": "b"}])
    world.caller.role(role)  # what was asked of the account before is forgotten
    world.caller.note(task, outcome)
    assert world.trail.events[-1].called.source_ip == nat["NatGatewayAddresses"][0]["PublicIp"]
