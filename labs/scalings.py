"""What debriefs tell of a service that scales by itself: each step, who asked for it, and what was asked for and not done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal

from labs.checking import counted
from labs.history import Entry, History

Told = tuple[str, Literal["good", "bad", "plain"]]
_WHY_HELD = {
    "cooldown": "a cooldown was on",
    "at_max": "the maximum was reached",
    "at_min": "the minimum was reached",
    "flapping": "the metric would have called them back",
    "deployment": "a deployment was in progress",
    "another_policy": "another policy wanted more",
    "suspended": "scaling was suspended",
    "scale_in_disabled": "the policy may not scale in",
    "already": "the count was as wanted already",
    "not_active": "the service was not active",
}


def rows(history: History, cluster: str, service: str) -> list[tuple[str, str, str]]:
    """(label, value, comment) for a debrief; empty when nothing has scaled and nothing was held back."""
    steps = history.of("scaling.activity", cluster=cluster, service=service)
    held = Counter(
        entry.data["reason"] for entry in history.of("scaling.held", cluster=cluster, service=service)
    )
    found = []
    if steps:
        counts = [count for entry in steps for count in (entry.data["from"], entry.data["to"])]
        policies = dict.fromkeys(entry.data["policy"] or "bounds and schedules" for entry in steps)
        told = f"between {min(counts)} and {max(counts)} tasks, by {', '.join(policies)}; checks included"
        found.append(("Scaled by itself", counted(len(steps), "time"), told))
    if held:
        why = ", ".join(f"{_WHY_HELD.get(reason, reason)} ({count})" for reason, count in held.most_common(3))
        found.append(("Asked for and not done", counted(sum(held.values()), "time"), why))
    return found


def tell(entry: Entry, cluster: str, service: str) -> Told | None:
    """A sentence about the entry; None when it is about something else."""
    data = entry.data
    match entry.kind:
        case "scaling.activity" if (data["cluster"], data["service"]) == (cluster, service):
            who = f"policy {data['policy']}" if data["policy"] else "its bounds or a schedule"
            return f"scaled from {data['from']} to {data['to']} by {who}", "plain"
        case "alarm.state" if data["to"] == "ALARM" and "-AlarmLow-" not in data["alarm"]:
            return f"alarm {_short(data['alarm'])}: {_value(data)}", "bad"
    return None


def _short(alarm: str) -> str:
    """The alarms of target tracking have names of a hundred letters."""
    kind = "-AlarmHigh-"
    return f"of target tracking on {alarm.partition('/')[2].partition(kind)[0]}" if kind in alarm else alarm


def _value(data: Mapping[str, Any]) -> str:
    seen = "no data" if data["value"] is None else f"{data['value']:.4g}"
    return f"{seen} against {data['threshold']:g}"
