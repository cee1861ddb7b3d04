"""The checks of p12: Spot takes all its tasks back, under load, and has none to give for a while.

Any strategy is right that keeps enough tasks on demand and enough on Spot, and anything with which a program hears its stop signal and
has written everything back within the two minutes. Neither can be read off: so it is tried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from labs import storms, targets
from labs.checking import CheckContext, Evidence, counted, missing_service
from labs.costs import dollars

ON_DEMAND = "FARGATE"
_PAGE = 100


def capacity(ctx: CheckContext) -> Evidence:
    """The service wants and runs the lab's number of tasks, of the lab's program."""
    return targets.capacity(ctx)


def mostly_spot(ctx: CheckContext) -> Evidence:
    """At least the lab's share of the running tasks is on Spot."""
    percent = ctx.number("spot_percent")
    expected = f"at least {percent} % of the tasks on {storms.SPOT}: that is what the budget allows"
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    found = _providers(ctx)
    total, spot = sum(found.values()), found[storms.SPOT]
    hourly = dollars(float(ctx.cloud.cost()["per_hour_now"]))
    observed = (
        f"{spot} of {counted(total, 'task')} on {storms.SPOT}, {total - spot} at the full price; "
        f"all in all about {hourly} an hour now"
    )
    return Evidence(total > 0 and spot * 100 >= percent * total, expected, observed)


def floor(ctx: CheckContext) -> Evidence:
    """A storm leaves the lab's floor of tasks running."""
    least = ctx.number("floor")
    expected = f"never fewer than {least} tasks running while Spot takes its tasks back and has none to give"
    seen, problem = storms.weathered(ctx)
    if seen is None:
        return Evidence(False, expected, problem)
    observed = str(seen)
    if seen.lowest.count >= least:
        return Evidence(True, expected, observed)
    refused = sum(cause["count"] for cause in seen.lived.causes if cause["kind"] == "no_targets")
    if refused:
        observed += f", and {refused:,} of {seen.lived.sent:,} requests found nobody"
    service = ctx.service()
    return Evidence(False, expected, f"{observed}. {_strategy(service or {})}")


def loses_nothing(ctx: CheckContext) -> Evidence:
    """The same storm, and no request and no basket is lost."""
    expected = "the same storm, and no request and no basket is lost"
    seen, problem = storms.weathered(ctx)
    if seen is None:
        return Evidence(False, expected, problem)
    lived = seen.lived
    observed = f"{lived}, {counted(len(lived.ends), 'task')} ended"
    if lived.lost == 0:
        return Evidence(seen.taken > 0 and lived.sent > 0, expected, observed)
    why = f"{lived.why} " if lived.failed else ""
    how = storms.ends_in_words(seen)
    if lived.unsaved and how:
        why += f"Baskets went with programs that were killed: {how}"
    elif lived.unsaved:
        codes = sorted({end["exit_code"] for end in lived.ends if end["unsaved"]})
        why += (
            f"Baskets went with programs that had been told nothing: exit code {', '.join(map(str, codes))}"
        )
    return Evidence(False, expected, f"{observed}. {why}".rstrip())


def nobody_killed(ctx: CheckContext) -> Evidence:
    """The same storm, and every program has ended by itself."""
    expected = "the same storm, and every program that has to go ends by itself"
    seen, problem = storms.weathered(ctx)
    if seen is None:
        return Evidence(False, expected, problem)
    lived = seen.lived
    codes = sorted({str(end["exit_code"]) for end in lived.ends if end["exit_code"] is not None})
    observed = f"{lived.killed} of {counted(len(lived.ends), 'task')} killed; exit codes {', '.join(codes) or 'none'}"
    how = storms.ends_in_words(seen)
    return Evidence(
        bool(lived.ends) and not lived.killed,
        expected,
        f"{observed}. {how[:1].upper()}{how[1:]}".rstrip(". "),
    )


def _providers(ctx: CheckContext) -> Counter[str]:
    """How many tasks of the service run on which capacity."""
    ecs, cluster = ctx.client("ecs"), ctx.name("cluster")
    arns = ecs.list_tasks(cluster=cluster, serviceName=ctx.name("service"))["taskArns"]
    found: Counter[str] = Counter()
    for first in range(0, len(arns), _PAGE):
        tasks = ecs.describe_tasks(cluster=cluster, tasks=arns[first : first + _PAGE])["tasks"]
        found.update(task.get("capacityProviderName", ON_DEMAND) for task in tasks)
    return found


def _strategy(service: Mapping[str, Any]) -> str:
    """Where the service runs its tasks, in words."""
    items = service.get("capacityProviderStrategy", [])
    if not items:
        return f"It runs with the launch type {service.get('launchType', 'of nobody')}"
    told = ", ".join(
        f"{item['capacityProvider']} base {item['base']} weight {item['weight']}" for item in items
    )
    if not any(item["base"] for item in items):
        return f"Its strategy: {told}. No base keeps anything on demand"
    return f"Its strategy: {told}"
