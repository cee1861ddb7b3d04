"""A world that is watched writes down how it does, every so often: what clients got, how many tasks are healthy, how queues stand.

Nobody watches unless somebody asks for it. A sample covers the time since the one before; moments are whole intervals of
virtual time, so that worlds with one start are sampled at the same moments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fargate_sim.kernel.engine import Happening
from fargate_sim.model import service as s
from fargate_sim.model.traffic.demand import SECOND_US
from fargate_sim.model.traffic.ledger import Bucket

if TYPE_CHECKING:
    from fargate_sim.model.queues.queue import Queue
    from fargate_sim.model.traffic.run import Run
    from fargate_sim.model.world import World

SHORTEST_MS, LONGEST_MS = 1_000, 300_000
"""Answers are booked by the second, and seconds are kept for ten minutes."""
_PERCENTS = (50, 95, 99)
_COUNTED = ("ordered", "charged", "duplicates", "lost")


class Samples:
    """Takes the samples of one world. ``every_ms`` is None while nobody watches."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.every_ms: int | None = None
        self._next: Happening | None = None
        self._since_ms = 0
        self._sent = 0
        """Requests of the load that ran at the last sample, and its number."""
        self._unsaved = self._unsaved_stowed = 0
        """The same of requests that were answered and then lost with a program that had not written them down."""
        self._load = 0
        self._stowed: Bucket | None = None
        """What loads that have been replaced did in this interval."""
        self._books: dict[str, dict[str, int]] = {}

    def watch(self, every_ms: int | None) -> None:
        """Take a sample every so many milliseconds, whole seconds; None: no more. ValueError when that is no interval."""
        if every_ms is not None and (not SHORTEST_MS <= every_ms <= LONGEST_MS or every_ms % SHORTEST_MS):
            raise ValueError(
                f"every_ms must be whole seconds, {SHORTEST_MS} to {LONGEST_MS} ms, or null, not {every_ms}"
            )
        self._world.engine.cancel(self._next)
        self.every_ms = every_ms
        if every_ms is None:
            return
        self._since_ms = self._world.engine.now_ms // SHORTEST_MS * SHORTEST_MS
        self._stowed, self._unsaved_stowed = None, 0
        self._note_where_we_are()
        self._schedule(every_ms)

    def load_ends(self) -> None:
        """Another load is about to take the place of the one that ran last."""
        run = self._world.traffic.run
        if self.every_ms is None or run is None:
            return
        bucket = self._bucket_of(run, self._world.engine.now_ms // SHORTEST_MS + 1)
        if self._stowed is not None:
            bucket.add(self._stowed)
        self._stowed = bucket
        self._unsaved_stowed += run.unsaved_lost - (self._unsaved if run.number == self._load else 0)
        self._load, self._sent, self._unsaved = run.number + 1, 0, 0

    def _schedule(self, every_ms: int) -> None:
        due_ms = (self._world.engine.now_ms // every_ms + 1) * every_ms
        self._next = self._world.engine.at(due_ms, self._take, quiet=True)

    def _take(self) -> None:
        if self.every_ms is None:  # pragma: no cover - cancelled
            return
        data = {"since": self._since_ms, "traffic": self._traffic(), "services": self._services()}
        self._world.journal.record("watch.sample", {**data, "queues": self._queues()})
        self._since_ms = self._world.engine.now_ms
        self._stowed, self._unsaved_stowed = None, 0
        self._note_where_we_are()
        self._schedule(self.every_ms)

    def _note_where_we_are(self) -> None:
        run = self._world.traffic.run
        if run is not None:
            self._world.traffic.settle()
            self._load, self._sent, self._unsaved = run.number, run.sent, run.unsaved_lost
        self._books = {queue.name: self._book(queue) for queue in self._world.queues.used()}

    def _traffic(self) -> dict[str, Any] | None:
        run = self._world.traffic.run
        if run is None:
            return None
        bucket = self._bucket_of(run, self._world.engine.now_ms // SHORTEST_MS)
        if self._stowed is not None:
            bucket.add(self._stowed)
        percentiles = zip(_PERCENTS, bucket.percentiles_ms(*_PERCENTS), strict=True)
        return {
            "sent": bucket.sent,
            "ok": bucket.ok,
            "failed": bucket.failed,
            "unsaved": self._unsaved_stowed
            + run.unsaved_lost
            - (self._unsaved if run.number == self._load else 0),
            **{f"p{percent}_ms": value for percent, value in percentiles},
        }

    def _bucket_of(self, run: Run, end: int) -> Bucket:
        """What a load did in this interval, before the second ``end``; ``sent`` is counted exactly, not by the second of the arrival."""
        self._world.traffic.settle()
        whole = Bucket()
        for second, bucket in run.ledger.seconds(self._since_ms * 1000 // SECOND_US * SECOND_US):
            if second < end:
                whole.add(bucket)
        whole.sent = run.sent - (self._sent if run.number == self._load else 0)
        return whole

    def _services(self) -> list[dict[str, Any]]:
        return [
            {
                "cluster": service.cluster,
                "service": service.name,
                "desired": service.desired,
                "running": service.running_count,
                "healthy": sum(each.healthy_count for each in service.deployments),
            }
            for service in self._world.services.values()
            if service.status == s.ACTIVE
        ]

    def _queues(self) -> list[dict[str, Any]]:
        return [self._queue(queue) for queue in self._world.queues.used()]

    def _queue(self, queue: Queue) -> dict[str, Any]:
        now, before = self._book(queue), self._books.get(queue.name, {})
        visible, _, _ = queue.counts()
        oldest_ms = queue.oldest_ms()
        age_ms = 0 if oldest_ms is None else max(0, self._world.engine.now_ms - oldest_ms)
        counted: Mapping[str, int] = {name: now[name] - before.get(name, 0) for name in _COUNTED}
        return {"queue": queue.name, **counted, "visible": visible, "oldest_age_ms": age_ms}

    def _book(self, queue: Queue) -> dict[str, int]:
        queue.look()
        books = self._world.queues.ledger(queue.name)
        return {
            "ordered": queue.sent,
            "charged": books.charged,
            "duplicates": books.duplicates,
            "lost": books.lost,
        }
