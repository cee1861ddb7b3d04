"""The debrief: what happened in *this* run, read from its history, and which knob was responsible.

Plain data first (``Debrief``), Markdown from it second. Moments are virtual milliseconds since the lab's
start.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from labs import costs, kills, orders, reclaims, refusals, rescaled, starts, unlike, ways
from labs.catalogue import Lab
from labs.checking import CheckContext, counted, duration, revision_of
from labs.clients import Clients, clients_of
from labs.cloud import Cloud
from labs.drills import KILLED_BY_BALANCER
from labs.history import DeploymentStory, Entry, History, TaskStory
from labs.leaving import Leaving, leaving_of
from labs.losses import losses_of
from labs.standalone import Runs, runs_of, tell_standalone, trials_of

Tone = Literal["plain", "good", "bad", "learner"]

NO_ADDRESS = "InsufficientFreeAddressesInSubnet"
_REFUSED = "TaskFailedToStart"
_CAUSES_SHOWN = 4
_LONG_GOODBYE_MS = 90_000
"""A stop that takes longer is worth a word about what it waited for."""
_RESERVED = 5
"""Addresses that AWS keeps of every subnet (VPC user guide, subnet sizing)."""


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


@dataclass(frozen=True, slots=True)
class Fact:
    """One measured figure."""

    label: str
    value: str
    comment: str = ""

    def to_dict(self) -> dict[str, str]:
        """For ``--json``."""
        return {"label": self.label, "value": self.value, "comment": self.comment}

    def to_markdown(self) -> str:
        """A line of a list."""
        return f"- **{self.label}:** {self.value}" + (f" ({self.comment})" if self.comment else "")


@dataclass(frozen=True, slots=True)
class Debrief:
    """A headline, what was measured, what it cost, the timeline, and the lessons with the knob responsible."""

    lab: str
    headline: str
    facts: tuple[Fact, ...]
    timeline: tuple[Moment, ...]
    lessons: tuple[str, ...]
    costs: tuple[Fact, ...] = ()
    """What this would have cost on AWS, an estimate; the first says so."""

    def to_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "lab": self.lab,
            "headline": self.headline,
            "facts": [fact.to_dict() for fact in self.facts],
            "costs": [fact.to_dict() for fact in self.costs],
            "timeline": [
                {"after_ms": moment.after_ms, "at": moment.at, "text": moment.text, "tone": moment.tone}
                for moment in self.timeline
            ],
            "lessons": list(self.lessons),
        }

    def to_markdown(self) -> str:
        """The debrief to read."""
        lines = [f"# {self.headline}", ""]
        lines += [fact.to_markdown() for fact in self.facts]
        if self.costs:
            lines += ["", "## What it would have cost", "", *(fact.to_markdown() for fact in self.costs)]
        lines += ["", "## What happened", ""]
        lines += [f"- `{moment.at}` {moment.text}" for moment in self.timeline]
        lines += ["", "## What to take along", ""]
        lines += [f"- {lesson}" for lesson in self.lessons]
        return "\n".join(lines) + "\n"


def debrief(lab: Lab, cloud: Cloud) -> Debrief:
    """Build the debrief of a lab's run. Never fails merely because the lab is not solved."""
    ctx = CheckContext(lab, cloud)
    history = ctx.history
    cluster, service = ctx.name("cluster"), ctx.name("service")
    stories = history.deployments(cluster, service)
    tasks = [task for task in history.tasks(cluster, service) if task.provisioning_ms >= _start_ms(history)]
    clients = clients_of(history, cloud.traffic.report())
    killed = kills.kills_of(history, cluster, service)
    queue = orders.report_of(lab, cloud)
    runs = runs_of(history, cluster)
    ours = {task.id for task in tasks}
    leaving = leaving_of(history, ours)
    return Debrief(
        lab.id,
        _headline(lab, stories, clients, runs),
        (
            *(Fact(*row) for row in runs.rows()),
            *_facts(history, cluster, service, stories, tasks),
            *(Fact(*row) for row in ways.rows(cloud, history, cluster, service)),
            *_traffic_facts(clients),
            *_leaving_facts(leaving),
            *_address_facts(ctx, history, tasks),
            *(Fact(*row) for row in unlike.rows(history, cluster, service)),
            *(Fact(*row) for row in starts.rows(history, ours)),
            *(Fact(*row) for row in kills.rows(killed)),
            *(Fact(*row) for row in reclaims.rows(history, tasks)),
            *(Fact(*row) for row in refusals.used(lab, cloud)),
            *(Fact(*row) for row in refusals.rows(history, {task.id for task in tasks})),
            *(Fact(*row) for row in rescaled.rows(history, cluster, service)),
            *(Fact(*row) for row in orders.rows(queue)),
        ),
        tuple(
            _timeline(
                history,
                cluster,
                service,
                stories,
                ours,
                named=_is_known(lab, history),
            )
        ),
        (
            *_knobs(stories, tasks),
            *unlike.knobs(history, cluster, service),
            *starts.knobs(history, ours),
            *kills.knobs(killed),
            *orders.knobs(queue),
            *rescaled.knobs(history, cluster, service),
            *_traffic_knobs(clients, leaving),
            *lab.teaches,
        ),
        tuple(Fact(*row) for row in costs.rows(cloud.cost(costs.began_ms(history, lab.id)))),
    )


def _start_ms(history: History) -> int:
    return next(iter(history)).at_ms if any(True for _ in history) else 0


def _headline(lab: Lab, stories: list[DeploymentStory], clients: Clients, runs: Runs) -> str:
    failed = [story for story in stories if story.failed_ms is not None]
    rolled_back = [story for story in failed if story.rollback_completed_ms is not None]
    told = [runs.headline] if runs.headline else []
    if failed or (stories and not told):  # beside runs of its own, a service that just stands is no news
        told.append(
            f"{counted(len(stories), 'deployment')}, {len(failed)} failed, {len(rolled_back)} rolled back"
        )
    if clients.sent:
        told.append(f"{clients.failed:,} of {clients.sent:,} requests failed")
    return f"{lab.title}: {', '.join(told) or 'nothing has been deployed yet'}"


def _facts(
    history: History, cluster: str, service: str, stories: list[DeploymentStory], tasks: list[TaskStory]
) -> list[Fact]:
    facts = []
    for story in stories:
        revision = revision_of(story.task_definition)
        if story.failed_ms is not None:
            count = str(len(story.failures)) + (f" of {story.threshold}" if story.threshold else "")
            facts.append(
                Fact(f"Failures counted against {revision}", count, "when the circuit breaker tripped")
            )
            facts.append(Fact("From the deploy to the trip", duration(story.failed_ms - story.started_ms)))
        end_ms = story.rollback_completed_ms
        if end_ms is not None and story.failed_ms is not None:
            facts.append(Fact("From the trip to the end of the rollback", duration(end_ms - story.failed_ms)))
            lowest = history.minimum_running(cluster, service, story.started_ms, end_ms)
            facts.append(Fact(f"Fewest tasks running while {revision} failed", str(lowest.count)))
    refused = [task for task in tasks if NO_ADDRESS in (task.stopped_reason or "")]
    if refused:
        facts.append(Fact("Tasks that got no address", str(len(refused)), "stop code TaskFailedToStart"))
    killed = [task for task in tasks if (task.stopped_reason or "").startswith(KILLED_BY_BALANCER)]
    if killed:
        lived = [task.ended_ms - task.running_ms for task in killed if task.ended_ms and task.running_ms]
        shortest = f"the youngest {duration(min(lived))} after its start" if lived else ""
        facts.append(Fact("Tasks stopped for failed ELB health checks", str(len(killed)), shortest))
    ran = sum(task.running_ms is not None for task in tasks)
    facts.append(Fact("Tasks that the service started", str(len(tasks)), f"{ran} ever ran"))
    return facts


def _traffic_facts(clients: Clients) -> list[Fact]:
    """What clients lived through, the drills' own included."""
    if not clients.sent:
        return []
    loads = counted(clients.loads, "load")
    facts = [
        Fact("Requests sent", f"{clients.sent:,}", f"{loads}, checks included"),
        Fact("Requests that failed", f"{clients.failed:,}", f"{100 * clients.failed / clients.sent:.2g} %"),
    ]
    for loss in clients.losses[:_CAUSES_SHOWN]:
        facts.append(Fact("Of these", f"{loss.count:,}", f"{loss.cause} The knob: {loss.knob}"))
    if clients.unsaved:
        facts.append(
            Fact(
                "Answered, but never written down",
                f"{clients.unsaved:,}",
                "lost with the program that had accepted them",
            )
        )
    return facts


def _leaving_facts(leaving: Leaving) -> list[Fact]:
    """How long it took tasks to leave, and what they held meanwhile."""
    if not leaving.stopped:
        return []
    of_it = f", {duration(leaving.draining_ms)} of it draining" if leaving.draining_ms else ""
    longest = duration(leaving.longest_ms)
    facts = [Fact("Longest stop of a task", longest, f"one of {leaving.stopped}{of_it}")]
    if leaving.addresses:
        held = f"held {duration(leaving.held_ms)} in all"
        facts.append(Fact("Most addresses of leaving tasks", str(leaving.addresses), held))
    return facts


def _address_facts(ctx: CheckContext, history: History, tasks: list[TaskStory]) -> list[Fact]:
    """How many addresses the tasks held at once, and how near the fullest subnet came to its end."""
    ours = {task.id for task in tasks}
    held: dict[str, int] = {}
    most: dict[str, int] = {}
    peak = 0
    for entry in history.of("task.address", "address.released"):
        if entry.data["task"] in ours:
            subnet = entry.data["subnet"]
            held[subnet] = held.get(subnet, 0) + (1 if entry.kind == "task.address" else -1)
            most[subnet] = max(most.get(subnet, 0), held[subnet])
            peak = max(peak, sum(held.values()))
    if not most:
        return []
    facts = [Fact("Most addresses held at once", str(peak), "tasks that are leaving included")]
    left = {}
    for subnet in ctx.client("ec2").describe_subnets()["Subnets"]:
        if subnet["SubnetId"] in most:
            usable = ipaddress.ip_network(subnet["CidrBlock"]).num_addresses - _RESERVED
            left[subnet["SubnetId"]] = (usable - most[subnet["SubnetId"]], usable, subnet["CidrBlock"])
    if left:
        lowest, usable, cidr = min(left.values())
        facts.append(Fact("Fewest addresses left in a subnet", f"{lowest} of {usable}", cidr))
    return facts


def _timeline(
    history: History,
    cluster: str,
    service: str,
    stories: list[DeploymentStory],
    tasks: set[str],
    *,
    named: bool,
) -> list[Moment]:
    start_ms = _start_ms(history)
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


def _is_known(lab: Lab, history: History) -> bool:
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
    "deployment.superseded": lambda _: ("the deployment was replaced by a newer one", "plain"),
    "deployment.stalled": lambda _: ("the deployment stalled: nothing to roll back to", "bad"),
}


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
            return f"circuit breaker tripped at {data['count']}: {data['reason']}", "bad"
        case "deployment.completed":
            how = "rollback completed on" if data["rollback_of"] else "deployment completed on"
            return f"{how} {revision_of(data['task_definition'])}, {data['running']} running", "good"
        case "task.stopped" if (data["reason"] or "").startswith(KILLED_BY_BALANCER):
            if KILLED_BY_BALANCER in first_refusals:
                return None
            first_refusals.add(KILLED_BY_BALANCER)
            return f"first task stopped for its health: {KILLED_BY_BALANCER}", "bad"
        case "task.stopped" if data["stop_code"] == _REFUSED:
            # One of each kind: "CannotPullContainerError", "Unexpected EC2 error while attempting to ...".
            kind = f"{data['deployment']} {str(data['reason']).partition(':')[0].partition(' in subnet')[0]}"
            if kind in first_refusals:
                return None
            first_refusals.add(kind)
            return f"first task that never ran: {data['reason']}", "bad"
    teller = _SERVICE_TELLERS.get(entry.kind)
    return teller(entry) if teller else None


def _knobs(stories: list[DeploymentStory], tasks: list[TaskStory]) -> list[str]:
    knobs = []
    if any(story.rollback_completed_ms is not None for story in stories):
        knobs.append(
            "The knob that brought the service back is `deploymentCircuitBreaker={enable=true,rollback=true}`; "
            "the knob that kept it whole meanwhile is `minimumHealthyPercent`."
        )
    if any(len(story.failures) >= 2 and story.threshold is None for story in stories):
        knobs.append(
            "With `deploymentCircuitBreaker` off nothing ends a failing deployment: failures are counted, "
            "and the count means nothing."
        )
    if any(NO_ADDRESS in (task.stopped_reason or "") for task in tasks):
        knobs.append(
            "The knobs behind the missing addresses are the subnets' sizes and `maximumPercent`: a release needs "
            "room for the surge and for the tasks that are still leaving."
        )
    if any((task.stopped_reason or "").startswith(KILLED_BY_BALANCER) for task in tasks):
        knobs.append(
            "The knobs behind the stopped tasks are the target group's `HealthCheckPort`, `HealthCheckPath` and "
            "`Matcher`, which say what is asked, and `healthCheckGracePeriodSeconds`, which says from when on "
            "the answer counts."
        )
    return knobs


def _traffic_knobs(clients: Clients, leaving: Leaving) -> list[str]:
    knobs = []
    if clients.losses:
        worst = clients.losses[0]
        knobs.append(
            f"The knob behind {worst.count:,} of the {clients.failed:,} failed requests is {worst.knob}. {worst.cause}"
        )
    if leaving.longest_ms >= _LONG_GOODBYE_MS and 2 * leaving.draining_ms > leaving.longest_ms:
        knobs.append(
            "The knob behind the longest stop is `deregistration_delay.timeout_seconds` of the target group: a target "
            "drains for the whole of it, even when it has nothing left to do, and the stop signal comes afterwards."
        )
    return knobs
