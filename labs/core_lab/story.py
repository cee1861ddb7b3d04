"""What happened in the core lab, as its checks ask for it: revisions, service states, tasks, the good and the
bad deployment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Load:
    """A load since the lab's start: what was sent and failed, what was ``lost`` with the ends of tasks (``why``, for
    the most of it), and the deployments that began, completed and let go of their last old task while it lasted.
    """

    ended_ms: int | None
    sent: int
    failed: int
    lost: int
    why: str
    covered: tuple[DeploymentStory, ...]


def loads(ctx: CheckContext) -> list[Load]:
    """Every load on a target group of the service, oldest first."""
    groups, found = target_groups(ctx), []
    begun: Entry | None = None
    for entry in ctx.history.of("traffic.started", "traffic.stopped"):
        if entry.kind == "traffic.started":
            begun = entry
        elif begun is not None:
            found.append((begun, entry))
            begun = None
    windows: list[tuple[Entry, Entry | None]] = [*found, *([(begun, None)] if begun else [])]
    return [_load(ctx, first, last) for first, last in windows if first.data["target_group"] in groups]


def _load(ctx: CheckContext, first: Entry, last: Entry | None) -> Load:
    if last is None:
        return Load(None, 0, 0, 0, "", ())
    ends = [entry for entry in ctx.history.of("traffic.lost") if first.at_ms <= entry.at_ms <= last.at_ms]
    worst = max(ends, key=lambda entry: entry.data["count"] + entry.data["unsaved"], default=None)
    return Load(
        last.at_ms,
        last.data["sent"],
        last.data["failed"],
        sum(entry.data["count"] + entry.data["unsaved"] for entry in ends),
        f"{worst.data['cause']} The knob: {worst.data['knob']}." if worst else "",
        tuple(story for story in ctx.deployments if _covers(ctx, first.at_ms, last.at_ms, story)),
    )


def _covers(ctx: CheckContext, first_ms: int, last_ms: int, story: DeploymentStory) -> bool:
    if story.completed_ms is None or story.started_ms < first_ms or story.completed_ms > last_ms:
        return False
    replaced = [
        task
        for task in tasks(ctx)
        if task.deployment != story.id and task.ended_ms is not None and task.ended_ms >= story.started_ms
    ]
    gone = [task for task in replaced if task.stopped_ms is not None and task.stopped_ms <= last_ms]
    return bool(replaced) and len(gone) == len(replaced)


def target_groups(ctx: CheckContext) -> set[str]:
    """The target groups in which tasks of the service were registered."""
    ours = {task.id for task in tasks(ctx)}
    return {
        str(entry.data["target_group"])
        for entry in ctx.history.of("target.registered")
        if entry.data["task"] in ours
    }


def most_healthy_targets(ctx: CheckContext) -> int:
    """How many tasks of the service were healthy targets at once, at most."""
    ours = {task.id for task in tasks(ctx)}
    healthy: set[tuple[str, str]] = set()
    most = 0
    for entry in ctx.history:
        if entry.kind.startswith("target.") and entry.data["task"] in ours:
            target = (entry.data["task"], entry.data["target_group"])
            (healthy.add if entry.kind == "target.healthy" else healthy.discard)(target)
            most = max(most, len({task for task, _ in healthy}))
    return most


def balancers_left(ctx: CheckContext, groups: set[str]) -> list[str]:
    """The names of those target groups that are still there, and of load balancers made since the lab's start."""
    elb = ctx.client("elbv2")
    begin_ms = next(iter(ctx.history)).at_ms
    left = [
        f"target group {group['TargetGroupName']}"
        for group in elb.describe_target_groups()["TargetGroups"]
        if group["TargetGroupArn"] in groups
    ]
    return left + [
        f"load balancer {balancer['LoadBalancerName']}"
        for balancer in elb.describe_load_balancers()["LoadBalancers"]
        if balancer["CreatedTime"].timestamp() * 1000 >= begin_ms - 1000
    ]


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
