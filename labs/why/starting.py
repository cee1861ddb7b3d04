"""Why a task did not start: the addresses of a full subnet, the link of the start-up chain that is missing."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from labs.history import Entry
from labs.why import origins
from labs.why.chain import Rule, Step, listed
from labs.why.facts import Facts, TaskFacts, step
from labs.why.health import failed_check
from labs.why.meanings import Meaning, meaning_of, meaning_of_exit
from labs.why.rules import EXECUTION_ROLE, NEVER_RAN, TASK_ROLE

_KNOBS = {
    "subnet-full": "subnets of the service (larger, or more of them), maximumPercent, desiredCount",
    "image-missing": "image of the task definition",
    "architecture": "runtimePlatform.cpuArchitecture of the task definition, or the image",
    "log-group": "awslogs-group of the task definition, or the log group",
    "out-of-memory": "memory of the task definition",
    "capacity": "capacity provider strategy and subnets of the service",
    "container-checks": "healthCheck of the container",
}


def knob_of(key: str) -> str:
    """The setting that belongs to a family of reasons."""
    return _KNOBS.get(key, "")


def meaning(task: TaskFacts) -> Meaning | None:
    """What the reason for a task's end means."""
    stop = task.stop
    if stop is None:
        return None
    found = meaning_of(task.reason, str(stop.data.get("stop_code") or ""))
    if found is not None and found.key == "essential-exit":
        for entry in task.all("container.exited"):
            if entry.data.get("reason") and entry.data.get("essential", True):
                return meaning_of(str(entry.data["reason"])) or found
    return found


def sentence(facts: Facts, task: TaskFacts) -> str:
    """The same in a sentence, with the check that failed or the exit code where the journal has them; AWS's reason when it is not known."""
    found = meaning(task)
    if found is None:
        return f"{task.reason.rstrip('.') or 'No reason is given'}."
    if found.key == "target-checks" and (bad := task.last("target.unhealthy")) is not None:
        return failed_check(facts, task, bad).fact
    if found.key == "essential-exit":
        ended = next(
            (each for each in task.all("container.exited") if each.data.get("essential", True)), None
        )
        if ended is not None:
            return exited(ended, signalled=False).fact
    return found.sentence


def exited(entry: Entry, *, signalled: bool) -> Step:
    """The end of a container."""
    data = entry.data
    reason = str(data.get("reason") or "")
    code = data.get("exit_code")
    if not isinstance(code, int):
        return step(entry, f"Container {data['container']} ends.", quote=reason)
    found = meaning_of_exit(code, signalled=signalled, out_of_memory="OutOfMemory" in reason)
    kind = "Essential container" if data.get("essential", True) else "Container"
    return step(
        entry,
        f"{kind} {data['container']} ends with exit code {code}: {found.sentence}.",
        found.rule,
        quote=reason,
        knob=found.look,
    )


def refused(facts: Facts, task: TaskFacts) -> list[Step]:
    """Why a task that never ran did not: what was missing, then what AWS says of it."""
    stop = task.stop
    if stop is None:
        return []
    found = meaning(task)
    steps: list[Step] = []
    for entry in task.all("task.start_failed"):
        steps.append(link(entry, None if found is None else found.rule))
    if found is not None and found.key == "subnet-full":
        steps += [*_moved_in(facts, task, stop), *holders(facts, task, stop)]
    says = found.sentence if found else "AWS gives a reason of its own."
    steps.append(
        step(
            stop,
            f"Task {task.short} cannot start. {says}",
            NEVER_RAN if found is None else found.rule,
            quote=task.reason,
            knob="" if found is None else knob_of(found.key),
        )
    )
    return steps


def link(entry: Entry, told: Rule | None = None) -> Step:
    """The link of the start-up chain that did not hold. ``told``: the rule of the step that follows, which need not come twice."""
    data = entry.data
    service, host = str(data.get("service") or ""), str(data.get("host") or "")
    at = f"{service} ({host})" if service and host else service or host
    missing = str(data.get("missing") or "").rstrip(".")
    if missing.startswith("User: "):
        missing = ""  # the step before has told what IAM said
    page = str(data.get("rule") or "")
    rule = Rule(
        "What a task needs before its first container starts is asked for over its own network interface",
        page,
    )
    return step(
        entry,
        f"Starting stops at the {data.get('link')}"
        + (f", at {at}" if at else "")
        + (f": {missing}." if missing else "."),
        rule if page and (told is None or page != told.page) else None,
    )


def _moved_in(facts: Facts, task: TaskFacts, until: Entry) -> list[Step]:
    """The change that made the service use the subnet; empty when it did from the beginning."""
    service, subnet = task.service, task.get("subnet")
    states = [
        each
        for each in facts.services.get(service or ("", ""), ())
        if "subnets" in each.data and each.seq < until.seq
    ]
    for before, after in pairwise(states):
        if subnet in after.data["subnets"] and subnet not in before.data["subnets"]:
            return [
                *origins.who(facts, after),
                step(after, f"From now on tasks of {after.data['service']} go to {subnet}, too."),
            ]
    return []


def holders(facts: Facts, task: TaskFacts, until: Entry) -> list[Step]:
    """Who holds the addresses of the subnet that had none left."""
    subnet = str(task.get("subnet") or "")
    held: dict[str, Entry] = {}
    for entry in facts.entries:
        if entry.seq >= until.seq:
            break
        if entry.kind == "task.address" and entry.data["subnet"] == subnet:
            held[str(entry.data["ip"])] = entry
        elif entry.kind == "address.released":
            held.pop(str(entry.data["ip"]), None)
    if not held:
        return []
    owners: Counter[str] = Counter()
    for entry in held.values():
        owner = facts.tasks.get(str(entry.data["task"]))
        service = owner.service if owner else None
        owners[
            f"{service[1]} ({owner.get('task_definition')})" if owner and service else "tasks of no service"
        ] += 1
    latest = max(held.values(), key=lambda entry: entry.seq)
    who = listed([f"{count} by {name}" for name, count in owners.most_common()])
    return [
        step(
            latest,
            f"Subnet {subnet} gives out the last of its free addresses; tasks hold {sum(owners.values())}: {who}.",
        )
    ]


def denied(task: TaskFacts) -> list[Step]:
    """Calls of the task that its roles did not allow, or that found no way."""
    steps: list[Step] = []
    for entry in task.all("call.denied", "call.unreachable"):
        data = entry.data
        own = data.get("by") == "task"
        who = f"The program in {data.get('container')}" if own else "ECS, on the task's behalf,"
        times = data.get("times")
        often = f", {times} times" if isinstance(times, int) and times > 1 else ""
        if entry.kind == "call.denied":
            because = str(data.get("because") or "").rstrip(".").removeprefix("because ")
            role = f"with the role {data['role']}" if data.get("role") else "without a role"
            fact = f"{who} may not call {data.get('action')} on {data.get('resource')} {role}{often}" + (
                f": {because}." if because else "."
            )
            steps.append(
                step(
                    entry,
                    fact,
                    TASK_ROLE if own else EXECUTION_ROLE,
                    knob=f"{data.get('action')} in the policy of {data.get('role')}"
                    if data.get("role")
                    else "taskRoleArn",
                )
            )
        else:
            missing = str(data.get("missing") or "").rstrip(".")
            fact = (
                f"{who} cannot reach {data.get('host') or data.get('service')} for {data.get('action')}{often}"
                + (f": {missing}." if missing else ".")
            )
            steps.append(step(entry, fact, knob=missing))
    return steps
