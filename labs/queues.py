"""Labs about queue workers: their stage, and drills in which orders flow while something happens to the tasks.

The orders are the lab's own: ``queue`` and ``rps`` in its ``names``. A load that runs already gives way for the drill, when the queue has
drained, and begins again afterwards. What a drill measures are facts about the orders (the report of the control API), whatever the
program says of itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from labs.checking import CheckContext, counted, duration, missing_service
from labs.cloud import MINUTE_MS, Cloud
from labs.drills import DRILL_LIMIT_MS, Measured, unsettled
from labs.errors import ControlError
from labs.staging import NOTHING_OWN, Own, Stage, build_service

_COPIED = (
    "family",
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "volumes",
    "requiresCompatibilities",
    "cpu",
    "memory",
    "runtimePlatform",
)
ORDERS_PAUSED, ORDERS_RESUMED = "lab.orders_paused", "lab.orders_resumed"
DRAINED_WITHIN_MS = 10 * MINUTE_MS
"""How long a drill waits for its last order."""
_WARM_MS = 30_000
_AFTER_MS = 30_000
_TICK_MS = 5_000
_REACTION_MS = 30_000


@dataclass(frozen=True, slots=True)
class Orders:
    """What became of a drill's orders. ``again`` counts charges of orders that had been charged, by why (docs/control-api.md);
    ``deliveries`` are all receives; ``cut`` are messages that a task had in hand when it ended; ``left`` are still in the queue when
    the drill's patience is over. ``release`` is what a drill has released.
    """

    sent: int
    charged: int
    again: Mapping[str, int]
    deliveries: int
    lost: int
    cut: int
    left: int
    why: Mapping[str, str]
    release: Measured | None = None

    @property
    def twice(self) -> int:
        """Charges that should not have been."""
        return sum(self.again.values())

    def __str__(self) -> str:
        """``600 orders: 2 charged again, 1 never, 3 cut off``."""
        parts = [f"{self.twice:,} charged again"]
        if self.lost:
            parts.append(f"{self.lost:,} never charged")
        if self.cut:
            parts.append(f"{self.cut:,} cut off")
        if self.left:
            parts.append(f"{self.left:,} still in the queue {duration(DRAINED_WITHIN_MS)} after the last one")
        return f"{counted(self.sent, 'order')}: {', '.join(parts)}"

    @property
    def reason(self) -> str:
        """The cause of most charges that were made again, in a sentence; empty without one."""
        if not self.again:
            return ""
        kind = max(self.again, key=lambda each: (self.again[each], each))
        return self.why[kind]


# -- the stage ----------------------------------------------------------------------------------------


def build_worker(
    cloud: Cloud,
    stage: Stage,
    image: str,
    queue: Mapping[str, str],
    *,
    stop_timeout_s: int,
    dead_after: int,
    own: Own = NOTHING_OWN,
) -> str:
    """A queue (named ``queue["name"]``, the rest are its attributes) with a dead-letter queue, and the service of ``stage`` that works
    on it, settled; the queue's URL. The task definition's family is named like the service.
    """
    sqs = cloud.client("sqs")
    tags = {"fargate-lab": stage.lab}
    dead = sqs.create_queue(QueueName=f"{queue['name']}-dead", tags=tags)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": "{dead_after}"}}'
    attributes = {key: value for key, value in queue.items() if key != "name"}
    url: str = sqs.create_queue(
        QueueName=queue["name"], Attributes={**attributes, "RedrivePolicy": redrive}, tags=tags
    )["QueueUrl"]
    container = {
        "image": image,
        "stopTimeout": stop_timeout_s,
        "environment": [{"name": "QUEUE_URL", "value": url}],
    }
    build_service(cloud, stage, container, insights="enabled", own=own)
    return url


# -- drills -------------------------------------------------------------------------------------------


def with_orders(
    ctx: CheckContext, happen: Callable[[], Measured | None], load: Mapping[str, Any] | None = None
) -> Orders:
    """Let ``happen`` happen while orders come, the lab's own or those of ``load``, and wait for the last of them."""
    orders, clock, name = ctx.cloud.queue, ctx.clock, ctx.name("queue")
    paused = _pause(ctx)
    try:
        _drain(ctx)
        before, mark = _report(ctx), ctx.history.next_seq
        orders.start(name, load or {"rps": ctx.number("rps")})
        if load is None:
            clock.advance(_WARM_MS)
        measured = happen()
        clock.advance(_AFTER_MS)
        _stop(ctx)
        _drain(ctx)
    finally:
        # What stopped the drill must not leave the world with the drill's orders, or with none.
        _resume(ctx, paused)
    after = _report(ctx)
    counts = {each["kind"]: each["count"] for each in before["causes"]}
    again = {each["kind"]: each["count"] - counts.get(each["kind"], 0) for each in after["causes"]}
    cut = ctx.history.since(mark).of("queue.cut", queue=name)
    return Orders(
        after["sent"] - before["sent"],
        after["charged"] - before["charged"],
        {kind: count for kind, count in again.items() if count},
        after["received"] - before["received"],
        after["lost"] - before["lost"],
        sum(int(entry.data["count"]) for entry in cut),
        _waiting(after),
        {each["kind"]: each["cause"] for each in after["causes"]},
        measured,
    )


def once(
    ctx: CheckContext, key: str, drill: Callable[[Mapping[str, Any]], Orders]
) -> tuple[Orders | None, str]:
    """One drill for all checks of a grading; None and the reason when it makes no sense to try."""
    if key not in ctx.memo:
        service = ctx.service()
        problem = unsettled(ctx, service) if service else missing_service(ctx, "").observed
        try:
            ctx.memo[key] = (drill(service) if service and not problem else None, problem)
        except ControlError as error:
            ctx.memo[key] = (None, f"no orders could be sent: {error}")
    found: tuple[Orders | None, str] = ctx.memo[key]
    return found


def want(ctx: CheckContext, desired: int) -> None:
    """Another desired count, and what follows from it."""
    ctx.client("ecs").update_service(
        cluster=ctx.name("cluster"), service=ctx.name("service"), desiredCount=desired
    )
    ctx.clock.advance(_REACTION_MS)
    ctx.clock.settle(DRILL_LIMIT_MS)


def halve(ctx: CheckContext, desired: int, *, times: int) -> None:
    """Twice as many tasks as ``desired``, and back again, some times over. Whatever happens, as many are wanted in the end as before."""
    try:
        for _ in range(times):
            want(ctx, 2 * desired)
            ctx.clock.advance(_WARM_MS)  # the new ones have orders in hand as well
            want(ctx, desired)
    finally:
        if (ctx.service() or {}).get("desiredCount", desired) != desired:
            want(ctx, desired)


def kill_all(ctx: CheckContext, service: Mapping[str, Any], *, times: int, every_ms: int) -> None:
    """Let all tasks end as if their hosts had failed: a copy of the revision has two seconds to stop, the least that Fargate allows,
    and its tasks are stopped ``times`` times while orders are in their hands. Then back to the revision from before.
    """
    ecs, name = ctx.client("ecs"), {"cluster": ctx.name("cluster"), "service": ctx.name("service")}
    before = service["taskDefinition"]
    found = ecs.describe_task_definition(taskDefinition=before)["taskDefinition"]
    containers = [{**each, "stopTimeout": 2} for each in found["containerDefinitions"]]
    kept = {key: found[key] for key in _COPIED if found.get(key)}
    copy = ecs.register_task_definition(
        **kept, containerDefinitions=containers, tags=[{"key": "fargate-lab", "value": ctx.lab.id}]
    )["taskDefinition"]["taskDefinitionArn"]
    try:
        ecs.update_service(**name, taskDefinition=copy)
        ctx.clock.settle(DRILL_LIMIT_MS)
        for _ in range(times):
            ctx.clock.advance(every_ms)
            tasks = ecs.list_tasks(cluster=name["cluster"], serviceName=name["service"])["taskArns"]
            for task in tasks:
                ecs.stop_task(cluster=name["cluster"], task=task, reason="drill: as if its host had failed")
        ctx.clock.advance(_REACTION_MS)
        ctx.clock.settle(DRILL_LIMIT_MS)
    finally:
        if (ctx.service() or {}).get("taskDefinition") == copy:
            ecs.update_service(**name, taskDefinition=before)
            ctx.clock.settle(DRILL_LIMIT_MS)
        ecs.deregister_task_definition(taskDefinition=copy)


def _report(ctx: CheckContext) -> dict[str, Any]:
    found = ctx.cloud.queue.report(ctx.name("queue"), minutes=0)
    if found is None:
        raise ControlError(
            f"The queue {ctx.name('queue')} was never used.",
            f"`fargate-lab reset {ctx.lab.id}` brings it back.",
        )
    return found


def _pause(ctx: CheckContext) -> dict[str, Any] | None:
    """No more orders; what is to come again afterwards, None when nothing is.

    It is noted: a drill whose program was killed had no time to let the orders come again, and what runs then, if anything, are that
    drill's. The next drill makes good for it.
    """
    name, found = ctx.name("queue"), _coming(ctx)
    history = ctx.history.since_start(ctx.lab.id)
    last = history.last(ORDERS_PAUSED, ORDERS_RESUMED, queue=name)
    if last is not None and last.kind == ORDERS_PAUSED:
        begun = history.since(last.seq).of("queue.started", queue=name)
        if len(begun) <= 1:  # the drill's own; more than that, and somebody has begun others since
            found = dict(last.data["demand"])
    if found is not None:
        ctx.cloud.note(ORDERS_PAUSED, {"lab": ctx.lab.id, "queue": name, "demand": found})
    _stop(ctx)
    return found


def _resume(ctx: CheckContext, paused: Mapping[str, Any] | None) -> None:
    """The orders that came before the drill, and no others."""
    _stop(ctx)
    if paused is not None:
        ctx.cloud.queue.start(ctx.name("queue"), paused)
        ctx.cloud.note(ORDERS_RESUMED, {"lab": ctx.lab.id, "queue": ctx.name("queue")})


def _stop(ctx: CheckContext) -> None:
    """No more orders, if any are coming."""
    if _coming(ctx) is not None:
        ctx.cloud.queue.stop(ctx.name("queue"))


def _coming(ctx: CheckContext) -> dict[str, Any] | None:
    """The orders that are coming; None when none are."""
    found = ctx.cloud.queue.report(ctx.name("queue"), minutes=0)
    return dict(found["demand"]) if found is not None and found["running"] else None


def _waiting(report: Mapping[str, Any]) -> int:
    return int(report["visible"] + report["in_flight"] + report["delayed"])


def _drain(ctx: CheckContext) -> None:
    """Wait until the queue is empty, not for ever."""
    for _ in range(DRAINED_WITHIN_MS // _TICK_MS):
        if not _waiting(_report(ctx)):
            return
        ctx.clock.advance(_TICK_MS)
