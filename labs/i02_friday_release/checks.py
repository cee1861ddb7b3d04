"""The checks of i02: what runs and serves, a bad release made to happen again, the room that a release finds, and the whole Friday
once more, with clients.

The release that hangs is not waited for: what one cause does is measured whether or not another one is still there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chaos.undo import FAULT_TAG
from labs import breakers, load, room, targets, zones
from labs.checking import CheckContext, Evidence, counted, duration, missing_service, revision_of
from labs.drills import Measured, bad_deploy, release
from labs.running_images import all_in_words, in_words, running, version_digests

_STOPPED = "aws ecs list-tasks --cluster i02 --service-name vouchers --desired-status STOPPED"


def serving(ctx: CheckContext) -> Evidence:
    """The lab's number of tasks or more is wanted and healthy behind the load balancer."""
    least = ctx.number("desired")
    expected = f"{least} tasks or more wanted and healthy behind the load balancer"
    there = targets.behind_balancer(ctx, expected)
    if isinstance(there, Evidence):
        return there
    service, found = there
    observed = f"{service['desiredCount']} wanted; {found.healthy} healthy targets"
    return Evidence(service["desiredCount"] >= least and found.healthy >= least, expected, observed)


def out(ctx: CheckContext) -> Evidence:
    """One deployment, COMPLETED, and every running task is of the build that was to be released."""
    wanted = version_digests(ctx, ctx.name("after"))
    expected = f"one deployment, COMPLETED, and every task runs {in_words(ctx, wanted[0])}"
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    primary, found = ctx.primary(service), running(ctx)
    complete = len(service["deployments"]) == 1 and primary["rolloutState"] == "COMPLETED"
    passed = complete and bool(found) and set(found) <= set(wanted)
    failed = f" with {counted(primary['failedTasks'], 'failed task')}" if primary.get("failedTasks") else ""
    observed = (
        f"{counted(len(service['deployments']), 'deployment')}, that of {revision_of(primary['taskDefinition'])} is "
        f"{primary['rolloutState']}{failed}; {all_in_words(ctx, found) or 'no task runs'}"
    )
    vain = [] if passed else _in_vain(ctx, service)
    return Evidence(passed, expected, ". ".join([observed, *vain]))


def bad_deploy_rolls_back(ctx: CheckContext) -> Evidence:
    """A bad deploy fails and is rolled back."""
    return breakers.bad_deploy_rolls_back(ctx)


def users_unharmed(ctx: CheckContext) -> Evidence:
    """The lab's number of tasks runs all the while."""
    return breakers.users_unharmed(ctx)


def nobody_refused(ctx: CheckContext) -> Evidence:
    """Every task that a release wants to start gets an address, whatever becomes of it then."""
    return room.nobody_refused(ctx, _STOPPED, under_way=True)


def full_strength(ctx: CheckContext) -> Evidence:
    """The lab's number of tasks runs all the while."""
    return room.full_strength(ctx, under_way=True)


def two_zones(ctx: CheckContext) -> Evidence:
    """Subnets and running tasks in two zones."""
    return zones.two_zones(ctx)


def the_same_friday(ctx: CheckContext) -> Evidence:
    """Under load, a bad release and then a good one: the first is taken back by itself, the second completes, and no client notices."""
    least = ctx.number("desired")
    expected = (
        f"under load, a bad release that is taken back by itself, then a good one that completes: no task without an address, never "
        f"fewer than {least} running, no request lost"
    )
    service, problem = targets.ready(ctx)
    if service is None:
        return Evidence(False, expected, problem)
    problem = breakers.not_ready(ctx, service)
    found = running(ctx)
    if not found or not set(found) <= set(version_digests(ctx, ctx.name("after"))):
        problem = f"the release is not out, {all_in_words(ctx, found)}"
    if problem:
        return Evidence(False, expected, f"not tried: {problem}")
    seen: list[Measured] = []

    def friday() -> None:
        seen.append(bad_deploy(ctx, service))
        seen.append(release(ctx))

    lived = load.under_load(ctx, service, friday)
    bad, good = seen
    back = bad.story is not None and bad.story.rollback_completed_ms is not None
    completed = good.story is not None and good.story.completed_ms is not None
    refused, lowest = bad.refused + good.refused, min(bad.lowest.count, good.lowest.count)
    observed = (
        f"the bad one {'was taken back' if back else 'was not taken back'}, the good one "
        f"{f'completed after {duration(good.took_ms)}' if completed else 'did not complete'}; {refused} of "
        f"{counted(bad.started + good.started, 'task')} got no address, {lowest} running at the lowest; {lived}"
    )
    passed = back and completed and not refused and lowest >= least and not lived.lost and lived.sent > 0
    return Evidence(
        passed, expected, f"{observed}. {lived.why}".rstrip() if lived.lost else observed, _STOPPED
    )


def _in_vain(ctx: CheckContext, service: Mapping[str, Any]) -> list[str]:
    """What has been changed since the learner came and has not brought the release out."""
    ready = ctx.history.last("lab.ready")
    ready_ms = ready.at_ms if ready is not None else ctx.clock.now_ms
    hung = [story.task_definition for story in ctx.deployments if story.started_ms <= ready_ms][-1:]
    said = []
    taken_back = _taken_back(ctx, ready_ms)
    if taken_back:
        said.append(
            f"{taken_back} was taken back by the circuit breaker, which counts tasks that fail and does not ask of what: "
            "see what they were refused"
        )
    if revision_of(service["taskDefinition"]) in hung:
        said.append(f"{hung[0]} is what hung when you came. To begin it again starts the same tasks again")
    if service["desiredCount"] > ctx.number("desired"):
        more = f"{service['desiredCount']} wanted instead of {ctx.number('desired')}"
        said.append(f"{more}: these are more tasks of the same kind")
    if breakers.breaker_of(service)["enable"] and ctx.primary(service)["rolloutState"] != "IN_PROGRESS":
        said.append("The release that hung has ended, and what was to go out is not out")
    return said


def _taken_back(ctx: CheckContext, since_ms: int) -> str:
    """The last revision of the learner's own that the circuit breaker gave up; empty when there is none. Those of drills carry a tag."""
    for story in reversed(ctx.deployments):
        if story.started_ms <= since_ms or story.failed_ms is None:
            continue
        found = ctx.client("ecs").describe_task_definition(
            taskDefinition=story.task_definition, include=["TAGS"]
        )
        if not any(tag["key"] == FAULT_TAG for tag in found.get("tags", [])):
            return story.task_definition
    return ""
