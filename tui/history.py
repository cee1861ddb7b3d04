"""Walking back through the lines that were run before. Pure."""

from __future__ import annotations

from collections.abc import Iterable


class History:
    """Lines oldest first, and a place among them.

    While walking, only lines that begin with what had been typed are offered; walking past the newest gives
    that back.
    """

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self._lines = list(lines)
        self._at: int | None = None
        self._draft = ""

    def load(self, lines: Iterable[str]) -> None:
        """Put the lines of earlier sittings before those of this one."""
        self._lines = [*lines, *self._lines]

    def add(self, line: str) -> None:
        """A line was run. A repetition of the last is not kept twice."""
        if line.strip() and (not self._lines or self._lines[-1] != line):
            self._lines.append(line)
        self._at = None

    def walk(self, step: int, typed: str) -> str | None:
        """The line one step older (-1) or newer (+1); None when there is none."""
        if self._at is None:
            if step > 0:
                return None
            self._draft = typed
        at = len(self._lines) if self._at is None else self._at
        at += step
        while 0 <= at < len(self._lines) and not self._lines[at].startswith(self._draft):
            at += step
        if at < 0:
            return None
        if at >= len(self._lines):
            self._at = None
            return self._draft
        self._at = at
        return self._lines[at]
