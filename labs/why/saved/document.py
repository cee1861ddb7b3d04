"""JSON that somebody saved: read with care, so that whatever is wrong with it is told with line and column.

``Node`` is a value with the path to it, as in ``tasks[0].containers[1].exitCode``: the source of every fact.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labs.errors import LabFileError

LARGEST = 20_000_000
"""Bytes. A describe call of AWS answers with far less."""
_LONGEST_TEXT = 4000
_LATEST_S = 4_102_444_800
"""2100-01-01: a number beyond it is no moment of a log."""
_HINT = "Save it again, for example with: aws ecs describe-tasks --cluster CLUSTER --tasks TASK > task.json"
_SPACE = re.compile(r"[ \t\n\r]*")


class Document:
    """A parsed file. LabFileError, with line and column, when it is no JSON object or list."""

    def __init__(self, name: str, raw: bytes) -> None:
        self.path = Path(name)
        if len(raw) > LARGEST:
            raise LabFileError(
                self.path, 0, 0, f"It is too large: {len(raw):,} bytes, at most {LARGEST:,} are read.", _HINT
            )
        try:
            self.text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
            raise LabFileError(self.path, line, column, "This is not UTF-8 text.", _HINT) from None
        if not self.text.strip():
            raise LabFileError(self.path, 1, 1, "It is empty.", _HINT)
        try:
            value = json.loads(self.text, parse_constant=_refuse)
        except json.JSONDecodeError as error:
            raise LabFileError(
                self.path, error.lineno, error.colno, f"This is not JSON: {error.msg}.", _HINT
            ) from None
        except RecursionError:
            raise LabFileError(self.path, 1, 1, "It is nested too deeply.", _HINT) from None
        except ValueError as error:
            raise LabFileError(self.path, 1, 1, f"This is not JSON: {error}.", _HINT) from None
        self.root = Node(self, value, ())

    def wrong(self, path: tuple[str | int, ...], message: str) -> LabFileError:
        """An error at a value."""
        offset = _offset(self.text, path)
        line = self.text.count("\n", 0, offset) + 1
        column = offset - (self.text.rfind("\n", 0, offset) + 1) + 1
        return LabFileError(self.path, line, column, message, "Is it the answer of the AWS CLI, unchanged?")


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number of JSON")


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a document and where it stands."""

    document: Document
    value: Any
    path: tuple[str | int, ...]

    @property
    def where(self) -> str:
        """``tasks[0].stoppedReason``."""
        text = ""
        for part in self.path:
            text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
        return text or "the document"

    def at(self, key: str) -> str:
        """The path of a field."""
        return Node(self.document, None, (*self.path, key)).where

    def has(self, key: str) -> bool:
        """Whether the object has the field, and it is not null."""
        return isinstance(self.value, Mapping) and self.value.get(key) is not None

    def child(self, key: str) -> Node:
        """An object in a field; an empty one when it is not there."""
        return (
            self._typed(key, dict, "an object")
            if self.has(key)
            else Node(self.document, {}, (*self.path, key))
        )

    def items(self, key: str) -> list[Node]:
        """The objects of a list in a field; none when it is not there."""
        if not self.has(key):
            return []
        found = self._typed(key, list, "a list")
        return list(found.elements())

    def elements(self) -> Iterator[Node]:
        """The objects of this list."""
        for index, value in enumerate(self.value):
            node = Node(self.document, value, (*self.path, index))
            if not isinstance(value, dict):
                raise self.document.wrong(
                    node.path, f"{node.where} should be an object, and is {_kind(value)}."
                )
            yield node

    def text(self, key: str) -> str:
        """A text; empty when it is not there."""
        if not self.has(key):
            return ""
        value = str(self._typed(key, str, "text").value)
        return "".join(char if char.isprintable() else " " for char in value[:_LONGEST_TEXT])

    def texts(self, key: str) -> list[str]:
        """A list of texts."""
        if not self.has(key):
            return []
        return [str(value) for value in self._typed(key, list, "a list").value]

    def number(self, key: str) -> float | None:
        """A number; None when it is not there."""
        if not self.has(key):
            return None
        value = self.value[key]
        if isinstance(value, bool) or not isinstance(value, int | float):
            path = (*self.path, key)
            raise self.document.wrong(path, f"{self.at(key)} should be a number, and is {_kind(value)}.")
        return value

    def whole(self, key: str) -> int | None:
        """A whole number; None when it is not there."""
        value = self.number(key)
        if value is None:
            return None
        if abs(value) > 2**53 or int(value) != value:
            raise self.document.wrong((*self.path, key), f"{self.at(key)} should be a whole number.")
        return int(value)

    def flag(self, key: str) -> bool | None:
        """True or false; None when it is not there."""
        return bool(self._typed(key, bool, "true or false").value) if self.has(key) else None

    def moment(self, key: str) -> int | None:
        """Milliseconds since the epoch, from ISO 8601 (version 2 of the AWS CLI) or from seconds (version 1)."""
        if not self.has(key):
            return None
        value = self.value[key]
        wrong = self.document.wrong
        if isinstance(value, int | float) and not isinstance(value, bool):
            if not 0 <= value < _LATEST_S:
                raise wrong((*self.path, key), f"{self.at(key)} is no moment: {str(value)[:40]}.")
            return round(value * 1000)
        try:
            found = datetime.fromisoformat(str(value))
            return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)
        except (ValueError, OverflowError, OSError):
            raise wrong((*self.path, key), f"{self.at(key)} is no moment: {str(value)[:40]!r}.") from None

    def _typed(self, key: str, kind: type, named: str) -> Node:
        node = Node(self.document, self.value[key], (*self.path, key))
        if not isinstance(node.value, kind):
            raise self.document.wrong(
                node.path, f"{node.where} should be {named}, and is {_kind(node.value)}."
            )
        return node


def _kind(value: Any) -> str:
    return {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}.get(
        type(value), "a number"
    )


def _offset(text: str, path: tuple[str | int, ...]) -> int:
    """Where the value at a path begins in the text, which is known to be JSON."""
    decoder = json.JSONDecoder()
    at = _skip(text, 0)
    for part in path:
        begin = at
        at = _skip(text, at + 1)
        index = 0
        found = -1
        while text[at] not in "]}":
            key: str | int = index
            if isinstance(part, str):
                key, at = decoder.raw_decode(text, at)
                at = _skip(text, _skip(text, at) + 1)
            if key == part:
                found = at  # the last of several of one name counts, as in the parser
            at = _skip(text, decoder.raw_decode(text, at)[1])
            if text[at] == ",":
                at = _skip(text, at + 1)
            index += 1
        if found < 0:
            return begin
        at = found
    return at


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
