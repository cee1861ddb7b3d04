"""How fast something may be done: so much at once, and so much in a second."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable


class Pace:
    """A token bucket that makes people wait instead of sending them away."""

    def __init__(self, per_second: float, burst: float, now: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = burst
        self._now = now
        self._left = burst
        self._since = now()

    def due(self, amount: float) -> float:
        """Take so much; for how many seconds that means to wait."""
        now = self._now()
        self._left = min(self._burst, self._left + (now - self._since) * self._per_second) - amount
        self._since = now
        return max(0.0, -self._left / self._per_second)

    async def take(self, amount: float = 1.0, *, patience: float = math.inf) -> bool:
        """Take so much, and wait until it is due. When that is more than ``patience`` seconds away nothing is taken, and nobody waits."""
        pause = self.due(amount)
        if pause > patience:
            self._left += amount
            return False
        if pause:
            await asyncio.sleep(pause)
        return True
