"""What comes in is checked as AWS checks it; what goes out is what botocore's model says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.json11 import JsonService
from fargate_sim.wire.shapes import validate_output

ECS = JsonService("ecs")


def refusal(operation: str, body: bytes) -> tuple[str, str | None]:
    with pytest.raises(AwsError) as caught:
        ECS.parse(operation, body)
    told = json.loads(ECS.error_body(caught.value))
    return told["__type"], told.get("Message", told.get("message"))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        # A body that is no JSON object at all has no message.
        (b"", None),
        (b"{", None),
        (b"null", None),
        (b'"text"', None),
        (b'{"desiredCount": NaN}', None),
        (b"[" * 100_000, None),
        (b'{"serviceName": "\\ud800"}', None),
        (b"\xff\xfe", None),
        (b"[]", "Unrecognized collection type class com.amazonaws.madison.frontend.CreateServiceRequest"),
        (b'{"serviceName": 1}', "NUMBER_VALUE cannot be converted to String"),
        (b'{"serviceName": 1.5}', "DECIMAL_VALUE cannot be converted to String"),
        (b'{"serviceName": true}', "TRUE_VALUE cannot be converted to String"),
        (b'{"serviceName": []}', "Unrecognized collection type class java.lang.String"),
        (b'{"serviceName": {}}', "Start of structure or map found where not expected"),
        (b'{"desiredCount": "2"}', "STRING_VALUE cannot be converted to Integer"),
        (b'{"desiredCount": false}', "FALSE_VALUE cannot be converted to Integer"),
        (b'{"desiredCount": 99999999999}', "NUMBER_VALUE cannot be converted to Integer"),
        (b'{"enableECSManagedTags": "true"}', "Unexpected token received from parser"),
        (b'{"enableECSManagedTags": 1}', "NUMBER_VALUE cannot be converted to Boolean"),
        (b'{"tags": "a"}', "Unexpected field type"),
        (b'{"tags": {}}', "Start of structure or map found where not expected"),
        (b'{"tags": ["a"]}', "Unexpected value type in payload"),
        (b'{"tags": [[]]}', "Unrecognized collection type class com.amazonaws.madison.frontend.Tag"),
        (b'{"networkConfiguration": 1}', "Unexpected field type"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_in_the_words_of_aws(body: bytes, message: str | None) -> None:
    assert refusal("CreateService", body) == ("SerializationException", message)


@pytest.mark.parametrize(
    ("operation", "body", "code", "message"),
    [
        ("DescribeServices", b'{"services": []}', "InvalidParameterException", "Services cannot be empty."),
        ("DescribeTasks", b"{}", "InvalidParameterException", "Tasks cannot be empty."),
        ("RunTask", b"{}", "InvalidParameterException", "TaskDefinition can not be blank."),
        (
            "RegisterTaskDefinition",
            b'{"family": "web", "containerDefinitions": []}',
            "ClientException",
            "Container list cannot be empty.",
        ),
    ],
)
def test_a_missing_parameter_is_named(operation: str, body: bytes, code: str, message: str) -> None:
    assert refusal(operation, body) == (code, message)


def test_all_broken_constraints_are_told_at_once() -> None:
    body = {
        "serviceName": "web",
        "launchType": "FARGAT",
        "tags": [{"key": ""}],
        "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True}},
    }
    code, message = refusal("CreateService", json.dumps(body).encode())
    assert code == "InvalidParameterException"
    assert message is not None
    assert message.startswith("3 validation errors detected: ")
    assert (
        "Value 'FARGAT' at 'launchType' failed to satisfy constraint: Member must satisfy enum value set"
        in message
    )
    assert "Value '' at 'tags.1.member.key'" in message
    assert "Value null at 'deploymentConfiguration.deploymentCircuitBreaker.rollback'" in message


def test_unknown_members_and_nulls_are_ignored() -> None:
    body = (
        b'{"serviceName": "web", "nonsense": {"a": [1]}, "desiredCount": null, "tags": [null, {"key": "a"}]}'
    )
    assert ECS.parse("CreateService", body) == {"serviceName": "web", "tags": [{"key": "a"}]}


def test_a_whole_number_may_be_written_with_a_fraction() -> None:
    assert ECS.parse("CreateService", b'{"serviceName": "web", "desiredCount": 2.0}')["desiredCount"] == 2


def test_times_leave_in_seconds_however_deep_they_lie() -> None:
    output = {
        "services": [{"createdAt": 1767258000500, "events": [{"createdAt": 1767258001000, "message": "x"}]}]
    }
    service = json.loads(ECS.serialise("DescribeServices", output))["services"][0]
    assert service["createdAt"] == 1767258000.5
    assert service["events"][0]["createdAt"] == 1767258001.0


@pytest.mark.parametrize(
    "output",
    [
        {"clusterArn": ["a"]},
        {"clusterArns": [1]},
        {"clusterArns": "a"},
        {"clusterArns": ["a"], "nextToken": None},
    ],
)
def test_an_answer_that_does_not_fit_its_shape_is_found_out(output: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"clusterArn|nextToken"):
        validate_output("ListClusters", output)


def test_an_answer_that_fits_its_shape_passes() -> None:
    validate_output("ListClusters", {"clusterArns": ["a"]})
