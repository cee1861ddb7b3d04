"""What a runner has done, in a file of its own: one JSON object a line, written through to the disk before the world changes.

A runner that was killed left at most its last line torn; that line is dropped, because what it announced had not begun. Anything
else that cannot be read is an error with its line.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from labs.errors import LabError


class BookError(LabError):
    """The file of a game cannot be used."""


class Book:
    """Opens the file, makes it if need be, and keeps other runners away from it until ``close``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        new = not path.exists()
        try:
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise BookError(f"The game's file {path} cannot be opened: {error.strerror}.") from error
        try:
            self._lock()
            self.lines = self._read()
        except BaseException:
            os.close(self._handle)
            raise
        if new:
            _sync_folder(path.parent)

    def write(self, what: str, **data: Any) -> None:
        """Append a line; it is on the disk when this returns."""
        line = {"what": what, **data}
        os.write(self._handle, (json.dumps(line, separators=(",", ":")) + "\n").encode())
        os.fsync(self._handle)
        self.lines.append(line)

    def of(self, *whats: str) -> Iterator[Mapping[str, Any]]:
        """The lines of these kinds, oldest first."""
        return (line for line in self.lines if line["what"] in whats)

    def close(self) -> None:
        """Let others have it. Safe to call twice."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)

    def _lock(self) -> None:
        try:
            import fcntl  # noqa: PLC0415 - absent on Windows
        except ImportError:
            return
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BookError(
                f"The game of {self.path} is being run by another program.", "End that one first."
            ) from None

    def _read(self) -> list[dict[str, Any]]:
        text = self.path.read_bytes()
        found: list[dict[str, Any]] = []
        whole = 0
        for number, raw in enumerate(text.splitlines(keepends=True), start=1):
            line = _parsed(raw)
            if line is None:
                if whole + len(raw) < len(text):
                    raise BookError(
                        f"{self.path}:{number}: this is no line of a game's file.",
                        "It was changed by something else. What is in force cannot be known from it.",
                    )
                os.ftruncate(self._handle, whole)
                os.fsync(self._handle)
                break
            whole += len(raw)
            found.append(line)
        return found


def _parsed(raw: bytes) -> dict[str, Any] | None:
    """The line as data; None when it is torn or was never one of ours."""
    try:
        line = json.loads(raw)
    except ValueError:
        return None
    whole = raw.endswith(b"\n") and isinstance(line, dict) and isinstance(line.get("what"), str)
    return line if whole else None


def _sync_folder(folder: Path) -> None:
    """A new file is only there for good when its folder has been written as well."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
