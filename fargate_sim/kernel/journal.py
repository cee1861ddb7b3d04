"""The journal: what happened, when, and because of what. Append-only; the kinds are listed in docs/journal.md."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from fargate_sim.kernel.engine import Engine


class Entry(NamedTuple):
    """One fact. ``at_ms`` is virtual time; ``cause`` is the ``seq`` of the entry that led to it."""

    seq: int
    at_ms: int
    kind: str
    cause: int | None
    data: dict[str, Any]

    def to_json(self) -> str:
        """One line, the same bytes for the same fact."""
        return json.dumps(
            {"seq": self.seq, "at": self.at_ms, "kind": self.kind, "cause": self.cause, "data": self.data},
            separators=(",", ":"),
            sort_keys=True,
        )


class Journal:
    """Entries in order; ``seq`` is the position."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.entries: list[Entry] = []

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def record(self, kind: str, data: dict[str, Any], *, cause: int | None = None) -> int:
        """Write a fact at the virtual now and return its ``seq``; the cause is the running happening's unless given."""
        seq = len(self.entries)
        engine = self._engine
        self.entries.append(Entry(seq, engine.now_ms, kind, engine.cause if cause is None else cause, data))
        return seq

    def since(
        self, seq: int, *, kinds: frozenset[str] | None = None, limit: int = 1000
    ) -> tuple[list[Entry], int]:
        """Entries from ``seq`` on, oldest first, at most ``limit``, and the ``seq`` to go on from."""
        found: list[Entry] = []
        position = max(seq, 0)
        while position < len(self.entries) and len(found) < limit:
            entry = self.entries[position]
            position += 1
            if kinds is None or entry.kind in kinds:
                found.append(entry)
        return found, position

    def to_jsonl(self) -> str:
        """The whole history as text, one entry a line."""
        return "".join(entry.to_json() + "\n" for entry in self.entries)
