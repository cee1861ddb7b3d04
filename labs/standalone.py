"""What debriefs tell of tasks that no service keeps: schedules that ran them, how they ended, and who was told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from labs.checking import counted
from labs.history import Entry, History

Told = tuple[str, Literal["good", "bad", "plain"]]
_NEVER_RAN = "never ran"
CHECK = "fargate-lab-check"
"""The ``startedBy`` of tasks that a check starts to see whether they start. They are no runs."""


@dataclass(frozen=True, slots=True)
class Runs:
    """Tasks of a cluster that ran for themselves, those of drills included but for trials (``trials_of``). ``ends``: how often each end
    was come to: ``exit code 2`` or ``never ran``. ``fired`` and ``refused`` are calls that schedules made, and those of them that their
    target refused for good.
    """

    started: int
    ended: int
    failed: int
    ends: Counter[str]
    fired: int
    refused: int

    @property
    def headline(self) -> str:
        """``9 runs, 5 failed (exit code 2: 3, exit code 3: 1, never ran: 1)``; empty without a run."""
        if not self.started and not self.refused:
            return ""
        refused = f", {counted(self.refused, 'call')} of a schedule refused" if self.refused else ""
        return f"{counted(self.started, 'run')}, {self.failed:,} failed{self._how()}{refused}"

    def rows(self) -> list[tuple[str, str, str]]:
        """(label, value, comment) for a debrief; empty without a run."""
        found = []
        if self.fired:
            found.append(
                (
                    "Calls of schedules",
                    f"{self.fired:,}",
                    f"{self.refused:,} refused for good, checks included",
                )
            )
        if self.started:
            going = self.started - self.ended
            comment = "tasks that no service keeps" + (f", {going:,} not ended" if going else "")
            found += [
                ("Runs", f"{self.started:,}", f"{comment}, checks included"),
                ("Runs that ended well", f"{self.ended - self.failed:,}", "exit code 0"),
                ("Runs that failed", f"{self.failed:,}", self._how()[2:-1]),
            ]
        return found

    def _how(self) -> str:
        told = ", ".join(f"{end}: {count:,}" for end, count in sorted(self.ends.items()))
        return f" ({told})" if told else ""


def runs_of(history: History, cluster: str) -> Runs:
    """What the history has of them since the lab's start."""
    ours = {"cluster": cluster, "service": None}
    ends: Counter[str] = Counter()
    trials = trials_of(history)
    stopped = [entry for entry in history.of("task.stopped", **ours) if entry.data["task"] not in trials]
    started = [entry for entry in history.of("task.provisioning", **ours) if entry.data["task"] not in trials]
    for entry in stopped:
        codes = {code for code in entry.data["exit_codes"] if code is not None}
        if not entry.data["ran"]:
            ends[_NEVER_RAN] += 1
        elif codes != {0}:
            bad = ", ".join(str(code) for code in sorted(codes - {0}))
            ends[f"exit code {bad}" if bad else "no exit code"] += 1
    fired, given_up = history.of("schedule.fired"), history.of("schedule.failed", retry_at=None)
    return Runs(
        len(started),
        len(stopped),
        ends.total(),
        ends,
        sum(not entry.data["error"] for entry in fired) + len(given_up),
        len(given_up),
    )


def trials_of(history: History) -> set[str]:
    """The ids of the tasks that checks started to see whether they start."""
    asked = {
        entry.seq
        for entry in history.of("call", operation="RunTask")
        if (entry.data.get("params") or {}).get("startedBy") == CHECK
    }
    return {entry.data["task"] for entry in history.of("task.provisioning") if entry.cause in asked}


def tell_standalone(entry: Entry, cluster: str) -> Told | None:
    """A sentence about the entry; None when it is about something else."""
    data = entry.data
    match entry.kind:
        case "schedule.fired" if not data["error"]:
            tasks = counted(len(data.get("tasks", ())), "task")
            what = f"ECS accepted {tasks}" if "tasks" in data else f"{data['operation']} was accepted"
            return f"schedule {data['schedule']}: {what}", "plain"
        case "schedule.failed":
            then = "it tries again" if data["retry_at"] is not None else "it gave up"
            return f"schedule {data['schedule']}: {data['error']}, {then}", "bad"
        case "task.stopped" if data["service"] is None and data["cluster"] == cluster:
            if not data["ran"]:
                return f"a task of {data['task_definition']} never ran: {data['reason']}", "bad"
            codes = {code for code in data["exit_codes"] if code is not None}
            shown = ", ".join(str(code) for code in sorted(codes)) or "none"
            tone: Literal["good", "bad"] = "good" if codes <= {0} else "bad"
            return f"a task of {data['task_definition']} ended with exit code {shown}", tone
        case "event.undelivered":
            return (
                f"rule {data['rule']}: {data['target'].rpartition(':')[2]} was not reached: {data['reason']}",
                "bad",
            )
    return None
