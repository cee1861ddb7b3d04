"""Tokens of lists that come in pages: each names its operation and the item that the next page begins at."""

from __future__ import annotations

import base64


def token_of(key: str, position: int) -> str:
    """The token of the page of ``key``'s list that begins at an item."""
    return base64.urlsafe_b64encode(f"{key}:{position}".encode()).decode()


def position_of(token: str | None, key: str) -> int:
    """The item that a page begins at, 0 without a token. ValueError when the token is none of ``key``'s."""
    if not token:
        return 0
    try:
        owner, _, position = base64.b64decode(token, altchars=b"-_", validate=True).decode().rpartition(":")
    except ValueError:  # of base64, or of UTF-8
        owner = position = ""
    if owner != key or not position.isdecimal():
        raise ValueError(f"not a token of {key}: {token}")
    return int(position)
