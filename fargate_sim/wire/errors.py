"""The one error that an operation raises: AWS's code, AWS's sentence, the HTTP status, and further members of
the error shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class AwsError(Exception):
    """An error answer. ``code`` is the exception's name in the service model, ``fields`` its other members."""

    def __init__(
        self, code: str, message: str, *, status: int = 400, fields: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = dict(fields or {})
