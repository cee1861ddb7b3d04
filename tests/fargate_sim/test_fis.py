"""FIS over the wire, with roles, alarms, logs and events of a whole account."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fargate_sim import inprocess
from fargate_sim.cloud import Cloud
from fargate_sim.control import header_of
from fargate_sim.digest import digest
from fargate_sim.endpoint import Endpoint
from fargate_sim.inprocess import call, control
from fargate_sim.pacer import Pacer
from fargate_sim.recording import Recorder, read

from .conftest import MakeOffline, Offline

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "fis.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
MANAGED = "arn:aws:iam::aws:policy/service-role/AWSFaultInjectionSimulator{}Access"
WEB = {
    "resourceType": "aws:ecs:task",
    "selectionMode": "COUNT(1)",
    "parameters": {"cluster": "demo", "service": "web"},
}
STOP = {"actionId": "aws:ecs:stop-task", "targets": {"Tasks": "web"}}
WAIT = {"actionId": "aws:fis:wait", "parameters": {"duration": "PT10M"}}


def advance(offline: Offline, seconds: int) -> None:
    offline.control.post("/_lab/clock", {"action": "advance", "ms": seconds * 1000})


def prepare(offline: Offline, *policies: str) -> str:
    """The service ``web``, running, and a role with AWS's own policies; its ARN."""
    offline.start_service()
    offline.control.post("/_lab/clock", {"action": "settle"})
    iam = offline.client("iam")
    role = iam.create_role(RoleName="fis", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    for policy in policies or ("ECS",):
        iam.attach_role_policy(RoleName="fis", PolicyArn=MANAGED.format(policy))
    return str(role)


def create(offline: Offline, role: str, *, condition: Any = None, **changes: Any) -> str:
    """A template; its id."""
    params = {
        "description": "stop a task",
        "roleArn": role,
        "stopConditions": [condition or {"source": "none"}],
        "targets": {"web": WEB},
        "actions": {"stop": STOP},
        **changes,
    }
    return str(offline.client("fis").create_experiment_template(**params)["experimentTemplate"]["id"])


def state(offline: Offline, experiment: str) -> tuple[str, str]:
    found = offline.client("fis").get_experiment(id=experiment)["experiment"]["state"]
    return found["status"], found["reason"]


def test_a_stopped_task_is_missed_and_replaced(offline: Offline) -> None:
    template = create(offline, prepare(offline))
    fis, ecs = offline.client("fis"), offline.client("ecs")
    made = fis.start_experiment(experimentTemplateId=template, tags={"game": "day"})["experiment"]["id"]
    advance(offline, 14)
    assert state(offline, made) == ("completed", "Experiment completed.")
    [service] = ecs.describe_services(cluster="demo", services=["web"])["services"]
    assert service["runningCount"] == 1
    offline.control.post("/_lab/clock", {"action": "settle"})
    [service] = ecs.describe_services(cluster="demo", services=["web"])["services"]
    assert service["runningCount"] == 2
    [stopped] = ecs.list_tasks(cluster="demo", desiredStatus="STOPPED")["taskArns"]
    [task] = ecs.describe_tasks(cluster="demo", tasks=[stopped])["tasks"]
    assert task["stoppedReason"] == f"Task stopped by AWS FIS (Experiment ID: {made})"
    assert task["stopCode"] == "UserInitiated"
    [requested] = offline.journal("task.stop_requested")
    [started] = offline.journal("experiment.action_started")
    assert requested["cause"] == started["seq"]


def test_awss_own_policy_is_enough_for_subnets(offline: Offline) -> None:
    role = prepare(offline, "Network")
    [subnet] = offline.client("ec2").describe_subnets(SubnetIds=[offline.env()["SUBNET_A"]])["Subnets"]
    nets = {
        "resourceType": "aws:ec2:subnet",
        "selectionMode": "ALL",
        "parameters": {"vpc": subnet["VpcId"], "availabilityZoneIdentifier": subnet["AvailabilityZoneId"]},
    }
    action = {
        "actionId": "aws:network:disrupt-connectivity",
        "parameters": {"duration": "PT2M", "scope": "all"},
        "targets": {"Subnets": "nets"},
    }
    template = create(offline, role, targets={"nets": nets}, actions={"net": action})
    fis = offline.client("fis")
    made = fis.start_experiment(experimentTemplateId=template)["experiment"]["id"]
    advance(offline, 14)
    assert state(offline, made)[0] == "running"
    arns = [
        each["targetInformation"]["arn"].rpartition("/")[2]
        for each in fis.list_experiment_resolved_targets(experimentId=made)["resolvedTargets"]
    ]
    assert offline.env()["SUBNET_A"] in arns
    assert offline.env()["SUBNET_B"] not in arns
    advance(offline, 120)
    assert state(offline, made)[0] == "completed"
    assert offline.cloud.world("us-east-1").disturbances.active == []


def test_a_role_without_the_right(offline: Offline) -> None:
    role = prepare(offline, "Network")
    made = offline.client("fis").start_experiment(experimentTemplateId=create(offline, role))["experiment"]
    advance(offline, 14)
    assert state(offline, made["id"])[0] == "failed"
    assert "Not authorized" in state(offline, made["id"])[1]


def test_a_stop_condition_on_an_alarm_of_the_service(offline: Offline) -> None:
    role = prepare(offline)
    watch = offline.client("cloudwatch")
    watch.put_metric_alarm(
        AlarmName="tasks",
        Namespace="ECS/ContainerInsights",
        MetricName="RunningTaskCount",
        Dimensions=[{"Name": "ClusterName", "Value": "demo"}, {"Name": "ServiceName", "Value": "web"}],
        Statistic="Minimum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=2,
        ComparisonOperator="LessThanThreshold",
        TreatMissingData="breaching",
    )
    offline.client("ecs").update_cluster_settings(
        cluster="demo", settings=[{"name": "containerInsights", "value": "enhanced"}]
    )
    advance(offline, 300)
    [alarm] = watch.describe_alarms()["MetricAlarms"]
    assert alarm["StateValue"] == "OK"
    condition = {"source": "aws:cloudwatch:alarm", "value": alarm["AlarmArn"]}
    actions = {"stop": STOP, "wait": {**WAIT, "startAfter": ["stop"]}}
    template = create(
        offline, role, condition=condition, targets={"web": {**WEB, "selectionMode": "ALL"}}, actions=actions
    )
    made = offline.client("fis").start_experiment(experimentTemplateId=template)["experiment"]["id"]
    # What is stopped does not come back, so that the alarm will see it.
    offline.control.post("/_lab/capacity", {"action": "shortage", "provider": "FARGATE"})
    advance(offline, 300)
    assert state(offline, made) == ("stopped", "Experiment halted by stop condition.")
    [stopping] = offline.journal("experiment.stopping")
    changed = [each for each in offline.journal("alarm.state") if each["data"]["to"] == "ALARM"]
    assert stopping["cause"] == changed[-1]["seq"]


def test_its_records_and_events_arrive(offline: Offline) -> None:
    role = prepare(offline)
    logs, sqs, events = (offline.client(name) for name in ("logs", "sqs", "events"))
    logs.create_log_group(logGroupName="/fis")
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["aws.fis"], "detail": {"new-state": {"status": ["completed", "failed"]}}}
    events.put_rule(Name="ended", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="ended", Targets=[{"Id": "1", "Arn": arn}])
    group = f"arn:aws:logs:us-east-1:{offline.cloud.account}:log-group:/fis:*"
    configuration = {"logSchemaVersion": 2, "cloudWatchLogsConfiguration": {"logGroupArn": group}}
    template = create(offline, role, logConfiguration=configuration)
    made = offline.client("fis").start_experiment(experimentTemplateId=template)["experiment"]["id"]
    advance(offline, 30)
    lines = logs.get_log_events(logGroupName="/fis", logStreamName=f"/aws/fis/{made}")["events"]
    assert json.loads(lines[0]["message"])["log_type"] == "experiment-start"
    assert json.loads(lines[-1]["message"])["log_type"] == "experiment-end"
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["detail"]["experiment-id"] == made


def live_a_little(offline: Offline) -> tuple[str, str]:
    """One experiment that is over, and one that runs."""
    role = prepare(offline)
    fis = offline.client("fis")
    template = create(offline, role, actions={"stop": STOP, "wait": WAIT})
    first = fis.start_experiment(experimentTemplateId=template)["experiment"]["id"]
    advance(offline, 100)
    fis.stop_experiment(id=first)
    fis.tag_resource(
        resourceArn=fis.get_experiment_template(id=template)["experimentTemplate"]["arn"], tags={"é": "/"}
    )
    advance(offline, 60)
    second = fis.start_experiment(experimentTemplateId=template)["experiment"]["id"]
    advance(offline, 100)
    return first, second


def test_an_experiment_goes_on_after_a_crash(make_offline: MakeOffline, tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    offline = make_offline(93)
    offline.app.recorder = Recorder.open_new(path, header_of(offline.cloud, "1"))
    first, second = live_a_little(offline)
    history, before = offline.cloud.journal.to_jsonl(), digest(offline.cloud)
    offline.app.recorder = None
    offline.app.close()

    recording = read(path)
    header = recording.header
    cloud = Cloud(header.seed, start_ms=header.start_ms, account=header.account, label=header.label)
    again = Endpoint(cloud, Pacer(cloud.engine, lambda: cloud.settled, paused=True))
    again.replay(recording)
    try:
        assert again.cloud.journal.to_jsonl() == history
        assert digest(again.cloud) == before
        revived = Offline(again, control(again))
        assert state(revived, first)[0] == "stopped"
        assert state(revived, second)[0] == "running"
        advance(revived, 600)
        assert state(revived, second)[0] == "completed"
    finally:
        again.close()


def test_moto_answers_for_nothing_of_it(offline: Offline) -> None:
    fis = offline.client("fis")
    for operation, params in (
        ("get_safety_lever", {"id": "default"}),
        ("list_target_account_configurations", {"experimentTemplateId": "EXT1"}),
        (
            "create_target_account_configuration",
            {"experimentTemplateId": "EXT1", "accountId": "1" * 12, "roleArn": "r" * 20, "clientToken": "t"},
        ),
    ):
        with pytest.raises(ClientError) as caught:
            getattr(fis, operation)(**params)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
        assert caught.value.response["Error"]["Code"] == "NotImplementedException"
    scope = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/fis/aws4_request, Signature=0"
    for method, path in (("PUT", "/experiments"), ("GET", "/v1/anything"), ("POST", "/")):
        headers = [("Authorization", scope), ("Content-Type", "application/json")]
        status, found, _ = call(offline.app, method, f"http://127.0.0.1{path}", headers, b"{}")
        assert status == 404
        assert ("x-amzn-ErrorType", "UnknownOperationException") in found
    template = {"Resources": {"T": {"Type": "AWS::FIS::ExperimentTemplate", "Properties": {}}}}
    with pytest.raises(ClientError) as caught:
        offline.client("cloudformation").create_stack(StackName="x", TemplateBody=json.dumps(template))
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_calls_are_in_the_history(offline: Offline) -> None:
    fis = offline.client("fis")
    with pytest.raises(ClientError) as caught:
        fis.start_experiment(experimentTemplateId="EXT1", clientToken="t")
    assert caught.value.response["Error"] == {
        "Code": "ResourceNotFoundException",
        "Message": "Experiment template with ID EXT1 not found.",
    }
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    fis.list_actions()
    entries = [each["data"] for each in offline.journal("call") if each["data"]["service"] == "fis"]
    assert [each["operation"] for each in entries] == ["StartExperiment", "ListActions"]
    assert entries[0]["params"] == {"experimentTemplateId": "EXT1", "clientToken": "t"}
    assert (entries[0]["status"], entries[0]["error"]) == (404, "ResourceNotFoundException")
    assert entries[1]["reading"]


def test_a_path_in_this_process_is_decoded_as_by_a_server() -> None:
    seen: list[str] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        seen.append(environ["PATH_INFO"])
        start_response("200 OK", [])
        return [b""]

    inprocess.call(app, "GET", "http://127.0.0.1/tags/arn%3Aaws%2Fx%C3%A9")
    assert seen == ["/tags/arn:aws/x\u00c3\u00a9"]
