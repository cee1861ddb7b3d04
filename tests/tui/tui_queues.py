"""Queues for the screens' tests, in the shape of `GET /_lab/queue` (docs/control-api.md)."""

from __future__ import annotations

from typing import Any

from tui_worlds import START_MS, World, task

MINUTE = 60_000
NOW_MS = START_MS + 50 * MINUTE + 20_000
CAUSES = [
    {
        "kind": "visibility",
        "count": 14,
        "cause": "The visibility time-out ended while the first task was still at work, "
        "so the queue gave the message to somebody else.",
        "knob": "VisibilityTimeout of the queue, the program's heartbeat; "
        "the program: look up whether an order was charged before charging it",
    },
    {
        "kind": "deaf",
        "count": 3,
        "cause": "The program never heard the stop signal and was killed after stopTimeout, "
        "with the order charged and the message not deleted.",
        "knob": "entryPoint/command (PID 1), the program's handler for the stop signal",
    },
]


def _minutes(*, again: bool) -> list[dict[str, Any]]:
    """A rush of two orders a second from the tenth minute on, and two workers that do a quarter of it."""
    found: list[dict[str, Any]] = []
    waiting = 0
    for minute in range(51):
        running = minute == 50
        sent = 40 if running else 24 if minute < 10 else 120 + minute % 3
        done = min(sent + waiting, 30)
        waiting += sent - done
        found.append(
            {
                "at_ms": START_MS + minute * MINUTE,
                "sent": sent,
                "received": done,
                "deleted": done,
                "processed": done,
                "charged": done,
                "duplicates": minute % 4 if again else 0,
                "visible": None if running else waiting,
                "in_flight": None if running else 4,
                "oldest_age_ms": None if running else 4000 if minute < 10 else (minute - 9) * 45_000,
                "p50_ms": 8000.0,
                "p95_ms": 8400.0,
                "p99_ms": 9100.0,
            }
        )
    return found


def queue(*, again: bool = False, **more: Any) -> dict[str, Any]:
    """Orders that come faster than they are charged; with `again` some of them more than once."""
    minutes = _minutes(again=again)
    duplicates = sum(each["duplicates"] for each in minutes)
    return {
        "queue": "orders",
        "running": True,
        "demand": {"rps": 0.4, "pattern": "spike", "to_rps": 2, "after_ms": 600_000, "for_ms": 2_400_000},
        "started_ms": START_MS,
        "stopped_ms": None,
        "ordered": sum(each["sent"] for each in minutes),
        "sent": sum(each["sent"] for each in minutes),
        "received": 1500,
        "deleted": 1490,
        "visible": 3641,
        "in_flight": 4,
        "delayed": 0,
        "oldest_age_ms": 1_850_000,
        "processed": 1490,
        "charged": 1490 + duplicates,
        "duplicates": duplicates,
        "skipped": 0,
        "dead_lettered": 2 if again else 0,
        "lost": 0,
        "latency": {"p50_ms": 8000.0, "p95_ms": 1_500_000.0, "p99_ms": 1_800_000.0},
        "causes": CAUSES if again else [],
        "duplicated": [
            {
                "order": f"1-{number:06d}",
                "at_ms": NOW_MS - number * 11_000,
                "times": 2,
                "task": task(1)["id"],
                "first_task": task(2)["id"],
                "kind": "visibility",
            }
            for number in (9, 5, 2)
        ]
        if again
        else [],
        "workers": [
            {"task": task(number)["id"], "in_hand": 2, "processed": 740 + number, "stopping": number == 2}
            for number in (1, 2)
        ],
        "minutes": minutes,
        **more,
    }


def queues(*found: dict[str, Any]) -> dict[str, Any]:
    """An answer with these queues, or with one."""
    return {"now_ms": NOW_MS, "queues": list(found) or [queue()]}


def with_orders(world: World, count: int = 1) -> World:
    """A world in which queues have been used."""
    return {**world, "queues": count}
