"""A call that changes something is carried out once: whoever has seen it go by cannot send it again.

What tells one call from another is its signature. Its time has a resolution of a second, and clients sign no number of their own, so two
equal calls of one second have one signature: over the same connection the second is a client that means it, over another one it may be
anybody, and is sent back to be signed again. Signatures are kept until their time is too old to be taken at all, in memory and in a file,
so that they are known after a restart, too.
"""

from __future__ import annotations

import json
import os
from collections import OrderedDict
from collections.abc import Hashable
from pathlib import Path
from threading import Lock

from fargate_sim.wire.signature import CLOCK_SKEW_SECONDS

KEPT_SECONDS = 2 * CLOCK_SKEW_SECONDS
"""A call may be signed with a time as far ahead as it may lie behind."""
MOST = 40_000
"""How many signatures of a seat are kept: more than it can send in this time, within its limits."""
_SHOWN = 20
"""Of a signature, in hexadecimal digits: 80 bits tell them apart."""


class FullError(Exception):
    """More calls than can be kept apart."""


class Replays:
    """The signatures of one seat. Times are seconds since the epoch."""

    def __init__(self, path: Path, now: float) -> None:
        self._path = path
        self._seen: OrderedDict[str, tuple[float, Hashable | None]] = OrderedDict()
        self._lock = Lock()
        self._read(now)
        self._written = len(self._seen)
        self._handle: int | None = None

    def first(self, signature: str, connection: Hashable, now: float) -> float | None:
        """None when the call may be carried out, and from now on was; else when its signature came first. FullError when there were too
        many to tell.
        """
        short = signature[:_SHOWN]
        with self._lock:
            self._forget(now)
            known = self._seen.get(short)
            if known is not None:
                at, over = known
                return None if over == connection else at
            if len(self._seen) >= MOST:
                raise FullError
            self._write(short, now)
            self._seen[short] = (now, connection)
        return None

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None

    def _forget(self, now: float) -> None:
        while self._seen:
            at, _ = next(iter(self._seen.values()))
            if now - at < KEPT_SECONDS:
                return
            self._seen.popitem(last=False)

    def _read(self, now: float) -> None:
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return
        for line in lines[-MOST:]:
            try:
                at, signature = json.loads(line)
                if now - float(at) < KEPT_SECONDS:
                    self._seen[str(signature)] = (min(float(at), now), None)
            except (ValueError, TypeError):
                continue

    def _write(self, signature: str, now: float) -> None:
        if self._handle is None or self._written > 2 * MOST:
            self._begin_file()
        if self._handle is not None:
            os.write(self._handle, _line(now, signature))
            self._written += 1

    def _begin_file(self) -> None:
        """A file of those that still count."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self._path.with_name(self._path.name + ".new")
        self._handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        os.write(self._handle, b"".join(_line(at, name) for name, (at, _) in self._seen.items()))
        fresh.replace(self._path)
        self._written = len(self._seen)


def _line(at: float, signature: str) -> bytes:
    return json.dumps([round(at, 3), signature]).encode() + b"\n"
