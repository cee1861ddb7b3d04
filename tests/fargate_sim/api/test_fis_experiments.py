"""An experiment's way through its states, and who ends it."""

from __future__ import annotations

from typing import Any

import pytest
from support.fis import CPU, LATENCY, STOP, TARGETS, WAIT, Fis
from support.worlds import Account

from fargate_sim.model.alarms import AlarmSpec
from fargate_sim.model.events import EventPattern, ListeningRule
from fargate_sim.model.metrics import Metric

METRIC = Metric("Shop", "Errors", ())


@pytest.fixture
def fis() -> Fis:
    return Fis()


def alarm(fis: Fis, name: str, state: str = "OK") -> Any:
    """An alarm without data, put into a state."""
    made = fis.world.alarms.put(AlarmSpec(name, 1.0, metric=METRIC, treat_missing="ignore"))
    fis.world.alarms.set_state(made, state, "by hand", None)
    return made


def test_the_states_of_an_experiment(fis: Fis) -> None:
    made = fis.start(CPU, {**WAIT, "startAfter": ["a"]})
    assert fis.state(made) == ("initiating", "Experiment is initiating.")
    assert fis.shown(made)["actions"]["a"]["state"] == {"status": "pending", "reason": "Initial state"}
    fis.seconds(3)
    assert fis.state(made)[0] == "initiating"
    assert fis.faults.active == []
    fis.seconds(11)
    assert fis.state(made) == ("running", "Experiment is running.")
    assert fis.states(made) == {"a": "running", "b": "pending"}
    assert len(fis.faults.active) == 1
    fis.seconds(300)
    assert fis.faults.active == []
    assert fis.states(made) == {"a": "completed", "b": "running"}
    fis.seconds(300)
    assert fis.state(made) == ("completed", "Experiment completed.")
    shown = fis.shown(made)
    assert shown["actions"]["a"]["state"]["reason"] == "Action was completed."
    times = [shown["actions"]["a"][when] for when in ("startTime", "endTime")]
    assert times[1] - times[0] == 300
    assert shown["endTime"] - shown["startTime"] == 613
    assert [
        entry.kind.removeprefix("experiment.") for entry in fis.journal if "experiment." in entry.kind
    ] == [
        "started",
        "action_started",
        "action_ended",
        "action_started",
        "action_ended",
        "ended",
    ]


def test_actions_start_together_or_after_all_that_they_wait_for(fis: Fis) -> None:
    short = {**WAIT, "parameters": {"duration": "PT1M"}}
    made = fis.start({"x": short, "y": WAIT, "z": {**STOP, "startAfter": ["x", "y"]}})
    fis.seconds(13 + 61)
    assert fis.states(made) == {"x": "completed", "y": "running", "z": "pending"}
    assert len(fis.tasks()) == 4
    fis.seconds(240)
    assert fis.state(made)[0] == "completed"
    assert {task["stoppedReason"] for task in fis.tasks(desiredStatus="STOPPED")} == {
        f"Task stopped by AWS FIS (Experiment ID: {made})"
    }


def test_stopping_ends_what_it_does_at_once(fis: Fis) -> None:
    made = fis.start(CPU, {**WAIT, "startAfter": ["a"]})
    fis.seconds(60)
    shown = fis.fis("StopExperiment", id=made)["experiment"]
    assert shown["state"] == {"status": "stopping", "reason": "Stopping Experiment."}
    assert fis.states(made) == {"a": "stopping", "b": "cancelled"}
    assert fis.faults.active == []
    assert fis.fis("StopExperiment", id=made)["experiment"]["state"]["status"] == "stopping"
    fis.seconds(30)
    assert fis.state(made)[0] == "stopped"
    assert fis.states(made) == {"a": "stopped", "b": "cancelled"}
    fis.denied("StopExperiment", "ValidationException", "it is stopped", id=made)
    fis.seconds(3600)
    assert fis.state(made)[0] == "stopped"


@pytest.mark.parametrize("after_s", [0, 2, 5])
def test_stopping_before_it_has_begun_does_nothing_to_tasks(fis: Fis, after_s: int) -> None:
    made = fis.start(STOP)
    fis.seconds(after_s)
    fis.fis("StopExperiment", id=made)
    fis.seconds(600)
    assert fis.state(made)[0] == "stopped"
    assert fis.states(made) == {"a": "cancelled"}
    assert fis.tasks(desiredStatus="STOPPED") == []


class TestStopConditions:
    def test_an_alarm_halts_the_experiment(self, fis: Fis) -> None:
        watched = alarm(fis, "slow")
        made = fis.start(CPU, LATENCY, alarms=["slow"])
        fis.seconds(60)
        assert len(fis.faults.active) == 2
        fis.world.alarms.set_state(watched, "ALARM", "it is slow", None)
        fis.seconds(2)
        assert fis.state(made) == ("stopping", "Stopping Experiment.")
        assert fis.faults.active == []
        fis.seconds(30)
        assert fis.state(made) == ("stopped", "Experiment halted by stop condition.")
        [stopping] = fis.entries("experiment.stopping")
        [changed] = [each for each in fis.entries("alarm.state") if each.data["to"] == "ALARM"]
        assert stopping.cause == changed.seq

    @pytest.mark.parametrize("state", ["ALARM", "INSUFFICIENT_DATA"])
    def test_an_alarm_must_be_in_ok_at_the_start(self, fis: Fis, state: str) -> None:
        alarm(fis, "slow", state)
        made = fis.start(CPU, alarms=["slow"])
        fis.seconds(60)
        status, reason = fis.state(made)
        assert status == "failed"
        assert f"is in the state {state}" in reason
        assert fis.shown(made)["state"]["error"] == {
            "accountId": "123456789012",
            "code": "ConfigurationFailure",
            "location": "stopConditions",
        }
        assert fis.faults.begun == []
        assert fis.states(made) == {"a": "cancelled"}

    def test_one_that_does_not_exist(self, fis: Fis) -> None:
        made = fis.start(CPU, alarms=["gone"])
        fis.seconds(60)
        assert "was not found" in fis.state(made)[1]

    def test_only_its_own_alarm_and_only_alarm_halts_it(self, fis: Fis) -> None:
        watched, other = alarm(fis, "slow"), alarm(fis, "other")
        made = fis.start(CPU, alarms=["slow"])
        fis.seconds(60)
        fis.world.alarms.set_state(other, "ALARM", "x", None)
        fis.world.alarms.set_state(watched, "INSUFFICIENT_DATA", "x", None)
        fis.seconds(60)
        assert fis.state(made)[0] == "running"

    def test_between_the_look_and_the_first_action(self, fis: Fis) -> None:
        watched = alarm(fis, "slow")
        made = fis.start(STOP, alarms=["slow"])
        fis.seconds(5)
        fis.world.alarms.set_state(watched, "ALARM", "x", None)
        fis.seconds(60)
        assert fis.state(made)[0] == "stopped"
        assert fis.tasks(desiredStatus="STOPPED") == []


class TestTargets:
    def test_no_target_fails_the_experiment(self, fis: Fis) -> None:
        targets = {"web": {**TARGETS["web"], "parameters": {"cluster": "lab", "service": "gone"}}}
        made = fis.start(STOP, WAIT, targets=targets)
        fis.seconds(3)
        assert fis.state(made) == ("failed", "Target resolution returned empty set.")
        assert fis.shown(made)["state"]["error"]["code"] == "InvalidTarget"
        assert fis.shown(made)["state"]["error"]["location"] == "targets/web"
        assert set(fis.states(made).values()) == {"cancelled"}

    def test_or_skips_its_actions(self, fis: Fis) -> None:
        targets = {"web": {**TARGETS["web"], "parameters": {"cluster": "lab", "service": "gone"}}}
        options = {"emptyTargetResolutionMode": "skip"}
        made = fis.start(STOP, {**WAIT, "startAfter": ["a"]}, targets=targets, experimentOptions=options)
        fis.seconds(14)
        assert fis.states(made) == {"a": "skipped", "b": "running"}
        fis.seconds(300)
        assert fis.state(made)[0] == "completed"

    def test_a_name_that_is_not_there_cannot_be_skipped(self, fis: Fis) -> None:
        arn = fis.world.arn("task/lab/" + "0" * 32)
        targets = {"web": {"resourceType": "aws:ecs:task", "selectionMode": "ALL", "resourceArns": [arn]}}
        options = {"emptyTargetResolutionMode": "skip"}
        made = fis.start(STOP, targets=targets, experimentOptions=options)
        fis.seconds(3)
        assert fis.state(made)[0] == "failed"

    def test_they_are_those_of_the_start(self, fis: Fis) -> None:
        made = fis.start({**WAIT, "parameters": {"duration": "PT10M"}}, {**STOP, "startAfter": ["a"]})
        fis.seconds(14)
        before = {task["taskArn"] for task in fis.tasks()}
        listed = fis.fis("ListExperimentResolvedTargets", experimentId=made)["resolvedTargets"]
        assert {each["targetInformation"]["arn"] for each in listed} == before
        fis.deploy(fis.web, fis.described())
        fis.seconds(700)
        assert fis.state(made)[0] == "completed"
        assert len(fis.tasks()) == 4
        assert not before & {task["taskArn"] for task in fis.tasks()}

    def test_a_fault_in_tasks_that_are_gone_fails(self, fis: Fis) -> None:
        made = fis.start({**WAIT, "parameters": {"duration": "PT10M"}}, {**CPU, "startAfter": ["a"]})
        fis.seconds(14)
        fis.deploy(fis.web, fis.described())
        fis.seconds(700)
        assert fis.state(made)[0] == "failed"
        assert fis.shown(made)["state"]["error"]["code"] == "InvalidTarget"

    def test_resolved_targets_come_in_pages_by_name(self, fis: Fis) -> None:
        made = fis.start(STOP, targets={**TARGETS, "some": {**TARGETS["web"], "selectionMode": "COUNT(1)"}})
        assert fis.fis("ListExperimentResolvedTargets", experimentId=made)["resolvedTargets"] == []
        fis.seconds(3)
        first = fis.fis("ListExperimentResolvedTargets", experimentId=made, targetName="web", maxResults=3)
        assert len(first["resolvedTargets"]) == 3
        more = {"experimentId": made, "targetName": "web", "nextToken": first["nextToken"]}
        assert len(fis.fis("ListExperimentResolvedTargets", **more)["resolvedTargets"]) == 1
        one = fis.fis("ListExperimentResolvedTargets", experimentId=made, targetName="some")
        assert one["resolvedTargets"][0]["targetName"] == "some"
        fis.denied(
            "ListExperimentResolvedTargets", "ValidationException", "x", experimentId=made, targetName="x"
        )


def test_a_preview_finds_its_targets_and_does_nothing(fis: Fis) -> None:
    fis.may("nothing:Really")  # a preview is no test of permissions
    made = fis.start(STOP, CPU, mode="skip-all")
    fis.seconds(20)
    assert fis.state(made)[0] == "completed"
    assert set(fis.states(made).values()) == {"skipped"}
    assert len(fis.fis("ListExperimentResolvedTargets", experimentId=made)["resolvedTargets"]) == 4
    assert fis.tasks(desiredStatus="STOPPED") == []
    assert fis.faults.begun == []
    assert fis.shown(made)["experimentOptions"]["actionsMode"] == "skip-all"


def test_the_first_failure_ends_everything(fis: Fis) -> None:
    fis.may("ecs:*")  # but no Systems Manager
    made = fis.start({"w": WAIT, "x": CPU, "y": STOP, "z": {**WAIT, "startAfter": ["w"]}})
    fis.seconds(14)
    assert fis.state(made) == ("failed", "Not authorized to perform the required action.")
    assert fis.shown(made)["state"]["error"] == {
        "accountId": "123456789012",
        "code": "AuthorizationFailure",
        "location": "actions/x",
    }
    assert fis.states(made) == {"w": "stopped", "x": "failed", "y": "cancelled", "z": "cancelled"}
    fis.seconds(3600)
    assert fis.state(made)[0] == "failed"


@pytest.mark.parametrize("trust", ["ecs-tasks.amazonaws.com", "*.amazonaws.com"])
def test_a_role_that_fis_may_not_assume(fis: Fis, trust: str) -> None:
    fis.may("*", trust=trust)
    made = fis.start(STOP)
    fis.seconds(3)
    assert fis.state(made) == ("failed", "Unable to assume the experiment role.")
    assert fis.shown(made)["state"]["error"]["location"] == "roleArn"


def test_a_role_that_does_not_exist(fis: Fis) -> None:
    assert isinstance(fis.account, Account)
    fis.account.roles = dict.fromkeys(fis.account.roles)
    fis.account.epoch += 1
    made = fis.start(STOP)
    fis.seconds(3)
    assert fis.state(made)[0] == "failed"


def test_a_client_token_starts_one_experiment(fis: Fis) -> None:
    template = fis.template(WAIT)["id"]
    first = fis.fis("StartExperiment", experimentTemplateId=template, clientToken="t")["experiment"]
    again = fis.fis("StartExperiment", experimentTemplateId=template, clientToken="t")["experiment"]
    assert again == first
    fis.denied(
        "StartExperiment",
        "ConflictException",
        "different request",
        experimentTemplateId=template,
        clientToken="t",
        tags={"a": "b"},
    )


def test_five_experiments_at_a_time(fis: Fis) -> None:
    made = [fis.start(WAIT) for _ in range(5)]
    template = fis.template(WAIT)["id"]
    fis.denied("StartExperiment", "ServiceQuotaExceededException", "at most 5", experimentTemplateId=template)
    fis.fis("StopExperiment", id=made[0])
    fis.seconds(30)
    fis.fis("StartExperiment", experimentTemplateId=template, tags={"a": "b"})
    listed = fis.fis("ListExperiments")["experiments"]
    assert [each["id"] for each in listed[:5]] == made
    [last] = fis.fis("ListExperiments", experimentTemplateId=template)["experiments"]
    assert last["tags"] == {"a": "b"}
    assert fis.fis("ListTagsForResource", resourceArn=last["arn"])["tags"] == {"a": "b"}
    fis.denied("GetExperiment", "ResourceNotFoundException", "not found", id="EXP0")
    fis.denied("StopExperiment", "ResourceNotFoundException", "not found", id="EXP0")


def test_an_experiment_keeps_the_plan_that_it_was_started_with(fis: Fis) -> None:
    template = fis.template(WAIT)["id"]
    made = fis.fis("StartExperiment", experimentTemplateId=template)["experiment"]["id"]
    fis.fis("UpdateExperimentTemplate", id=template, actions={"a": STOP})
    fis.fis("DeleteExperimentTemplate", id=template)
    fis.seconds(400)
    assert fis.state(made)[0] == "completed"
    assert fis.tasks(desiredStatus="STOPPED") == []


def test_every_change_of_state_is_an_event(fis: Fis) -> None:
    fis.world.events.listen([ListeningRule("all", EventPattern('{"source": ["aws.fis"]}'))])
    made = fis.start(STOP)
    fis.seconds(20)
    assert [
        (event["detail"]["old-state"]["status"], event["detail"]["new-state"]["status"])
        for event in fis.account.events
    ] == [("pending", "initiating"), ("initiating", "running"), ("running", "completed")]
    last = fis.account.events[-1]
    assert last["detail-type"] == "FIS Experiment State Change"
    assert last["resources"] == [fis.shown(made)["arn"]]
    assert last["detail"]["experiment-id"] == made
    assert last["detail"]["new-state"]["reason"] == "Experiment completed."


def test_a_log_group_that_is_not_there(fis: Fis) -> None:
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:/gone:*"
    logs = {"logSchemaVersion": 2, "cloudWatchLogsConfiguration": {"logGroupArn": arn}}
    made = fis.start(STOP, logConfiguration=logs)
    fis.seconds(3)
    assert fis.state(made) == ("failed", "The log group /gone does not exist.")
