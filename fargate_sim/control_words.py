"""How the control API takes what it is asked, and says what it answers: docs/control-api.md."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from fargate_sim.wire.render import Answer


class ControlError(Exception):
    """A request that cannot be served: status, what is wrong, what to do."""

    def __init__(self, status: int, error: str, hint: str) -> None:
        super().__init__(error)
        self.status = status
        self.hint = hint


def answered(status: int, content: object) -> Answer:
    """An answer of the control API, as JSON."""
    body = json.dumps(content, separators=(",", ":")).encode()
    return Answer(status, [("Content-Type", "application/json"), ("Cache-Control", "no-store")], body)


def problem(status: int, error: str, hint: str) -> Answer:
    """An error of the control API."""
    return answered(status, {"error": error, "hint": hint})


def iso(milliseconds: int) -> str:
    """A virtual moment in ISO 8601, UTC, whole seconds."""
    return datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def whole(value: object, name: str, default: int | None = None) -> int:
    """An integer out of a query or a body."""
    if value is None and default is not None:
        return default
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,18}", value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ControlError(400, f"{name} must be a whole number, not {value!r}", "see docs/control-api.md")
    return value


def content_of(body: bytes) -> dict[str, Any]:
    """The JSON object that a body holds. ControlError when it holds none."""
    try:
        content = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise ControlError(400, "the body is no JSON", 'like {"action": "pause"}') from None
    if not isinstance(content, dict):
        raise ControlError(400, "the body must be a JSON object", 'like {"action": "pause"}')
    return content


def speed_of(value: object) -> Any:
    """A speed out of a body, its range not yet checked. ControlError when it is neither a number nor "max"."""
    if value == "max":
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ControlError(400, f"{value!r} is no speed", 'a number from 0.1 to 3600, or "max"')
    return value
