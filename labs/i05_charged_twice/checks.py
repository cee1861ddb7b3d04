"""The checks of i05: orders flow while tasks are released, taken away, left alone, and killed; what was charged, and how often.

Which build, queue attribute or stopTimeout does it is not looked at: what becomes of the orders is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labs import queues
from labs.checking import CheckContext, Evidence, counted, missing_service, revision_of
from labs.cloud import MINUTE_MS
from labs.drills import Measured, release
from labs.queues import Orders

_BY_THE_STOP = ("deaf", "slow", "exit", "crashed")
"""Why an order is charged again when a task ends with it in hand."""
_RELEASES = 4
_SCALE_INS = 8
"""So many that luck does not decide: with too little time to stop, one release cuts some three orders off and one scale-in some 1.5, by
chance; that all of them cut none happens in fewer than one of 10,000 worlds.
"""
_QUIET_MS = 8 * MINUTE_MS


def capacity(ctx: CheckContext) -> Evidence:
    """The service wants and runs the lab's number of tasks of the charger, at rest."""
    wanted = ctx.number("desired")
    expected = f"at least {counted(wanted, 'task')} of {ctx.name('image')}, running, and nothing under way"
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    ecs, revision = ctx.client("ecs"), service["taskDefinition"]
    found = ecs.describe_task_definition(taskDefinition=revision)["taskDefinition"]["containerDefinitions"]
    images = [container["image"] for container in found]
    ours = any(image.startswith((f"{ctx.name('image')}:", f"{ctx.name('image')}@")) for image in images)
    running, resting = service["runningCount"], len(service["deployments"]) == 1
    observed = (
        f"{running} of {counted(service['desiredCount'], 'task')} running, {revision_of(revision)} with {', '.join(images)}"
        + ("" if resting else "; a deployment is under way")
    )
    return Evidence(
        ours and resting and running == service["desiredCount"] and running >= wanted, expected, observed
    )


def release_cuts_nothing(ctx: CheckContext) -> Evidence:
    """A release while orders flow ends no task with an order in hand."""

    def release_again_and_again() -> Measured:
        for _ in range(_RELEASES - 1):
            release(ctx)
        return release(ctx)

    expected = f"{_RELEASES} releases while orders come end no task with an order in its hands, and lose none"
    lived, problem = queues.once(ctx, "released", lambda _: queues.with_orders(ctx, release_again_and_again))
    return _nothing_cut(expected, lived, problem)


def scale_in_cuts_nothing(ctx: CheckContext) -> Evidence:
    """The same when fewer tasks are wanted."""

    def scale_in(service: Mapping[str, Any]) -> Orders:
        desired = service["desiredCount"]
        return queues.with_orders(ctx, lambda: queues.halve(ctx, desired, times=_SCALE_INS))

    expected = (
        f"{_SCALE_INS} scale-ins, each by half of the tasks, while orders come end none with an order in its hands, "
        "and lose none"
    )
    lived, problem = queues.once(ctx, "scaled in", scale_in)
    return _nothing_cut(expected, lived, problem)


def one_pair_of_hands(ctx: CheckContext) -> Evidence:
    """With nothing else happening, each message is delivered once."""
    expected = "while nothing happens to the tasks, no order is given to a second worker"
    lived, problem = queues.once(
        ctx, "quiet", lambda _: queues.with_orders(ctx, lambda: ctx.clock.advance(_QUIET_MS))
    )
    if lived is None:
        return Evidence(False, expected, problem)
    extra = lived.deliveries - lived.sent
    observed = f"{counted(lived.sent, 'order')}, given out {lived.deliveries:,} times; {lived}"
    if lived.again.get("visibility"):
        observed += f". {lived.why['visibility']}"
    return Evidence(extra == 0 and not lived.twice and not _undone(lived), expected, observed)


def killed_and_charged_once(ctx: CheckContext) -> Evidence:
    """Tasks that end as if their hosts had failed make no order be charged twice."""
    expected = "all tasks are killed, twice, with orders in their hands: no order is charged twice"
    lived, problem = _killed(ctx)
    if lived is None:
        return Evidence(False, expected, problem)
    observed = f"{lived}. {lived.reason}".rstrip(". ")
    return Evidence(not lived.twice and lived.cut > 0, expected, observed)


def killed_and_not_lost(ctx: CheckContext) -> Evidence:
    """After that the queue drains, and every order has been charged."""
    expected = "after that, every order has been charged within ten minutes, and the queue is empty"
    lived, problem = _killed(ctx)
    if lived is None:
        return Evidence(False, expected, problem)
    return Evidence(not _undone(lived), expected, str(lived))


def _killed(ctx: CheckContext) -> tuple[Orders | None, str]:
    def kill(service: Mapping[str, Any]) -> Orders:
        return queues.with_orders(ctx, lambda: queues.kill_all(ctx, service, times=2, every_ms=MINUTE_MS))

    return queues.once(ctx, "killed", kill)


def _undone(lived: Orders) -> int:
    """Orders that were not charged, or are not done."""
    return lived.lost + lived.left


def _nothing_cut(expected: str, lived: Orders | None, problem: str) -> Evidence:
    if lived is None:
        return Evidence(False, expected, problem)
    told = {kind: count for kind, count in lived.again.items() if kind in _BY_THE_STOP}
    observed = str(lived)
    if told:
        kind = max(told, key=lambda each: (told[each], each))
        observed += f". {lived.why[kind]}"
    return Evidence(not (lived.cut or told or _undone(lived)), expected, observed)
