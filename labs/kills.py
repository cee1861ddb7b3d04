"""Who was killed for memory: from the history, and in words for a debrief."""

from __future__ import annotations

from dataclasses import dataclass

from labs.checking import counted, duration
from labs.history import Entry, History

OUT_OF_MEMORY = "OutOfMemoryError"
"""How the reason of such a container begins."""


@dataclass(frozen=True, slots=True)
class Kill:
    """An essential container that was killed for its memory: its task, and how long that had run."""

    task: str
    lived_ms: int


def kills_of(history: History, cluster: str, service: str, deployment: str | None = None) -> list[Kill]:
    """Those of a service, in order; of one deployment if it is given."""
    tasks = {
        task.id: task
        for task in history.tasks(cluster, service)
        if deployment is None or task.deployment == deployment
    }
    return [
        Kill(entry.data["task"], entry.at_ms - running_ms)
        for entry in history.of("container.exited", essential=True)
        if is_kill(entry)
        and (task := tasks.get(entry.data["task"])) is not None
        and (running_ms := task.running_ms) is not None
    ]


def is_kill(entry: Entry) -> bool:
    """Whether a ``container.exited`` was one."""
    return str(entry.data.get("reason") or "").startswith(OUT_OF_MEMORY)


def told(kills: list[Kill]) -> str:
    """``4 tasks killed for memory, the first after 17 min of running``."""
    if not kills:
        return "no task killed for memory"
    return f"{counted(len(kills), 'task')} killed for memory, the first after {duration(kills[0].lived_ms)} of running"


def rows(kills: list[Kill]) -> list[tuple[str, str, str]]:
    """(label, value, comment) for a debrief; empty when nobody was killed."""
    if not kills:
        return []
    lived = [kill.lived_ms for kill in kills]
    span = f"after {duration(min(lived))} to {duration(max(lived))} of running, exit code 137"
    return [("Tasks killed for memory", str(len(kills)), span)]


def knobs(kills: list[Kill]) -> list[str]:
    """What to turn, in a sentence."""
    if not kills:
        return []
    return [
        "The knobs behind the killed tasks are `memory` of the task definition and `memory` of its container definition, "
        "of which the smaller one counts. They say how much fits. How much there is, and whether it grows, is up to the program."
    ]
