"""The checks of p13: what the tasks run now, and what they run when the tag has moved once more.

How an image is named is not looked at. Which digests run is: those of one deployment, those of the next one, and that of the job.
"""

from __future__ import annotations

from labs.checking import CheckContext, Evidence, missing_service
from labs.p13_moving_tag.drill import Moved, moved
from labs.running_images import Digests, all_in_words, in_words, running, version_digests, version_of

_DIGESTS = "aws ecs describe-tasks, `containers[].imageDigest`"


def capacity(ctx: CheckContext) -> Evidence:
    """The service wants and runs the lab's number of tasks."""
    desired = ctx.number("desired")
    expected = f"{desired} tasks or more wanted and running"
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    observed = f"{service['desiredCount']} wanted, {service['runningCount']} running"
    passed = service["desiredCount"] >= desired and service["runningCount"] >= desired
    return Evidence(passed, expected, observed)


def one_image(ctx: CheckContext) -> Evidence:
    """All running tasks have one digest."""
    expected = "one digest among the running tasks"
    if ctx.service() is None:
        return missing_service(ctx, expected)
    found = running(ctx)
    return Evidence(len(found) == 1, expected, all_in_words(ctx, found) or "no task runs", _DIGESTS)


def released_image(ctx: CheckContext) -> Evidence:
    """All running tasks have the digest of the build that was released."""
    expected = f"every task runs {_released(ctx)}, the build that was released"
    if ctx.service() is None:
        return missing_service(ctx, expected)
    found = running(ctx)
    return Evidence(_all_released(ctx, found), expected, all_in_words(ctx, found) or "no task runs", _DIGESTS)


def deployment_alike(ctx: CheckContext) -> Evidence:
    """A task that is replaced, and one more, run what the others of their deployment run, whatever the tag does."""
    expected = "a task that is replaced, and one more, run what the others of their deployment run"
    seen, problem = moved(ctx)
    if seen is None:
        return Evidence(False, expected, problem)
    passed = set(seen.kept) == {seen.before}
    observed = f"{_what_happened(ctx, seen)}, one task was replaced and one more wanted: {all_in_words(ctx, seen.kept)}"
    hint = "`versionConsistency` of the container decides whether a deployment resolves its tag once or for every task."
    return Evidence(passed, expected, observed, hint="" if passed or seen.elsewhere else hint)


def next_deployment_alike(ctx: CheckContext) -> Evidence:
    """A deployment with which nobody wanted to release anything runs the build that ran before."""
    expected = f"a deployment of the service as it is runs the build that was released, {_released(ctx)}"
    seen, problem = moved(ctx)
    if seen is None:
        return Evidence(False, expected, problem)
    observed = f"{_what_happened(ctx, seen)}, and the service deployed anew as it is: {all_in_words(ctx, seen.deployed)}"
    if set(seen.deployed) != {seen.before} and set(seen.kept) == {seen.before}:
        observed += (
            ". The deployment before had kept its image to the end: consistency holds within one deployment"
        )
    passed = _all_released(ctx, seen.deployed) and not seen.elsewhere
    return Evidence(passed, expected, observed + _elsewhere(seen))


def job_alike(ctx: CheckContext) -> Evidence:
    """A task of the job that is run now runs the build that was released as well."""
    expected = f"a task of {ctx.name('job')} runs the build that was released, {_released(ctx)}"
    seen, problem = moved(ctx)
    if seen is None:
        return Evidence(False, expected, problem)
    if not seen.job:
        return Evidence(False, expected, seen.problem)
    beside, ran = in_words(ctx, seen.before), version_of(ctx, seen.job)
    observed = f"{_what_happened(ctx, seen)}, and the job was run: its task ran {in_words(ctx, seen.job)}"
    same = seen.job == seen.before or (ran and ran == version_of(ctx, seen.before))
    if not same and set(seen.kept) == {seen.before}:
        observed += f", while all tasks of the service stayed with {beside}. " + (
            "Its own definition names another build by its digest"
            if "@" in seen.job_image
            else "RunTask resolves a tag each time; no setting of the service reaches it"
        )
    passed = ran == ctx.name("after") and not seen.elsewhere
    return Evidence(passed, expected, observed + _elsewhere(seen))


def digests_on_arrival(ctx: CheckContext) -> int:
    """How many digests ran when the learner came."""
    ready = ctx.history.last("lab.ready")
    ran: dict[str, str] = {}
    for entry in ctx.history:
        if ready is not None and entry.seq > ready.seq:
            break
        if entry.kind == "task.running" and entry.data["service"] == ctx.name("service"):
            ran[entry.data["task"]] = entry.data["images"][0]["digest"]
        elif entry.kind == "task.stop_requested":
            ran.pop(entry.data["task"], None)
    return len(set(ran.values()))


def _released(ctx: CheckContext) -> str:
    return in_words(ctx, version_digests(ctx, ctx.name("after"))[0])


def _all_released(ctx: CheckContext, digests: Digests) -> bool:
    return bool(digests) and set(digests) <= set(version_digests(ctx, ctx.name("after")))


def _what_happened(ctx: CheckContext, seen: Moved) -> str:
    if seen.moved:
        return f"the tag {' and '.join(seen.moved)} was moved to {ctx.name('next')}"
    if seen.refused:
        return f"the repository refused to move the tag {' and '.join(seen.refused)}"
    return "nothing here names a tag that could be moved"


def _elsewhere(seen: Moved) -> str:
    if not seen.elsewhere:
        return ""
    return f". {' and '.join(seen.elsewhere)} is a tag in somebody else's registry: they may move it, and you cannot keep them from it"
