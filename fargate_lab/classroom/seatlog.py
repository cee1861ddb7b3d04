"""What happened at a seat, in the time of this machine: one JSON object a line, only ever added to.

`at` is a moment in ISO 8601 (UTC), `kind` one of the methods of `SeatLog`, the rest is what they say. The board is read from
these logs alone, so it shows
the same after a crash. What happened in the world is in the world's journal.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fargate_lab import paths

LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class SeatEntry:
    """One line: when, what kind, and the rest."""

    at: datetime
    kind: str
    data: dict[str, Any]


class SeatLog:
    """A seat's log. Several processes may add to it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def joined(self, name: str) -> None:
        """Somebody took the seat, or came back to it."""
        self._add("joined", name=name)

    def screen(self, *, on: bool) -> None:
        """The seat's screen appeared in a browser, or went."""
        self._add("screen", on=on)

    def opened(self, lab: str, *, resumed: bool) -> None:
        """A lab was opened."""
        self._add("opened", lab=lab, resumed=resumed)

    def reset(self, lab: str, step: str | None) -> None:
        """A lab (None), or one step of it, was begun anew."""
        self._add("reset", lab=lab, step=step)

    def checked(self, lab: str, step: str, *, passed: bool, failing: Sequence[tuple[str, str]]) -> None:
        """Somebody asked for a check of a step; ``failing`` are checks that failed: id, and what was observed."""
        self._add("checked", lab=lab, step=step, passed=passed, failing=[list(each) for each in failing])

    def passed(self, lab: str, step: str) -> None:
        """A step passed for the first time."""
        self._add("passed", lab=lab, step=step)

    def solved(self, lab: str) -> None:
        """Every step of a lab has passed."""
        self._add("solved", lab=lab)

    def hint(self, lab: str, step: str, level: int) -> None:
        """A hint was shown."""
        self._add("hint", lab=lab, step=step, level=level)

    def solution(self, lab: str, step: str) -> None:
        """The reference answer of a step was shown."""
        self._add("solution", lab=lab, step=step)

    def answered(self, lab: str, step: str, *, correct: bool) -> None:
        """A prediction was made."""
        self._add("answered", lab=lab, step=step, correct=correct)

    def command(self, line: str, code: int) -> None:
        """A line of the console, and how it ended."""
        self._add("command", line=line[:LONGEST_TEXT], code=code)

    def message(self, text: str) -> None:
        """The teacher said something to this seat, or to all."""
        self._add("message", text=text[:LONGEST_TEXT])

    def put_away(self, places: Collection[int]) -> None:
        """Messages were read: the places they have among all to this seat, from 0 on."""
        self._add("put_away", places=sorted(places))

    def released(self, before: int | None, after: int | None) -> None:
        """The teacher opened steps, or locked them: how many of a lab were open, and how many are (None: all)."""
        self._add("released", before=before, after=after)

    def read(self, since: int = 0) -> tuple[list[SeatEntry], int]:
        """The entries from a byte on, and the byte to go on from. A line that is not whole yet is left for the next time, one
        that cannot be
        understood is passed over.
        """
        try:
            with self.path.open("rb") as stream:
                stream.seek(since)
                content = stream.read()
        except OSError:
            return [], since
        whole = content.rfind(b"\n") + 1
        entries = []
        for raw in content[:whole].splitlines():
            try:
                line = json.loads(raw)
                entry = SeatEntry(datetime.fromisoformat(line.pop("at")), str(line.pop("kind")), line)
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
            entries.append(entry)
        return entries, since + whole

    def _add(self, kind: str, **data: Any) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"at": now, "kind": kind, **data}, ensure_ascii=False, separators=(",", ":")) + "\n"
        handle = os.open(paths.ready(self.path), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            # One write: lines of several processes do not mix.
            os.write(handle, line.encode("utf-8", "replace"))
        finally:
            os.close(handle)
