"""The debrief: what happened in *this* run, read from its history, and which knob was responsible.

Plain data first (``Debrief``), Markdown from it second. Moments are virtual milliseconds since the lab's
start.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

from labs import costs, kills, orders, reclaims, refusals, rescaled, starts, unlike, ways
from labs.catalogue import Lab
from labs.checking import CheckContext, counted, duration, revision_of
from labs.clients import Clients, clients_of
from labs.cloud import Cloud
from labs.debrief_timeline import Moment, is_known, start_ms_of, timeline
from labs.drills import KILLED_BY_BALANCER
from labs.history import DeploymentStory, History, TaskStory
from labs.leaving import Leaving, leaving_of
from labs.standalone import Runs, runs_of

NO_ADDRESS = "InsufficientFreeAddressesInSubnet"
_CAUSES_SHOWN = 4
_LONG_GOODBYE_MS = 90_000
"""A stop that takes longer is worth a word about what it waited for."""
_RESERVED = 5
"""Addresses that AWS keeps of every subnet (VPC user guide, subnet sizing)."""


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
    tasks = [task for task in history.tasks(cluster, service) if task.provisioning_ms >= start_ms_of(history)]
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
            timeline(
                history,
                cluster,
                service,
                stories,
                ours,
                named=is_known(lab, history),
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
            if story.failures:
                count = str(len(story.failures)) + (f" of {story.threshold}" if story.threshold else "")
                facts.append(
                    Fact(f"Failures counted against {revision}", count, "when the circuit breaker tripped")
                )
            end = "trip" if story.failures else "failure"  # which an alarm or a person decided
            facts.append(Fact(f"From the deploy to the {end}", duration(story.failed_ms - story.started_ms)))
        end_ms = story.rollback_completed_ms
        if end_ms is not None and story.failed_ms is not None:
            begin = "trip" if story.failures else "failure"
            took = duration(end_ms - story.failed_ms)
            facts.append(Fact(f"From the {begin} to the end of the rollback", took))
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
