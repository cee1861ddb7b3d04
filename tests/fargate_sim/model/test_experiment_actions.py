"""What the actions do, and what the experiment role must be allowed to."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from support.fis import CPU, LATENCY, ROLE, STOP, TARGETS, WAIT, Fis

from fargate_sim.model.alarms import AlarmSpec
from fargate_sim.model.metrics import Metric

ENDPOINTS = {"useEcsFaultInjectionEndpoints": "true"}
KILL = {
    "actionId": "aws:ecs:task-kill-process",
    "parameters": {"processName": "nginx"},
    "targets": {"Tasks": "web"},
}
LOSS = {**LATENCY, "actionId": "aws:ecs:task-network-packet-loss"}
BLACKHOLE = {
    **LATENCY,
    "actionId": "aws:ecs:task-network-blackhole-port",
    "parameters": {"duration": "PT1M", "port": "5432", "trafficType": "egress", **ENDPOINTS},
}
DISRUPT = {
    "actionId": "aws:network:disrupt-connectivity",
    "parameters": {"duration": "PT1M", "scope": "vpc"},
    "targets": {"Subnets": "nets"},
}
NETS = {"nets": {"resourceType": "aws:ec2:subnet", "selectionMode": "ALL", "parameters": {"vpc": "vpc-1"}}}
ASSERT = {"actionId": "aws:cloudwatch:assert-alarm-state"}
SSM = ("ecs:DescribeTasks", "ssm:SendCommand", "ssm:ListCommands", "ssm:CancelCommand")


@pytest.fixture
def fis() -> Fis:
    return Fis(desired=2)


def begun(fis: Fis, action: dict[str, Any], **extra: Any) -> Any:
    """The fault that an action begins."""
    made = fis.start(action, **extra)
    fis.seconds(14)
    assert fis.state(made)[0] == "running", fis.state(made)
    [fault] = fis.faults.active
    assert fault.why == f"fis {made}"
    return fault


class TestWhatTheyBegin:
    def test_cpu_stress(self, fis: Fis) -> None:
        fault = begun(fis, CPU)
        assert (fault.kind, fault.params) == ("cpu-stress", {"percent": 100, "workers": 0})
        assert len(fault.tasks) == 2

    def test_no_load_is_no_fault(self, fis: Fis) -> None:
        made = fis.start({**CPU, "parameters": {**CPU["parameters"], "percent": "0"}})
        fis.seconds(14)
        assert fis.state(made)[0] == "running"
        assert fis.faults.begun == []

    def test_latency(self, fis: Fis) -> None:
        fault = begun(fis, LATENCY)
        assert fault.kind == "network-latency"
        assert fault.params == {
            "delayMilliseconds": 200,
            "jitterMilliseconds": 10,
            "flowsPercent": 100,
            "sources": ("ALL",),
        }

    def test_packet_loss(self, fis: Fis) -> None:
        fis.account.known["subnet-b"] = replace(fis.account.known["subnet-b"], zone_id="use1-az2")
        given = {**LOSS["parameters"], "lossPercent": "30", "sources": "S3,10.0.0.0/8,use1-az2"}
        fault = begun(fis, {**LOSS, "parameters": given})
        assert fault.kind == "network-packet-loss"
        assert fault.params == {
            "lossPercent": 30,
            "flowsPercent": 100,
            "sources": ("S3", "10.0.0.0/8", "us-east-1b"),
        }

    def test_a_blackhole(self, fis: Fis) -> None:
        fault = begun(fis, BLACKHOLE)
        assert fault.kind == "network-blackhole-port"
        assert fault.params == {"port": 5432, "trafficType": "egress", "protocol": "tcp"}

    def test_subnets(self, fis: Fis) -> None:
        fault = begun(fis, DISRUPT, targets=NETS)
        assert fault.params == {"subnets": ("subnet-a", "subnet-b"), "scope": "vpc"}
        [entry] = fis.entries("experiment.action_started")
        assert entry.data["subnets"] == ["subnet-a", "subnet-b"]
        assert entry.data["tasks"] == []

    def test_a_killed_process(self, fis: Fis) -> None:
        made = fis.start(KILL, {**KILL, "parameters": {"processName": "nginx", "signal": "SIGKILL"}})
        fis.seconds(14)
        assert fis.state(made)[0] == "completed"
        assert fis.faults.killed == [("nginx", "SIGTERM"), ("nginx", "SIGKILL")]


class TestWhatMakesThemFail:
    def fails(
        self,
        fis: Fis,
        reason: str,
        *actions: dict[str, Any],
        code: str = "ConfigurationFailure",
        **extra: Any,
    ) -> str:
        made = fis.start(*actions, **extra)
        fis.seconds(14)
        assert fis.state(made) == ("failed", reason)
        assert fis.shown(made)["state"]["error"]["code"] == code
        assert fis.faults.active == []
        return made

    @pytest.mark.parametrize("action", [CPU, LATENCY, KILL])
    def test_tasks_that_do_not_allow_it(self, fis: Fis, action: dict[str, Any]) -> None:
        fis.faults.refusal = "The task does not allow it."
        made = self.fails(fis, "The task does not allow it.", action)
        assert fis.shown(made)["actions"]["a"]["state"]["reason"] == "The task does not allow it."

    def test_a_refused_subnet(self, fis: Fis) -> None:
        fis.faults.refusal = "No."
        self.fails(fis, "No.", DISRUPT, targets=NETS)

    def test_no_such_process(self, fis: Fis) -> None:
        fis.faults.hits = 0
        self.fails(fis, "nginx: no process found", KILL)

    def test_network_faults_without_the_endpoints(self, fis: Fis) -> None:
        plain = {**LATENCY, "parameters": {"duration": "PT1M"}}
        self.fails(fis, "On Fargate the parameter useEcsFaultInjectionEndpoints must be true.", plain)

    def test_one_after_the_other_and_beside_other_faults_they_run(self, fis: Fis) -> None:
        made = fis.start(CPU, BLACKHOLE, {**LOSS, "startAfter": ["b"]})
        fis.seconds(14 + 61)
        assert {fault.kind for fault in fis.faults.active} == {"cpu-stress", "network-packet-loss"}
        assert fis.state(made)[0] == "running"

    def test_two_network_faults_in_different_tasks(self, fis: Fis) -> None:
        arns = [task["taskArn"] for task in fis.tasks()]
        one, two = (
            {"resourceType": "aws:ecs:task", "selectionMode": "ALL", "resourceArns": [arn]} for arn in arns
        )
        made = fis.start(LATENCY, {**LOSS, "targets": {"Tasks": "two"}}, targets={"web": one, "two": two})
        fis.seconds(14)
        assert fis.state(made)[0] == "running"
        assert len(fis.faults.active) == 2

    def test_a_subnet_that_was_deleted_in_between(self, fis: Fis) -> None:
        made = fis.start(DISRUPT, targets=NETS)
        fis.seconds(5)
        del fis.account.known["subnet-b"]
        fis.seconds(10)
        assert fis.shown(made)["state"]["error"]["code"] == "InvalidTarget"


class TestAlarms:
    @pytest.mark.parametrize(("state", "result"), [("OK", "completed"), ("ALARM", "failed")])
    def test_they_are_in_a_state_or_not(self, fis: Fis, state: str, result: str) -> None:
        spec = AlarmSpec("slow", 1.0, metric=Metric("Shop", "Errors", ()), treat_missing="ignore")
        made = fis.world.alarms.put(spec)
        fis.world.alarms.set_state(made, state, "x", None)
        states = "OK,INSUFFICIENT_DATA"
        action = {**ASSERT, "parameters": {"alarmArns": made.arn, "alarmStates": states}}
        experiment = fis.start(action)
        fis.seconds(14)
        assert fis.state(experiment)[0] == result

    def test_one_that_is_not_there(self, fis: Fis) -> None:
        parameters = {"alarmArns": fis.alarm_arn("gone"), "alarmStates": "OK"}
        made = fis.start({**ASSERT, "parameters": parameters})
        fis.seconds(14)
        assert fis.state(made) == ("failed", f"The alarm {fis.alarm_arn('gone')} was not found.")


class TestPermissions:
    """Each action with exactly what AWS's guide lists, and with each of it missing."""

    CASES = (
        (STOP, TARGETS, ("ecs:DescribeTasks", "ecs:ListTasks", "ecs:StopTask")),
        (CPU, TARGETS, SSM),
        (KILL, TARGETS, SSM),
        (BLACKHOLE, TARGETS, SSM),
        (LATENCY, TARGETS, (*SSM, "ec2:DescribeSubnets")),
        (LOSS, TARGETS, (*SSM, "ec2:DescribeSubnets")),
        (
            DISRUPT,
            NETS,
            (
                "ec2:CreateNetworkAcl",
                "ec2:CreateNetworkAclEntry",
                "ec2:CreateTags",
                "ec2:DeleteNetworkAcl",
                "ec2:DescribeManagedPrefixLists",
                "ec2:DescribeNetworkAcls",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
                "ec2:ReplaceNetworkAclAssociation",
            ),
        ),
        (WAIT, {}, ()),
    )

    @pytest.mark.parametrize(("action", "targets", "needed"), CASES)
    def test_what_an_action_needs(
        self, action: dict[str, Any], targets: dict[str, Any], needed: tuple[str, ...]
    ) -> None:
        fis = Fis(desired=1)
        fis.may(*needed, "nothing:Else")
        made = fis.start(action, targets=targets)
        fis.seconds(14)
        assert fis.state(made)[0] in ("running", "completed"), fis.state(made)
        fis.fis("StopExperiment", id=made) if fis.state(made)[0] == "running" else None
        fis.seconds(120)
        for missing in needed:
            fis.may(*(each for each in needed if each != missing), "nothing:Else")
            made = fis.start(action, targets=targets)
            fis.seconds(14)
            status, reason = fis.state(made)
            assert status == "failed", missing
            assert reason.endswith("Not authorized to perform the required action.")
            assert fis.shown(made)["state"]["error"]["code"] == "AuthorizationFailure"

    def test_the_resolution_says_what_failed(self, fis: Fis) -> None:
        fis.may("ecs:StopTask", "ecs:ListTasks")
        made = fis.start(STOP)
        fis.seconds(3)
        reason = "Error resolving targets. Not authorized to perform the required action."
        assert fis.state(made) == ("failed", reason)
        tags = {"web": {"resourceType": "aws:ecs:task", "selectionMode": "ALL", "resourceTags": {"a": "b"}}}
        fis.may("ecs:*")
        made = fis.start(STOP, targets=tags)
        fis.seconds(3)
        assert fis.state(made) == ("failed", reason)  # tag:GetResources

    def test_other_tasks_are_not_meant(self, fis: Fis) -> None:
        fis.may("ecs:*", resource="arn:aws:ecs:us-east-1:123456789012:task/other/*")
        made = fis.start(STOP)
        fis.seconds(14)
        assert fis.state(made)[0] == "failed"

    def test_a_condition_on_the_cluster(self, fis: Fis) -> None:
        from support.policies import document, role, statement, trusting  # noqa: PLC0415

        for cluster, result in (("lab", "completed"), ("other", "failed")):
            when = {"ArnEquals": {"ecs:cluster": fis.world.arn(f"cluster/{cluster}")}}
            policy = document(
                statement(action=["ecs:StopTask", "ecs:DescribeTasks"], Condition=when),
                statement(action="ecs:ListTasks"),
            )
            trust = trusting(
                "fis.amazonaws.com",
                Condition={
                    "StringEquals": {"aws:SourceAccount": "123456789012"},
                    "ArnLike": {"aws:SourceArn": "arn:aws:fis:us-east-1:123456789012:experiment/*"},
                },
            )
            fis.account.roles[ROLE] = role(policy, trust=trust, arn=ROLE)
            fis.account.epoch += 1
            made = fis.start(STOP)
            fis.seconds(14)
            assert fis.state(made)[0] == result


def test_the_records_of_an_experiment(fis: Fis) -> None:
    group = "arn:aws:logs:us-east-1:123456789012:log-group:/ecs/web:*"
    logs = {"logSchemaVersion": 2, "cloudWatchLogsConfiguration": {"logGroupArn": group}}
    made = fis.start(STOP, {**CPU, "startAfter": ["a"]}, logConfiguration=logs)
    fis.faults.refusal = "No."
    fis.seconds(20)
    lines = [line for line in fis.world.logs.undelivered if line.stream == f"/aws/fis/{made}"]
    assert {line.group for line in lines} == {"/ecs/web"}
    records = [json.loads(line.message) for line in lines]
    assert [each["log_type"] for each in records] == [
        "experiment-start",
        "target-resolution-start",
        "target-resolution-detail",
        "target-resolution-end",
        "action-start",
        "action-end",
        "action-start",
        "action-error",
        "action-end",
        "experiment-end",
    ]
    assert records[2]["details"]["resolved_targets_count"] == 2
    assert records[5]["details"]["action_state"] == {"status": "completed", "reason": "Action was completed."}
    assert records[-1]["details"]["experiment_state"]["status"] == "failed"
    assert all(each["id"] == made and each["version"] == "2" for each in records)
