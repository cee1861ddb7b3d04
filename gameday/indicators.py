"""What an SLO says of one interval that the world has measured (``watch.sample`` in docs/journal.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gameday.scenario import Slo

WATCHED = "watch.sample"


@dataclass(frozen=True, slots=True)
class Interval:
    """One interval of an SLO: virtual milliseconds since the epoch; ``value`` is None when there was nothing to measure."""

    since_ms: int
    until_ms: int
    value: float | None
    good: bool | None


def interval(slo: Slo, at_ms: int, sample: Mapping[str, Any], names: Mapping[str, str]) -> Interval:
    """The interval of a sample that was written at ``at_ms``."""
    found = value(slo, sample, names)
    return Interval(int(sample["since"]), at_ms, found, None if found is None else slo.good(found))


def value(slo: Slo, sample: Mapping[str, Any], names: Mapping[str, str]) -> float | None:
    """What the SLO's indicator was: a share, milliseconds, a number of tasks or orders, seconds; None without anything to measure."""
    match slo.indicator:
        case "availability":
            traffic = sample["traffic"] or {"ok": 0, "failed": 0}
            done = traffic["ok"] + traffic["failed"]
            return traffic["ok"] / done if done else None
        case "latency_p95_ms" | "latency_p99_ms":
            which = slo.indicator.removeprefix("latency_")
            found = (sample["traffic"] or {}).get(which)
            return None if found is None else float(found)
        case "unsaved":
            return None if sample["traffic"] is None else float(sample["traffic"]["unsaved"])
        case "healthy":
            service = _one(sample["services"], cluster=names["CLUSTER"], service=names["SERVICE"])
            return float(service["healthy"]) if service else 0.0
    queue = _one(sample["queues"], queue=names["QUEUE"])
    if queue is None:
        return None
    return queue["oldest_age_ms"] / 1000 if slo.indicator == "oldest_age_s" else float(queue[slo.indicator])


def _one(items: Sequence[Mapping[str, Any]], **match: str) -> Mapping[str, Any] | None:
    return next((item for item in items if all(item[key] == each for key, each in match.items())), None)
