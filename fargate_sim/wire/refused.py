"""Read back what an error answer says: its code and its message, in whatever protocol it is written."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

from fargate_sim.wire import cbor
from fargate_sim.wire.render import Answer

_LONGEST = 2_000
_CODE = re.compile(rb"<Code>([^<]+)</Code>")
_MESSAGE = re.compile(rb"<Message>(.*?)</Message>", re.DOTALL)


def refusal(protocol: str, answer: Answer) -> tuple[str | None, str | None]:
    """(AWS's error code, its sentence) of an answer with an error status, each None where it says none."""
    code, message = _written(protocol, answer.body)
    if code is None:
        named = next((value for name, value in answer.headers if name.lower() == "x-amzn-errortype"), None)
        code = named.partition(":")[0] if named else None
    return code, message


def _written(protocol: str, body: bytes) -> tuple[str | None, str | None]:
    if b"<Code>" in body:
        code, message = _CODE.search(body), _MESSAGE.search(body)
        return (
            code.group(1).decode(errors="replace") if code else None,
            _cut(unescape(message.group(1).decode(errors="replace"))) if message else None,
        )
    try:
        document: Any = cbor.decode(body) if protocol == "cbor" else json.loads(body)
    except ValueError:
        return None, None
    if not isinstance(document, dict):
        return None, None
    code_text = document.get("__type") or document.get("code")
    text = document.get("message") or document.get("Message")
    return (
        str(code_text).rpartition("#")[2] if code_text else None,
        _cut(str(text)) if text else None,
    )


def _cut(text: str) -> str:
    return text[:_LONGEST]
