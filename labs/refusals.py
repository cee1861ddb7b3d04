"""What debriefs tell of the calls of roles: what a lab's own role was used for, and what was not allowed or found no way, by programs
and by ECS for their tasks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from labs.catalogue import Lab
from labs.checking import counted
from labs.cloud import Cloud
from labs.history import Entry

Told = tuple[str, Literal["bad"]]
_TAKEN = "sts:AssumeRole"
_KINDS = ("call.denied", "call.unreachable")


def used(lab: Lab, cloud: Cloud) -> list[tuple[str, str, str]]:
    """(label, value, comment): how many actions the ``role`` of a lab's names was used for; empty for labs without one."""
    if "role" not in lab.names:
        return []
    sums: dict[str, int] = {}
    for each in cloud.calls(lab.name("role")):
        if each["error"] is None and each["action"] != _TAKEN:
            sums[each["action"]] = sums.get(each["action"], 0) + each["count"]
    if not sums:
        return []
    least = min(sums, key=lambda action: sums[action])
    told = f"{', '.join(sorted(sums))}; least often {least}, {counted(sums[least], 'time')}"
    return [(f"What {lab.name('role')} was used for", counted(len(sums), "action"), told)]


def rows(history: Iterable[Entry], tasks: set[str]) -> list[tuple[str, str, str]]:
    """(label, value, comment) for a debrief: one for each action that failed, with the tasks that met it; empty where none did."""
    met: dict[tuple[str, str], set[str]] = {}
    for entry in history:
        if entry.kind in _KINDS and entry.data["task"] in tasks:
            met.setdefault((entry.data["action"], _why(entry)), set()).add(entry.data["task"])
    return [
        ("A call that failed", action, f"{counted(len(those), 'task')}: {why}; checks included")
        for (action, why), those in met.items()
    ]


def tell(entry: Entry, tasks: set[str], told: set[str]) -> Told | None:
    """A sentence about the first call of an action that failed for a reason; None for all else. ``told`` remembers which were told."""
    if entry.kind not in _KINDS or entry.data["task"] not in tasks:
        return None
    data = entry.data
    key = f"{data['by']} {data['action']} {_why(entry)}"
    if key in told:
        return None
    told.add(key)
    who = "the program" if data["by"] == "task" else "ECS, for a task,"
    if entry.kind == "call.unreachable":
        return f"{who} cannot reach {data['host']} for {data['action']}", "bad"
    return f"{who} is denied {data['action']}, {_why(entry)}", "bad"


def _why(entry: Entry) -> str:
    if entry.kind == "call.unreachable":
        return f"no way to {entry.data['host']}"
    return str(entry.data.get("because") or "denied")
