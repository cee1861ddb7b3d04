"""The journal of faults: a file that says how each fault is taken back, written before the fault changes anything.

One JSON object a line. ``{"schema": 1, "kind": "injected", "number": 1, "account", "region", "fault", "settings",
"undo"}`` is on the disk (fsync) before the first changing call of a fault; ``{"schema": 1, "kind": "reverted",
"number": 1}`` follows when all of its undo has been carried out. What has the one and not the other is in force, or may
be: a program that was killed between the two leaves it to the next one to take back, which does no harm twice.

A kill in the middle of writing leaves half a line at the end. It was never acted upon, so readers leave it out and the
next writer takes it away. One program writes at a time.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from chaos.errors import FaultError
from chaos.undo import Undo

SCHEMA = 1
INJECTED = "injected"
REVERTED = "reverted"
_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
_WRITING = Lock()
"""Activities of an experiment may run in the background, in threads of one process."""


@dataclass(frozen=True, slots=True)
class Injection:
    """A fault that was injected: its number in the journal, where, with which settings, and how it is taken back."""

    number: int
    account: str
    region: str
    settings: Mapping[str, Any]
    undo: Undo

    @property
    def fault(self) -> str:
        """Its name in the catalogue."""
        return self.undo.fault


class FaultJournal:
    """The journal in one file, which need not exist."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def injected(self, whose: Mapping[str, str], settings: Mapping[str, Any], undo: Undo) -> int:
        """Write down a fault that is about to be injected, and return when it is on the disk; its number. FaultError when
        that is not possible: then it must not be injected.
        """
        with _WRITING:
            number = 1 + max((entry["number"] for entry in self._entries()), default=0)
            self._append(
                {
                    "kind": INJECTED,
                    "number": number,
                    **whose,
                    "fault": undo.fault,
                    "settings": dict(settings),
                    "undo": undo.to_dict(),
                }
            )
        return number

    def reverted(self, number: int) -> None:
        """Write down that a fault has been taken back."""
        with _WRITING:
            self._append({"kind": REVERTED, "number": number})

    def in_force(self) -> list[Injection]:
        """What was injected and not taken back, oldest first. FaultError when a line cannot be read."""
        found: dict[int, Injection] = {}
        for line, entry in enumerate(self._entries(), start=1):
            if entry["kind"] == REVERTED:
                found.pop(entry["number"], None)
            else:
                found[entry["number"]] = self._injection(line, entry)
        return list(found.values())

    def _injection(self, line: int, entry: dict[str, Any]) -> Injection:
        try:
            return Injection(
                entry["number"],
                str(entry["account"]),
                str(entry["region"]),
                dict(entry["settings"]),
                Undo.parse(entry["undo"]),
            )
        except (KeyError, TypeError, ValueError, FaultError) as error:
            raise self._damaged(line, str(error)) from None

    def _entries(self) -> list[dict[str, Any]]:
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise FaultError(
                f"The journal of faults {self.path} cannot be read: {error.strerror or error}.",
                "Make it readable, or name another one.",
            ) from None
        whole = text[: text.rfind(b"\n") + 1]
        return [self._entry(number, line) for number, line in enumerate(whole.splitlines(), start=1)]

    def _entry(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            entry: dict[str, Any] = json.loads(line)
            if entry["schema"] == SCHEMA and entry["kind"] in (INJECTED, REVERTED):
                entry["number"] = int(entry["number"])
                return entry
        except (ValueError, KeyError, TypeError):
            pass
        raise self._damaged(number, "it is no line of such a journal")

    def _damaged(self, line: int, why: str) -> FaultError:
        return FaultError(
            f"{self.path}:{line}: {why}.".replace("..", "."),
            "A fault may be in force that nobody can take back from here. Mend the line, or take the fault back by hand "
            "and delete the line.",
        )

    def _append(self, entry: Mapping[str, Any]) -> None:
        line = json.dumps({"schema": SCHEMA, **entry}, ensure_ascii=False).encode() + b"\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            new = not self.path.exists()
            with os.fdopen(os.open(self.path, _FLAGS, 0o600), "r+b") as file:
                file.truncate(file.read().rfind(b"\n") + 1)
                file.seek(0, os.SEEK_END)
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            if new:
                _keep_name(self.path.parent)
        except OSError as error:
            raise FaultError(
                f"The journal of faults {self.path} cannot be written: {error.strerror or error}.",
                "Without it no fault is injected. Name a file that can be written as `fault_journal`.",
            ) from None


def _keep_name(folder: Path) -> None:
    """A new file's name must be on the disk, too. Not every system can do that to a folder."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
