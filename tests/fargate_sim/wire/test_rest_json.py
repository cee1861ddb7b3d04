"""REST JSON: method and path name the operation, and the model says where its parameters are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.json11 import Manners
from fargate_sim.wire.rest_json import RestService

FIS = RestService("fis", manners=Manners("x", "ValidationException", plain_names=False))
ARN = "arn:aws:fis:us-east-1:123456789012:experiment-template/EXT1"
TEMPLATE = {"clientToken": "t", "description": "d", "stopConditions": [], "actions": {}, "roleArn": "r" * 20}


def environ(method: str, path: str, query: str = "") -> dict[str, Any]:
    return {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query}


def refusal(operation: str, sent: dict[str, Any], body: bytes = b"") -> tuple[str, str]:
    with pytest.raises(AwsError) as caught:
        FIS.parse(operation, sent, body)
    return caught.value.code, caught.value.message


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("POST", "/experimentTemplates", "CreateExperimentTemplate"),
        ("GET", "/experimentTemplates", "ListExperimentTemplates"),
        ("GET", "/experimentTemplates/EXT1", "GetExperimentTemplate"),
        ("PATCH", "/experimentTemplates/EXT1", "UpdateExperimentTemplate"),
        ("DELETE", "/experiments/EXP1", "StopExperiment"),
        ("GET", "/experiments/EXP1/resolvedTargets", "ListExperimentResolvedTargets"),
        ("GET", "/experiments/EXP1/resolvedTargets/", "ListExperimentResolvedTargets"),
        ("GET", "/actions/aws:ecs:stop-task", "GetAction"),
        ("DELETE", f"/tags/{ARN}", "UntagResource"),
        ("PUT", "/experiments", None),
        ("GET", "/", None),
        ("GET", "/nothing", None),
        ("GET", "/é", None),
    ],
)
def test_a_route(method: str, path: str, operation: str | None) -> None:
    sent = environ(method, path.encode().decode("latin-1"))
    assert FIS.operation_of(sent) == operation


def test_parameters_come_from_path_query_and_body() -> None:
    sent = environ("DELETE", f"/tags/{ARN}", "tagKeys=a&tagKeys=b%20c")
    assert FIS.parse("UntagResource", sent, b"") == {"resourceArn": ARN, "tagKeys": ["a", "b c"]}
    sent = environ("GET", "/actions", "maxResults=5&other=1")
    assert FIS.parse("ListActions", sent, b"") == {"maxResults": 5}
    sent = environ("POST", f"/tags/{ARN}")
    assert FIS.parse("TagResource", sent, b'{"tags": {"a": ""}}') == {"resourceArn": ARN, "tags": {"a": ""}}
    # A label of the path is no member of the body.
    sent = environ("GET", "/experiments/EXP1")
    assert FIS.parse("GetExperiment", sent, b'{"id": "EXP2"}') == {"id": "EXP1"}
    sent = environ("GET", "/experiments/na\u00c3\u00afve")  # as WSGI has a name that is not ASCII
    assert FIS.parse("GetExperiment", sent, b"") == {"id": "na\u00efve"}


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (b"{", "SerializationException", ""),
        (b"[]", "SerializationException", "Unrecognized collection type class"),
        (b'{"roleArn": 1}', "SerializationException", "NUMBER_VALUE cannot be converted to String"),
        (b"", "ValidationException", "Value null at 'description' failed to satisfy constraint"),
    ],
)
def test_what_does_not_fit_the_model_is_refused(body: bytes, code: str, words: str) -> None:
    found = refusal("CreateExperimentTemplate", environ("POST", "/experimentTemplates"), body)
    assert found[0] == code
    assert words in found[1]


@pytest.mark.parametrize(("text", "code"), [("x", "SerializationException"), ("101", "ValidationException")])
def test_a_number_in_the_query_is_one_and_in_its_range(text: str, code: str) -> None:
    assert refusal("ListActions", environ("GET", "/actions", f"maxResults={text}"))[0] == code


def test_all_broken_constraints_are_told_together() -> None:
    body = json.dumps({**TEMPLATE, "roleArn": "short", "stopConditions": [{}]}).encode()
    _, message = refusal("CreateExperimentTemplate", environ("POST", "/experimentTemplates"), body)
    assert message.startswith("2 validation errors detected: ")
    assert "'stopConditions.1.member.source'" in message


def test_times_in_maps_are_seconds() -> None:
    action = {"startTime": 1_767_258_000_500}
    written = FIS.serialise(
        "GetExperiment", {"experiment": {"creationTime": 1_000, "actions": {"a": action}}}
    )
    assert json.loads(written)["experiment"] == {
        "creationTime": 1.0,
        "actions": {"a": {"startTime": 1_767_258_000.5}},
    }


def test_an_error_has_the_status_of_the_model() -> None:
    statuses = {
        "ValidationException": 400,
        "ResourceNotFoundException": 404,
        "ConflictException": 409,
        "ServiceQuotaExceededException": 402,
        "NotImplementedException": 501,
    }
    for code, status in statuses.items():
        assert FIS.error_status(AwsError(code, "x", status=501)) == status
    assert json.loads(FIS.error_body(AwsError("ValidationException", "no"))) == {"message": "no"}


def test_a_model_with_payloads_is_not_taken_for_one_without() -> None:
    with pytest.raises(ValueError, match="payload member"):
        RestService("lambda", manners=Manners("x", "y", plain_names=False))
