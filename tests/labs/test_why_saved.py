# ruff: noqa: E501  (an answer of AWS reads best as it is printed)
"""Explanations of JSON as the AWS CLI prints it, written by hand; and of JSON that is wrong in every way."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.errors import LabError, LabFileError, UnknownResourceError
from labs.why import Chain
from labs.why.saved import explain_saved

ID = "0f" * 16
TASK: dict[str, Any] = {
    "taskArn": f"arn:aws:ecs:eu-west-1:123456789012:task/prod/{ID}",
    "taskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:7",
    "group": "service:shop",
    "lastStatus": "STOPPED",
    "desiredStatus": "STOPPED",
    "createdAt": "2026-03-01T10:00:00.500000+01:00",
    "pullStartedAt": "2026-03-01T10:00:20.500000+01:00",
    "pullStoppedAt": "2026-03-01T10:00:24.500000+01:00",
    "startedAt": "2026-03-01T10:00:30+01:00",
    "stoppingAt": "2026-03-01T10:05:30+01:00",
    "executionStoppedAt": "2026-03-01T10:05:31+01:00",
    "stoppedAt": "2026-03-01T10:05:50+01:00",
    "stopCode": "EssentialContainerExited",
    "stoppedReason": "Essential container in task exited",
    "containers": [
        {
            "name": "shop",
            "lastStatus": "STOPPED",
            "exitCode": 137,
            "reason": "OutOfMemoryError: Container killed due to memory usage",
        }
    ],
}


def saved(value: Any, resource: str = "") -> Chain:
    return explain_saved("saved.json", json.dumps(value).encode(), resource)


def task(**changes: Any) -> dict[str, Any]:
    return {"tasks": [{**TASK, **changes}], "failures": []}


def told(chain: Chain) -> str:
    return "\n".join([chain.verdict, *(f"{step.fact} [{step.source}]" for step in chain.steps)])


def test_a_task_out_of_memory() -> None:
    chain = saved(task())
    assert chain.title == f"Task {ID} of shop (shop:7)"
    assert "more memory than it may have" in chain.verdict
    assert "It is STOPPED, 19 s later. [tasks[0].stoppedAt]" in told(chain)
    assert "[tasks[0].containers[0].exitCode]" in told(chain)
    assert "[tasks[0].stoppedReason]" in told(chain)
    assert any("CloudTrail" in text for text in chain.unknown)


@pytest.mark.parametrize(
    ("code", "word"),
    [
        (1, "an error of its own"),
        (0, "must not end"),
        (139, "segmentation fault"),
        (143, "had not asked"),
        (137, "mostly for memory"),
    ],
)
def test_exit_codes_of_a_program_that_ended_by_itself(code: int, word: str) -> None:
    chain = saved(task(containers=[{"name": "shop", "exitCode": code}]))
    assert f"Container shop ended with exit code {code}" in chain.verdict
    assert word in chain.verdict


def test_a_task_that_was_replaced_and_did_not_hear_its_signal() -> None:
    chain = saved(
        task(
            stopCode="ServiceSchedulerInitiated",
            stoppedReason="Scaling activity initiated by (deployment ecs-svc/1234567890123456789)",
            containers=[{"name": "shop", "exitCode": 137}],
        )
    )
    assert "ecs-svc/1234567890123456789 replaced it, or had one task too many" in chain.verdict
    assert "SIGKILL ended it" in told(chain)


def test_a_task_that_never_ran_tells_its_reason_once() -> None:
    reason = "CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref a/b:c: not found"
    never = {key: value for key, value in TASK.items() if key not in ("startedAt", "pullStoppedAt")}
    never |= {
        "stopCode": "TaskFailedToStart",
        "stoppedReason": reason,
        "containers": [{"name": "shop", "reason": reason}],
    }
    chain = saved({"tasks": [never]})
    assert (
        chain.verdict == "The task never ran. There is no image of that name and tag in the registry: a/b:c."
    )
    assert told(chain).count("a/b:c") == 2


def test_moments_of_version_1_of_the_cli() -> None:
    chain = saved(task(createdAt=1772355600.5, pullStartedAt=1772355620))
    assert chain.steps[0].at_ms == 1772355600500


def test_a_running_task_is_said_to_be_well() -> None:
    running = {
        key: value
        for key, value in TASK.items()
        if not key.startswith("stop") and key != "executionStoppedAt"
    }
    chain = saved(
        {"tasks": [{**running, "lastStatus": "RUNNING", "desiredStatus": "RUNNING", "containers": []}]}
    )
    assert chain.verdict == "The task is RUNNING. Nothing in the JSON is wrong with it."


def test_the_one_with_which_something_is_wrong_is_chosen_and_others_can_be_named() -> None:
    fine = {
        **TASK,
        "taskArn": "arn:aws:ecs:r:1:task/prod/" + "1" * 32,
        "stoppedReason": "Scaling activity initiated by (deployment ecs-svc/12)",
    }
    document = {"tasks": [fine, TASK]}
    assert saved(document).resource == ID
    assert "1" * 32 in saved(document).unknown[-1]
    assert saved(document, "1111").resource == "1" * 32
    with pytest.raises(UnknownResourceError) as error:
        saved(document, "2222")
    assert ID in error.value.hint


@pytest.mark.parametrize("document", [TASK, [TASK], {"tasks": [TASK]}])
def test_a_part_of_an_answer_will_do(document: Any) -> None:
    chain = saved(document)
    assert chain.resource == ID
    assert chain.steps[0].source.endswith("createdAt")


SERVICE: dict[str, Any] = {
    "serviceName": "shop",
    "status": "ACTIVE",
    "desiredCount": 2,
    "runningCount": 2,
    "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": False, "rollback": False}},
    "deployments": [
        {"id": "ecs-svc/2", "status": "PRIMARY", "taskDefinition": "x/shop:8", "desiredCount": 2, "runningCount": 0, "failedTasks": 5,
         "rolloutState": "IN_PROGRESS", "rolloutStateReason": "ECS deployment ecs-svc/2 in progress.", "createdAt": 1772355600},
        {"id": "ecs-svc/1", "status": "ACTIVE", "taskDefinition": "x/shop:7", "desiredCount": 2, "runningCount": 2, "rolloutState": "COMPLETED"},
    ],
    "events": [
        {"id": "c", "createdAt": 1772356000, "message": "(service shop) (task 0f) (port 80) is unhealthy in (target-group x) due to (reason Request timed out)."},
        {"id": "b", "createdAt": 1772355900, "message": "(service shop) (task 0e) (port 80) is unhealthy in (target-group x) due to (reason Request timed out)."},
        {"id": "a", "createdAt": 1772355000, "message": "(service shop) has reached a steady state."},
    ],
}  # fmt: skip


def test_a_service_whose_rollout_hangs() -> None:
    chain = saved({"services": [SERVICE]})
    assert (
        "5 failed tasks in a row; 2 of 2 tasks run. The health check of its load balancer failed"
        in chain.verdict
    )
    assert "Request timed out. The same once more. [services[0].events[1].message]" in told(chain)
    assert "The circuit breaker is off" in told(chain)
    assert "steady" not in told(chain)


def test_a_service_that_is_well() -> None:
    done = {**SERVICE["deployments"][1], "status": "PRIMARY"}
    assert (
        "Nothing in the JSON is wrong"
        in saved({"services": [{**SERVICE, "deployments": [done], "events": []}]}).verdict
    )


def test_a_service_deployment_that_was_rolled_back() -> None:
    deployment = {
        "serviceDeploymentArn": "arn:aws:ecs:r:1:service-deployment/prod/shop/AbC",
        "status": "ROLLBACK_SUCCESSFUL",
        "statusReason": "Service deployment rolled back because the circuit breaker threshold was exceeded.",
        "startedAt": 1772355600,
        "finishedAt": 1772356600,
        "deploymentCircuitBreaker": {"status": "TRIGGERED", "failureCount": 3, "threshold": 3},
        "rollback": {"reason": "breaker", "startedAt": 1772356000, "serviceRevisionArn": "x/1"},
        "alarms": {"status": "DISABLED"},
    }
    chain = saved({"serviceDeployments": [deployment]})
    assert "ROLLBACK_SUCCESSFUL" in chain.verdict
    assert "3 tasks have failed, of a threshold of 3: the circuit breaker fails it." in told(chain)


def target(ip: str, state: str, reason: str = "", description: str = "") -> dict[str, Any]:
    health = {"State": state} | ({"Reason": reason, "Description": description} if reason else {})
    return {
        "Target": {"Id": ip, "Port": 8080, "AvailabilityZone": "a"},
        "HealthCheckPort": "8080",
        "TargetHealth": health,
    }


def test_targets() -> None:
    bad = target(
        "10.0.0.1", "unhealthy", "Target.ResponseCodeMismatch", "Health checks failed with these codes: [404]"
    )
    chain = saved({"TargetHealthDescriptions": [bad, target("10.0.0.2", "healthy")]})
    assert chain.verdict.startswith("1 of 2 targets are unhealthy: the program answers")
    assert "None is healthy" in told(saved({"TargetHealthDescriptions": [bad]}))
    assert "10.0.0.2" not in told(
        saved({"TargetHealthDescriptions": [bad, target("10.0.0.2", "healthy")]}, "10.0.0.1")
    )
    assert "503" in saved({"TargetHealthDescriptions": []}).verdict


def test_an_alarm() -> None:
    alarm = {
        "AlarmName": "high", "StateValue": "ALARM", "StateReason": "Threshold Crossed: 3 datapoints", "StateUpdatedTimestamp": "2026-03-01T09:00:00Z",
        "Namespace": "AWS/ECS", "MetricName": "CPUUtilization", "Statistic": "Average", "Period": 60, "EvaluationPeriods": 3, "Threshold": 60.0,
        "ComparisonOperator": "GreaterThanThreshold", "ActionsEnabled": False, "AlarmActions": ["arn:aws:x:policy"],
    }  # fmt: skip
    chain = saved({"MetricAlarms": [alarm], "CompositeAlarms": []})
    assert "ALARM when 3 of 3 datapoints of 60 s are above 60.0." in told(chain)
    assert "actions are switched off" in told(chain)


def test_a_task_definition() -> None:
    container = {
        "name": "shop",
        "image": "1.dkr.ecr.eu-west-1.amazonaws.com/shop:1",
        "entryPoint": ["sh", "-c"],
        "command": ["cd /app && ./shop"],
        "stopTimeout": 300,
    }
    chain = saved({"taskDefinition": {"family": "shop", "containerDefinitions": [container]}})
    facts = told(chain)
    assert "needs the execution role for an image of Amazon ECR" in facts
    assert "is a shell" in facts
    assert "at most 120 s" in facts
    assert chain.verdict.startswith("4 things in revision shop")


@pytest.mark.parametrize(
    ("raw", "where", "word"),
    [
        (b"", ":1:1:", "empty"),
        (b" \n", ":1:1:", "empty"),
        (b'{"tasks": [\n {"taskArn":', ":2:13:", "not JSON"),
        (b"\xff\xfe", ":1:1:", "UTF-8"),
        (b"[" * 100_000, ":1:1:", "nested too deeply"),
        (b'{"tasks": NaN}', ":1:1:", "NaN"),
        (b"3", ":1:1:", "not an answer"),
        (b"[]", ":1:1:", "not an answer"),
        (b'{"Vpcs": []}', ":1:1:", "not an answer"),
        (b'{"tasks": {}}', ":1:11:", "should be a list"),
        (b'{"tasks": [\n  {"taskArn": 5}]}', ":2:15:", "tasks[0].taskArn should be text, and is a number"),
        (b'{"tasks": [{"stopCode": "x"}, 7]}', ":1:31:", "tasks[1] should be an object"),
        (b'{"tasks": [{"createdAt": "yesterday"}]}', ":1:26:", "no moment"),
        (b'{"tasks": [{"createdAt": 1e300}]}', ":1:26:", "no moment"),
        (b'{"tasks": [{"containers": [{"exitCode": 1.5}]}]}', ":1:41:", "whole number"),
        (b'{"tasks": [], "failures": [{"arn": "t", "reason": "MISSING"}]}', ":1:11:", "MISSING"),
    ],
)
def test_what_is_wrong_is_told_with_line_and_column(raw: bytes, where: str, word: str) -> None:
    with pytest.raises(LabFileError) as error:
        explain_saved("saved.json", raw)
    assert error.value.message.startswith(f"saved.json{where}")
    assert word in error.value.message


@pytest.mark.parametrize("document", [task(), {"services": [SERVICE]}])
def test_a_file_cut_off_anywhere_is_an_error_and_never_a_traceback(document: Any) -> None:
    raw = json.dumps(document, indent=1).encode()
    for end in range(len(raw) - 1):
        with pytest.raises(LabFileError, match=r"saved\.json:\d+:\d+: "):
            explain_saved("saved.json", raw[:end])


ANY = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*TASK, *SERVICE, "exitCode", "reason", "name", "message", "id"]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@given(
    st.sampled_from(
        [
            "tasks",
            "services",
            "serviceDeployments",
            "MetricAlarms",
            "TargetHealthDescriptions",
            "taskDefinition",
        ]
    ),
    ANY,
)
def test_any_json_is_explained_or_refused(key: str, value: Any) -> None:
    for document in ({key: value}, {key: [value]}, value):
        with suppress(LabError):
            assert saved(document).verdict
