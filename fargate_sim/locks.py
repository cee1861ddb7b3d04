"""A recording belongs to one world at a time, however its process ends."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

_LOOK_SECONDS = 0.05


class TakenError(Exception):
    """Another world is being recorded there."""


def hold(recording: Path, patience: float = 0.0, sleep: Callable[[float], None] = time.sleep) -> int | None:
    """Take a recording; the handle to close when it is to be free again (None where there are no such locks: Windows). TakenError when
    another has it and does not let go within ``patience`` seconds: the world of a program that was killed needs a moment to end. OSError
    when the file beside it cannot be written.
    """
    try:
        import fcntl  # noqa: PLC0415 - absent on Windows
    except ImportError:
        return None
    handle = os.open(recording.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    waited = 0.0
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if waited < patience:
                sleep(_LOOK_SECONDS)
                waited += _LOOK_SECONDS
                continue
            os.close(handle)
            raise TakenError(f"{recording} is in use") from None
        return handle


def let_go(handle: int | None) -> None:
    """Free what ``hold`` has taken."""
    if handle is not None:
        os.close(handle)
