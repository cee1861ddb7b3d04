"""Is the cause gone? It is made to happen again, in a fork of the team's world: a release, a lost task, more load's worth of tasks; the
SLOs must hold meanwhile. Nobody's word counts, and no setting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gameday.budget import budget, holds
from gameday.indicators import WATCHED
from gameday.scenario import Exercise, ExerciseKind, Scenario
from labs.cloud import Cloud
from labs.errors import ControlError
from labs.history import Entry

_AT_REST_MS = 30 * 60_000
"""How long the fork may take to come to rest before an exercise."""
_TICK_MS = 5 * 60_000
"""A jump of the clock under load is limited."""


@dataclass(frozen=True, slots=True)
class Exercised:
    """What an exercise showed: whether the SLOs held, and what to say about it."""

    exercise: Exercise
    held: bool
    observed: str

    def to_dict(self) -> dict[str, Any]:
        """For a score's file."""
        return {
            "do": self.exercise.do,
            "for_ms": self.exercise.for_ms,
            "held": self.held,
            "observed": self.observed,
        }


def prove(
    cloud: Cloud, scenario: Scenario, names: Mapping[str, str], *, thorough: bool = True
) -> list[Exercised]:
    """Exercise a world that nobody else uses, one thing after the other; unless ``thorough`` only up to the first that shows a fault."""
    found: list[Exercised] = []
    for exercise in scenario.proof:
        found.append(_exercise(cloud, scenario, names, exercise))
        if not found[-1].held and not thorough:
            break
    return found


def _exercise(cloud: Cloud, scenario: Scenario, names: Mapping[str, str], exercise: Exercise) -> Exercised:
    from botocore.exceptions import ClientError  # noqa: PLC0415  botocore is slow to import

    cloud.clock.settle(_AT_REST_MS)
    mark = cloud.history.next_seq
    try:
        problem = _EXERCISES[exercise.do](cloud, names)
    except ClientError as error:  # what it would be done to is not there any more, say
        problem = f"AWS refused it: {error.response['Error'].get('Message') or error}"
    left_ms = exercise.for_ms
    while left_ms > 0:
        cloud.clock.advance(min(left_ms, _TICK_MS))
        left_ms -= _TICK_MS
    samples = cloud.history.since(mark).of(WATCHED)
    if problem:
        return Exercised(exercise, False, problem)
    broken = [slo for slo in scenario.steady_state if not holds(slo, samples, names)]
    if not broken:
        return Exercised(exercise, True, "every SLO held")
    return Exercised(
        exercise, False, "; ".join(_said(slo.title, budget(slo, samples, names)) for slo in broken)
    )


def _said(title: str, found: Any) -> str:
    if not found.total:
        return f"{title}: nothing came, so nothing was served"
    return f"{title}: {found.bad:,} of {found.total:,} {found.unit} were bad, {found.allowed:,.1f} may be"


def _service(cloud: Cloud, names: Mapping[str, str]) -> dict[str, Any] | None:
    ecs = cloud.client("ecs")
    found: Sequence[dict[str, Any]] = ecs.describe_services(
        cluster=names["CLUSTER"], services=[names["SERVICE"]]
    )["services"]
    return found[0] if found and found[0]["status"] == "ACTIVE" else None


def _wait(_cloud: Cloud, _names: Mapping[str, str]) -> str:
    return ""


def _release(cloud: Cloud, names: Mapping[str, str]) -> str:
    if _service(cloud, names) is None:
        return f"there is no service {names['SERVICE']} to release"
    cloud.client("ecs").update_service(
        cluster=names["CLUSTER"], service=names["SERVICE"], forceNewDeployment=True
    )
    return ""


def _scale(by: int) -> Callable[[Cloud, Mapping[str, str]], str]:
    def scale(cloud: Cloud, names: Mapping[str, str]) -> str:
        service = _service(cloud, names)
        if service is None:
            return f"there is no service {names['SERVICE']} to scale"
        wanted = max(1, service["desiredCount"] + by)
        cloud.client("ecs").update_service(
            cluster=names["CLUSTER"], service=names["SERVICE"], desiredCount=wanted
        )
        return ""

    return scale


def _stop_task(cloud: Cloud, names: Mapping[str, str]) -> str:
    ecs = cloud.client("ecs")
    tasks = ecs.list_tasks(cluster=names["CLUSTER"], serviceName=names["SERVICE"])["taskArns"]
    if not tasks:
        return f"{names['SERVICE']} has no task to stop"
    ecs.stop_task(cluster=names["CLUSTER"], task=min(tasks), reason="its host was retired")
    return ""


def _interrupt(cloud: Cloud, names: Mapping[str, str]) -> str:
    try:
        cloud.capacity.interrupt(count=1, cluster=names["CLUSTER"], service=names["SERVICE"])
    except ControlError:
        return ""  # nothing of it runs on Spot any more, which is one way to be rid of it
    return ""


_EXERCISES: Mapping[ExerciseKind, Callable[[Cloud, Mapping[str, str]], str]] = {
    "wait": _wait,
    "release": _release,
    "scale_out": _scale(+1),
    "scale_in": _scale(-1),
    "stop_task": _stop_task,
    "interrupt_spot": _interrupt,
}


def samples_since(entries: Sequence[Entry], at_ms: int) -> list[Entry]:
    """The measurements that begin at or after a moment."""
    return [entry for entry in entries if entry.kind == WATCHED and entry.data["since"] >= at_ms]
