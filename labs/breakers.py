"""What the circuit breaker of a lab's service is worth: its two switches, and a bad deploy made to happen again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labs.checking import CheckContext, Evidence, counted, duration
from labs.drills import DRILL_LIMIT_MS, Measured, bad_deploy, unsettled


def breaker_of(service: Mapping[str, Any]) -> dict[str, bool]:
    """``enable`` and ``rollback``; both off when the service says nothing of it."""
    configured = service["deploymentConfiguration"].get("deploymentCircuitBreaker") or {}
    return {"enable": configured.get("enable", False), "rollback": configured.get("rollback", False)}


def in_words(service: Mapping[str, Any]) -> str:
    """``circuit breaker on, rollback off``."""
    breaker = breaker_of(service)
    return f"circuit breaker {_on(breaker['enable'])}, rollback {_on(breaker['rollback'])}"


def bad_deploy_rolls_back(ctx: CheckContext) -> Evidence:
    """A bad deploy fails by the breaker and is rolled back."""
    expected = "a bad deploy fails and is rolled back by itself"
    measured, problem = tried(ctx)
    if measured is None:
        return Evidence(False, expected, problem)
    story = measured.story
    if story is None or story.failed_ms is None:
        failures = len(story.failures) if story else 0
        of = f" against a threshold of {story.threshold}" if story and story.threshold else ""
        return Evidence(
            False,
            expected,
            f"after {duration(DRILL_LIMIT_MS)} the bad deploy is still in progress: {counted(failures, 'failure')}{of}",
            hint="Lower the threshold in `thresholdConfiguration`, or leave it out: the default is half of the tasks wanted, at least 3.",
        )
    failed = f"tripped at {len(story.failures)} failures after {duration(story.failed_ms - story.started_ms)}"
    if story.rollback_completed_ms is None:
        return Evidence(False, expected, f"{failed}, and the rollback did not complete")
    back = duration(story.rollback_completed_ms - story.failed_ms)
    return Evidence(True, expected, f"{failed}, rolled back {back} later")


def users_unharmed(ctx: CheckContext) -> Evidence:
    """During that bad deploy the running count never fell below the lab's number."""
    desired = ctx.number("desired")
    expected = f"never fewer than {desired} running during a bad deploy"
    measured, problem = tried(ctx)
    if measured is None:
        return Evidence(False, expected, problem)
    return Evidence(
        measured.lowest.count >= desired, expected, f"at the lowest, {measured.lowest.count} running"
    )


def not_ready(ctx: CheckContext, service: Mapping[str, Any]) -> str:
    """Why a bad deploy should not be tried now; empty when it may."""
    breaker = breaker_of(service)
    if not breaker["enable"]:
        return "with the circuit breaker off a bad deploy never ends"
    if not breaker["rollback"]:
        return "without rollback the service would stay on the bad revision"
    return unsettled(ctx, service)


def tried(ctx: CheckContext) -> tuple[Measured | None, str]:
    """One bad deploy for all drills of a grading; None and the reason when it makes no sense to try."""
    if "bad_deploy" not in ctx.memo:
        service = ctx.service()
        if service is None:
            return None, "there is no service to try it on"
        problem = not_ready(ctx, service)
        if problem:
            return None, f"not tried: {problem}"
        ctx.memo["bad_deploy"] = bad_deploy(ctx, service)
    measured: Measured = ctx.memo["bad_deploy"]
    return measured, ""


def _on(switch: bool) -> str:
    return "on" if switch else "off"
