"""The discrete-event engine: a virtual clock and one heap of happenings.

State changes only inside happenings. Time is an integer number of milliseconds and never goes back. Happenings that are due at the
same moment run by priority, then in the order in which they were scheduled, so a run is repeatable. The engine knows nothing of ECS.

Quiet happenings are those that nobody waits for one by one, such as messages that come and go by the dozen: whoever jumps to "the next
thing that happens" passes them by.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from functools import partial
from typing import Any

ASKED_EVERY = 20
"""After so many happenings it is asked whether that is enough."""


class Happening:
    """A call that is due at a virtual moment. Keep it to cancel it."""

    __slots__ = ("at_ms", "callback", "cause")

    def __init__(self, at_ms: int, callback: Callable[[], Any], cause: int | None) -> None:
        self.at_ms = at_ms
        self.callback: Callable[[], Any] | None = callback
        self.cause = cause

    @property
    def pending(self) -> bool:
        """Whether it is still due: neither run nor cancelled."""
        return self.callback is not None


class Engine:
    """Runs happenings in virtual time.

    ``cause`` is the journal entry that the running happening descends from; what it schedules inherits it.
    """

    def __init__(self, start_ms: int) -> None:
        self.start_ms = start_ms
        self.now_ms = start_ms
        self.cause: int | None = None
        self.happened = 0
        self._ask_at = 0
        self._counter = 0
        self._heap: list[tuple[int, int, int, Happening]] = []
        self._quiet: list[tuple[int, int, int, Happening]] = []

    def at(
        self,
        at_ms: int,
        callback: Callable[[], Any],
        *,
        cause: int | None = None,
        priority: int = 0,
        quiet: bool = False,
    ) -> Happening:
        """Schedule ``callback`` at a virtual moment; a moment in the past means now."""
        happening = Happening(max(at_ms, self.now_ms), callback, self.cause if cause is None else cause)
        self._counter += 1
        heap = self._quiet if quiet else self._heap
        heapq.heappush(heap, (happening.at_ms, priority, self._counter, happening))
        return happening

    def after(
        self,
        delay_ms: int,
        callback: Callable[[], Any],
        *,
        cause: int | None = None,
        priority: int = 0,
        quiet: bool = False,
    ) -> Happening:
        """Schedule ``callback`` after a delay in virtual milliseconds."""
        return self.at(self.now_ms + delay_ms, callback, cause=cause, priority=priority, quiet=quiet)

    @staticmethod
    def cancel(happening: Happening | None) -> None:
        """Forget a happening; one that has run, or none, is fine."""
        if happening is not None:
            happening.callback = None

    def next_at(self) -> int | None:
        """The moment of the next happening that is not quiet, or None when nothing is due."""
        heap = self._heap
        while heap and heap[0][3].callback is None:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def due(self) -> list[tuple[int, int, str]]:
        """All that is due, in order: moment, priority, and the name of what will be called."""
        waiting = sorted(
            entry for heap in (self._heap, self._quiet) for entry in heap if entry[3].callback is not None
        )
        return [(at_ms, priority, _name(entry.callback)) for at_ms, priority, _, entry in waiting]

    def _next_heap(self) -> list[tuple[int, int, int, Happening]] | None:
        """The heap with the next happening of all on top; None when nothing is due."""
        quiet = self._quiet
        while quiet and quiet[0][3].callback is None:
            heapq.heappop(quiet)
        if self.next_at() is None:
            return quiet or None
        return quiet if quiet and quiet[0] < self._heap[0] else self._heap

    def step(self) -> bool:
        """Run the next happening; False when there is none."""
        heap = self._next_heap()
        if heap is None:
            return False
        at_ms, _, _, happening = heapq.heappop(heap)
        callback, happening.callback = happening.callback, None
        self.now_ms = at_ms
        self.cause = happening.cause
        self.happened += 1
        try:
            if callback is not None:
                callback()
        finally:
            self.cause = None
        return True

    def run_until(self, until_ms: int, enough: Callable[[], bool] | None = None) -> bool:
        """Run everything due up to and including a moment, and leave the clock there. ``enough`` may stop it earlier, between two moments;
        it is asked now and then. Whether it got there.
        """
        while True:
            heap = self._next_heap()
            if heap is None or heap[0][0] > until_ms:
                break
            if enough is not None and heap[0][0] > self.now_ms and self.happened >= self._ask_at:
                self._ask_at = self.happened + ASKED_EVERY
                if enough():
                    return False
            self.step()
        self.now_ms = max(self.now_ms, until_ms)
        return True

    def run_next(self, limit_ms: int, enough: Callable[[], bool] | None = None) -> bool:
        """Jump to the next moment at which something happens that is not quiet, not past ``limit_ms``, and run all that is due then.
        Whether there was one, and ``enough`` did not stop it.
        """
        next_ms = self.next_at()
        if next_ms is None or next_ms > limit_ms:
            self.run_until(limit_ms, enough)
            return False
        return self.run_until(next_ms, enough)


def _name(callback: Callable[[], Any] | None) -> str:
    whole = callback.func if isinstance(callback, partial) else callback
    return str(getattr(whole, "__qualname__", type(whole).__qualname__))
