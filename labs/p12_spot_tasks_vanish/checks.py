"""The checks of p12: Spot takes all its tasks back, under load, and has none to give for a while.

Any strategy is right that keeps enough tasks on demand and enough on Spot, and anything with which a program hears its stop signal and
has written everything back within the two minutes. Neither can be read off: so it is tried.
"""

from __future__ import annotations

from labs import storms, targets
from labs.checking import CheckContext, Evidence, counted


def capacity(ctx: CheckContext) -> Evidence:
    """The service wants and runs the lab's number of tasks, of the lab's program."""
    return targets.capacity(ctx)


def mostly_spot(ctx: CheckContext) -> Evidence:
    """At least the lab's share of the running tasks is on Spot."""
    return storms.mostly_spot(ctx)


def floor(ctx: CheckContext) -> Evidence:
    """A storm leaves the lab's floor of tasks running."""
    return storms.floor(ctx)


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
    how = storms.ends_in_words(lived)
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
    how = storms.ends_in_words(lived)
    return Evidence(
        bool(lived.ends) and not lived.killed,
        expected,
        f"{observed}. {how[:1].upper()}{how[1:]}".rstrip(". "),
    )
