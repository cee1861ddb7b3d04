"""Python's garbage collector stands still for nobody: a full collection looks at all that lives in the process, 0.3 s where a world has a
long history, and everybody waits. Most of it lives as long as its world. So what has survived a slow collection is not looked at again
before a world is closed.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

SLOW_S = 0.03
_FULL = 2
"""The generation that has everything."""


class ShortCollections:
    """Watches the collector from ``begin`` to ``end``."""

    def __init__(
        self, clock: Callable[[], float] = time.perf_counter, freeze: Callable[[], None] = gc.freeze
    ) -> None:
        self._clock = clock
        self._freeze = freeze
        self._began = 0.0

    def begin(self) -> None:
        """Watch."""
        gc.callbacks.append(self.told)

    def end(self) -> None:
        """Watch no more."""
        gc.callbacks.remove(self.told)
        gc.unfreeze()

    def told(self, phase: str, info: dict[str, int]) -> None:
        """The collector begins or ends."""
        if info["generation"] != _FULL:
            return
        if phase == "start":
            self._began = self._clock()
        elif self._clock() - self._began > SLOW_S:
            self._freeze()


def world_closed() -> None:
    """A world is to be forgotten: the next collections look at everything again."""
    gc.unfreeze()
