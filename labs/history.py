"""The world's journal, as labs read it (docs/journal.md lists the kinds).

A ``History`` is an immutable view: all entries, and the point from which a lab counts. Times are virtual
milliseconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LAB_STARTED = "lab.started"


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact of the journal."""

    seq: int
    at_ms: int
    kind: str
    cause: int | None
    data: Mapping[str, Any]

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Entry:
        """From the control API's form."""
        return cls(int(raw["seq"]), int(raw["at"]), str(raw["kind"]), raw["cause"], raw["data"])


@dataclass(frozen=True, slots=True)
class Minimum:
    """The lowest running count of a service over a stretch of time, and when it was first reached."""

    count: int
    at_ms: int


@dataclass(slots=True)
class DeploymentStory:
    """What became of one deployment. Moments are None until they happen."""

    id: str
    task_definition: str
    why: str
    started_ms: int
    completed_ms: int | None = None
    failed_ms: int | None = None
    reason: str = ""
    failures: list[Entry] = field(default_factory=list)
    threshold: int | None = None
    rolled_back_to: str | None = None
    rolling_back_ms: int | None = None
    rollback_completed_ms: int | None = None
    superseded_ms: int | None = None

    @property
    def in_progress(self) -> bool:
        """Neither completed, failed, rolled back nor replaced by a later one."""
        ends = (self.completed_ms, self.failed_ms, self.rolling_back_ms, self.superseded_ms)
        return all(end is None for end in ends)


@dataclass(frozen=True, slots=True)
class TaskStory:
    """One task of a service, from its first entry to the last one seen."""

    id: str
    deployment: str | None
    task_definition: str
    subnet: str
    az: str
    provisioning_ms: int
    eni: str | None = None
    ip: str | None = None
    running_ms: int | None = None
    ended_ms: int | None = None
    stopped_ms: int | None = None
    stop_code: str | None = None
    stopped_reason: str | None = None


class History:
    """Entries in order. Everything but ``minimum_running`` and ``tasks`` looks only at those from
    ``first_seq`` on.
    """

    def __init__(self, entries: Sequence[Entry], first_seq: int = 0) -> None:
        self.entries = entries
        self.first_seq = first_seq

    def __iter__(self) -> Iterator[Entry]:
        return (entry for entry in self.entries if entry.seq >= self.first_seq)

    def since(self, seq: int) -> History:
        """The same history, counted from ``seq``."""
        return History(self.entries, seq)

    @property
    def next_seq(self) -> int:
        """The ``seq`` that the next entry will have."""
        return self.entries[-1].seq + 1 if self.entries else 0

    def since_start(self, lab_id: str) -> History:
        """Counted from the lab's last start; from the world's beginning when it was never started."""
        started = [
            entry.seq
            for entry in self.entries
            if entry.kind == LAB_STARTED and entry.data.get("lab") == lab_id
        ]
        return self.since(started[-1] if started else 0)

    def of(self, *kinds: str, **match: Any) -> list[Entry]:
        """Entries of these kinds whose data has these values."""
        return [
            entry
            for entry in self
            if entry.kind in kinds and all(entry.data.get(key) == value for key, value in match.items())
        ]

    def last(self, *kinds: str, **match: Any) -> Entry | None:
        """The last entry that ``of`` would give."""
        found = self.of(*kinds, **match)
        return found[-1] if found else None

    def service_states(self, cluster: str, service: str) -> list[Entry]:
        """``service.created`` and ``service.updated``: each carries the whole configuration at its moment."""
        return self.of("service.created", "service.updated", cluster=cluster, service=service)

    def deployments(self, cluster: str, service: str) -> list[DeploymentStory]:
        """Every deployment that began, oldest first."""
        stories: dict[str, DeploymentStory] = {}
        for entry in self:
            data = entry.data
            if not entry.kind.startswith("deployment.") or (data.get("cluster"), data.get("service")) != (
                cluster,
                service,
            ):
                continue
            if entry.kind == "deployment.started":
                stories[data["deployment"]] = DeploymentStory(
                    data["deployment"], data["task_definition"], data["why"], entry.at_ms
                )
                continue
            story = stories.get(data.get("from") or data.get("rollback_of") or data["deployment"])
            if story is not None:
                _continue(story, entry)
        return list(stories.values())

    def tasks(self, cluster: str, service: str) -> list[TaskStory]:
        """Every task of the service in the whole journal, oldest first."""
        found: dict[str, dict[str, Any]] = {}
        for entry in self.entries:
            data = entry.data
            if entry.kind == "task.provisioning":
                if (data["cluster"], data["service"]) == (cluster, service):
                    found[data["task"]] = {
                        "id": data["task"],
                        "deployment": data["deployment"],
                        "task_definition": data["task_definition"],
                        "subnet": data["subnet"],
                        "az": data["az"],
                        "provisioning_ms": entry.at_ms,
                    }
            elif (task := found.get(data.get("task", ""))) is not None:
                _continue_task(task, entry)
        return [TaskStory(**task) for task in found.values()]

    def minimum_running(
        self, cluster: str, service: str, since_ms: int, until_ms: int | None = None
    ) -> Minimum:
        """The lowest number of tasks running at once, judged after each moment at which it changed.

        A task runs from ``task.running`` until it is told to stop, or an essential container of it exits.
        """
        changes: dict[int, int] = {}
        for task in self.tasks(cluster, service):
            if task.running_ms is None:
                continue
            changes[task.running_ms] = changes.get(task.running_ms, 0) + 1
            if task.ended_ms is not None:
                changes[task.ended_ms] = changes.get(task.ended_ms, 0) - 1
        running = sum(change for at_ms, change in changes.items() if at_ms <= since_ms)
        lowest = Minimum(running, since_ms)
        for at_ms in sorted(at_ms for at_ms in changes if at_ms > since_ms):
            if until_ms is not None and at_ms > until_ms:
                break
            running += changes[at_ms]
            if running < lowest.count:
                lowest = Minimum(running, at_ms)
        return lowest


def _continue(story: DeploymentStory, entry: Entry) -> None:
    data = entry.data
    match entry.kind:
        case "deployment.failure_counted":
            story.failures.append(entry)
            story.threshold = data.get("threshold")
        case "deployment.completed" if data.get("rollback_of"):
            story.rollback_completed_ms = entry.at_ms
        case "deployment.completed":
            story.completed_ms = entry.at_ms
        case "deployment.failed":
            story.failed_ms = entry.at_ms
            story.reason = str(data.get("reason") or "")
            story.threshold = data.get("threshold")
        case "deployment.rolling_back":
            story.rolled_back_to = data["deployment"]
            story.rolling_back_ms = entry.at_ms
        case "deployment.superseded":
            story.superseded_ms = entry.at_ms


def _continue_task(task: dict[str, Any], entry: Entry) -> None:
    data = entry.data
    match entry.kind:
        case "task.address":
            task["eni"], task["ip"], task["subnet"] = data["eni"], data["ip"], data["subnet"]
        case "task.running":
            task["running_ms"] = entry.at_ms
        case "task.stop_requested":
            task.setdefault("ended_ms", entry.at_ms)
        case "container.exited" if data.get("essential", True):
            task.setdefault("ended_ms", entry.at_ms)
        case "task.stopped":
            task.setdefault("ended_ms", entry.at_ms)
            task["stopped_ms"] = entry.at_ms
            task["stop_code"], task["stopped_reason"] = data.get("stop_code"), data.get("reason")
