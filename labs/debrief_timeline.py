"""The timeline of a debrief: a run's moments, told out of its history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from labs import kills, orders, reclaims, refusals, rescaled, starts, unlike
from labs.catalogue import Lab
from labs.checking import counted, duration, revision_of
from labs.drills import KILLED_BY_BALANCER
from labs.history import DeploymentStory, Entry, History
from labs.losses import losses_of
from labs.standalone import tell_standalone, trials_of

Tone = Literal["plain", "good", "bad", "learner"]

REFUSED = "TaskFailedToStart"


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline."""

    after_ms: int
    text: str
    tone: Tone = "plain"

    @property
    def at(self) -> str:
        """``+04:12``, or ``+1:04:12`` from an hour on."""
        minutes, seconds = divmod(self.after_ms // 1000, 60)
        hours, minutes = divmod(minutes, 60)
        return f"+{hours}:{minutes:02}:{seconds:02}" if hours else f"+{minutes:02}:{seconds:02}"


def start_ms_of(history: History) -> int:
    """The moment of the run's first entry, in virtual milliseconds; 0 without any."""
    return next((entry.at_ms for entry in history), 0)


def timeline(
    history: History,
    cluster: str,
    service: str,
    stories: list[DeploymentStory],
    tasks: set[str],
    *,
    named: bool,
) -> list[Moment]:
    """The moments of a service and its ``tasks``, in order; ``named``: faults may be called by their names."""
    start_ms = start_ms_of(history)
    known = {story.id: story for story in stories}
    merged = _merged_failures(history)
    first_refusals: set[str] = set()
    first_images: dict[str, str] = {}
    scaled = {entry.seq for entry in history.of("scaling.activity")}
    losses = losses_of(history, tasks)
    trials = trials_of(history)
    moments = []
    for entry in history:
        if entry.data.get("task") in trials:
            continue
        if merged.get(entry.seq) == 0:
            continue  # told with the last one of its moment
        told = _tell_lab(entry, named=named)
        if entry.kind == "service.updated" and entry.cause in scaled:
            continue  # the same in the service's own words
        if told is None and (entry.data.get("cluster"), entry.data.get("service")) == (cluster, service):
            told = _tell_service(entry, known, first_refusals, merged.get(entry.seq, 0))
        if told is None and entry.kind == "container.exited" and entry.data["task"] in tasks:
            told = _tell_kill(entry, first_refusals)
        if told is None and entry.seq in losses:
            told = str(losses[entry.seq]), "bad"
        if told is None:
            told = reclaims.tell(entry, cluster, service, tasks) or refusals.tell(
                entry, tasks, first_refusals
            )
        if told is None:
            told = unlike.tell(entry, cluster, service, first_images, first_refusals)
        if told is None:
            told = starts.tell(entry, tasks, first_refusals)
        if told is None:
            told = rescaled.tell(entry, cluster, service, first_refusals)
        if told is None:
            told = tell_standalone(entry, cluster) or orders.tell(entry, first_refusals)
        if told is not None:
            moments.append(Moment(entry.at_ms - start_ms, told[0], told[1]))
    return moments


def _merged_failures(history: History) -> dict[int, int]:
    """For failures that are counted at one moment for one reason: the seq of the last to the first one's count, and those of the others
    to 0.
    """
    found: dict[int, int] = {}
    for before, entry in pairwise(history.of("deployment.failure_counted")):
        alike = all(before.data[key] == entry.data[key] for key in ("deployment", "why"))
        if alike and before.at_ms == entry.at_ms:
            found[entry.seq] = found.get(before.seq, 0) or before.data["count"]
            found[before.seq] = 0
    return found


def _tell_kill(entry: Entry, first_refusals: set[str]) -> tuple[str, Tone] | None:
    if not kills.is_kill(entry) or kills.OUT_OF_MEMORY in first_refusals:
        return None
    first_refusals.add(kills.OUT_OF_MEMORY)
    return f"first container killed for its memory: {entry.data['reason']}", "bad"


def is_known(lab: Lab, history: History) -> bool:
    """Whether the learner has found out what was broken, or has been told: a debrief "so far" must not give it away.

    Steps whose checks all run by themselves pass without a word in the history.
    """
    if any(True for _ in history.of("lab.solution_used")):
        return True
    passed = {entry.data["step"] for entry in history.of("lab.checked") if entry.data["passed"]}
    drilled = {step.id for step in lab.steps if any(check.drill for check in step.checks)}
    return bool(passed) and (None in passed or drilled <= passed)


def _tell_lab(entry: Entry, *, named: bool) -> tuple[str, Tone] | None:
    data = entry.data
    match entry.kind:
        case "lab.started":
            return "the lab began", "learner"
        case "lab.fault_injected" if not named:
            return "something was broken; what, the debrief tells when every step has passed", "bad"
        case "lab.fault_injected":
            return f"fault injected: {data['undo']['fault']} into {data['undo']['target']}", "bad"
        case "lab.hint_shown":
            return f"hint {data['level']} for {data['step']}", "learner"
        case "lab.solution_used":
            return "the reference solution was applied", "learner"
        case "lab.checked":
            return f"checked: {data['score']} %", "good" if data["passed"] else "learner"
    return None


_SERVICE_TELLERS: dict[str, Callable[[Entry], tuple[str, Tone]]] = {
    "service.created": lambda entry: (
        f"service created, {counted(entry.data['desired'], 'task')} wanted",
        "learner",
    ),
    "service.updated": lambda entry: (f"service changed: {', '.join(entry.data['changed'])}", "learner"),
    "service.inactive": lambda _: ("service gone", "plain"),
    "service.throttled": lambda entry: (
        f"starts are slowed down: next attempt in {duration(entry.data['retry_at'] - entry.at_ms)}",
        "plain",
    ),
    "deployment.rolling_back": lambda entry: (
        f"rolling back to {revision_of(entry.data['task_definition'])}",
        "good",
    ),
    "deployment.alarms_ignored": lambda entry: (
        f"{' and '.join(entry.data['alarms'])} in ALARM already, so no alarm watches this deployment",
        "plain",
    ),
    "deployment.baking": lambda entry: (
        f"all in place, and watched for {duration(entry.data['until'] - entry.at_ms)} more",
        "plain",
    ),
    "deployment.superseded": lambda _: ("the deployment was replaced by a newer one", "plain"),
    "deployment.stalled": lambda _: ("the deployment stalled: nothing to roll back to", "bad"),
}


def tell_failure(data: Mapping[str, Any]) -> str:
    """What failed a deployment, out of the data of its entry."""
    match data.get("by"):
        case "alarm":
            return f"deployment failed by {' and '.join(data['alarms'])} in ALARM: {data['reason']}"
        case "person":
            return f"deployment stopped by hand: {data['reason']}"
    return f"circuit breaker tripped at {data['count']}: {data['reason']}"


def _tell_service(
    entry: Entry, known: dict[str, DeploymentStory], first_refusals: set[str], first_count: int
) -> tuple[str, Tone] | None:
    data = entry.data
    match entry.kind:
        case "deployment.started":
            return f"deployment of {revision_of(data['task_definition'])} started", "plain"
        case "deployment.failure_counted":
            of = f" of {data['threshold']}" if data["threshold"] else ", breaker off"
            story = known.get(data["deployment"])
            revision = revision_of(story.task_definition) if story else data["deployment"]
            counts = (
                f"failures {first_count} to {data['count']}" if first_count else f"failure {data['count']}"
            )
            return f"{counts}{of} of {revision}: {str(data['why']).replace('_', ' ')}", "bad"
        case "deployment.failed":
            return tell_failure(data), "bad"
        case "deployment.completed":
            how = "rollback completed on" if data["rollback_of"] else "deployment completed on"
            return f"{how} {revision_of(data['task_definition'])}, {data['running']} running", "good"
        case "task.stopped" if (data["reason"] or "").startswith(KILLED_BY_BALANCER):
            if KILLED_BY_BALANCER in first_refusals:
                return None
            first_refusals.add(KILLED_BY_BALANCER)
            return f"first task stopped for its health: {KILLED_BY_BALANCER}", "bad"
        case "task.stopped" if data["stop_code"] == REFUSED:
            # One of each kind: "CannotPullContainerError", "Unexpected EC2 error while attempting to ...".
            kind = f"{data['deployment']} {str(data['reason']).partition(':')[0].partition(' in subnet')[0]}"
            if kind in first_refusals:
                return None
            first_refusals.add(kind)
            return f"first task that never ran: {data['reason']}", "bad"
    teller = _SERVICE_TELLERS.get(entry.kind)
    return teller(entry) if teller else None
