"""CBOR (RFC 8949), read: as much of it as AWS's rpc-v2-cbor protocol uses.

A tag says how AWS means a value and not what it is, so it is passed over: a moment (tag 1) is its number of seconds.
"""

from __future__ import annotations

import struct
from typing import Any

_DEEPEST = 64
_BREAK = object()
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLE = {20: False, 21: True, 22: None, 23: None}


class NotCborError(ValueError):
    """These bytes are no CBOR, or not one value of it."""


def decode(data: bytes) -> Any:
    """The value that some bytes are: dict, list, str, bytes, int, float, bool or None. NotCborError when they are none."""
    reader = _Reader(data)
    try:
        value = reader.value(0)
    except (IndexError, struct.error) as problem:
        raise NotCborError("it ends too early") from problem
    except UnicodeDecodeError as problem:
        raise NotCborError("a text in it is not UTF-8") from problem
    if value is _BREAK or reader.at != len(data):
        raise NotCborError("it is not one value")
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def value(self, depth: int) -> Any:
        """The next value; ``_BREAK`` at the end of one of indefinite length."""
        if depth > _DEEPEST:
            raise NotCborError("it is nested too deeply")
        first = self._data[self.at]
        self.at += 1
        major, extra = first >> 5, first & 0x1F
        if major == 7:
            return self._simple(extra)
        length = None if extra == 31 else self._number(extra)
        if major == 0:
            return self._known(length)
        if major == 1:
            return -1 - self._known(length)
        if major in (2, 3):
            raw = self._chunks(major, depth) if length is None else self._bytes(length)
            return raw if major == 2 else raw.decode()
        if major == 4:
            return list(self._items(length, depth))
        if major == 5:
            return self._map(length, depth)
        self._known(length)
        return self.value(depth + 1)

    @staticmethod
    def _known(length: int | None) -> int:
        if length is None:
            raise NotCborError("this cannot be of indefinite length")
        return length

    def _number(self, extra: int) -> int:
        if extra < 24:
            return extra
        if extra > 27:
            raise NotCborError("a reserved length")
        return int.from_bytes(self._bytes(1 << (extra - 24)), "big")

    def _bytes(self, length: int) -> bytes:
        end = self.at + length
        if end > len(self._data):
            raise NotCborError("it ends too early")
        raw, self.at = self._data[self.at : end], end
        return raw

    def _chunks(self, major: int, depth: int) -> bytes:
        """A text or byte string in pieces."""
        found = b""
        while self._data[self.at] != 0xFF:
            if self._data[self.at] >> 5 != major:
                raise NotCborError("a piece of another kind in a string")
            piece = self.value(depth + 1)
            found += piece if isinstance(piece, bytes) else piece.encode()
        self.at += 1
        return found

    def _items(self, length: int | None, depth: int) -> list[Any]:
        found: list[Any] = []
        while length is None or len(found) < length:
            item = self.value(depth + 1)
            if item is _BREAK:
                if length is not None:
                    raise NotCborError("a break where the length is known")
                break
            found.append(item)
        return found

    def _map(self, length: int | None, depth: int) -> dict[str, Any]:
        flat = self._items(None if length is None else 2 * length, depth)
        if len(flat) % 2 or not all(isinstance(key, str) for key in flat[::2]):
            raise NotCborError("the keys of a map must be texts here")
        return dict(zip(flat[::2], flat[1::2], strict=True))

    def _simple(self, extra: int) -> Any:
        if extra == 31:
            return _BREAK
        if extra in _FLOATS:
            number: float = struct.unpack(_FLOATS[extra], self._bytes(1 << (extra - 24)))[0]
            return number
        if extra not in _SIMPLE:
            raise NotCborError("an unknown simple value")
        return _SIMPLE[extra]
