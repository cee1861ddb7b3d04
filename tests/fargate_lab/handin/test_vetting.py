"""Nothing of a foreign recording is lived through that the offline cloud would not have written."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from fargate_lab.handin import vetting
from fargate_lab.handin.package import HandedLab
from fargate_lab.handin.vetting import NoRecordingError, vetted

Lines = list[dict[str, Any]]


def lines_of(content: bytes) -> Lines:
    return [json.loads(each) for each in content.splitlines()]


def content_of(lines: Lines) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in lines)


@pytest.fixture
def lines(honest: HandedLab) -> Lines:
    return lines_of(honest.recording)


def test_an_honest_recording_comes_through_whole(honest: HandedLab, lines: Lines) -> None:
    found = vetted(honest.recording)
    assert found.recording.inputs == lines[1:]
    assert found.left_out == {}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"{}\n",
        b"[]\n",
        b"not JSON\n",
        b'{"seed":1}',
        b"\xff\xfe\n",
        b'{"a":' * 100_000 + b"\n",
        b"[" * 100_000 + b"]" * 100_000 + b"\n",
    ],
)
def test_what_is_no_recording_is_refused(content: bytes) -> None:
    with pytest.raises(NoRecordingError):
        vetted(content)


def test_a_last_line_that_is_torn_is_refused(honest: HandedLab) -> None:
    with pytest.raises(NoRecordingError, match="end"):
        vetted(honest.recording[:-1])


def test_more_values_than_memory_should_hold_are_refused_unread(
    honest: HandedLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vetting, "MOST_VALUES", 1000)
    with pytest.raises(NoRecordingError, match="more in it"):
        vetted(honest.recording + b"[" * 1001)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": "1"},
        {"seed": True},
        {"seed": -1},
        {"start_ms": 0},
        {"account": "123456789012"},
        {"account": "../../../etc"},
        {"region": "../etc"},
        {"label": "a\x1b[2J"},
        {"version": "9" * 200},
        {"format": 2},
        {"more": 1},
    ],
)
def test_a_header_of_no_world_is_refused(lines: Lines, change: dict[str, Any]) -> None:
    lines[0] |= change
    with pytest.raises(NoRecordingError):
        vetted(content_of(lines))


AT = 1_767_258_000_000
CALL = {
    "method": "POST",
    "path": "/",
    "query": "",
    "host": "127.0.0.1:8001",
    "headers": {
        "HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256 Credential=AKIA1/20260101/us-east-1/sqs/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=0"
    },
    "body": "",
}
READ = {"service": "ecs", "operation": "ListTasks", "reading": True, "status": 200, "error": None}


def one(line: dict[str, Any]) -> vetting.Vetted:
    """A recording with this one line."""
    header = {
        "seed": 1,
        "start_ms": AT,
        "account": vetting.account_of(1),
        "region": "us-east-1",
        "label": "x",
        "version": "1",
        "format": 1,
    }
    return vetted(content_of([header, {"at": AT, **line}]))


@pytest.mark.parametrize(
    "line",
    [
        {},
        {"call": CALL},
        {"read": READ},
        {"read": {**READ, "operation": None, "error": "AccessDenied"}},
        {"note": {"kind": "lab.step_passed", "data": {}}},
        {"traffic": {"action": "stop"}},
        {"paused": True, "speed": "max"},
        {"digest": "a", "parts": {"history": "b"}},
    ],
)
def test_each_kind_of_line_comes_through(line: dict[str, Any]) -> None:
    assert one(line).recording.inputs == [{"at": AT, **line}]


@pytest.mark.parametrize(
    "line",
    [
        # What only the model writes into a journal.
        {"note": {"kind": "deployment.failed", "data": {"by": "breaker"}}},
        {"note": {"kind": "task.running", "data": {}}},
        {"note": {"kind": "game.started", "data": {}}},
        {"note": {"kind": "lab.unheard_of", "data": {}}},
        {"note": {"kind": ["lab.ready"], "data": {}}},
        {"note": {"kind": "lab.ready", "data": []}},
        # A look that claims to have changed something, or more than a look has.
        {"read": {**READ, "reading": False}},
        {"read": {**READ, "operation": "PutScalingPolicy"}},
        {"read": {**READ, "params": {"cluster": "x"}}},
        {"read": {**READ, "actor": "facilitator"}},
        {"read": {**READ, "status": "200"}},
        # Whoever runs a game day.
        {"call": {**CALL, "actor": "facilitator"}},
        {"traffic": {"action": "stop", "actor": "facilitator"}},
        # Lines that are two, or none.
        {"call": CALL, "read": READ},
        {"traffic": {}, "queue": {}},
        {"unheard": 1},
        {"at": AT - 1},
        {"at": AT + 500 * 86_400_000},
        {"at": True},
        {"at": 1.5},
        {"paused": True, "speed": []},
        {"digest": 1, "parts": {}},
        {"capacity": []},
    ],
)
def test_a_line_that_no_world_writes_is_refused(line: dict[str, Any]) -> None:
    with pytest.raises(NoRecordingError, match="line 2"):
        one(line)


@pytest.mark.parametrize(
    "change",
    [
        {"headers": {"HTTP_X_MOTO_ACCOUNT_ID": "123456789012"}},
        {"headers": {"HTTP_X_FARGATE_LAB_TOKEN": "x"}},
        {"headers": {"HTTP_USER_AGENT": "fargate-lab-facilitator"}},
        {"headers": {"wsgi.input": "x"}},
        {"headers": {"PATH_INFO": "/moto-api/reset"}},
        {"headers": {"REQUEST_METHOD": "GET"}},
        {"headers": {"CONTENT_TYPE": 1}},
        {"headers": []},
        {"host": "127.0.0.1/x"},
        {"host": ""},
        {"host": None},
        {"path": "etc"},
        {"path": "/\ud800"},
        {"body": "\udfff"},
        {"body": None},
        {"method": "CONNECT"},
        {"body64": "x"},
    ],
)
def test_a_request_that_could_lead_elsewhere_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(NoRecordingError, match="line 2"):
        one({"call": {**CALL, **change}})


def signed(scope: str, after: str = "") -> dict[str, Any]:
    told = f"AWS4-HMAC-SHA256 Credential=AKIA1/20260101/{scope}/aws4_request, SignedHeaders=host, Signature=0{after}"
    return {"headers": {"HTTP_AUTHORIZATION": told}}


@pytest.mark.parametrize(
    "change",
    [
        signed("us-east-1/lambda"),
        signed("us-east-1/batch"),
        signed("nowhere-1/sqs"),
        signed("us-east-1/sqs", " Credential=AKIA1/20260101/us-east-1/lambda/aws4_request"),
        {"headers": {"HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256 Credential=A/26/us-east-1/lambda/aws4_request"}},
        {"headers": {}},
        {"query": "X-Amz-Credential=AKIA1/20260101/us-east-1/lambda/aws4_request"},
        {"path": "/moto-api/reset"},
        {"path": "/latest/meta-data/"},
        {"path": "/_lab/reset"},
    ],
)
def test_a_request_that_cannot_be_lived_through_is_left_out_and_counted(change: dict[str, Any]) -> None:
    found = one({"call": {**CALL, **change}})
    assert sum(found.left_out.values()) == 1
    # Something that is refused stands in its place, so that later ids are drawn as they were.
    assert "LeftOut" in found.recording.inputs[0]["call"]["body"]


Change = Callable[[Lines], object]


def test_a_moment_before_the_one_before_is_refused(lines: Lines) -> None:
    lines[5], lines[-3] = lines[-3], lines[5]
    with pytest.raises(NoRecordingError, match="no moment that could follow"):
        vetted(content_of(lines))
