"""A log that nobody fills: what strangers send is written down as what goes wrong, and the disk is everybody's."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Lock

A_MINUTE = 60
"""Records of a logger's handler."""


class Sparing(logging.Filter):
    """Lets so many records through in a minute; the first after that tells how many were left out."""

    def __init__(self, most: int = A_MINUTE, wall: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._most = most
        self._wall = wall
        self._since = wall()
        self._count = 0
        self._lock = Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is written."""
        with self._lock:
            now = self._wall()
            left_out = 0
            if now - self._since >= 60:
                left_out = max(0, self._count - self._most)
                self._since, self._count = now, 0
            self._count += 1
            if self._count > self._most:
                return False
        if left_out and not hasattr(record, "left_out"):
            record.left_out = left_out  # several handlers see one record
            record.msg, record.args = f"({left_out} more were left out.) {record.getMessage()}", None
        return True
