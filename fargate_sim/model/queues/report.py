"""The report on queues, as the control API gives it (docs/control-api.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fargate_sim.model.queues.ledger import CAUSES, Ledger, percentiles_ms
from fargate_sim.model.queues.queue import MINUTE_MS, Queue
from fargate_sim.model.traffic.demand import CHANGING

if TYPE_CHECKING:
    from fargate_sim.model.queues.message import Minute
    from fargate_sim.model.queues.producer import Producer
    from fargate_sim.model.queues.worker import Worker
    from fargate_sim.model.world import World

MINUTES_SHOWN = 120
DUPLICATES_SHOWN = 20
_PERCENTS = (50, 95, 99)


def report(world: World, *, name: str | None = None, minutes: int = MINUTES_SHOWN) -> dict[str, Any]:
    """Every queue that has been used, or the one of a name; ``minutes`` says how far back the series go."""
    queues = [queue for queue in world.queues.used() if name in (None, queue.name)]
    return {"now_ms": world.engine.now_ms, "queues": [_queue(world, queue, minutes) for queue in queues]}


def _queue(world: World, queue: Queue, minutes: int) -> dict[str, Any]:
    visible, in_flight, delayed = queue.counts()
    oldest_ms = queue.oldest_ms()
    books = world.queues.ledger(queue.name)
    return {
        "queue": queue.name,
        "dead_letter_of": _sources(world, queue),
        **_orders(world.queues.producer(queue.name)),
        "sent": queue.sent,
        "received": queue.received,
        "deleted": queue.deleted,
        "visible": visible,
        "in_flight": in_flight,
        "delayed": delayed,
        "oldest_age_ms": None if oldest_ms is None else max(0, world.engine.now_ms - oldest_ms),
        "processed": books.processed,
        "charged": books.charged,
        "duplicates": books.duplicates,
        "skipped": books.skipped,
        "dead_lettered": queue.dead_lettered,
        "lost": books.lost,
        "latency": _latency(books.latencies),
        "causes": _causes(books),
        "duplicated": [
            {
                "order": each.order,
                "at_ms": each.at_ms,
                "times": each.times,
                "task": each.task,
                "first_task": each.first_task,
                "kind": each.kind,
            }
            for each in list(books.latest)[-DUPLICATES_SHOWN:]
        ],
        "workers": [_worker(worker) for worker in world.queues.workers(queue.name)],
        "minutes": _minutes(queue, world.engine.now_ms, minutes),
    }


def _sources(world: World, queue: Queue) -> list[str]:
    """The queues whose messages come here when they have been received too often."""
    known = ((each.name, each.facts) for each in world.queues.used())
    return [name for name, facts in known if facts is not None and facts.dead_letter == queue.name]


def _orders(producer: Producer | None) -> dict[str, Any]:
    if producer is None:
        return {"running": False, "demand": None, "started_ms": None, "stopped_ms": None, "ordered": 0}
    demand = producer.demand
    return {
        "running": producer.running,
        "demand": {
            "rps": demand.rps,
            "pattern": demand.pattern,
            "to_rps": demand.other_rps if demand.pattern in CHANGING else None,
            "after_ms": demand.after_ms,
            "for_ms": demand.for_ms,
        },
        "started_ms": producer.started_ms,
        "stopped_ms": producer.stopped_ms,
        "ordered": producer.sent,
    }


def _latency(latencies: dict[int, int]) -> dict[str, float | None]:
    values = percentiles_ms(latencies, *_PERCENTS)
    return {f"p{percent}_ms": value for percent, value in zip(_PERCENTS, values, strict=True)}


def _causes(books: Ledger) -> list[dict[str, Any]]:
    return [
        {"kind": kind, "count": count, "cause": CAUSES[kind].sentence, "knob": CAUSES[kind].knob}
        for kind, count in sorted(books.causes.items(), key=lambda item: (-item[1], item[0]))
    ]


def _worker(worker: Worker) -> dict[str, Any]:
    return {
        "task": worker.task.task_id,
        "in_hand": worker.holding,
        "processed": worker.processed,
        "stopping": worker.stopping,
    }


def _minutes(queue: Queue, now_ms: int, shown: int) -> list[dict[str, Any]]:
    first = now_ms // MINUTE_MS - shown
    return [
        {"at_ms": number * MINUTE_MS, **_minute(minute)}
        for number, minute in sorted(queue.minutes.items())
        if number > first
    ]


def _minute(minute: Minute) -> dict[str, Any]:
    return {
        "sent": minute.sent,
        "received": minute.received,
        "deleted": minute.deleted,
        "processed": minute.processed,
        "charged": minute.charged,
        "duplicates": minute.duplicates,
        "visible": minute.visible,
        "in_flight": minute.in_flight,
        "oldest_age_ms": minute.oldest_ms,
        **_latency(minute.latencies),
    }
