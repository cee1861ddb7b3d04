"""Why a target, or a target group, is as it is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from labs.history import Entry
from labs.why.chain import Chain, Step, collapsed, in_order, plural, time_of_day
from labs.why.facts import Facts, step
from labs.why.health import failed_check
from labs.why.rules import DRAINING, FAIL_OPEN, TARGET_CHECKS
from labs.why.tasks import end, explain_task

_GONE = "target.unused"
Registrations = dict[tuple[str, str, int], list[Entry]]


def registrations(facts: Facts, group: str | None = None) -> Registrations:
    """The latest registration of each address and port, by group, address and port: its entries in order."""
    found: Registrations = {}
    for name, entries in facts.groups.items():
        if group not in (None, name):
            continue
        for entry in entries:
            key = (name, str(entry.data["ip"]), int(entry.data["port"]))
            if entry.kind == "target.registered":
                found[key] = []
            found.setdefault(key, []).append(entry)
    return found


def explain_target(facts: Facts, entries: list[Entry]) -> Chain:
    """One registration."""
    last, data = entries[-1], entries[-1].data
    address = f"{data['ip']}:{data['port']}"
    task = facts.tasks[str(data["task"])]
    chain = explain_task(facts, task)
    steps = [*chain.steps, *_states(facts, entries)]
    at = time_of_day(last.at_ms)
    look = chain.look
    if last.kind == "target.unhealthy":
        told = failed_check(facts, task, last)
        verdict = f"Target {address} is unhealthy since {at}. {told.fact}"
        look = (told.knob,)
        group = registrations(facts, str(data["target_group"]))
        if all(each[-1].kind not in ("target.healthy",) for each in group.values()):
            steps.append(
                replace(
                    step(
                        last, "No target of the group is healthy, so requests go to all of them.", FAIL_OPEN
                    ),
                    seq=None,
                )
            )
    elif last.kind == "target.healthy":
        verdict = f"Target {address} is healthy since {at}. Nothing is wrong with it."
    elif last.kind == "target.registered":
        verdict = f"Target {address} is registered since {at}; its first health checks are under way."
    else:
        state = "draining" if last.kind == "target.draining" else "no longer registered"
        verdict = (
            f"Target {address} is {state} since {at}, because its task is on its way out. {chain.verdict}"
        )
    title = f"Target {address} of {short(str(data['target_group']))}, task {task.short}"
    return Chain(address, title, verdict, in_order(steps), look, chain.unknown)


def _states(facts: Facts, entries: list[Entry]) -> list[Step]:
    steps: list[Step] = []
    for entry in entries:
        if entry.kind == "target.registered":
            steps.append(
                step(
                    entry,
                    f"ECS registers {entry.data['ip']}:{entry.data['port']} with {short(str(entry.data['target_group']))}.",
                )
            )
        elif entry.kind == "target.unhealthy":
            steps.append(failed_check(facts, facts.tasks[str(entry.data["task"])], entry))
        elif entry.kind == "target.healthy":
            steps.append(step(entry, "Its health check passes: the target is healthy.", TARGET_CHECKS))
        elif entry.kind == "target.draining":
            steps.append(step(entry, "It is deregistered and drains: no new requests.", DRAINING))
    return steps


def explain_group(facts: Facts, group: str) -> Chain:
    """All targets that a group has now, by state and reason; the worst is explained."""
    live = {key: entries for key, entries in registrations(facts, group).items() if entries[-1].kind != _GONE}
    by: dict[tuple[str, str], list[list[Entry]]] = defaultdict(list)
    for entries in live.values():
        last = entries[-1]
        by[last.kind.removeprefix("target."), str(last.data.get("description") or "")].append(entries)
    title = f"Target group {short(group)}"
    if not live:
        recent = facts.groups[group][-1]
        task = facts.tasks[str(recent.data["task"])]
        verdict = "No target is registered: requests are answered with 503 by the load balancer."
        return Chain(
            group,
            title,
            f"{verdict} The last to leave was that of task {task.short}.",
            in_order(end(facts, task)),
        )
    counted = [
        f"{plural(len(each), 'target')} {state}" + (f" ({said})" if said else "")
        for (state, said), each in sorted(by.items())
    ]
    bad = [each for (state, _), some in sorted(by.items()) if state == "unhealthy" for each in some]
    summary = ", ".join(counted)
    if not bad:
        wrong = "" if any(state == "healthy" for state, _ in by) else " None is healthy yet."
        steps = [each for entries in list(live.values())[:3] for each in _states(facts, entries)[-1:]]
        return Chain(
            group,
            title,
            f"It has {summary}.{wrong or ' Nothing is wrong with it.'}",
            collapsed(in_order(steps)),
        )
    chain = explain_target(facts, bad[-1])
    rest = f" {len(bad) - 1} more are unhealthy, too." if len(bad) > 1 else ""
    return Chain(group, title, f"It has {summary}. {chain.verdict}{rest}", chain.steps, chain.look)


def short(arn: str) -> str:
    """The name of a target group."""
    parts = arn.split("/")
    return parts[1] if len(parts) > 2 else arn
