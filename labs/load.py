"""Drills under load: clients send requests while the service is released or scaled in, and what they lived
through is measured.

The load is the lab's own: in ``names``, ``rps`` and ``path``, ``long_percent`` with ``long_s`` for requests that take
long, and ``pattern`` with ``to_rps`` and ``for_minutes`` for a load that changes. A load that runs already gives way for
the drill and begins again afterwards, in front of the target group that the service stands behind now. What scales the service
is held meanwhile: these drills are about how a task leaves, not about how many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from labs.catalogue import Lab
from labs.checking import CheckContext, Evidence, counted, duration
from labs.cloud import MINUTE_MS
from labs.drills import Measured, release, want
from labs.errors import ControlError
from labs.holding import held, ready_and_still

_WARM_MS = 15_000
"""Long enough for every worker to have had something to do before the service changes."""
_TICK_MS = 5_000
_LAST_ANSWER_TICKS = 60
"""No request outlives its client's patience, so there is an end to waiting for the last answer."""


@dataclass(frozen=True, slots=True)
class Lived:
    """What clients lived through, from the beginning of a load to the answer of its last request.

    ``unsaved`` were answered and then lost with a program that had not written them down. ``ends`` are the
    shutdowns of the tasks that ended meanwhile, as the traffic report has them; ``release`` is None for a drill that
    released nothing.
    """

    sent: int
    failed: int
    unsaved: int
    causes: tuple[Mapping[str, Any], ...]
    ends: tuple[Mapping[str, Any], ...]
    release: Measured | None = None

    @property
    def lost(self) -> int:
        """Requests that came to nothing, whatever their clients were told."""
        return self.failed + self.unsaved

    @property
    def killed(self) -> int:
        """How many tasks did not end by themselves within their stopTimeout."""
        return sum(bool(end["killed"]) for end in self.ends)

    @property
    def longest_stop_ms(self) -> int:
        """From the moment at which a task was told to stop until it had stopped, for the slowest."""
        return max(
            (
                end["stopped_ms"] - end["stop_requested_ms"]
                for end in self.ends
                if end["stopped_ms"] is not None and end["stop_requested_ms"] is not None
            ),
            default=0,
        )

    def __str__(self) -> str:
        """``6,000 requests, 12 failed, 40 answered but never written down``."""
        said = f"{self.sent:,} requests, {self.failed:,} failed"
        return said + (f", {self.unsaved:,} answered but never written down" if self.unsaved else "")

    @property
    def why(self) -> str:
        """The largest cause of a loss and its knob, in sentences; empty without a loss."""
        if self.failed:
            worst = self.causes[0]
            return f"{worst['cause']} The knob: {worst['knob']}."
        if not self.unsaved:
            return ""
        deaf = any(end["killed"] and end["unsaved"] for end in self.ends)
        codes = sorted({end["exit_code"] for end in self.ends if end["unsaved"]})
        if deaf:
            return (
                "The program was killed before it had written down what it had accepted: it did not hear its stop signal, "
                "or needs longer than it is given."
            )
        how = f"it ended with exit code {', '.join(map(str, codes))}"
        return f"The program was not told to stop, or did not listen: {how} before it had written down what it had accepted."


def settings(lab: Lab, target_group: str) -> dict[str, Any]:
    """The lab's load, in the control API's words."""
    return {"target_group": target_group, **pattern(lab)}


def pattern(lab: Lab) -> dict[str, Any]:
    """The same without where it goes."""
    found: dict[str, Any] = {"rps": lab.number("rps"), "path": lab.name("path")}
    if "long_percent" in lab.names:
        found["long_share"] = lab.number("long_percent") / 100
        found["long_ms"] = lab.number("long_s") * 1000
    if "pattern" in lab.names:
        found["pattern"] = lab.name("pattern")
        found["to_rps"] = lab.number("to_rps")
        found["for_ms"] = lab.number("for_minutes") * MINUTE_MS
    return found


def released(ctx: CheckContext) -> tuple[Lived | None, str]:
    """One release under load for all drills of a grading; None and the reason when it makes no sense to try."""
    return _once(ctx, "released under load", lambda service: under_load(ctx, service, lambda: release(ctx)))


def scaled_in(ctx: CheckContext) -> tuple[Lived | None, str]:
    """One scale-in under load, by one task from one above the desired count, for all drills of a grading."""

    def scale_in(service: Mapping[str, Any]) -> Lived:
        want(ctx, service["desiredCount"] + 1)
        return under_load(ctx, service, lambda: want(ctx, service["desiredCount"]))

    return _once(ctx, "scaled in under load", scale_in)


def under_load(
    ctx: CheckContext, service: Mapping[str, Any], happen: Callable[[], Measured | None], path: str = ""
) -> Lived:
    """Let ``happen`` happen to a settled service while the lab's clients send requests, to another ``path`` than the lab's if given."""
    traffic, clock = ctx.cloud.traffic, ctx.clock
    before = traffic.report()
    if before["running"]:
        traffic.stop()
    group = service["loadBalancers"][0]["targetGroupArn"]
    try:
        traffic.start(settings(ctx.lab, group) | ({"path": path} if path else {}))
        clock.advance(_WARM_MS)
        measured = happen()
        clock.advance(_TICK_MS)
        report = _last_answers(ctx)
    finally:
        # What stopped the drill must not leave the world with the drill's clients, or with none.
        if traffic.report()["running"]:
            traffic.stop()
        if before["running"]:
            traffic.start({**before["demand"], "target_group": group})
    return Lived(
        report["sent"],
        report["failed"],
        report["unsaved_lost"],
        tuple(report["causes"]),
        tuple(report["shutdowns"]),
        measured,
    )


def _last_answers(ctx: CheckContext) -> dict[str, Any]:
    """End the load and wait until nothing is in flight; the report."""
    traffic = ctx.cloud.traffic
    traffic.stop()
    report = traffic.report()
    for _ in range(_LAST_ANSWER_TICKS):
        if not report["in_flight"]:
            break
        ctx.clock.advance(_TICK_MS)
        report = traffic.report()
    return report


def _once(
    ctx: CheckContext, key: str, drill: Callable[[Mapping[str, Any]], Lived]
) -> tuple[Lived | None, str]:
    if key not in ctx.memo:
        try:
            with held(ctx):
                service, problem = ready_and_still(ctx)
                ctx.memo[key] = (drill(service) if service else None, problem)
        except ControlError as error:
            ctx.memo[key] = (None, f"no load could be sent: {error}")
    found: tuple[Lived | None, str] = ctx.memo[key]
    return found


# -- checks that labs have in common ------------------------------------------------------------------


def release_loses_nothing(ctx: CheckContext) -> Evidence:
    """A release under load completes, and every request comes to something."""
    expected = "a release under load that completes and loses no request"
    lived, problem = released(ctx)
    if lived is None or lived.release is None:
        return Evidence(False, expected, problem)
    story = lived.release.story
    if story is None or story.completed_ms is None:
        return Evidence(False, expected, f"the release did not complete within an hour; {lived}")
    return _nothing_lost(expected, lived, f"completed after {duration(lived.release.took_ms)}: ")


def scale_in_loses_nothing(ctx: CheckContext) -> Evidence:
    """A scale-in under load, and every request comes to something."""
    expected = "a scale-in under load that loses no request"
    lived, problem = scaled_in(ctx)
    if lived is None:
        return Evidence(False, expected, problem)
    return _nothing_lost(expected, lived, "")


def nobody_killed(ctx: CheckContext) -> Evidence:
    """Every program ended by itself, within its stopTimeout, when its task was told to stop."""
    expected = "every program ends by itself when it is told to stop"
    lived, problem = released(ctx)
    if lived is None:
        return Evidence(False, expected, problem)
    codes = sorted({str(end["exit_code"]) for end in lived.ends if end["exit_code"] is not None})
    observed = (
        f"{lived.killed} of {counted(len(lived.ends), 'task')} killed at the end of the stopTimeout; "
        f"exit codes {', '.join(codes) or 'none'}"
    )
    return Evidence(bool(lived.ends) and not lived.killed, expected, observed)


def _nothing_lost(expected: str, lived: Lived, how: str) -> Evidence:
    passed = lived.lost == 0 and lived.sent > 0 and bool(lived.ends)
    observed = f"{how}{lived}, {counted(len(lived.ends), 'task')} ended"
    return Evidence(passed, expected, f"{observed}. {lived.why}".rstrip() if lived.lost else observed)
