"""A task, as DescribeTasks gives it. Source of the fields and what they mean: API model of ECS, Task and Container."""

from __future__ import annotations

from labs.why.chain import Chain, Step
from labs.why.meanings import Meaning, meaning_of, meaning_of_exit
from labs.why.rules import NEVER_RAN
from labs.why.saved.document import Node
from labs.why.tasks import seconds

_MOMENTS = (
    ("createdAt", "The task is asked for and gets its network interface"),
    ("pullStartedAt", "The pull of its image begins"),
    ("pullStoppedAt", "The pull ends"),
    ("startedAt", "The task is RUNNING"),
    ("stoppingAt", "The task is told to stop"),
    ("executionStoppedAt", "Its containers have ended"),
    ("stoppedAt", "It is STOPPED"),
)
_UNKNOWN = (
    "Who or what led to it: such JSON has no calls. CloudTrail has them (UpdateService, StopTask), describe-services the events.",
    "What the program itself said: its log has it (aws logs tail, or the log group of the task definition).",
)


def name_of(task: Node) -> str:
    """The task's id."""
    return task.text("taskArn").rsplit("/", 1)[-1] or task.where


def is_wrong(task: Node) -> bool:
    """Whether there is something to explain: it ended otherwise than by a deployment, or is unhealthy."""
    found = meaning_of(task.text("stoppedReason"), task.text("stopCode"))
    ended = bool(task.text("stoppedReason") or task.text("stopCode"))
    return (ended and (found is None or found.key != "scaling")) or task.text("healthStatus") == "UNHEALTHY"


def explain(task: Node) -> Chain:
    """The chain of one task."""
    name = name_of(task)
    steps = _moments(task)
    said = _said(task)
    containers = [
        step for step in (_container(task, each) for each in task.items("containers")) if step is not None
    ]
    reason, code = task.text("stoppedReason"), task.text("stopCode")
    ended = bool(reason or code or task.text("lastStatus") == "STOPPED")
    look: list[str] = []
    if ended:
        # What a container repeats of its task is told once.
        steps += [each for each in containers if not each.quote or each.quote != task.text("stoppedReason")]
        found = said
        rule = found.rule if found else NEVER_RAN if code == "TaskFailedToStart" else None
        fact = found.sentence if found else "AWS gives this reason, which is not one that is known here."
        quote = f"{code}: {reason}" if code and reason else reason or code
        where = task.at("stoppedReason" if reason else "stopCode" if code else "lastStatus")
        steps.append(Step(task.moment("stoppingAt") or task.moment("stoppedAt"), fact, where, rule, quote))
        look += found.look if found else ()
    else:
        steps += containers
    title = f"Task {name}"
    group = task.text("group")
    revision = task.text("taskDefinitionArn").rsplit("/", 1)[-1]
    title += f" of {group.removeprefix('service:')}" if group.startswith("service:") else ""
    title += f" ({revision})" if revision else ""
    return Chain(name, title, _verdict(task, said, ended), tuple(_sorted(steps)), tuple(look), _UNKNOWN)


def _sorted(steps: list[Step]) -> list[Step]:
    """By time; a step without one stays behind the one before it."""
    keyed: list[tuple[int, int, Step]] = []
    at = 0
    for index, step in enumerate(steps):
        at = step.at_ms if step.at_ms is not None else at
        keyed.append((at, index, step))
    return [step for _, _, step in sorted(keyed, key=lambda each: each[:2])]


def _said(task: Node) -> Meaning | None:
    """What the task's reason means; a container's own reason says more than that an essential one exited."""
    found = meaning_of(task.text("stoppedReason"), task.text("stopCode"))
    if found is None or found.key in ("essential-exit", "pull", "interface"):
        for container in task.items("containers"):
            more = meaning_of(container.text("reason"))
            if more is not None and more.key != "essential-exit":
                return more
    return found


def _moments(task: Node) -> list[Step]:
    steps: list[Step] = []
    before: int | None = None
    for field, fact in _MOMENTS:
        at_ms = task.moment(field)
        if at_ms is None:
            continue
        after = f", {seconds(at_ms - before)} later" if before is not None and at_ms >= before else ""
        steps.append(Step(at_ms, f"{fact}{after}.", task.at(field)))
        before = at_ms
    return steps


def _signalled(task: Node) -> bool:
    """Whether ECS was stopping the task when its containers ended: it was for every reason but an exit of its own."""
    return task.text("stopCode") not in ("EssentialContainerExited", "TaskFailedToStart", "")


def _container(task: Node, container: Node) -> Step | None:
    code, reason = container.whole("exitCode"), container.text("reason")
    name = container.text("name") or container.where
    at_ms = task.moment("executionStoppedAt")
    if code is None and not reason:
        if container.text("healthStatus") != "UNHEALTHY":
            return None
        return Step(None, f"Container {name} fails its health check.", container.at("healthStatus"))
    if code is None:
        found = meaning_of(reason)
        says = found.sentence if found else "It has no exit code, so it never ran."
        return Step(
            at_ms, f"Container {name}: {says}", container.at("reason"), found.rule if found else None, reason
        )
    exit_ = meaning_of_exit(code, signalled=_signalled(task), out_of_memory="OutOfMemory" in reason)
    fact = f"Container {name} ends with exit code {code}: {exit_.sentence}."
    return Step(at_ms, fact, container.at("exitCode"), exit_.rule, reason, exit_.look)


def _verdict(task: Node, found: Meaning | None, ended: bool) -> str:
    status = task.text("lastStatus") or "in an unknown state"
    if not ended:
        health = task.text("healthStatus")
        if health == "UNHEALTHY":
            return f"The task is {status}, but its container health check fails."
        if task.text("desiredStatus") == "STOPPED":
            return f"The task is {status} and on its way to STOPPED; the JSON gives no reason."
        return (
            f"The task is {status}"
            + (" and healthy" if health == "HEALTHY" else "")
            + ". Nothing in the JSON is wrong with it."
        )
    ran = "" if task.has("startedAt") else "The task never ran. "
    exits = [(each, each.whole("exitCode")) for each in task.items("containers") if each.has("exitCode")]
    if found is not None and found.key == "essential-exit" and exits:
        container, code = next((pair for pair in exits if pair[1]), exits[0])
        said = meaning_of_exit(code or 0, signalled=_signalled(task)).sentence
        return f"{ran}Container {container.text('name')} ended with exit code {code}, and the task with it: {said}."
    if found is not None:
        return ran + found.sentence
    return (
        ran
        + f"The task stopped: {task.text('stoppedReason') or task.text('stopCode') or 'no reason is given'}."
    )
