"""Why a deployment completed, failed, hangs or was replaced."""

from __future__ import annotations

from collections import defaultdict

from labs.history import Entry
from labs.why import origins, starting, watching
from labs.why.chain import Chain, Step, in_order, time_of_day
from labs.why.facts import Facts, TaskFacts, step
from labs.why.rules import BREAKER, BREAKER_OFF, ROLLING, STALLED, SUPERSEDED, THROTTLED
from labs.why.tasks import end, seconds

_WHY = {
    "never_running": "never ran",
    "exited_before_healthy": "ended before they were healthy",
    "unhealthy": "failed their health check",
}
_FINE = ("scaling", "user", "spot", "maintenance")


def explain_deployment(facts: Facts, deployment: str) -> Chain:
    """The whole chain of one deployment, a rollback to it included."""
    entries = facts.deployments[deployment]
    begun = next((e for e in entries if e.data.get("deployment") == deployment), entries[0])
    service = (str(begun.data["cluster"]), str(begun.data["service"]))
    steps = failing(facts, deployment)
    steps += _breaker_off(facts, service, entries, deployment)
    verdict, ending = _outcome(facts, service, entries, deployment)
    steps += ending
    look = _look(facts, deployment)
    revision = str(begun.data.get("task_definition") or "")
    title = f"Deployment {deployment} of {service[0]}/{service[1]}" + (f" ({revision})" if revision else "")
    return Chain(deployment, title, verdict, in_order(steps), look)


def failing(facts: Facts, deployment: str) -> list[Step]:
    """From the call to the failures that were counted, and what the breaker or the alarms did."""
    entries = facts.deployments.get(deployment, [])
    steps = [*origins.of_deployment(facts, deployment), *watching.ignored(facts, deployment)]
    for tasks in _kinds_of_failure(facts, deployment):
        told = end(facts, tasks[0])
        kept = [each for each in told if each.seq is not None and _told(facts, each, tasks[0])]
        steps += kept[:-1]
        if kept:
            steps.append(_multiplied(kept[-1], len(tasks) - 1))
    throttled = [
        e for e in facts.entries if e.kind == "service.throttled" and e.data.get("deployment") == deployment
    ]
    if throttled:
        last = throttled[-1]
        wait = int(last.data["retry_at"]) - last.at_ms
        steps.append(
            step(
                last,
                f"Attempt {last.data['attempt']} has failed; ECS waits {seconds(wait)} for the next, "
                f"until {time_of_day(int(last.data['retry_at']))}.",
                THROTTLED,
            )
        )
    counted = [
        e for e in entries if e.kind == "deployment.failure_counted" and e.data["deployment"] == deployment
    ]
    if counted:
        steps.append(_counted(counted))
    failed = _last(entries, deployment, "deployment.failed")
    if failed is not None and failed.data.get("by") == "alarm":
        steps += watching.failed(facts, failed)
    elif failed is not None:
        threshold = failed.data.get("threshold")
        fact = f"The circuit breaker fails the deployment: {failed.data.get('count')} failures, the threshold is {threshold}."
        if threshold is None:
            fact = "The deployment fails."
        steps.append(step(failed, fact, BREAKER, quote=str(failed.data.get("reason") or "")))
    return steps


def _told(facts: Facts, each: Step, task: TaskFacts) -> bool:
    """Whether a step of one task's end is worth telling of all: not how long its goodbye took."""
    entry = facts.entry(each.seq)
    return (
        entry is not None
        and entry.kind
        not in ("task.stopped", "target.unused", "deployment.started", "call", "lab.fault_injected")
        and (entry.kind != "container.exited" or task.stop is None or entry.seq < task.stop.seq)
    )


def _multiplied(last: Step, more: int) -> Step:
    if not more:
        return last
    fact = f"{last.fact} The same happens to {more} more task{'' if more == 1 else 's'} of this deployment."
    return Step(last.at_ms, fact, last.source, last.rule, last.quote, last.knob, last.seq)


def _kinds_of_failure(facts: Facts, deployment: str) -> list[list[TaskFacts]]:
    """The deployment's tasks that failed, by what their reason means."""
    found: dict[str, list[TaskFacts]] = defaultdict(list)
    for task in facts.tasks_of(deployment):
        if task.stop is None:
            continue
        meaning = starting.meaning(task)
        key = meaning.key if meaning else task.reason
        if key not in _FINE:
            found[key].append(task)
    return sorted(found.values(), key=lambda tasks: -len(tasks))


def _counted(counted: list[Entry]) -> Step:
    last = counted[-1]
    whys = sorted({_WHY.get(str(e.data["why"]), str(e.data["why"])) for e in counted})
    threshold = last.data.get("threshold")
    against = (
        f"of the threshold of {threshold}"
        if threshold
        else "with no threshold, because the circuit breaker is off"
    )
    since = f" (the first at {time_of_day(counted[0].at_ms)})" if len(counted) > 1 else ""
    return step(
        last,
        f"The count of failed tasks is {last.data['count']}, {against}: tasks that {' or '.join(whys)}{since}.",
        BREAKER if threshold else BREAKER_OFF,
        knob="" if threshold else "deploymentCircuitBreaker (enable, rollback)",
    )


def _breaker_off(facts: Facts, service: tuple[str, str], entries: list[Entry], deployment: str) -> list[Step]:
    """Who turned the breaker off, when failures were counted without one."""
    counted = [
        e for e in entries if e.kind == "deployment.failure_counted" and e.data["deployment"] == deployment
    ]
    if not counted or counted[-1].data.get("threshold") is not None:
        return []
    for state in reversed(facts.services[service]):
        if state.kind != "service.updated" or state.seq > counted[-1].seq:
            continue
        before = facts.state_before(state)
        if before is not None and before.data["breaker"]["enabled"] and not state.data["breaker"]["enabled"]:
            return [
                *origins.who(facts, state),
                step(
                    state,
                    "The circuit breaker is off from now on.",
                    BREAKER_OFF,
                    knob="deploymentCircuitBreaker",
                ),
            ]
    return []


def _last(entries: list[Entry], deployment: str, *kinds: str) -> Entry | None:
    return next(
        (e for e in reversed(entries) if e.kind in kinds and e.data["deployment"] == deployment), None
    )


def _outcome(
    facts: Facts, service: tuple[str, str], entries: list[Entry], deployment: str
) -> tuple[str, list[Step]]:
    """The verdict, and the steps of the end."""
    back = next(
        (
            e
            for e in reversed(entries)
            if e.kind == "deployment.rolling_back" and e.data.get("from") == deployment
        ),
        None,
    )
    failed = _last(entries, deployment, "deployment.failed")
    problem = _problem(facts, deployment)
    if failed is not None:
        why = watching.why_failed(facts, failed) or problem or failed.data.get("reason")
        verdict = f"The deployment failed at {time_of_day(failed.at_ms)}: {why}"
        steps: list[Step] = []
        if back is not None:
            steps.append(origins.of_rollback(back))
            verdict += f" The service went back to {back.data['task_definition']}."
            done = next(
                (
                    e
                    for e in facts.deployments.get(str(back.data["deployment"]), ())
                    if e.kind == "deployment.completed" and e.seq > back.seq
                ),
                None,
            )
            if done is not None:
                steps.append(
                    step(
                        done,
                        f"The rollback is complete, {seconds(done.at_ms - failed.at_ms)} after the failure.",
                    )
                )
        stalled = _last(entries, deployment, "deployment.stalled")
        if stalled is not None:
            steps.append(
                step(stalled, "There is nothing to go back to: the service stays as it is.", STALLED)
            )
        return verdict, steps
    replaced = _last(entries, deployment, "deployment.superseded")
    done = _last(entries, deployment, "deployment.completed")
    if replaced is not None and (done is None or done.seq < replaced.seq):
        by = str(replaced.data["by"])
        steps = [
            *origins.of_deployment(facts, by),
            step(replaced, f"{by} replaces it before it is done.", SUPERSEDED),
        ]
        return (
            f"The deployment was replaced by {by} at {time_of_day(replaced.at_ms)}, before it was done."
            + (f" Until then: {problem}" if problem else ""),
            steps,
        )
    if done is not None:
        again_ms = [
            e for e in entries if e.kind == "deployment.rolling_back" and e.data["deployment"] == deployment
        ]
        how = " It was taken up again as the target of a rollback." if again_ms else ""
        ending = [origins.of_rollback(e) for e in again_ms]
        running = done.data.get("running")
        return (
            f"The deployment completed at {time_of_day(done.at_ms)}.{how}"
            + (f" On the way: {problem}" if problem else " Nothing is wrong with it."),
            [
                *watching.baking(facts, deployment),
                *ending,
                step(done, f"The deployment is complete with {running} tasks running.", ROLLING),
            ],
        )
    begun = _last(entries, deployment, "deployment.started") or entries[0]
    age = seconds((facts.entries[-1].at_ms if facts.entries else begun.at_ms) - begun.at_ms)
    if problem:
        state = facts.latest_state(service)
        off = state is not None and not state.data["breaker"]["enabled"]
        tail = " The circuit breaker is off, so it goes on for ever." if off else ""
        return f"The deployment is not done after {age}: {problem}{tail}", []
    in_place = watching.baking(facts, deployment)
    if in_place:
        return f"The deployment is in progress for {age}. {in_place[0].fact}", in_place
    return f"The deployment is in progress for {age}; no task of it has failed.", _progress(facts, deployment)


def _progress(facts: Facts, deployment: str) -> list[Step]:
    steps: list[Step] = []
    for task in facts.tasks_of(deployment):
        entry = task.last("task.healthy", "task.running", "task.pulling", "task.pending", "task.provisioning")
        if entry is not None and task.stop is None:
            steps.append(step(entry, f"Task {task.short} is {entry.kind.removeprefix('task.')}."))
    return steps[:3]


def _problem(facts: Facts, deployment: str) -> str:
    """What most of its failed tasks have in common, in a sentence; empty when none failed."""
    kinds = _kinds_of_failure(facts, deployment)
    if not kinds:
        return ""
    tasks = kinds[0]
    many = f"{len(tasks)} tasks failed for one reason." if len(tasks) > 1 else "A task failed."
    return f"{many} {starting.sentence(facts, tasks[0])}"


def _look(facts: Facts, deployment: str) -> tuple[str, ...]:
    kinds = _kinds_of_failure(facts, deployment)
    meaning = starting.meaning(kinds[0][0]) if kinds else None
    return meaning.look if meaning else ()
