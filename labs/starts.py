"""Why tasks of a lab's service do not get to run, for checks."""

from __future__ import annotations

from labs.checking import CheckContext

_NEVER_RAN = "TaskFailedToStart"
_ENDED = "EssentialContainerExited"


def why_not(ctx: CheckContext) -> str:
    """What became of the service's last task that ended by itself, in AWS's words; empty when none has."""
    ours = {"cluster": ctx.name("cluster"), "service": ctx.name("service")}
    for entry in reversed(ctx.history.of("task.stopped", **ours)):
        if entry.data["stop_code"] == _NEVER_RAN:
            return f"The last task that did not start: {entry.data['reason']}"
        if entry.data["stop_code"] == _ENDED:
            exited = ctx.history.last("container.exited", task=entry.data["task"])
            code = f", exit code {exited.data['exit_code']}" if exited else ""
            return f"The last task that ended: {entry.data['reason']}{code}"
    return ""
