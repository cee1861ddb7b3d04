"""The thread that looks at the world and tells the screen what it sees.

It asks at most `LOOKS_PER_SECOND` times a second (or as often as it is told) and rests longer when answers are slow in coming; for the
whole world only when its version has moved, and for the clock at least every `CLOCK_SECONDS`; for traffic every `TRAFFIC_SECONDS`, for
scaling and for queues every `SCALING_SECONDS`, but only while somebody looks at it (`ask_for_...`) and while it can have changed. It never
touches a widget: it hands messages to `tell`. After an error it waits to be woken.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from textual.message import Message

from tui import queues, scaling
from tui.messages import ClockRead, QueuesSeen, ScalingSeen, SessionFailed, SnapshotTaken, TrafficSeen
from tui.session import LabSession, SessionError
from tui.snapshot import parse_clock, parse_snapshot
from tui.traffic import NOTHING, parse_report

LOOKS_PER_SECOND = 8
CLOCK_SECONDS = 0.25
TRAFFIC_SECONDS = 0.5
SCALING_SECONDS = 1.0
REST = 4
"""How many times as long as a look took the thread rests at least: a cloud with many seats is not asked more than it can answer."""


class Followed:
    """What is fetched while somebody looks at it, the world has any of it, and it can have changed."""

    def __init__(self, fetch: Callable[[int], Message], nothing: Callable[[], Message]) -> None:
        self._fetch = fetch
        self._nothing = nothing
        self._minutes: int | None = None
        self._any = False
        self._stale = False
        self._at_ms = -1

    def world_moved(self, *, any_of_it: bool) -> Message | None:
        """The world has moved; what is to be told when it had some of this and has none any more."""
        gone = self._any and not any_of_it
        self._any, self._stale = any_of_it, True
        return self._nothing() if gone else None

    def ask(self, minutes: int | None) -> bool:
        """Look at it from now on, so far back, or (None) no more; whether there is more to see now."""
        changed = minutes != self._minutes
        self._minutes = minutes
        self._stale = self._stale or changed
        return changed and self._any and minutes is not None

    def look(self, now_ms: int) -> Message | None:
        """Fetch it if that is worth it, and give what is to be told."""
        minutes = self._minutes
        changed = self._stale or now_ms != self._at_ms
        if minutes is None or not self._any or not changed:
            return None
        self._stale = False
        self._at_ms = now_ms
        return self._fetch(minutes)


class Feed:
    """Runs in a worker thread until stopped. After an error it says so once and waits until it is woken, or for `retry_seconds`."""

    def __init__(
        self,
        session: LabSession,
        tell: Callable[[Message], object],
        looks_per_second: int = LOOKS_PER_SECOND,
        retry_seconds: float | None = None,
    ) -> None:
        self._pace = looks_per_second
        self._retry_seconds = retry_seconds
        self._session = session
        self._tell = tell
        self._wake = threading.Event()
        self._stopped = False
        self._seen: int | None = None
        self._asked: tuple[int, int] | None = None
        self._loaded = False
        self._flowing = False
        self._stale = False
        self._clock_at = -1
        self._traffic_at = -1
        self._scaling = Followed(
            lambda minutes: ScalingSeen(scaling.parse_scaling(session.scaling(minutes=minutes))),
            lambda: ScalingSeen(scaling.NOTHING),
        )
        self._queues = Followed(
            lambda minutes: QueuesSeen(queues.parse_queues(session.queue(minutes=minutes))),
            lambda: QueuesSeen(queues.NOTHING),
        )

    def run(self) -> None:
        """Look until stopped."""
        looks_until_clock = looks_until_traffic = looks_until_scaling = looks_until_queues = 0
        told = False
        clock_looks, traffic_looks, scaling_looks = (
            max(1, round(seconds * self._pace))
            for seconds in (CLOCK_SECONDS, TRAFFIC_SECONDS, SCALING_SECONDS)
        )
        while not self._stopped:
            self._wake.clear()
            began = time.monotonic()
            try:
                moved = self.look()
                looks_until_clock = clock_looks if moved else looks_until_clock - 1
                if looks_until_clock <= 0:
                    self.read_clock()
                    looks_until_clock = clock_looks
                looks_until_traffic -= 1
                if looks_until_traffic <= 0 and self.look_at_traffic():
                    looks_until_traffic = traffic_looks
                looks_until_scaling -= 1
                if looks_until_scaling <= 0 and self.look_at_scaling():
                    looks_until_scaling = scaling_looks
                looks_until_queues -= 1
                if looks_until_queues <= 0 and self.look_at_queues():
                    looks_until_queues = scaling_looks
            except SessionError as error:
                if not told:
                    self._tell(SessionFailed(error, "looking at the world"))
                # Whoever woke it wants to hear how it went.
                told = not self._wake.wait(self._retry_seconds)
                # The world may have been started again, and count its versions anew.
                self._seen = None
                continue
            told = False
            self._wake.wait(max(1 / self._pace, REST * (time.monotonic() - began)))

    def look(self) -> bool:
        """Take a snapshot if the world has moved; whether it had."""
        raw = self._session.snapshot(self._seen)
        if raw is None or self._stopped:
            return False
        snapshot = parse_snapshot(raw)
        self._seen = snapshot.version
        self._clock_at = snapshot.clock.now_ms
        self._tell(SnapshotTaken(snapshot))
        if self._loaded and not snapshot.loaded:
            self._tell(TrafficSeen(NOTHING))
        self._loaded, self._stale = snapshot.loaded, True
        for gone in (
            self._scaling.world_moved(any_of_it=snapshot.scaling.any),
            self._queues.world_moved(any_of_it=snapshot.queues > 0),
        ):
            if gone is not None:
                self._tell(gone)
        return True

    def ask_for_traffic(self, seconds: int, minutes: int) -> bool:
        """Look at the traffic from now on, so far back; whether that is more, or less, than before."""
        if self._asked == (seconds, minutes):
            return False
        self._asked = (seconds, minutes)
        self._stale = True
        return True

    def leave_traffic(self) -> None:
        """Nobody looks at the traffic."""
        self._asked = None

    def look_at_traffic(self) -> bool:
        """Fetch the report if somebody wants it and it can have changed; whether it was fetched."""
        asked = self._asked
        moved = self._flowing and self._clock_at != self._traffic_at
        if asked is None or not self._loaded or not (moved or self._stale):
            return False
        self._stale = False
        self._traffic_at = self._clock_at
        report = parse_report(self._session.traffic(seconds=asked[0], minutes=asked[1]))
        # After the load has been stopped its last requests are still answered.
        self._flowing = report.running or report.in_flight > 0
        if not self._stopped:
            self._tell(TrafficSeen(report))
        return True

    def ask_for_scaling(self, minutes: int | None) -> bool:
        """Look at the scaling from now on, so far back, or (None) no more; whether there is more to see now."""
        return self._scaling.ask(minutes)

    def look_at_scaling(self) -> bool:
        """Fetch the scaling if somebody wants it, there is any, and it can have changed; whether it was fetched."""
        return self._told(self._scaling)

    def ask_for_queues(self, minutes: int | None) -> bool:
        """Look at the queues from now on, as `ask_for_scaling`."""
        return self._queues.ask(minutes)

    def look_at_queues(self) -> bool:
        """Fetch the queues, as `look_at_scaling`."""
        return self._told(self._queues)

    def _told(self, followed: Followed) -> bool:
        message = followed.look(self._clock_at)
        if message is not None and not self._stopped:
            self._tell(message)
        return message is not None

    def read_clock(self) -> None:
        """Read the clock."""
        clock = parse_clock(self._session.clock("read"))
        self._clock_at = clock.now_ms
        if not self._stopped:
            self._tell(ClockRead(clock))

    def wake(self) -> None:
        """Look again now: after an error, or because something has just been done."""
        self._wake.set()

    def renew(self) -> None:
        """The world is another one now: what was seen of the old one counts for nothing."""
        self._seen = None
        self.wake()

    def stop(self) -> None:
        """End the thread soon."""
        self._stopped = True
        self._wake.set()
