"""A class is open once. Whoever has it open holds a lock, and so do its shards: it is free when the last of them has ended."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from fargate_lab import paths
from fargate_lab.errors import SurroundingsError

PATIENCE_SECONDS = 15.0
"""How long the shards of a server that was killed may take to notice."""
ORCHESTRATED_PATIENCE_SECONDS = 75.0
"""An orchestrator may begin a room anew while the old one still ends, for which it has a minute; and a lock on a network file system
outlives a machine that is lost until its lease is over.
"""
_LOOK_SECONDS = 0.1


@contextlib.contextmanager
def held(root: Path, *, patience: float = PATIENCE_SECONDS) -> Iterator[int]:
    """Hold a class; a descriptor that its children inherit. SurroundingsError when another program has it open."""
    import fcntl  # noqa: PLC0415 - there is none on Windows

    handle = os.open(paths.ready(root / ".open"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        until = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() >= until:
                    raise SurroundingsError(
                        f"The class {root.name} is open in another program.", "Close that one first."
                    ) from None
                time.sleep(_LOOK_SECONDS)
        yield handle
    finally:
        os.close(handle)
