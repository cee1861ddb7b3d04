"""What debriefs tell of tasks that no service keeps: schedules that ran them, how they ended, and who was told."""

from __future__ import annotations

from typing import Literal

from labs.checking import counted
from labs.history import Entry

Told = tuple[str, Literal["good", "bad", "plain"]]


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
