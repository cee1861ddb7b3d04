"""Experiment templates: what FIS takes, what it refuses, and what it shows."""

from __future__ import annotations

from typing import Any

import pytest
from support.fis import CPU, LATENCY, ROLE, STOP, TARGETS, WAIT, Fis

from fargate_sim.model.experiments.catalogue import ACTIONS, RESOURCE_TYPES

TASK = "arn:aws:ecs:us-east-1:123456789012:task/lab/0123456789abcdef0123456789abcdef"
TAGGED = {"resourceType": "aws:ecs:task", "selectionMode": "ALL", "resourceTags": {"a": "b"}}
BY_ARN = {"resourceType": "aws:ecs:task", "selectionMode": "ALL", "resourceArns": [TASK]}
GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:/fis:*"


@pytest.fixture(scope="module")
def fis() -> Fis:
    """One world for all: a template that is refused leaves nothing behind."""
    return Fis(desired=0)


def test_a_template_is_kept_as_it_was_given(fis: Fis) -> None:
    given = {
        "a": {**STOP, "description": "kill"},
        "b": {**WAIT, "startAfter": ["a"]},
    }
    filters = [{"path": "AvailabilityZone", "values": ["us-east-1a"]}]
    targets = {"web": {**TARGETS["web"], "filters": filters, "selectionMode": "COUNT(2)"}}
    logs = {"logSchemaVersion": 2, "cloudWatchLogsConfiguration": {"logGroupArn": GROUP}}
    made = fis.template(
        given,
        targets=targets,
        alarms=["slow"],
        tags={"team": "a"},
        logConfiguration=logs,
        experimentOptions={"emptyTargetResolutionMode": "skip"},
    )
    assert made["id"].startswith("EXT")
    assert len(made["id"]) == 17
    assert made["arn"].endswith(f":experiment-template/{made['id']}")
    assert made["targets"] == targets
    assert made["actions"]["a"] == {**STOP, "description": "kill", "parameters": {}}
    assert made["actions"]["b"] == {**WAIT, "startAfter": ["a"]}
    assert made["stopConditions"] == [{"source": "aws:cloudwatch:alarm", "value": fis.alarm_arn("slow")}]
    assert made["logConfiguration"] == logs
    assert made["experimentOptions"]["emptyTargetResolutionMode"] == "skip"
    assert made["tags"] == {"team": "a"}
    assert fis.fis("GetExperimentTemplate", id=made["id"])["experimentTemplate"] == made


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        (
            {"actions": {"a": {"actionId": "aws:ec2:stop-instances"}}},
            "ResourceNotFoundException",
            "Action with ID aws:ec2:stop-instances not found.",
        ),
        (
            {"actions": {"a": {**STOP, "targets": {"Clusters": "web"}}}},
            "ValidationException",
            'Unexpected target "Clusters" found in action "a".',
        ),
        (
            {"actions": {"a": {"actionId": "aws:ecs:stop-task"}}},
            "ValidationException",
            'Missing target "Tasks"',
        ),
        (
            {"actions": {"a": {**STOP, "targets": {"Tasks": "x"}}}},
            "ValidationException",
            'Target "x" of action',
        ),
        (
            {"actions": {"a": {**WAIT, "targets": {"Tasks": "web"}}}},
            "ValidationException",
            "Unexpected target",
        ),
        ({"actions": {}}, "ValidationException", "at least one action"),
        ({"actions": {str(n): WAIT for n in range(21)}}, "ServiceQuotaExceededException", "at most 20"),
        (
            {"actions": {"a": {**STOP, "parameters": {"reason": "x"}}}},
            "ValidationException",
            'Unexpected parameter "reason" found in action "a".',
        ),
        (
            {"actions": {"a": {**WAIT, "parameters": {}}}},
            "ValidationException",
            'Missing parameter "duration"',
        ),
        ({"actions": {"a": {**WAIT, "startAfter": ["b"]}}}, "ValidationException", 'Action "b"'),
        ({"actions": {"a": {**WAIT, "startAfter": ["a"]}}}, "ValidationException", "wait for each other"),
        (
            {"actions": {"a": {**WAIT, "startAfter": ["b"]}, "b": {**WAIT, "startAfter": ["a"]}, "c": WAIT}},
            "ValidationException",
            "The actions a, b wait for each other.",
        ),
        ({"roleArn": "arn:aws:iam::1:user/somebody"}, "ValidationException", "role ARN"),
        ({"description": ""}, "ValidationException", "1 to 512"),
        ({"description": "x" * 513}, "ValidationException", ""),
        ({"stopConditions": []}, "ValidationException", "at least one stop condition"),
        ({"stopConditions": [{"source": "none"}] * 6}, "ServiceQuotaExceededException", "at most 5"),
        ({"stopConditions": [{"source": "moon"}]}, "ValidationException", "source moon"),
        ({"stopConditions": [{"source": "aws:cloudwatch:alarm"}]}, "ValidationException", "ARN of an alarm"),
        ({"stopConditions": [{"source": "none", "value": "x" * 20}]}, "ValidationException", "has no value"),
        ({"tags": {"aws:x": "y"}}, "ValidationException", "aws:"),
        ({"experimentOptions": {"accountTargeting": "multi-account"}}, "NotImplementedException", "accounts"),
        (
            {"experimentReportConfiguration": {"preExperimentDuration": "PT1M"}},
            "NotImplementedException",
            "rep",
        ),
        (
            {"logConfiguration": {"logSchemaVersion": 2, "s3Configuration": {"bucketName": "logs"}}},
            "NotImplementedException",
            "Amazon S3",
        ),
        (
            {
                "logConfiguration": {
                    "logSchemaVersion": 1,
                    "cloudWatchLogsConfiguration": {"logGroupArn": GROUP},
                }
            },
            "NotImplementedException",
            "version 1",
        ),
        (
            {
                "logConfiguration": {
                    "logSchemaVersion": 2,
                    "cloudWatchLogsConfiguration": {"logGroupArn": "x" * 20},
                }
            },
            "ValidationException",
            "log group ARN",
        ),
    ],
)
def test_a_template_is_refused(fis: Fis, changes: dict[str, Any], code: str, message: str) -> None:
    params = {
        "description": "d",
        "roleArn": ROLE,
        "stopConditions": [{"source": "none"}],
        "targets": TARGETS,
        "actions": {"a": STOP},
        **changes,
    }
    fis.denied("CreateExperimentTemplate", code, message, **params)


@pytest.mark.parametrize(
    ("target", "code", "message"),
    [
        (
            {**TAGGED, "resourceArns": [TASK]},
            "ValidationException",
            "You cannot specify both resource ARNs and resource tags for target web.",
        ),
        (
            {**BY_ARN, "filters": [{"path": "A", "values": ["b"]}]},
            "ValidationException",
            "both resource ARNs and filters",
        ),
        ({**BY_ARN, "parameters": {"cluster": "lab"}}, "ValidationException", "ARNs and parameters"),
        ({**BY_ARN, "resourceArns": []}, "ValidationException", "You must specify"),
        ({**BY_ARN, "resourceArns": [TASK] * 6}, "ValidationException", "length less than or equal to 5"),
        (
            {**BY_ARN, "resourceArns": ["arn:aws:ec2:us-east-1:123456789012:subnet/s"]},
            "ValidationException",
            "is not one",
        ),
        ({**TAGGED, "resourceType": "aws:eks:pod"}, "ResourceNotFoundException", "aws:eks:pod not found"),
        ({**TAGGED, "selectionMode": "COUNT(0)"}, "ValidationException", "selection mode COUNT(0)"),
        ({**TAGGED, "selectionMode": "PERCENT(101)"}, "ValidationException", "selection mode"),
        ({**TAGGED, "selectionMode": "some"}, "ValidationException", "selection mode"),
        ({**TAGGED, "parameters": {"zone": "a"}}, "ValidationException", 'Unexpected parameter "zone"'),
        ({**TAGGED, "parameters": {"service": "web"}}, "ValidationException", 'Missing parameter "cluster"'),
        ({**TAGGED, "parameters": {"cluster": " "}}, "ValidationException", "is empty"),
        ({**TAGGED, "filters": [{"path": "A", "values": []}]}, "ValidationException", "no values"),
        (
            {"resourceType": "aws:ec2:subnet", "selectionMode": "ALL", "resourceTags": {"a": "b"}},
            "ValidationException",
            "is not of type aws:ecs:task",
        ),
    ],
)
def test_a_target_is_refused(fis: Fis, target: dict[str, Any], code: str, message: str) -> None:
    params = {"description": "d", "roleArn": ROLE, "stopConditions": [{"source": "none"}]}
    fis.denied(
        "CreateExperimentTemplate", code, message, **params, targets={"web": target}, actions={"a": STOP}
    )


@pytest.mark.parametrize(
    ("action", "parameters", "message"),
    [
        (WAIT, {"duration": "5m"}, "ISO 8601"),
        (WAIT, {"duration": "PT"}, "ISO 8601"),
        (WAIT, {"duration": "P1DT"}, "ISO 8601"),
        (WAIT, {"duration": "PT59S"}, "between PT1M and PT12H"),
        (WAIT, {"duration": "PT12H1S"}, "between PT1M and PT12H"),
        (CPU, {"percent": "101"}, "between 0 and 100"),
        (CPU, {"percent": "half"}, "whole number"),
        (CPU, {"workers": "-1"}, "whole number"),
        (CPU, {"installDependencies": "yes"}, "true or false"),
        (LATENCY, {"sources": "ALL, S3"}, "without spaces"),
        (LATENCY, {"flowsPercent": "0"}, "between 1 and 100"),
        (LATENCY, {"delayMilliseconds": "\u0665"}, "whole number"),
        (
            {**LATENCY, "actionId": "aws:ecs:task-network-blackhole-port"},
            {"port": "80", "trafficType": "both"},
            "ingress, egress",
        ),
        (
            {"actionId": "aws:cloudwatch:assert-alarm-state"},
            {"alarmArns": "a", "alarmStates": "OK"},
            "at most 5 alarms",
        ),
        (
            {"actionId": "aws:cloudwatch:assert-alarm-state"},
            {"alarmArns": "arn:aws:cloudwatch:r:1:alarm:x", "alarmStates": "FINE"},
            "possible alarm states",
        ),
    ],
)
def test_a_parameter_is_refused(
    fis: Fis, action: dict[str, Any], parameters: dict[str, str], message: str
) -> None:
    given = {**action, "parameters": {**action.get("parameters", {}), **parameters}}
    params = {"description": "d", "roleArn": ROLE, "stopConditions": [{"source": "none"}]}
    fis.denied(
        "CreateExperimentTemplate",
        "ValidationException",
        message,
        **params,
        targets=TARGETS,
        actions={"a": given},
    )


@pytest.mark.parametrize("scope", ["availability-zone", "prefix-list", "s3express"])
def test_a_scope_that_exists_on_aws_only(fis: Fis, scope: str) -> None:
    subnets = {"resourceType": "aws:ec2:subnet", "selectionMode": "ALL", "resourceTags": {"a": "b"}}
    action = {
        "actionId": "aws:network:disrupt-connectivity",
        "parameters": {"duration": "PT1M", "scope": scope},
        "targets": {"Subnets": "web"},
    }
    params = {"description": "d", "roleArn": ROLE, "stopConditions": [{"source": "none"}]}
    fis.denied(
        "CreateExperimentTemplate",
        "NotImplementedException",
        scope,
        **params,
        targets={"web": subnets},
        actions={"a": action},
    )


def test_parts_of_a_template_are_replaced(fis: Fis) -> None:
    logs = {"logSchemaVersion": 2, "cloudWatchLogsConfiguration": {"logGroupArn": GROUP}}
    made = fis.template(STOP, logConfiguration=logs)
    fis.seconds(60)
    changed = fis.fis("UpdateExperimentTemplate", id=made["id"], description="another", actions={"w": WAIT})[
        "experimentTemplate"
    ]
    assert changed["lastUpdateTime"] == changed["creationTime"] + 60
    kept = {"targets", "roleArn", "stopConditions", "logConfiguration", "experimentOptions", "tags", "id"}
    assert {name: changed[name] for name in kept} == {name: made[name] for name in kept}
    assert changed["actions"] == {"w": WAIT}
    changed = fis.fis(
        "UpdateExperimentTemplate",
        id=made["id"],
        logConfiguration={"logSchemaVersion": 2},
        experimentOptions={"emptyTargetResolutionMode": "skip"},
    )["experimentTemplate"]
    assert "logConfiguration" not in changed
    assert changed["experimentOptions"]["emptyTargetResolutionMode"] == "skip"
    fis.denied("UpdateExperimentTemplate", "ValidationException", "at least", id=made["id"], actions={})
    fis.denied("UpdateExperimentTemplate", "ResourceNotFoundException", "EXT0 not found", id="EXT0")


def test_a_template_is_deleted(fis: Fis) -> None:
    made = fis.template(STOP)
    assert fis.fis("DeleteExperimentTemplate", id=made["id"])["experimentTemplate"] == made
    for operation in ("GetExperimentTemplate", "DeleteExperimentTemplate"):
        fis.denied(operation, "ResourceNotFoundException", "not found", id=made["id"])
    fis.denied("StartExperiment", "ResourceNotFoundException", "not found", experimentTemplateId=made["id"])


def test_a_client_token_makes_one_template() -> None:
    fis = Fis(desired=0)
    first = fis.template(STOP, clientToken="t")
    assert fis.template(STOP, clientToken="t") == first
    assert len(fis.world.experiments.templates) == 1
    with pytest.raises(Exception, match="different request"):
        fis.template(STOP, clientToken="t", description="another")
    fis.fis("DeleteExperimentTemplate", id=first["id"])
    assert fis.template(STOP, clientToken="t")["id"] != first["id"]


def test_templates_come_in_pages_and_have_tags() -> None:
    fis = Fis(desired=0)
    ids = [fis.template(STOP)["id"] for _ in range(3)]
    first = fis.fis("ListExperimentTemplates", maxResults=2)
    rest = fis.fis("ListExperimentTemplates", maxResults=2, nextToken=first["nextToken"])
    assert [each["id"] for each in first["experimentTemplates"] + rest["experimentTemplates"]] == ids
    assert "nextToken" not in rest
    fis.denied("ListExperimentTemplates", "ValidationException", "token", nextToken="x")
    arn = first["experimentTemplates"][0]["arn"]
    fis.fis("TagResource", resourceArn=arn, tags={"a": "1", "b": "2"})
    fis.fis("UntagResource", resourceArn=arn, tagKeys=["a", "c"])
    assert fis.fis("ListTagsForResource", resourceArn=arn) == {"tags": {"b": "2"}}
    fis.denied(
        "TagResource", "ValidationException", "50", resourceArn=arn, tags={str(n): "" for n in range(50)}
    )
    fis.denied("ListTagsForResource", "ResourceNotFoundException", "not found", resourceArn=arn + "x")


def test_the_actions_that_are_listed_are_those_that_work(fis: Fis) -> None:
    listed = fis.fis("ListActions")["actions"]
    assert [each["id"] for each in listed] == sorted(ACTIONS)
    for each in listed:
        action = fis.fis("GetAction", id=each["id"])["action"]
        assert action["arn"].endswith(f":action/{each['id']}")
        assert set(action["parameters"]) == set(ACTIONS[each["id"]].parameters)
    assert fis.fis("GetAction", id="aws:ecs:stop-task")["action"]["targets"] == {
        "Tasks": {"resourceType": "aws:ecs:task"}
    }
    fis.denied("GetAction", "ResourceNotFoundException", "not found", id="aws:ecs:task-io-stress")
    kinds = fis.fis("ListTargetResourceTypes")["targetResourceTypes"]
    assert {each["resourceType"] for each in kinds} == set(RESOURCE_TYPES)
    kind = fis.fis("GetTargetResourceType", resourceType="aws:ecs:task")["targetResourceType"]
    assert set(kind["parameters"]) == {"cluster", "service"}
    fis.denied("GetTargetResourceType", "ResourceNotFoundException", "not", resourceType="aws:eks:pod")


def test_five_hundred_templates_are_the_most() -> None:
    fis = Fis(desired=0)
    made = fis.template(STOP)
    fis.world.experiments.templates.update(
        {str(n): fis.world.experiments.templates[made["id"]] for n in range(499)}
    )
    with pytest.raises(Exception, match="at most 500"):
        fis.template(STOP)
