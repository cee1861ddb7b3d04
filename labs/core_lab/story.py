"""What happened in the core lab, as its checks ask for it: revisions, service states, tasks, the good and the
bad deployment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from labs.checking import CheckContext, Evidence, counted
from labs.history import DeploymentStory, Entry, TaskStory

Data = Mapping[str, Any]


def revisions(ctx: CheckContext) -> list[Entry]:
    """Every revision of the lab's family."""
    return ctx.history.of("task_definition.registered", family=ctx.name("family"))


def revision_with(
    ctx: CheckContext, expected: str, holds: Callable[[Data], bool], show: Callable[[Data], str]
) -> Evidence:
    """Passed when a revision has the property; what is shown is that one, or the last."""
    found = revisions(ctx)
    for entry in found:
        if holds(entry.data):
            return Evidence(True, expected, f"{entry.data['task_definition']}: {show(entry.data)}")
    where = f"aws ecs describe-task-definition --task-definition {ctx.name('family')}"
    if not found:
        return Evidence(False, expected, f"no task definition {ctx.name('family')}", where)
    last = found[-1].data
    return Evidence(False, expected, f"{last['task_definition']}: {show(last)}", where)


def service_with(
    ctx: CheckContext, expected: str, holds: Callable[[Data], bool], show: Callable[[Data], str]
) -> Evidence:
    """Passed when the service had the property at some time; what is shown is that state, or the last."""
    states = ctx.history.service_states(ctx.name("cluster"), ctx.name("service"))
    for entry in states:
        if holds(entry.data):
            return Evidence(True, expected, show(entry.data))
    observed = (
        show(states[-1].data)
        if states
        else f"no service {ctx.name('service')} in cluster {ctx.name('cluster')}"
    )
    return Evidence(False, expected, observed, "aws ecs describe-services")


def tasks(ctx: CheckContext) -> list[TaskStory]:
    """The service's tasks since the lab's start."""
    history = ctx.history
    begin = next((entry.at_ms for entry in history), 0)
    every = history.tasks(ctx.name("cluster"), ctx.name("service"))
    return [task for task in every if task.provisioning_ms >= begin]


def together(ctx: CheckContext) -> list[TaskStory]:
    """The first ``desired`` tasks that ran at the same time: those running when the last of them started."""
    desired = ctx.number("desired")
    ran = sorted(
        (task for task in tasks(ctx) if task.running_ms is not None), key=lambda task: task.running_ms or 0
    )
    for task in ran:
        at_ms = task.running_ms or 0
        beside = [
            t for t in ran if (t.running_ms or 0) <= at_ms and (t.ended_ms is None or t.ended_ms > at_ms)
        ]
        if len(beside) >= desired:
            return beside
    return ran[-1:]


def interfaces(ctx: CheckContext, ids: set[str]) -> dict[str, tuple[str, str]]:
    """Address and subnet by id, for those of the interfaces that EC2 shows."""
    if not ids:
        return {}
    filters = [{"Name": "network-interface-id", "Values": sorted(ids)}]
    found = ctx.client("ec2").describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    return {item["NetworkInterfaceId"]: (item["PrivateIpAddress"], item["SubnetId"]) for item in found}


def good_and_bad(ctx: CheckContext) -> tuple[DeploymentStory | None, DeploymentStory | None]:
    """The deployment of a revision that never completed, the one that got furthest; and the last deployment
    that had completed when it began. Without a bad one, the last that has completed.
    """
    stories = ctx.deployments
    completed = [story for story in stories if story.completed_ms is not None]
    if not completed:
        return None, None
    works = {story.task_definition for story in completed}
    bad = max(
        (
            story
            for story in stories
            if story.task_definition not in works and story.started_ms >= (completed[0].completed_ms or 0)
        ),
        key=lambda story: (
            story.rollback_completed_ms is not None,
            story.failed_ms is not None,
            len(story.failures),
        ),
        default=None,
    )
    if bad is None:
        return completed[-1], None
    return [story for story in completed if (story.completed_ms or 0) <= bad.started_ms][-1], bad


def state(story: DeploymentStory) -> str:
    """In words, how a deployment stands."""
    if story.failed_ms is not None:
        return f"failed: {story.reason}"
    if story.completed_ms is not None:
        return "has completed"
    if story.superseded_ms is not None:
        return "was replaced by a later deployment"
    return f"is in progress, {counted(len(story.failures), 'failed task')}"


def log_group_exists(ctx: CheckContext) -> bool:
    """Whether the lab's log group is there now."""
    name = ctx.name("log_group")
    groups = ctx.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return any(group["logGroupName"] == name for group in groups)


def number(value: Any) -> int:
    """A number that AWS writes as text."""
    return int(str(value))
