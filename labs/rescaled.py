"""What debriefs tell of Application Auto Scaling: which policies there were, when they moved the desired count, and what held them back."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from labs.checking import counted
from labs.history import Entry, History

Told = tuple[str, Literal["good", "bad", "plain", "learner"]]

_NOTHING_TO_DO = ("already", "at_min")
"""A policy that wants what there is, or fewer tasks than there may be. It says so every minute, and nobody waits for it."""


def tell(entry: Entry, cluster: str, service: str, told: set[str]) -> Told | None:
    """A sentence about the entry; of what a policy was held back by only the first of its kind. None when it is about something else."""
    data = entry.data
    if data.get("resource_id") != f"service/{cluster}/{service}":
        return None
    match entry.kind:
        case "scaling.target" if data["change"] != "deregistered":
            return f"the scaler may choose from {data['min']} to {data['max']} tasks", "learner"
        case "scaling.policy":
            how = "is there" if data["change"] == "put" else "is gone"
            return f"scaling policy {data['policy']} ({data['type']}) {how}", "learner"
        case "scaling.activity":
            who = f"policy {data['policy']}" if data["policy"] else "by its bounds"
            return f"scaled from {data['from']} to {data['to']}: {who}", "plain"
        case "scaling.held" if data["reason"] not in _NOTHING_TO_DO:
            key = f"held {data['policy']} {data['direction']} {data['reason']}"
            if key in told:
                return None
            told.add(key)
            return (
                f"first scale-{data['direction']} of {data['policy']} that was held back: {data['why']}",
                "plain",
            )
    return None


def rows(history: History, cluster: str, service: str) -> list[tuple[str, str, str]]:
    """(label, value, comment) for a debrief; empty when nothing scales the service."""
    steps = _steps(history, cluster, service)
    if not steps:
        return []
    out = sum(after > before for before, after in steps)
    turns = sum((b > a) != (d > c) for (a, b), (c, d) in pairwise(steps))
    most = max(max(step) for step in steps)
    return [
        (
            "Changes of the desired count by the scaler",
            str(len(steps)),
            f"{out} out, {len(steps) - out} in, at most {counted(most, 'task')}; turned round {counted(turns, 'time')}; "
            "checks included",
        )
    ]


def knobs(history: History, cluster: str, service: str) -> list[str]:
    """What to turn, in a sentence."""
    if _steps(history, cluster, service):
        return [
            "The knobs behind the changes of the desired count are the metric of a policy and its target, which say when "
            "and how far it scales out, and the cooldown for scaling in, which says how long it waits until it takes more away."
        ]
    if any(
        entry.data["resource_id"] == f"service/{cluster}/{service}" for entry in history.of("scaling.held")
    ):
        return [
            "Nothing that scales this service has ever changed its desired count. The knob is the metric of its policies: "
            "it has to move when the work does."
        ]
    return []


def _steps(history: History, cluster: str, service: str) -> list[tuple[int, int]]:
    return [
        (entry.data["from"], entry.data["to"])
        for entry in history.of("scaling.activity", cluster=cluster, service=service)
    ]
