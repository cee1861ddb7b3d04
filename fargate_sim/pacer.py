"""Maps wall time to virtual time, outside the model. Nothing runs by itself: the world catches up when
somebody asks something of it.

Modes: paused; a speed (virtual seconds per wall second); or ``max``: while something is under way the world
runs through its happenings without waiting, at most one virtual hour per wall second (an hour may be saved
up), and at the speed of the wall clock once it is settled.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from fargate_sim.effort import Effort, UnfinishedError
from fargate_sim.kernel.engine import Engine

Speed = float | Literal["max"]

DEFAULT_SPEED = 10.0
SLOWEST, FASTEST = 0.1, 3600.0
LONGEST_JUMP_MS = 7 * 24 * 3600 * 1000
HOUR_MS = 3600 * 1000


class Pacer:
    """The clock's driver. Callers hold the cloud's lock. ``told`` counts what the world has told so far; without it every
    happening counts. ``effort`` bounds how much one request may make of the clock: a world that has more to do goes slower, and who asked
    for a jump is told that it ended early (UnfinishedError).
    """

    def __init__(
        self,
        engine: Engine,
        settled: Callable[[], bool],
        *,
        speed: Speed = DEFAULT_SPEED,
        paused: bool = False,
        wall: Callable[[], float] = time.monotonic,
        told: Callable[[], int] | None = None,
        effort: Effort | None = None,
    ) -> None:
        self.engine = engine
        self.effort = effort
        self.speed: Speed = speed
        self.paused = paused
        self._settled = settled
        self._told = told
        self._wall = wall
        self._allowance_ms = float(HOUR_MS)
        self._anchor()

    def _anchor(self) -> None:
        """Let virtual time flow on from here and now."""
        self._wall_anchor = self._wall()
        self._virtual_anchor_ms = float(self.engine.now_ms)

    def catch_up(self) -> None:
        """Bring the world up to now. Of a clock that stands still, too, what is due at this moment happens before anything else comes:
        otherwise it would depend on the clock's mode, which a replay does not have, which of the two is first.
        """
        if self.effort is not None:
            self.effort.begin()
        if self.paused:
            self.engine.run_until(self.engine.now_ms)
            return
        if self.speed == "max":
            self._catch_up_at_full_speed()
            return
        elapsed_ms = (self._wall() - self._wall_anchor) * 1000 * self.speed
        if not self.engine.run_until(int(self._virtual_anchor_ms + elapsed_ms), self.enough):
            self._anchor()

    @property
    def enough(self) -> Callable[[], bool] | None:
        """Tells whether the request has done all that it may; None where nobody counts."""
        return None if self.effort is None else self.effort.enough

    def _catch_up_at_full_speed(self) -> None:
        elapsed = self._wall() - self._wall_anchor
        self._allowance_ms = min(HOUR_MS, self._allowance_ms + elapsed * HOUR_MS)
        before_ms = self.engine.now_ms
        self._run_unsettled(before_ms + int(self._allowance_ms))
        spent_ms = self.engine.now_ms - before_ms
        self._allowance_ms -= spent_ms
        self.engine.run_until(before_ms + max(spent_ms, int(elapsed * 1000)), self.enough)
        # Part of a millisecond must not be lost to frequent callers.
        whole = int(elapsed * 1000) / 1000
        self._wall_anchor += whole
        self._virtual_anchor_ms = float(self.engine.now_ms)

    def _run_unsettled(self, limit_ms: int) -> bool:
        """Run moment by moment until the world is settled, nothing is due before the limit, or the limit is
        reached. False when it was enough before.
        """
        while not self._settled():
            next_ms = self.engine.next_at()
            if next_ms is None or next_ms > limit_ms:
                return True
            if not self.engine.run_next(limit_ms, self.enough):
                return False
        return True

    def pause(self) -> None:
        """Stop virtual time where it is."""
        self.catch_up()
        self.paused = True

    def run(self) -> None:
        """Let virtual time flow again."""
        self.catch_up()
        self.paused = False
        self._anchor()

    def set_speed(self, speed: Speed) -> None:
        """Change the speed; does not start a paused clock. ValueError when it is out of range."""
        if speed != "max" and not SLOWEST <= speed <= FASTEST:
            raise ValueError(f"a speed is between {SLOWEST} and {FASTEST:g}, or max, not {speed:g}")
        self.catch_up()
        self.speed = speed
        self._allowance_ms = float(HOUR_MS)
        self._anchor()

    def advance(self, milliseconds: int) -> None:
        """Jump ahead, running all that is due on the way. ValueError when it is not between 0 and seven days, UnfinishedError when that
        was too much for a request.
        """
        if not 0 <= milliseconds <= LONGEST_JUMP_MS:
            raise ValueError(
                f"an advance is between 0 and {LONGEST_JUMP_MS} ms (seven days), not {milliseconds}"
            )
        self.catch_up()
        there = self.engine.run_until(self.engine.now_ms + milliseconds, self.enough)
        self._anchor()
        if not there:
            raise UnfinishedError

    def next(self, limit_ms: int = HOUR_MS) -> None:
        """Jump to the next happening, and on over those that tell nothing, such as the evaluation of an alarm that stays as it is, but
        not further than ``limit_ms`` of virtual time. With nothing due the clock stays.
        """
        self.catch_up()
        end_ms = self.engine.now_ms + limit_ms
        before = self._told() if self._told else 0
        next_ms = self.engine.next_at()
        first = True
        while next_ms is not None and (first or next_ms <= end_ms):
            there = self.engine.run_until(next_ms, self.enough)
            if not there or self._told is None or self._told() != before:
                break
            first, next_ms = False, self.engine.next_at()
        self._anchor()

    def settle(self, limit_ms: int) -> None:
        """Run until nothing is under way, at most ``limit_ms`` of virtual time. ValueError and UnfinishedError as for
        ``advance``.
        """
        if not 0 <= limit_ms <= LONGEST_JUMP_MS:
            raise ValueError(f"a limit is between 0 and {LONGEST_JUMP_MS} ms (seven days), not {limit_ms}")
        self.catch_up()
        end_ms = self.engine.now_ms + limit_ms
        there = self._run_unsettled(end_ms)
        if there and not self._settled():
            there = self.engine.run_until(end_ms, self.enough)
        self._anchor()
        if not there:
            raise UnfinishedError

    def jumped(self) -> None:
        """The engine was run ahead by somebody else (a waiter, a replay): flow on from there."""
        self._anchor()

    @property
    def hurries(self) -> bool:
        """Whether the clock may jump for a client that waits: not when a person has paused it or slowed it to
        wall time.
        """
        return not self.paused and (self.speed == "max" or self.speed > 1)
