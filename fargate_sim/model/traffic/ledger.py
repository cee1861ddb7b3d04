"""The books of a run: exact counters, latencies in fixed buckets, a series by second and minute, the latest failures.

Entries may come in any order: the books depend only on what was entered. A percentile is the upper edge of its bucket; edges are 5 % apart.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence

from fargate_sim.model.traffic.causes import CAUSES, TARGET, Failure
from fargate_sim.model.traffic.demand import SECOND_US

LATEST_FAILURES = 1000
SECONDS_KEPT = 600
MINUTES_KEPT = 1440
EDGES: tuple[int, ...] = tuple(int(100 * 1.05**step) for step in range(420))
"""Upper edges of the latency buckets in microseconds: 0.1 ms to about a day."""


class Bucket:
    """What happened in one second or minute: sent by arrival, the rest by the moment of the answer."""

    __slots__ = (
        "errors",
        "failed",
        "latencies",
        "ok",
        "refused",
        "rejections",
        "sent",
        "time_us",
        "unrouted",
    )

    def __init__(self) -> None:
        self.sent = self.ok = self.failed = 0
        self.errors: Counter[tuple[int, str]] = Counter()
        self.latencies: Counter[int] = Counter()
        """By bucket: the answers of requests that got what they asked for."""
        self.rejections: Counter[int] = Counter()
        """By bucket: the answers of targets that were errors."""
        self.time_us = 0
        """How long all answers of targets took together."""
        self.unrouted = 0
        """Failed before a target was chosen."""
        self.refused = 0
        """Failed because the target took no connection."""

    def add(self, other: Bucket) -> None:
        """Take another bucket in."""
        self.sent += other.sent
        self.ok += other.ok
        self.failed += other.failed
        self.errors.update(other.errors)
        self.latencies.update(other.latencies)
        self.rejections.update(other.rejections)
        self.time_us += other.time_us
        self.unrouted += other.unrouted
        self.refused += other.refused

    def percentiles_ms(self, *percents: int) -> list[float | None]:
        """The latencies that these shares (ascending) of the answered requests did not exceed; None without any."""
        total = sum(self.latencies.values())
        if not total:
            return [None] * len(percents)
        found: list[float | None] = []
        seen = 0
        for index in sorted(self.latencies):
            seen += self.latencies[index]
            while len(found) < len(percents) and seen >= -(-total * percents[len(found)] // 100):
                found.append(EDGES[min(index, len(EDGES) - 1)] / 1000)
        return found


class Ledger:
    """All entries of one run."""

    def __init__(self) -> None:
        self._seconds: dict[int, Bucket] = {}
        self._minutes: dict[int, Bucket] = {}
        self._fold_again = 0
        self.total = Bucket()
        """Everything so far, but for ``sent``, which the run counts."""
        self.causes: Counter[tuple[str, str]] = Counter()
        """By kind and detail."""
        self.phases: Counter[tuple[str, str, str]] = Counter()
        """By kind, detail and phase of the task."""
        self._latest: list[Failure] = []

    def second(self, at_us: int) -> Bucket:
        """The bucket of a moment."""
        key = at_us // SECOND_US
        bucket = self._seconds.get(key)
        if bucket is None:
            bucket = self._seconds[key] = Bucket()
        return bucket

    def answered(self, requests: Sequence[tuple[int, int, int, str]]) -> None:
        """Requests that got what they asked for: moments of answer and arrival, and two things that do not matter here."""
        seconds, total, edges = self._seconds, self.total, EDGES
        in_all = total.latencies
        for finish_us, arrived_us, _, _ in requests:
            bucket = seconds.get(finish_us // SECOND_US) or self.second(finish_us)
            took_us = finish_us - arrived_us
            bucket.ok += 1
            bucket.time_us += took_us
            index = bisect_left(edges, took_us)
            bucket.latencies[index] += 1
            in_all[index] += 1
        total.ok += len(requests)

    def failed(self, failure: Failure) -> None:
        """A request that did not."""
        cause = CAUSES[failure.kind]
        error, took_us = (cause.status, cause.by), failure.at_us - failure.arrived_us
        of_target = bisect_left(EDGES, took_us) if cause.by == TARGET else None
        for bucket in (self.second(failure.at_us), self.total):
            bucket.failed += 1
            bucket.errors[error] += 1
            if of_target is not None:
                bucket.rejections[of_target] += 1
                bucket.time_us += took_us
            bucket.unrouted += not cause.routed
            bucket.refused += cause.refused
        self.causes[failure.kind, failure.detail] += 1
        if failure.phase:
            self.phases[failure.kind, failure.detail, failure.phase] += 1
        if len(self._latest) < LATEST_FAILURES:
            heapq.heappush(self._latest, failure)
        else:
            heapq.heappushpop(self._latest, failure)

    def fold(self, now_us: int) -> None:
        """Put old seconds together to minutes, and forget the minutes of yesterday. Once a minute will do: no reader sees a difference."""
        now = now_us // SECOND_US
        if now < self._fold_again:
            return
        self._fold_again = now + 60
        for key in [key for key in self._seconds if key < now - SECONDS_KEPT]:
            if key // 60 not in self._minutes:
                self._minutes[key // 60] = Bucket()
            self._minutes[key // 60].add(self._seconds.pop(key))
        for key in [key for key in self._minutes if key < now // 60 - MINUTES_KEPT]:
            del self._minutes[key]

    def seconds(self, since_us: int) -> list[tuple[int, Bucket]]:
        """Seconds from a moment on in which anything happened, by their number since the epoch."""
        first = since_us // SECOND_US
        return [(key, self._seconds[key]) for key in sorted(self._seconds) if key >= first]

    def minutes(self, since_us: int) -> list[tuple[int, Bucket]]:
        """The same by minute."""
        first = since_us // (60 * SECOND_US)
        found: dict[int, Bucket] = {}
        for key, bucket in (*self._minutes.items(), *((k // 60, b) for k, b in self._seconds.items())):
            if key >= first:
                if key not in found:
                    found[key] = Bucket()
                found[key].add(bucket)
        return sorted(found.items())

    def parts(self, first: int, after: int) -> Iterator[tuple[int, Bucket]]:
        """The buckets, whole minutes or seconds, of the minutes from ``first`` to before ``after``, each with its minute."""
        for minute, bucket in self._minutes.items():
            if first <= minute < after:
                yield minute, bucket
        for second, bucket in self._seconds.items():
            if first <= second // 60 < after:
                yield second // 60, bucket

    def latest(self, count: int) -> list[Failure]:
        """The latest failures, newest first."""
        return sorted(self._latest, reverse=True)[:count]
