"""What the offline cloud does not have."""

from __future__ import annotations


class NotModelledError(Exception):
    """There is no such service or operation; ``part``: the operation is there, but not with this part of it."""

    def __init__(self, message: str, *, part: str | None = None) -> None:
        super().__init__(message)
        self.part = part
