"""An error answer in the protocol that the caller speaks: JSON, rest-JSON, Query, EC2 Query, rest-XML or
CBOR.

Used for what the offline cloud itself has to say: an operation that it does not model, a body that is too
large, a bug of ours.
"""

from __future__ import annotations

import json
from html import escape
from typing import NamedTuple

NOT_MODELLED = 501


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def _cbor_text(text: str) -> bytes:
    """A CBOR text string (RFC 8949, major type 3)."""
    raw = text.encode()
    if len(raw) < 24:
        head = bytes([0x60 + len(raw)])
    elif len(raw) < 256:
        head = bytes([0x78, len(raw)])
    else:
        head = b"\x79" + len(raw).to_bytes(2, "big")
    return head + raw


def _cbor(code: str, message: str) -> bytes:
    pairs = (("__type", code), ("message", message))
    return bytes([0xA0 + len(pairs)]) + b"".join(
        _cbor_text(name) + _cbor_text(value) for name, value in pairs
    )


def _xml(protocol: str, service: str, code: str, message: str, *, status: int, request_id: str) -> str:
    inner = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    if protocol == "ec2":
        return (
            f"<Response><Errors><Error>{inner}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
        )
    if protocol == "rest-xml" and service == "s3":
        return f"<Error>{inner}<RequestId>{request_id}</RequestId></Error>"
    side = "Receiver" if status >= 500 else "Sender"
    return (
        f"<ErrorResponse><Error><Type>{side}</Type>{inner}</Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )


def error_answer(
    protocol: str, service: str, code: str, message: str, *, status: int, request_id: str
) -> Answer:
    """An error in ``protocol``, one of: json-1.0, json-1.1, rest-json, query, ec2, rest-xml, cbor."""
    headers = [("x-amzn-RequestId", request_id)]
    if protocol == "cbor":
        headers += [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]
        return Answer(status, headers, _cbor(code, message))
    if protocol in ("query", "ec2", "rest-xml"):
        headers.append(("Content-Type", "text/xml"))
        text = '<?xml version="1.0" encoding="UTF-8"?>\n' + _xml(
            protocol, service, code, message, status=status, request_id=request_id
        )
        return Answer(status, headers, text.encode())
    content_type = "application/json" if protocol == "rest-json" else f"application/x-amz-{protocol}"
    headers += [("Content-Type", content_type), ("x-amzn-ErrorType", code)]
    return Answer(status, headers, json.dumps({"__type": code, "message": message}).encode())


def not_modelled(protocol: str, service: str, operation: str | None, *, request_id: str) -> Answer:
    """The answer to an operation that the offline cloud does not have: it names it, and it is never an empty
    success.
    """
    name = f"{service}:{operation}" if operation else f"this request to {service}"
    message = (
        f"The offline cloud does not model {name}. Nothing was changed. See docs/fidelity.md for what it has."
    )
    return error_answer(
        protocol, service, "NotImplementedException", message, status=NOT_MODELLED, request_id=request_id
    )
