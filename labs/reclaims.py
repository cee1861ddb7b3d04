"""What debriefs tell of capacity: tasks that Spot took back, how they took it, and tasks that found none."""

from __future__ import annotations

from typing import Literal

from labs.checking import counted
from labs.history import Entry, History, TaskStory

INTERRUPTED = "SpotInterruption"
Told = tuple[str, Literal["good", "bad", "plain"]]
_KILLED = 137


def rows(history: History, tasks: list[TaskStory]) -> list[tuple[str, str, str]]:
    """(label, value, comment) for a debrief; empty when nothing was taken and nothing was missing."""
    taken = {task.id for task in tasks if task.stop_code == INTERRUPTED}
    if not taken:
        return []
    killed = sum(
        entry.data["task"] in taken and _KILLED in entry.data["exit_codes"]
        for entry in history.of("task.stopped")
    )
    how = f"{killed} of them had to be killed" if killed else "all of them ended by themselves"
    return [("Tasks that Spot took back", str(len(taken)), f"{how}; checks included")]


def tell(entry: Entry, cluster: str, service: str, tasks: set[str]) -> Told | None:
    """A sentence about the entry; None when it is about something else."""
    data = entry.data
    match entry.kind:
        case "spot.interrupted" if ours := sum(task in tasks for task in data["tasks"]):
            return f"Spot gave {counted(ours, 'task')} two minutes' notice", "bad"
        case "service.placement_failed" if (data["cluster"], data["service"]) == (cluster, service):
            return f"no {data['provider']} capacity in {data['az']}", "plain"
        case "capacity.shortage":
            return f"no {data['provider']} capacity for new tasks from now on, {_where(data['az'])}", "bad"
        case "capacity.restored":
            return f"{data['provider']} capacity is there again, {_where(data['az'])}", "good"
    return None


def _where(zone: str | None) -> str:
    return f"in {zone}" if zone else "in every zone"
