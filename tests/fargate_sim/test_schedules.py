"""EventBridge Scheduler over the wire: schedules of moto that run tasks of ours."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fargate_sim.cloud import Cloud
from fargate_sim.control import header_of
from fargate_sim.endpoint import Endpoint
from fargate_sim.pacer import Pacer
from fargate_sim.recording import Recorder, read

from .conftest import MakeOffline, Offline

HOUR_S = 3600
PLAIN = {
    "Arn": "arn:aws:ecs:us-east-1:123456789012:cluster/demo",
    "RoleArn": "arn:aws:iam::123456789012:role/r",
}
OFF = {"Mode": "OFF"}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


class Scheduled:
    """A cloud with the cluster ``demo``, the family ``web``, and a role for the scheduler."""

    def __init__(self, offline: Offline) -> None:
        self.offline = offline
        self.env = offline.env()
        self.ecs, self.scheduler = offline.client("ecs"), offline.client("scheduler")
        self.ecs.create_cluster(clusterName="demo")
        offline.register()
        role = offline.client("iam").create_role(
            RoleName="nightly", AssumeRolePolicyDocument=json.dumps(TRUST)
        )
        self.role = role["Role"]["Arn"]
        self.cluster = f"arn:aws:ecs:us-east-1:{self.env['ACCOUNT_ID']}:cluster/demo"
        self.definition = self.cluster.replace("cluster/demo", "task-definition/web")

    def target(self, **more: Any) -> dict[str, Any]:
        parameters = {
            "TaskDefinitionArn": self.definition,
            "LaunchType": "FARGATE",
            "NetworkConfiguration": {
                "awsvpcConfiguration": {"Subnets": [self.env["SUBNET_A"]], "SecurityGroups": [self.env["SG"]]}
            },
            **more.pop("EcsParameters", {}),
        }
        return {"Arn": self.cluster, "RoleArn": self.role, "EcsParameters": parameters, **more}

    def create(self, expression: str = "rate(1 hour)", **more: Any) -> str:
        arn = self.scheduler.create_schedule(
            **{
                "Name": "report",
                "ScheduleExpression": expression,
                "FlexibleTimeWindow": OFF,
                "Target": self.target(),
                **more,
            }
        )["ScheduleArn"]
        return str(arn)

    def advance(self, seconds: float) -> None:
        self.offline.control.post("/_lab/clock", {"action": "advance", "ms": int(seconds * 1000)})

    def tasks(self) -> list[Any]:
        arns = self.ecs.list_tasks(cluster="demo")["taskArns"]
        return (
            list(self.ecs.describe_tasks(cluster="demo", tasks=arns, include=["TAGS"])["tasks"])
            if arns
            else []
        )

    def fired(self) -> list[Any]:
        return [entry["data"] for entry in self.offline.journal("schedule.fired")]

    def refused(self, code: str, **more: Any) -> str:
        with pytest.raises(ClientError) as caught:
            self.create(**more)
        assert caught.value.response["Error"]["Code"] == code
        assert self.scheduler.list_schedules()["Schedules"] == []
        return str(caught.value.response["Error"]["Message"])


@pytest.fixture
def cloud(offline: Offline) -> Scheduled:
    return Scheduled(offline)


def test_a_schedule_runs_tasks_as_run_task_would(cloud: Scheduled) -> None:
    parameters = {
        "TaskCount": 2,
        "Group": "nightly",
        "PropagateTags": "TASK_DEFINITION",
        "Tags": [{"team": "books"}],
        "ReferenceId": "r",
        "EnableExecuteCommand": True,
    }
    override = {
        "containerOverrides": [
            {"name": "app", "environment": [{"name": "DAY", "value": "<aws.scheduler.scheduled-time>"}]}
        ]
    }
    cloud.create(Target=cloud.target(EcsParameters=parameters, Input=json.dumps(override)))
    cloud.advance(2 * HOUR_S)
    (fired,) = cloud.fired()
    assert (fired["schedule"], fired["operation"], fired["error"], fired["attempt"]) == (
        "report",
        "RunTask",
        None,
        1,
    )
    tasks = cloud.tasks()
    assert {task["taskArn"].rpartition("/")[2] for task in tasks} == set(fired["tasks"])
    assert len(tasks) == 2
    task = tasks[0]
    assert task["startedBy"] == "chronos-schedule/report"
    assert task["group"] == "nightly"
    assert task["tags"] == [{"key": "team", "value": "books"}]
    assert task["enableExecuteCommand"] is True
    environment = task["overrides"]["containerOverrides"][0]["environment"]
    assert environment == [{"name": "DAY", "value": "2026-01-01T10:00:00Z"}]
    provisioning = cloud.offline.journal("task.provisioning")[0]
    (entry,) = cloud.offline.journal("schedule.fired")
    assert provisioning["cause"] == entry["seq"]


def test_a_capacity_provider_strategy(cloud: Scheduled) -> None:
    cloud.ecs.put_cluster_capacity_providers(
        cluster="demo", capacityProviders=["FARGATE", "FARGATE_SPOT"], defaultCapacityProviderStrategy=[]
    )
    target = cloud.target(
        EcsParameters={"CapacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]}
    )
    del target["EcsParameters"]["LaunchType"]
    cloud.create(Target=target)
    cloud.advance(1.5 * HOUR_S)
    assert [task["capacityProviderName"] for task in cloud.tasks()] == ["FARGATE_SPOT"]


def test_update_switch_off_and_delete(cloud: Scheduled) -> None:
    cloud.create()
    cloud.advance(1.5 * HOUR_S)
    common = {"Name": "report", "FlexibleTimeWindow": OFF, "Target": cloud.target()}
    cloud.scheduler.update_schedule(ScheduleExpression="rate(1 hour)", State="DISABLED", **common)
    cloud.advance(2 * HOUR_S)
    assert len(cloud.fired()) == 1
    cloud.scheduler.update_schedule(
        ScheduleExpression="cron(0 14 * * ? *)", ScheduleExpressionTimezone="Europe/Berlin", **common
    )
    assert cloud.scheduler.get_schedule(Name="report")["State"] == "ENABLED"
    cloud.advance(1.5 * HOUR_S)
    assert len(cloud.fired()) == 2
    cloud.scheduler.delete_schedule(Name="report")
    cloud.advance(48 * HOUR_S)
    assert len(cloud.fired()) == 2


def test_a_schedule_that_is_over_can_take_itself_away(cloud: Scheduled) -> None:
    cloud.create("at(2026-01-01T12:00:00)", ActionAfterCompletion="DELETE")
    cloud.advance(4 * HOUR_S)
    assert len(cloud.fired()) == 1
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        cloud.scheduler.get_schedule(Name="report")
    until = datetime.datetime(2026, 1, 1, 16, tzinfo=datetime.UTC)
    cloud.create(StartDate=until - datetime.timedelta(hours=2), EndDate=until)
    cloud.advance(24 * HOUR_S)
    assert len(cloud.fired()) == 3
    assert cloud.scheduler.get_schedule(Name="report")["EndDate"] == until


def test_what_ecs_refuses_ends_in_the_dead_letter_queue(cloud: Scheduled) -> None:
    sqs = cloud.offline.client("sqs")
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    gone = cloud.definition.replace("web", "gone")
    cloud.create(
        Target=cloud.target(EcsParameters={"TaskDefinitionArn": gone}, DeadLetterConfig={"Arn": arn})
    )
    cloud.advance(1.5 * HOUR_S)
    (message,) = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    told = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert told["ERROR_CODE"] == "ClientException"
    assert told["ERROR_MESSAGE"] == "TaskDefinition not found."
    assert json.loads(message["Body"])["taskDefinition"] == gone
    (failed,) = cloud.offline.journal("schedule.failed")
    assert failed["data"]["error"] == "ClientException"
    assert cloud.tasks() == []


def test_a_task_that_dies_is_a_success_for_the_schedule(cloud: Scheduled) -> None:
    cloud.offline.register("public.ecr.aws/nginx/nginx:no-such-tag")
    cloud.create()
    cloud.advance(1.5 * HOUR_S)
    assert [each["error"] for each in cloud.fired()] == [None]
    assert cloud.offline.journal("schedule.failed") == []
    assert cloud.offline.journal("task.stopped")[0]["data"]["stop_code"] == "TaskFailedToStart"


def test_queues_in_no_region_are_an_error_of_the_invocation(cloud: Scheduled) -> None:
    nowhere = f"arn:aws:sqs:mars-1:{cloud.env['ACCOUNT_ID']}:work"
    retry = {"MaximumRetryAttempts": 0}
    lost = {"RoleArn": cloud.role, "RetryPolicy": retry, "DeadLetterConfig": {"Arn": nowhere}}
    cloud.create(Name="lost", Target={"Arn": nowhere, "Input": "x", **lost})
    cloud.advance(1.5 * HOUR_S)
    (failed,) = cloud.offline.journal("schedule.failed")
    assert failed["data"]["message"] == "the queue does not exist"
    assert failed["data"]["dead_letter_lost"] == "the queue does not exist"


def test_universal_targets_and_queues(cloud: Scheduled) -> None:
    cloud.offline.start_service()
    url = cloud.offline.client("sqs").create_queue(QueueName="work")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{cloud.env['ACCOUNT_ID']}:work"

    def create(name: str, target_arn: str, given: str) -> None:
        cloud.create(Name=name, Target={"Arn": target_arn, "RoleArn": cloud.role, "Input": given})

    universal = "arn:aws:scheduler:::aws-sdk:"
    create(
        "scale", f"{universal}ecs:updateService", '{"Cluster": "demo", "Service": "web", "DesiredCount": 5}'
    )
    network = {"AwsvpcConfiguration": {"Subnets": [cloud.env["SUBNET_A"]]}}
    run = {
        "Cluster": "demo",
        "TaskDefinition": "web",
        "LaunchType": "FARGATE",
        "NetworkConfiguration": network,
    }
    create("run", f"{universal}ecs:runTask", json.dumps(run))
    create("send", f"{universal}sqs:sendMessage", json.dumps({"QueueUrl": url, "MessageBody": "one"}))
    create("queue", arn, "two at <aws.scheduler.scheduled-time>")
    cloud.advance(1.5 * HOUR_S)
    assert {each["schedule"]: each["error"] for each in cloud.fired()} == dict.fromkeys(
        ["scale", "run", "send", "queue"]
    )
    assert cloud.ecs.describe_services(cluster="demo", services=["web"])["services"][0]["desiredCount"] == 5
    bodies = [
        message["Body"]
        for message in cloud.offline.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)[
            "Messages"
        ]
    ]
    assert sorted(bodies) == ["one", "two at 2026-01-01T10:00:00Z"]


def test_what_cannot_be_called_is_refused(cloud: Scheduled) -> None:
    lambda_arn = "arn:aws:lambda:us-east-1:123456789012:function:f"
    told = cloud.refused("NotImplementedException", Target={"Arn": lambda_arn, "RoleArn": cloud.role})
    assert "CreateSchedule with a target of the service lambda" in told
    other = "arn:aws:scheduler:::aws-sdk:ecs:deleteService"
    assert other in cloud.refused(
        "NotImplementedException", Target={"Arn": other, "RoleArn": cloud.role, "Input": "{}"}
    )


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"ScheduleExpression": "cron(* * *)"}, "Invalid Schedule Expression cron(* * *)."),
        ({"ScheduleExpressionTimezone": "Mars/Base"}, "Mars/Base"),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, "MaximumWindowInMinutes"),
        (
            {"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 1441}},
            "less than or equal to 1440",
        ),
        ({"StartDate": 1767400000, "EndDate": 1767300000}, "EndDate"),
        ({"Name": "a b"}, "regular expression"),
        ({"Target": {"Arn": "x"}}, "not in correct format"),
        ({"Target": {**PLAIN, "EcsParameters": {}}}, "EcsParameters"),
        (
            {"Target": {**PLAIN, "EcsParameters": {"TaskDefinitionArn": "web", "TaskCount": 11}}},
            "equal to 10",
        ),
        (
            {"Target": {**PLAIN, "EcsParameters": {"TaskDefinitionArn": "web", "TaskCount": "two"}}},
            "wrong type",
        ),
        (
            {"Target": {**PLAIN, "Arn": "arn:aws:scheduler:::aws-sdk:ecs:runTask", "Input": "[]"}},
            "JSON object",
        ),
    ],
)
def test_what_is_wrong_with_a_schedule(cloud: Scheduled, more: dict[str, Any], told: str) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        cloud.scheduler.update_schedule(
            Name="none", ScheduleExpression="rate(1 day)", FlexibleTimeWindow=OFF, Target=PLAIN
        )
    if "ScheduleExpression" in more:
        more = {"expression": more["ScheduleExpression"]}
    assert told in cloud.refused("ValidationException", **more)


def test_the_role_has_to_let_the_scheduler_in(cloud: Scheduled) -> None:
    for arn in (cloud.env["EXECUTION_ROLE"], "arn:aws:iam::123456789012:role/none"):
        told = cloud.refused("ValidationException", Target=cloud.target(RoleArn=arn))
        assert (
            told == "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
        )


def test_groups(cloud: Scheduled) -> None:
    with pytest.raises(ClientError, match="Schedule group none does not exist"):
        cloud.create(GroupName="none")
    cloud.scheduler.create_schedule_group(Name="nights")
    cloud.create(GroupName="nights")
    cloud.create()
    cloud.advance(1.5 * HOUR_S)
    assert {each["group"] for each in cloud.fired()} == {"nights", "default"}
    cloud.scheduler.delete_schedule_group(Name="nights")
    cloud.advance(HOUR_S)
    assert [each["group"] for each in cloud.fired()].count("nights") == 1
    with pytest.raises(ClientError, match="does not exist"):
        cloud.scheduler.delete_schedule_group(Name="nights")


def test_a_world_made_again_runs_the_same(make_offline: MakeOffline, tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    offline = make_offline(94)
    offline.app.recorder = Recorder.open_new(path, header_of(offline.cloud, "1"))
    first = Scheduled(offline)
    first.create(FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 10})
    first.advance(1.2 * HOUR_S)
    first.create("at(2026-01-01T12:00:00)", Name="once", ActionAfterCompletion="DELETE")
    first.advance(5 * HOUR_S)
    first.tasks()
    history, now_ms = offline.cloud.journal.to_jsonl(), offline.cloud.engine.now_ms
    offline.app.recorder = None
    offline.app.close()
    recording = read(path)
    header = recording.header
    cloud = Cloud(header.seed, start_ms=header.start_ms, account=header.account, label=header.label)
    again = Endpoint(cloud, Pacer(cloud.engine, lambda: cloud.settled, paused=True))
    try:
        again.replay(recording)
        cloud.engine.run_until(now_ms)
        assert cloud.journal.to_jsonl() == history
        assert history.count('"schedule.fired"') == 7
    finally:
        again.close()
