"""Why a task is as it is: how it came, what happened to it, who ended it and why."""

from __future__ import annotations

import re

from labs.history import Entry
from labs.why import origins, starting
from labs.why.chain import Chain, Step, in_order, time_of_day
from labs.why.facts import Facts, TaskFacts, step
from labs.why.health import unhealthy
from labs.why.meanings import meaning_of
from labs.why.rules import (
    ASKED_TO_STOP,
    DRAINING,
    ESSENTIAL,
    REPLACES_UNHEALTHY,
    ROLLING,
    SCALED_IN,
    SECRETS,
    SPOT,
    STOP_SIGNAL,
)

_BY = re.compile(r"ecs-svc/\d+")


def explain_task(facts: Facts, task: TaskFacts) -> Chain:
    """The whole chain of one task."""
    begun = task.first("task.provisioning")
    steps = [*_origin(facts, task), *_life(task), *starting.denied(task)]
    look: list[str] = []
    if task.stop is None:
        steps += unhealthy(facts, task)
        verdict = _living(task)
    else:
        steps += end(facts, task)
        verdict = _verdict(facts, task)
        found = starting.meaning(task)
        look = list(found.look) if found and found.key != "scaling" else []
    name = task.service
    of = f" of {name[0]}/{name[1]}" if name else " (standalone)"
    unknown = () if begun else ("How the task began: the journal does not reach back so far.",)
    return Chain(task.id, f"Task {task.id}{of}", verdict, in_order(steps), tuple(look), unknown)


def _origin(facts: Facts, task: TaskFacts) -> list[Step]:
    begun = task.first("task.provisioning")
    if begun is None:
        return []
    data = begun.data
    where = f"in {data['subnet']} ({data['az']})" + (
        f" on {data['provider']}" if data.get("provider") else ""
    )
    if not data.get("deployment"):
        return [
            *origins.of_task(facts, begun),
            step(begun, f"The task of {data['task_definition']} is placed {where}."),
        ]
    deployment = str(data["deployment"])
    earlier = [each for each in facts.tasks_of(deployment) if _ended_before(each, begun)]
    failed = sum(1 for each in earlier if each.never_ran or _unwell(each))
    after = f" {failed} of its tasks had failed before." if failed else ""
    told = origins.of_deployment(facts, deployment)
    if (
        task.stop is not None
        and starting.meaning(task) is not None
        and _replaced_by(task) not in ("", deployment)
    ):
        told = told[-1:]  # What it was replaced by says more than what it once came from.
    return [
        *told,
        step(
            begun,
            f"ECS starts task {task.short} of {data['task_definition']} for {deployment} {where}.{after}",
        ),
    ]


def _ended_before(task: TaskFacts, entry: Entry) -> bool:
    return task.stop is not None and task.stop.seq < entry.seq


def _unwell(task: TaskFacts) -> bool:
    found = starting.meaning(task)
    return found is not None and found.key in (
        "essential-exit",
        "target-checks",
        "container-checks",
        "out-of-memory",
    )


def _life(task: TaskFacts) -> list[Step]:
    """RUNNING, secrets, healthy."""
    steps: list[Step] = []
    begun, running = task.first("task.provisioning"), task.first("task.running")
    for got in task.all("task.secrets"):
        names = ", ".join(
            f"{each.get('name')} ({each.get('container')}, version {each.get('version')})"
            for each in got.data.get("secrets", ())
        )
        steps.append(step(got, f"At its start the task gets the secrets {names or '(none)'}.", SECRETS))
    if running is not None:
        after = f" after {seconds(running.at_ms - begun.at_ms)}" if begun else ""
        steps.append(step(running, f"It is RUNNING{after}."))
    healthy = task.first("task.healthy")
    if healthy is not None and running is not None:
        steps.append(step(healthy, f"It is healthy, {seconds(healthy.at_ms - running.at_ms)} later."))
    return steps


def _living(task: TaskFacts) -> str:
    running, healthy, ill = task.last("task.running"), task.last("task.healthy"), task.last("task.unhealthy")
    target = task.last("target.healthy", "target.unhealthy")
    if running is None:
        return f"Task {task.short} is on its way: it has not been RUNNING yet."
    if ill is not None and (healthy is None or ill.seq > healthy.seq):
        return f"Task {task.short} is RUNNING, but unhealthy since {time_of_day(ill.at_ms)}."
    if target is not None and target.kind == "target.unhealthy":
        return f"Task {task.short} is RUNNING, but its target is unhealthy since {time_of_day(target.at_ms)}."
    if healthy is not None:
        return f"Task {task.short} is RUNNING and healthy since {time_of_day(healthy.at_ms)}. Nothing is wrong with it."
    return (
        f"Task {task.short} is RUNNING since {time_of_day(running.at_ms)}; nothing is wrong with it so far."
    )


def end(facts: Facts, task: TaskFacts) -> list[Step]:
    """Why it was to stop, and how it went."""
    stop = task.stop
    if stop is None:
        return []
    if task.never_ran and stop.data.get("stop_code") == "TaskFailedToStart":
        return starting.refused(facts, task)
    return [*_why_stopped(facts, task, stop), *_goodbye(task, stop)]


def _replaced_by(task: TaskFacts) -> str:
    found = _BY.search(task.reason) if task.reason.startswith("Scaling activity") else None
    return found[0] if found else ""


def _why_stopped(facts: Facts, task: TaskFacts, stop: Entry) -> list[Step]:
    code, reason = str(stop.data.get("stop_code") or ""), str(stop.data.get("reason") or "")
    by = _replaced_by(task)
    service = task.service
    if by and service:
        if by == task.get("deployment"):
            told = origins.of_desired(facts, service, stop.seq)
            fact = f"The service has a task too many and stops task {task.short}."
            return [
                *told,
                step(stop, fact, SCALED_IN, quote=reason, knob="desiredCount, the scaling policies"),
            ]
        steps = origins.of_deployment(facts, by)
        back = next(
            (
                e
                for e in facts.deployments.get(by, ())
                if e.kind == "deployment.rolling_back" and e.seq < stop.seq
            ),
            None,
        )
        if back is not None and back.data["deployment"] == by:
            from labs.why.deployments import failing  # noqa: PLC0415 - the two explain each other

            steps = [*failing(facts, str(back.data["from"])), origins.of_rollback(back)]
        return [
            *steps,
            step(stop, f"The scheduler stops task {task.short}: {by} replaces it.", ROLLING, quote=reason),
        ]
    if "failed ELB health checks" in reason or "container health checks" in reason:
        told = unhealthy(facts, task)
        return [
            *told,
            step(
                stop,
                f"The service stops task {task.short} for its failed health checks.",
                REPLACES_UNHEALTHY,
                quote=reason,
            ),
        ]
    exits = [entry for entry in task.all("container.exited") if entry.seq < stop.seq]
    if code == "EssentialContainerExited" or (exits and not code):
        return [
            *(starting.exited(entry, signalled=False) for entry in exits),
            step(stop, f"With it task {task.short} ends.", ESSENTIAL, quote=reason),
        ]
    if code == "SpotInterruption":
        notice = next((e for e in facts.causes(stop) if e.kind == "spot.interrupted"), None)
        told = []
        if notice is not None:
            whose = "somebody asked for it here" if notice.data.get("why") == "asked" else "the weather"
            count = len(notice.data.get("tasks", ()))
            told = [step(notice, f"Fargate Spot takes the capacity of {count} tasks back ({whose}).", SPOT)]
        knob = "base of the capacity provider strategy, stopTimeout, deregistration_delay.timeout_seconds"
        return [*told, step(stop, f"Task {task.short} is told to stop.", SPOT, quote=reason, knob=knob)]
    if code == "UserInitiated":
        call = next((e for e in facts.causes(stop) if e.kind == "call"), None)
        asked = [step(call, f"{call.data['operation']} is called on it.", ASKED_TO_STOP)] if call else []
        return [*asked, step(stop, f"Task {task.short} is told to stop.", ASKED_TO_STOP, quote=reason)]
    found = meaning_of(reason, code)
    says = found.sentence if found else f"Task {task.short} is told to stop ({code})."
    return [step(stop, says, found.rule if found else None, quote=reason)]


def _goodbye(task: TaskFacts, stop: Entry) -> list[Step]:
    """From being told to stop to STOPPED: the delay, the signal, what was lost."""
    steps: list[Step] = []
    draining, unused = task.last("target.draining"), task.last("target.unused")
    if draining is not None and unused is not None and draining.seq > stop.seq:
        wait = seconds(unused.at_ms - draining.at_ms)
        steps.append(
            step(unused, f"Its target drained for {wait}, the whole deregistration delay.", DRAINING)
        )
    signal = task.first("task.stopping")
    for entry in task.all("container.exited"):
        if entry.seq > stop.seq:
            told = starting.exited(entry, signalled=signal is not None and signal.seq < entry.seq)
            if signal is not None:
                took = seconds(entry.at_ms - signal.at_ms)
                told = step(
                    entry,
                    f"{took} after the stop signal: {told.fact}",
                    STOP_SIGNAL,
                    quote=told.quote,
                    knob=told.knob,
                )
            steps.append(told)
    lost = task.last("traffic.lost")
    if lost is not None:
        count, unsaved = int(lost.data["count"]), int(lost.data.get("unsaved", 0))
        what = [f"{count} requests" if count != 1 else "a request"] if count else []
        what += [f"{unsaved} answers that were never written down"] if unsaved else []
        steps.append(
            step(
                lost,
                f"With it {' and '.join(what)} are lost. {lost.data['cause']}",
                knob=str(lost.data["knob"]),
            )
        )
    stopped = task.last("task.stopped")
    if stopped is not None and stopped.seq != stop.seq:
        steps.append(
            step(stopped, f"It is STOPPED, {seconds(stopped.at_ms - stop.at_ms)} after it was told to.")
        )
    return steps


def _verdict(facts: Facts, task: TaskFacts) -> str:
    stop = task.stop
    assert stop is not None  # noqa: S101 - the caller has looked
    at = time_of_day(stop.at_ms)
    by = _replaced_by(task)
    if by and by == task.get("deployment"):
        return f"Task {task.short} was stopped at {at} because its service had a task too many (scaled in). Nothing was wrong with it."
    if by:
        begun = next((e for e in facts.deployments.get(by, ()) if e.kind == "deployment.started"), None)
        what = f" ({begun.data['task_definition']})" if begun else ""
        back = any(
            e.kind == "deployment.rolling_back" and e.data["deployment"] == by
            for e in facts.deployments.get(by, ())
        )
        what += ", to which the service rolled back," if back else ""
        return f"Task {task.short} was stopped at {at} because deployment {by}{what} replaced it. Nothing was wrong with it."
    ended = stop.data.get("stop_code") == "EssentialContainerExited"
    verb = "never ran; it was given up" if task.never_ran else "ended" if ended else "was stopped"
    return f"Task {task.short} {verb} at {at}. {starting.sentence(facts, task)}"


def seconds(ms: int) -> str:
    """``3 min 20 s``."""
    if ms < 60_000:
        return f"{ms / 1000:.3g} s"
    minutes, rest = divmod(round(ms / 1000), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
