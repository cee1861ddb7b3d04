"""Two timelines of one world beside each other, over the same span: what clients got, what ran, what was deployed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from labs.history import Entry

WATCHED = "watch.sample"
_ENDS = {
    "deployment.completed": "completed",
    "deployment.failed": "failed",
    "deployment.stalled": "stalled",
    "deployment.rolling_back": "rolled back",
}


@dataclass(frozen=True, slots=True)
class Timeline:
    """The sums of one span. Percentiles are the worst of any interval; ``healthy`` is the least number of healthy tasks by service."""

    sent: int
    ok: int
    failed: int
    unsaved: int
    worst_p95_ms: float | None
    healthy: Mapping[str, int]
    tasks_stopped: int
    deployments: Mapping[str, int]
    alarms: int
    ordered: int
    duplicates: int
    lost: int

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def timeline(entries: Sequence[Entry], since_ms: int, until_ms: int) -> Timeline:
    """What a journal says of a span; what was not watched counts as nothing."""
    span = [entry for entry in entries if since_ms <= entry.at_ms <= until_ms]
    samples = [entry.data for entry in span if entry.kind == WATCHED and entry.data["since"] >= since_ms]
    traffic = [each["traffic"] for each in samples if each["traffic"]]
    queues = [queue for each in samples for queue in each["queues"]]
    healthy: dict[str, int] = {}
    for service in (service for each in samples for service in each["services"]):
        name = f"{service['cluster']}/{service['service']}"
        healthy[name] = min(healthy.get(name, service["healthy"]), service["healthy"])
    deployments: dict[str, int] = {}
    for entry in span:
        if entry.kind in _ENDS:
            deployments[_ENDS[entry.kind]] = deployments.get(_ENDS[entry.kind], 0) + 1
    return Timeline(
        sent=sum(each["sent"] for each in traffic),
        ok=sum(each["ok"] for each in traffic),
        failed=sum(each["failed"] for each in traffic),
        unsaved=sum(each["unsaved"] for each in traffic),
        worst_p95_ms=max((each["p95_ms"] for each in traffic if each["p95_ms"] is not None), default=None),
        healthy=healthy,
        tasks_stopped=sum(entry.kind == "task.stopped" for entry in span),
        deployments=deployments,
        alarms=sum(entry.kind == "alarm.state" and entry.data["to"] == "ALARM" for entry in span),
        ordered=sum(each["ordered"] for each in queues),
        duplicates=sum(each["duplicates"] for each in queues),
        lost=sum(each["lost"] for each in queues),
    )


def rows(first: Timeline, second: Timeline) -> list[tuple[str, str, str]]:
    """Line by line: what, in the first, in the second. Lines that are nothing in both are left out."""
    lines: list[tuple[str, object, object]] = [
        ("requests", first.sent, second.sent),
        ("answered well", first.ok, second.ok),
        ("failed", first.failed, second.failed),
        ("answered, and then lost", first.unsaved, second.unsaved),
        ("95 % answered within, in the worst interval", _ms(first.worst_p95_ms), _ms(second.worst_p95_ms)),
        *(
            (f"fewest healthy tasks of {name}", first.healthy.get(name, 0), second.healthy.get(name, 0))
            for name in sorted({*first.healthy, *second.healthy})
        ),
        ("tasks stopped", first.tasks_stopped, second.tasks_stopped),
        *(
            (f"deployments {how}", first.deployments.get(how, 0), second.deployments.get(how, 0))
            for how in _ENDS.values()
        ),
        ("alarms raised", first.alarms, second.alarms),
        ("orders", first.ordered, second.ordered),
        ("orders charged again", first.duplicates, second.duplicates),
        ("orders lost", first.lost, second.lost),
    ]
    return [(what, _shown(one), _shown(other)) for what, one, other in lines if one or other]


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f} ms"


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value) or "-"
