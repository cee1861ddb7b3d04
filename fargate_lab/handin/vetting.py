"""A recording that somebody else has written, looked at before anything of it is lived through.

Only what the offline cloud itself would have written comes through: requests that AWS's clients send to services that a world lives through
again exactly, what the control API takes, and annotations of labs. Nothing of it is ever a path, and no header leads moto elsewhere.
What the annotations say is still only said.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from fargate_lab.errors import LabError
from fargate_sim.cloud import account_of
from fargate_sim.gate import TEAM_SERVICES, regions
from fargate_sim.recording import FORMAT, Header, Recording, kept_header
from fargate_sim.wire.identify import is_reading
from fargate_sim.wire.services import command_name

LONGEST_LINE = 96 * 1024 * 1024
"""Bytes: a body of 64 MB in base64, and what goes with it."""
MOST_LINES = 2_000_000
MOST_VALUES = 10_000_000
"""Bytes that begin or part values in JSON: what a file can make of memory depends on them more than on its length."""
LONGEST_LIFE_MS = 400 * 86_400_000
_SERVICES = TEAM_SERVICES | {"dynamodb", "fis"}
"""Those of a game day's teams, and what else labs are made of."""
_EARLIEST_MS, _LATEST_MS = 946_684_800_000, 4_102_444_800_000  # 2000 and 2100
_NOTES = frozenset(
    f"lab.{word}"
    for word in (
        "answered",
        "checked",
        "fault_injected",
        "fault_reverted",
        "hint_shown",
        "orders_paused",
        "orders_resumed",
        "ready",
        "solution_shown",
        "solution_used",
        "started",
        "step_passed",
    )
)
_CONTROLS = ("traffic", "queue", "capacity", "watch")
_READ = frozenset({"service", "operation", "reading", "status", "error"})
_CALL = frozenset({"method", "path", "query", "host", "headers"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"})
_HEADER_NAME = re.compile(r"CONTENT_TYPE|HTTP_[A-Z0-9_]{1,100}")
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=[A-Za-z0-9]{1,128}/\d{8}/([a-z0-9-]{1,40})/([a-z0-9-]{1,60})/aws4_request, ?"
    r"SignedHeaders=[a-z0-9;-]{1,4000}, ?Signature=[0-9a-f]{1,64}"
)
"""Whatever else could be read in two ways: by us as one service's, by moto as another's."""
_HOST = re.compile(
    r"(?:\[[0-9a-f:.]{2,45}\]|[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,9})(?::\d{1,5})?", re.IGNORECASE
)
_IN_ITS_PLACE = {
    "method": "POST",
    "path": "/",
    "query": "",
    "host": "127.0.0.1",
    "headers": {
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256 Credential=none/20260101/us-east-1/iam/aws4_request, "
        "SignedHeaders=host, Signature=0",
    },
    "body": "Action=LeftOut&Version=2010-05-08",
}
"""What stands for a request that is left out: one that is refused. Requests are counted, and what comes later draws ids by the count."""


class NoRecordingError(LabError):
    """What was handed in as a recording is none that could be lived through. Its words are ours."""


@dataclass(frozen=True, slots=True)
class Vetted:
    """A recording that may be lived through, and how many requests were left out of it, by service."""

    recording: Recording
    left_out: Mapping[str, int]


def vetted(content: bytes) -> Vetted:
    """The recording in these bytes. NoRecordingError when a line is one that no world has written."""
    if sum(content.count(each) for each in (b",", b"[", b"{")) > MOST_VALUES:
        raise NoRecordingError("There is more in it than in any recording.")
    lines = content.split(b"\n")
    if lines.pop() or len(lines) > MOST_LINES:
        raise NoRecordingError("It does not end as a recording ends, or has too many lines.")
    if not lines:
        raise NoRecordingError("It is empty.")
    header = _header(_json(lines[0], 1))
    inputs: list[dict[str, Any]] = []
    left_out: dict[str, int] = {}
    last_ms = header.start_ms
    for number, raw in enumerate(lines[1:], start=2):
        line = _json(raw, number)
        try:
            last_ms = _moment(line.get("at"), last_ms, header.start_ms + LONGEST_LIFE_MS)
            service = _kind(line)(line)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            why = str(error) if type(error) is ValueError else "something is missing, or of another kind"
            raise NoRecordingError(f"Its line {number} is none of a recording: {why}.") from None
        if service is None:
            inputs.append(line)
        else:
            left_out[service] = left_out.get(service, 0) + 1
            inputs.append({"at": last_ms, "call": _IN_ITS_PLACE})
    return Vetted(Recording(header, inputs, len(content)), left_out)


def _json(raw: bytes, number: int) -> dict[str, Any]:
    try:
        line = json.loads(raw) if len(raw) <= LONGEST_LINE else None
    except (ValueError, RecursionError):
        line = None
    if not isinstance(line, dict):
        raise NoRecordingError(f"Its line {number} is no JSON object, or is too long.")
    return line


def _header(raw: Mapping[str, Any]) -> Header:
    if set(raw) != {each.name for each in fields(Header)} or any(
        type(raw[each.name]).__name__ != each.type for each in fields(Header)
    ):
        raise NoRecordingError("Its first line describes no world.")
    header = Header(**raw)
    if header.format != FORMAT:
        raise NoRecordingError("It has another form, perhaps of another version.")
    texts = (header.label, header.version)
    if (
        not 0 <= header.seed < 2**63
        or not _EARLIEST_MS <= header.start_ms < _LATEST_MS
        or header.account != account_of(header.seed)
        or header.region not in regions()
        or any(len(text) > 100 or not text.isprintable() for text in texts)
    ):
        raise NoRecordingError("Its first line describes a world that cannot be.")
    return header


def _moment(at: Any, earliest: int, latest: int) -> int:
    if isinstance(at, bool) or not isinstance(at, int) or not earliest <= at <= latest:
        raise ValueError("it is of no moment that could follow")
    return at


def _kind(line: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], str | None]:
    """What looks at a line; it answers with the service of a request that is to be left out."""
    names = frozenset(line) - {"at"}
    if names == {"call"}:
        return _call
    for known, look in (
        ({"read"}, _read),
        ({"note"}, _note),
        ({"digest", "parts"}, _digest),
        ({"paused", "speed"}, _clock),
        (set(), _nothing),
        *(({name}, _control) for name in _CONTROLS),
    ):
        if names == known:
            return look
    raise ValueError("it is of no kind")


def _call(line: Mapping[str, Any]) -> str | None:
    call = line["call"]
    body = set(call) & {"body", "body64"}
    if len(body) != 1 or set(call) - body != _CALL:
        # One made by somebody who runs a game day says so, and belongs to no lab.
        raise ValueError("a request has more or less than it should")
    content = call[body.pop()]
    texts = (call["method"], call["path"], call["query"], call["host"], content)
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("a request is not made of texts")
    if "body64" in call:
        try:
            base64.b64decode(content, validate=True)
        except binascii.Error:
            raise ValueError("the body of a request is not base64") from None
    else:
        _encodable(content)
    _encodable(call["path"] + call["query"])
    if not _HOST.fullmatch(call["host"]):
        raise ValueError("a request was sent to no host")
    if call["method"] not in _METHODS or not call["path"].startswith("/"):
        raise ValueError("a request has no method or path")
    headers = call["headers"]
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not (kept_header(name) or name == "HTTP_AUTHORIZATION"):
            raise ValueError("a request has a header that no recording keeps")
        if not isinstance(value, str) or len(value) > 20_000 or not value.isprintable():
            raise ValueError("a request has a header that cannot be one")
    return _left_out(call, headers)


def _left_out(call: Mapping[str, Any], headers: Mapping[str, str]) -> str | None:
    """The service of a request that is not carried out here; None when it is."""
    signed = _AUTHORIZATION.fullmatch(headers.get("HTTP_AUTHORIZATION", ""))
    if signed is None or "X-Amz-Credential" in call["query"]:
        return "one that nobody signed"
    service = command_name(signed.group(2))
    if service not in _SERVICES or signed.group(1) not in regions():
        return service
    path = call["path"]
    if "moto-api" in path or path.startswith(("/_lab", "/_seats", "/latest/")):
        return "none of AWS"
    return None


def _encodable(text: str) -> None:
    """ValueError for halves of surrogate pairs, which are no text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("a text is none") from None


def _read(line: Mapping[str, Any]) -> str | None:
    """The journal's entry of a look. Anything that claims to have changed something would be taken for what has happened."""
    read = line["read"]
    if set(read) != _READ or read["reading"] is not True or isinstance(read["status"], bool):
        raise ValueError("a look is none")
    texts = (read["service"], read["operation"] or "", read["error"] or "")
    if not isinstance(read["status"], int) or not all(
        isinstance(text, str) and len(text) <= 200 for text in texts
    ):
        raise ValueError("a look is none")
    if read["operation"] is not None and not is_reading(read["operation"]):
        raise ValueError("a look is at something that changes the world")
    return None


def _note(line: Mapping[str, Any]) -> str | None:
    note = line["note"]
    if set(note) != {"kind", "data"} or not isinstance(note["data"], dict):
        raise ValueError("an annotation is none")
    if note["kind"] not in _NOTES:
        # Whatever else there is in a journal, only the model writes.
        raise ValueError("there is an annotation that no lab makes")
    return None


def _digest(line: Mapping[str, Any]) -> str | None:
    parts = line["parts"]
    checksums = [line["digest"], *parts.values()]
    if len(checksums) > 20 or not all(isinstance(each, str) and len(each) <= 64 for each in checksums):
        raise ValueError("a checksum is none")
    return None


def _clock(line: Mapping[str, Any]) -> str | None:
    speed = line["speed"]
    if not isinstance(line["paused"], bool) or not (speed == "max" or isinstance(speed, int | float)):
        raise ValueError("a setting of the clock is none")
    return None


def _control(line: Mapping[str, Any]) -> str | None:
    body = next(line[name] for name in _CONTROLS if name in line)
    if not isinstance(body, dict) or "actor" in body or len(json.dumps(body)) > 1_000_000:
        raise ValueError("what it asks of the world is nothing that a learner asks")
    return None


def _nothing(_line: Mapping[str, Any]) -> str | None:
    return None
