"""Nights that are lived through on purpose, and what is seen of them: runs of the report, and who was told of them.

A night is measured from noon to noon, local time, so that a run belongs to one of them whatever its hour.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from chaos.revisions import register_changed
from labs.checking import CheckContext
from labs.errors import ControlError
from labs.history import History

UNIVERSAL = "arn:aws:scheduler:::aws-sdk:ecs:runTask"
_KEPT = (
    "Name",
    "GroupName",
    "Description",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "StartDate",
    "EndDate",
    "State",
    "FlexibleTimeWindow",
    "KmsKeyArn",
    "Target",
    "ActionAfterCompletion",
)
CRASH, CANNOT_START = "crash", "cannot start"


@dataclass(slots=True)
class Run:
    """A task that ran for itself, outside of any service. ``schedule``: group and name of what started it."""

    task: str
    at_ms: int
    schedule: tuple[str, str] | None = None
    images: tuple[str, ...] = ()
    running_ms: int | None = None
    stopped_ms: int | None = None
    exit_codes: tuple[int | None, ...] = ()
    reason: str = ""

    def wrote(self, image: str, minutes: int) -> bool:
        """Whether it was the report's program, worked for that long, and ended well."""
        return (
            any(each.split("@")[0].rpartition(":")[0] == image for each in self.images)
            and self.running_ms is not None
            and self.stopped_ms is not None
            and self.stopped_ms - self.running_ms >= minutes * 60_000
            and set(self.exit_codes) == {0}
        )

    @property
    def end(self) -> str:
        """How it ended, for a person."""
        if self.stopped_ms is None:
            return "still running"
        if self.running_ms is None:
            return f"never ran: {self.reason[:90]}"
        codes = ", ".join(str(code) for code in self.exit_codes)
        return f"exit code {codes} after {(self.stopped_ms - self.running_ms) // 1000} s"


@dataclass(slots=True)
class Nights:
    """What was seen. ``told``: ARN of a target, to the tasks (or other resources) that it was told of."""

    runs: list[Run]
    told: dict[str, list[str]] = field(default_factory=dict)


def local(ctx: CheckContext, at_ms: int) -> datetime.datetime:
    """A moment as the clock on the lab's wall shows it."""
    return datetime.datetime.fromtimestamp(at_ms / 1000, ZoneInfo(ctx.name("zone")))


def busy(ctx: CheckContext) -> str:
    """Why no nights can be lived through now; empty when they can."""
    try:
        running = ctx.cloud.traffic.report()["running"]
    except ControlError:
        running = False
    return "clients are sending requests; end them first: `fargate-lab traffic stop`" if running else ""


def live(ctx: CheckContext, nights: int) -> Nights:
    """Let nights pass, from the next noon on."""
    _until_noon(ctx)
    mark = ctx.history.next_seq
    for _ in range(nights):
        ctx.clock.advance(60 * 60_000)  # leave this noon behind
        _until_noon(ctx)
    return _seen(ctx, mark)


def _until_noon(ctx: CheckContext) -> None:
    now = local(ctx, ctx.clock.now_ms)
    noon = now.replace(hour=12, minute=0, second=0, microsecond=0)
    if noon <= now:
        noon = (now + datetime.timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
    ctx.clock.advance(round(noon.timestamp() * 1000) - ctx.clock.now_ms)


def _seen(ctx: CheckContext, mark: int) -> Nights:
    history = ctx.history.since(mark)
    runs: dict[str, Run] = {}
    for entry in history.of("task.provisioning", service=None, cluster=ctx.name("cluster")):
        runs[entry.data["task"]] = Run(entry.data["task"], entry.at_ms)
    for entry in history.of("schedule.fired"):
        for task in entry.data.get("tasks", ()):
            if task in runs:
                runs[task].schedule = (entry.data["group"], entry.data["schedule"])
    for entry in history.of("task.running", "task.stopped"):
        run = runs.get(entry.data["task"])
        if run is None:
            continue
        if entry.kind == "task.running":
            run.running_ms = entry.at_ms
            run.images = tuple(each["image"] for each in entry.data["images"])
        else:
            run.stopped_ms, run.reason = entry.at_ms, entry.data["reason"] or ""
            run.exit_codes = tuple(entry.data["exit_codes"])
    return Nights(list(runs.values()), _told(ctx, history))


def _told(ctx: CheckContext, history: History) -> dict[str, list[str]]:
    """By target of a rule, what the events that reached it were about."""
    events = ctx.client("events")
    targets: dict[str, list[str]] = {}
    for page in events.get_paginator("list_rules").paginate():
        for rule in page["Rules"]:
            found = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
            targets[rule["Name"]] = [each["Arn"] for each in found]
    lost = {(entry.data["id"], entry.data["target"]) for entry in history.of("event.undelivered")}
    told: dict[str, list[str]] = {arn: [] for arns in targets.values() for arn in arns}
    for entry in history.of("event.sent"):
        about = entry.data["resources"][0].rpartition("/")[2] if entry.data["resources"] else ""
        for name in entry.data["rules"]:
            for arn in targets.get(name, ()):
                if (entry.data["id"], arn) not in lost:
                    told[arn].append(about)
    return told


def schedules(ctx: CheckContext) -> list[dict[str, Any]]:
    """Every schedule that is switched on and runs tasks in the lab's cluster."""
    scheduler = ctx.client("scheduler")
    found = []
    for page in scheduler.get_paginator("list_schedules").paginate():
        for each in page["Schedules"]:
            whole = scheduler.get_schedule(Name=each["Name"], GroupName=each["GroupName"])
            target = whole["Target"]
            ours = target["Arn"].endswith(f":cluster/{ctx.name('cluster')}") or target["Arn"] == UNIVERSAL
            if ours and whole.get("State") == "ENABLED":
                found.append(dict(whole))
    return found


def fail_once(ctx: CheckContext, names: set[tuple[str, str]], how: str) -> Nights:
    """Make the runs of these schedules fail for a night, and put them back. ``how``: CRASH or CANNOT_START."""
    scheduler, ecs = ctx.client("scheduler"), ctx.client("ecs")
    before = [
        whole
        for group, name in sorted(names)
        for whole in [scheduler.get_schedule(Name=name, GroupName=group)]
    ]
    made = []
    for whole in before:
        changes: dict[str, Any] = (
            {"command": ["exit 3"]} if how == CRASH else {"image": f"{ctx.name('image')}:no-such-tag"}
        )
        broken = register_changed(ctx.client, _definition(whole["Target"]), f"drill-{ctx.lab.id}", **changes)
        made.append(broken)
        scheduler.update_schedule(**_kept(whole, _with_definition(whole["Target"], broken)))
    try:
        return live(ctx, 1)
    finally:
        for whole in before:
            scheduler.update_schedule(**_kept(whole, whole["Target"]))
        for arn in made:
            ecs.deregister_task_definition(taskDefinition=arn)


def _kept(whole: Mapping[str, Any], target: Mapping[str, Any]) -> dict[str, Any]:
    """A schedule as UpdateSchedule takes it: what is left out there would fall back to its default."""
    kept = {key: whole[key] for key in _KEPT if whole.get(key) is not None}
    return {**kept, "Target": dict(target)}


def _definition(target: Mapping[str, Any]) -> str:
    if target["Arn"] == UNIVERSAL:
        return str(json.loads(target["Input"])["TaskDefinition"])
    return str(target["EcsParameters"]["TaskDefinitionArn"])


def _with_definition(target: Mapping[str, Any], arn: str) -> dict[str, Any]:
    """The same target with another task definition, whose command nothing overrides."""
    if target["Arn"] == UNIVERSAL:
        request = {key: value for key, value in json.loads(target["Input"]).items() if key != "Overrides"}
        return {**target, "Input": json.dumps({**request, "TaskDefinition": arn})}
    plain = {key: value for key, value in target.items() if key != "Input"}
    return {**plain, "EcsParameters": {**target["EcsParameters"], "TaskDefinitionArn": arn}}
