"""A history, arranged by what people ask about: tasks, deployments, services, targets, alarms. Pure; read once per explanation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from labs.history import Entry, History
from labs.why.chain import Rule, Step, time_of_day

_INJECTING_MS = 30_000
"""How long a fault takes to inject at most: a world's clock may run fast meanwhile."""


@dataclass(slots=True)
class TaskFacts:
    """All that the journal says of one task, in order."""

    id: str
    entries: list[Entry] = field(default_factory=list)

    def first(self, *kinds: str) -> Entry | None:
        """The first entry of these kinds."""
        return next((entry for entry in self.entries if entry.kind in kinds), None)

    def last(self, *kinds: str) -> Entry | None:
        """The last entry of these kinds."""
        return next((entry for entry in reversed(self.entries) if entry.kind in kinds), None)

    def all(self, *kinds: str) -> list[Entry]:
        """Entries of these kinds."""
        return [entry for entry in self.entries if entry.kind in kinds]

    def get(self, key: str) -> Any:
        """A field of the entry with which the task began; None when it is not known."""
        begun = self.first("task.provisioning")
        return begun.data.get(key) if begun else None

    @property
    def short(self) -> str:
        """The first eight digits."""
        return self.id[:8]

    @property
    def service(self) -> tuple[str, str] | None:
        """Cluster and name of its service; None for a standalone task."""
        name = self.get("service")
        return (str(self.get("cluster")), str(name)) if name else None

    @property
    def ip(self) -> str:
        """Its address; empty before it has one."""
        address = self.last("task.address")
        return str(address.data["ip"]) if address else ""

    @property
    def stop(self) -> Entry | None:
        """Why it was to stop: the request, else the end itself."""
        return self.first("task.stop_requested") or self.first("task.stopped")

    @property
    def reason(self) -> str:
        """AWS's reason for its end; empty while it lives."""
        stop = self.last("task.stopped") or self.stop
        return str(stop.data.get("reason") or "") if stop else ""

    @property
    def never_ran(self) -> bool:
        """Whether it ended without having been RUNNING."""
        return self.stop is not None and self.first("task.running") is None


class Facts:
    """The whole journal, arranged."""

    def __init__(self, history: History) -> None:
        self.entries = list(history.entries)
        self._by_seq = {entry.seq: entry for entry in self.entries}
        self.tasks: dict[str, TaskFacts] = {}
        self.deployments: dict[str, list[Entry]] = {}
        self.services: dict[tuple[str, str], list[Entry]] = defaultdict(list)
        self.alarms: dict[str, list[Entry]] = defaultdict(list)
        self.groups: dict[str, list[Entry]] = defaultdict(list)
        self.revisions: dict[str, Entry] = {}
        for entry in self.entries:
            self._take(entry)

    def _take(self, entry: Entry) -> None:
        data, kind = entry.data, entry.kind
        task = data.get("task")
        if isinstance(task, str) and kind.startswith(("task.", "target.", "container.", "call.", "traffic.")):
            self.tasks.setdefault(task, TaskFacts(task)).entries.append(entry)
        if kind.startswith("target."):
            self.groups[str(data["target_group"])].append(entry)
        elif kind.startswith("deployment."):
            named = {data.get("deployment"), data.get("from"), data.get("rollback_of")}
            for name in sorted(str(each) for each in named if each):
                self.deployments.setdefault(name, []).append(entry)
        elif kind == "task_definition.registered":
            self.revisions[str(data["task_definition"])] = entry
        elif kind == "alarm.state":
            self.alarms[str(data["alarm"])].append(entry)
        if (
            kind.startswith(("service.", "deployment.", "scaling."))
            and data.get("service")
            and data.get("cluster")
        ):
            self.services[str(data["cluster"]), str(data["service"])].append(entry)

    # Causes.

    def entry(self, seq: int | None) -> Entry | None:
        """The entry of that number."""
        return None if seq is None else self._by_seq.get(seq)

    def causes(self, entry: Entry) -> Iterator[Entry]:
        """What led to it, the nearest first."""
        seen = {entry.seq}
        cause = self.entry(entry.cause)
        while cause is not None and cause.seq not in seen:
            yield cause
            seen.add(cause.seq)
            cause = self.entry(cause.cause)

    def fault_before(self, call: Entry) -> Entry | None:
        """The fault whose injection made this call: it was announced just before, and the lab was not ready in between."""
        for entry in reversed(self.entries[: self._position(call)]):
            if call.at_ms - entry.at_ms > _INJECTING_MS or entry.kind in ("lab.ready", "lab.started"):
                return None
            if entry.kind == "lab.fault_injected":
                return entry
        return None

    def elsewhere(self, after: Entry, before: Entry) -> list[Entry]:
        """Calls between two entries that changed something of another service than ECS."""
        between = self.entries[self._position(after) + 1 : self._position(before)]
        return [
            each
            for each in between
            if each.kind == "call"
            and not each.data.get("reading")
            and not each.data.get("error")
            and each.data.get("service") != "ecs"
        ]

    def _position(self, entry: Entry) -> int:
        low, high = 0, len(self.entries)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.entries[middle].seq < entry.seq else (low, middle)
        return low

    # Services.

    def state_before(self, entry: Entry) -> Entry | None:
        """How a service was configured before an update of it."""
        key = (str(entry.data.get("cluster")), str(entry.data.get("service")))
        states = [each for each in self.services[key] if each.kind in ("service.created", "service.updated")]
        return next((each for each in reversed(states) if each.seq < entry.seq), None)

    def state_at(self, service: tuple[str, str], seq: int) -> Entry | None:
        """How a service was configured at an entry."""
        states = [
            each for each in self.services[service] if each.kind in ("service.created", "service.updated")
        ]
        return next((each for each in reversed(states) if each.seq <= seq), None)

    def latest_state(self, service: tuple[str, str]) -> Entry | None:
        """How a service is configured now, as far as the journal goes."""
        return self.state_at(service, self.entries[-1].seq) if self.entries else None

    def tasks_of(self, deployment: str) -> list[TaskFacts]:
        """The tasks of a deployment, oldest first."""
        return [task for task in self.tasks.values() if task.get("deployment") == deployment]

    def grace(self, service: tuple[str, str], seq: int) -> tuple[int, Entry] | None:
        """The health check grace period of a service in seconds, and the call that set it; None when no call did."""
        found = None
        for entry in self.entries:
            if entry.seq > seq:
                break
            params = entry.data.get("params") if entry.kind == "call" else None
            if not isinstance(params, Mapping) or entry.data.get("error"):
                continue
            named = str(params.get("service") or params.get("serviceName") or "").rsplit("/", 1)[-1]
            seconds = params.get("healthCheckGracePeriodSeconds")
            if named == service[1] and isinstance(seconds, int):
                found = (seconds, entry)
        return found


def source(entry: Entry) -> str:
    """Where a fact was read: the call, or the journal's entry."""
    if entry.kind == "call":
        refused = f", refused: {entry.data['error']}" if entry.data.get("error") else ""
        return f"call {entry.data['operation']}, {time_of_day(entry.at_ms)}, entry {entry.seq}{refused}"
    return f"entry {entry.seq} {entry.kind}"


def step(entry: Entry, fact: str, rule: Rule | None = None, *, quote: str = "", knob: str = "") -> Step:
    """A step whose source is an entry."""
    return Step(entry.at_ms, fact, source(entry), rule, quote, knob, entry.seq)
