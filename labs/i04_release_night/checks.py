"""The checks of i04: at rest, when Spot takes its tasks back, in a release, and in both at once.

How it is done is not looked at: which tasks stay, what clients lived through and how the programs ended is.
"""

from __future__ import annotations

from dataclasses import replace

from labs import load, storms, targets
from labs.checking import CheckContext, Evidence, counted, duration

FAILED = "deployment.failed"


def capacity(ctx: CheckContext) -> Evidence:
    """The service wants and runs the lab's number of tasks, of a build of the shop that keeps orders in memory."""
    evidence = targets.capacity(ctx)
    service = ctx.service()
    if not evidence.passed or service is None:
        return evidence
    build = ctx.name("build")
    containers = ctx.client("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])[
        "taskDefinition"
    ]["containerDefinitions"]
    if any(str(item["image"]).endswith(build) for item in containers):
        return evidence
    return Evidence(False, f"{evidence.expected}, in a build that ends with {build}", evidence.observed)


def at_rest(ctx: CheckContext) -> Evidence:
    """One deployment, COMPLETED, with all targets healthy."""
    return targets.at_rest(ctx)


def mostly_spot(ctx: CheckContext) -> Evidence:
    """At least the lab's share of the running tasks is on Spot."""
    return storms.mostly_spot(ctx)


def floor(ctx: CheckContext) -> Evidence:
    """A storm leaves the lab's floor of tasks running."""
    return storms.floor(ctx)


def release_keeps(ctx: CheckContext) -> Evidence:
    """A release under load, and never fewer tasks running than the lab's floor for releases."""
    least = ctx.number("release_floor")
    expected = f"a release that completes, and never fewer than {least} tasks running in it"
    lived, problem = load.released(ctx)
    if lived is None or lived.release is None:
        return Evidence(False, expected, problem)
    story, lowest = lived.release.story, lived.release.lowest.count
    service = ctx.service() or {}
    if story is None or story.completed_ms is None:
        return Evidence(False, expected, f"the release did not complete; {lowest} were running at the lowest")
    configured = service.get("deploymentConfiguration", {})
    observed = (
        f"completed after {duration(lived.release.took_ms)}, {lowest} of {service.get('desiredCount')} were running at the lowest "
        f"(minimumHealthyPercent {configured.get('minimumHealthyPercent')}, maximumPercent {configured.get('maximumPercent')})"
    )
    return Evidence(lowest >= least, expected, observed)


def release_loses_nothing(ctx: CheckContext) -> Evidence:
    """A release under load, and no order is refused, cut off or forgotten."""
    evidence = load.release_loses_nothing(ctx)
    lived = load.released(ctx)[0]
    how = storms.ends_in_words(lived) if lived is not None and not evidence.passed else ""
    if not how:
        return evidence
    how = how.replace("after the notice", "after it was told to go")
    return replace(evidence, observed=f"{evidence.observed} {how[:1].upper()}{how[1:]}")


def nobody_killed(ctx: CheckContext) -> Evidence:
    """Every program of the release ended by itself."""
    return load.nobody_killed(ctx)


def the_same_night(ctx: CheckContext) -> Evidence:
    """A release that Spot interrupts in the middle: it completes, the floor stands, and nothing is lost."""
    least = ctx.number("floor")
    expected = (
        f"a release in the middle of which Spot takes its tasks back: it completes, {least} tasks or more run all the time, "
        "and nothing is lost"
    )
    seen, problem = storms.released(ctx)
    if seen is None or seen.lived.release is None:
        return Evidence(False, expected, problem)
    lived, story = seen.lived, seen.lived.release.story
    completed = story is not None and story.completed_ms is not None
    observed = f"{'completed' if completed else 'did not complete'}; {seen}; {lived}, {counted(len(lived.ends), 'task')} ended"
    passed = completed and seen.lowest.count >= least and lived.lost == 0
    return Evidence(passed, expected, f"{observed}. {lived.why}".rstrip() if lived.lost else observed)


# -- predictions ----------------------------------------------------------------------------------------


def counted_failures(ctx: CheckContext) -> int:
    """How many failures the breaker had counted when it gave the release up."""
    failed = ctx.history.of(FAILED, cluster=ctx.name("cluster"), service=ctx.name("service"))
    return int(failed[0].data["count"])
