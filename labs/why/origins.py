"""How a deployment, or a desired count, came to be: back to the call, the fault, the schedule or the scaling decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labs.history import Entry
from labs.why.chain import Step, listed
from labs.why.facts import Facts, step
from labs.why.rules import DEPLOYS, ROLLBACK, SCHEDULED, TRACKING

_SAID_APART = ("desiredCount", "taskDefinition", "forceNewDeployment")


def of_deployment(facts: Facts, deployment: str) -> list[Step]:
    """The steps that led to a deployment, with its start; empty for one that the journal does not know."""
    entries = facts.deployments.get(deployment, [])
    begun = next(
        (e for e in entries if e.kind == "deployment.started" and e.data["deployment"] == deployment), None
    )
    if begun is None:
        return []
    steps = _of_change(facts, begun)
    revision = str(begun.data["task_definition"])
    fact = {
        "created": f"The service begins with deployment {deployment} of {revision}.",
        "updated": f"Deployment {deployment} of {revision} begins: the new revision is to replace what runs.",
        "forced": f"Deployment {deployment} of {revision} begins, because a new one was forced.",
    }.get(str(begun.data["why"]), f"Deployment {deployment} of {revision} begins.")
    return [*steps, step(begun, fact, DEPLOYS)]


def of_rollback(entry: Entry) -> Step:
    """A rollback, told."""
    data = entry.data
    return step(
        entry,
        f"The service goes back to {data['task_definition']} under its old deployment {data['deployment']}.",
        ROLLBACK,
    )


def of_desired(facts: Facts, service: tuple[str, str], seq: int) -> list[Step]:
    """Who set the desired count that held at an entry; empty when it was never changed."""
    state = None
    for entry in facts.services[service]:
        if entry.seq > seq:
            break
        if entry.kind == "service.updated" and "desiredCount" in entry.data.get("changed", ()):
            state = entry
    if state is None:
        return []
    before = facts.state_before(state)
    was = f"from {before.data['desired']} " if before else ""
    change = step(state, f"The desired count of {service[1]} goes {was}to {state.data['desired']}.")
    return [*who(facts, state), change]


def _of_change(facts: Facts, begun: Entry) -> list[Step]:
    """The change of the service that a deployment's start goes back to."""
    state = next((c for c in facts.causes(begun) if c.kind in ("service.created", "service.updated")), None)
    if state is None:
        return []
    return who(facts, state)


def who(facts: Facts, state: Entry) -> list[Step]:
    """The call, with the fault before it, or the scaling decision that changed a service."""
    steps: list[Step] = []
    for cause in facts.causes(state):
        if cause.kind == "call":
            fault = facts.fault_before(cause)
            if fault is not None:
                steps.append(_fault(fault))
                steps += [step(each, _called(each)) for each in facts.elsewhere(fault, cause)]
            steps.append(step(cause, _call(facts, cause, state)))
        elif cause.kind == "scaling.activity":
            steps.append(scaled(cause))
        elif cause.kind == "alarm.state":
            steps.append(alarmed(cause))
    return steps


def scaled(entry: Entry) -> Step:
    """A scaling decision that was carried out."""
    data = entry.data
    by = f"The policy {data['policy']}" if data.get("policy") else "Application Auto Scaling"
    return step(
        entry,
        f"{by} sets the desired count of {data['service']} from {data['from']} to {data['to']}.",
        TRACKING if data.get("policy") else None,
        quote=str(data.get("cause") or ""),
    )


def alarmed(entry: Entry) -> Step:
    """An alarm's change of state."""
    data = entry.data
    return step(
        entry,
        f"The alarm {data['alarm']} goes from {data['from']} to {data['to']}.",
        quote=str(data.get("reason") or ""),
    )


def of_task(facts: Facts, begun: Entry) -> list[Step]:
    """Who asked for a standalone task."""
    for cause in facts.causes(begun):
        if cause.kind == "call":
            fault = facts.fault_before(cause)
            told = [_fault(fault)] if fault is not None else []
            return [
                *told,
                step(cause, f"{cause.data['operation']} asks for a task of {begun.data['task_definition']}."),
            ]
        if cause.kind == "schedule.fired":
            return [
                step(
                    cause,
                    f"The schedule {cause.data['schedule']} is due and calls {cause.data['operation']}.",
                    SCHEDULED,
                )
            ]
    fired = next(
        (
            entry
            for entry in facts.entries
            if entry.kind == "schedule.fired" and begun.data["task"] in entry.data.get("tasks", ())
        ),
        None,
    )
    if fired is not None:
        return [
            step(
                fired,
                f"The schedule {fired.data['schedule']} is due and calls {fired.data['operation']}.",
                SCHEDULED,
            )
        ]
    return []


def _fault(entry: Entry) -> Step:
    """That the lab did it; what it broke is for the learner to find."""
    return step(entry, "What comes next is the lab's doing, on purpose.")


def _called(call: Entry) -> str:
    """A call with what it asked for: "DeleteRoute is called: RouteTableId = rtb-1 and DestinationCidrBlock = 0.0.0.0/0"."""
    params = call.data.get("params")
    asked = (
        [f"{key} = {_value(value)}" for key, value in params.items()] if isinstance(params, Mapping) else []
    )
    return f"{call.data['operation']} is called" + (f": {listed(asked)}." if asked else ".")


def _call(facts: Facts, call: Entry, state: Entry) -> str:
    """What a call did to a service: "UpdateService changes orders from orders:1 to orders:2 (image of orders)"."""
    operation, name = str(call.data["operation"]), str(state.data["service"])
    if state.kind == "service.created":
        return f"{operation} makes the service {name} with {state.data['desired']} x {state.data['task_definition']}."
    before = facts.state_before(state)
    params = call.data.get("params")
    params = params if isinstance(params, Mapping) else {}
    told: list[str] = []
    changed = [str(each) for each in state.data.get("changed", ())]
    if before is not None and before.data["task_definition"] != state.data["task_definition"]:
        was, now = str(before.data["task_definition"]), str(state.data["task_definition"])
        differences = revision_changes(facts, was, now)
        told.append(
            f"changes {name} from {was} to {now}" + (f": {listed(differences)}" if differences else "")
        )
    if before is not None and before.data["desired"] != state.data["desired"]:
        told.append(
            f"sets the desired count of {name} from {before.data['desired']} to {state.data['desired']}"
        )
    if params.get("forceNewDeployment"):
        told.append(f"forces a new deployment of {name}")
    others = [
        f"{key} = {_value(params[key])}" if key in params else key
        for key in changed
        if key not in _SAID_APART
    ]
    if others:
        told.append(f"sets {listed(others)}")
    return f"{operation} {' and '.join(told) or 'is called on ' + name}."


def revision_changes(facts: Facts, before: str, after: str) -> list[str]:
    """What two revisions differ in, as people say it: ``image of web: nginx:1 -> nginx:2``."""
    old, new = _definition(facts, before), _definition(facts, after)
    if old is None or new is None:
        return []
    found: list[str] = []
    for key in sorted(
        (old.keys() | new.keys())
        - {"containerDefinitions", "tags", "compatibilities", "requiresCompatibilities"}
    ):
        if str(old.get(key)) != str(new.get(key)):
            found.append(f"{key} {_value(old.get(key))} -> {_value(new.get(key))}")
    was = {str(each.get("name")): each for each in old.get("containerDefinitions", ())}
    for container in new.get("containerDefinitions", ()):
        name = str(container.get("name"))
        one = was.pop(name, None)
        if one is None:
            found.append(f"container {name} is new")
            continue
        for key in _CONTAINER:
            if not one.get(key) and not container.get(key):
                continue
            if _comparable(key, one.get(key)) != _comparable(key, container.get(key)):
                found.append(f"{key} of {name} {_value(one.get(key))} -> {_value(container.get(key))}")
    return found + [f"container {name} is gone" for name in was]


_CONTAINER = (
    "image",
    "command",
    "entryPoint",
    "memory",
    "memoryReservation",
    "environment",
    "secrets",
    "healthCheck",
    "portMappings",
    "stopTimeout",
    "dependsOn",
    "linuxParameters",
    "logConfiguration",
)


def _comparable(key: str, value: Any) -> Any:
    """Without what AWS fills in."""
    if key == "portMappings" and isinstance(value, list):
        return sorted(str(each.get("containerPort")) for each in value if isinstance(each, Mapping))
    return value


def _definition(facts: Facts, revision: str) -> Mapping[str, Any] | None:
    registered = facts.revisions.get(revision)
    call = facts.entry(registered.cause) if registered else None
    params = call.data.get("params") if call is not None and call.kind == "call" else None
    return params if isinstance(params, Mapping) else None


def _value(value: Any) -> str:
    """A value of a request, short enough for a sentence."""
    if value is None:
        return "unset"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_value(each)}" for key, each in list(value.items())[:3]) + "}"
    if isinstance(value, list):
        text = "[" + ", ".join(_value(each) for each in value[:4]) + (", ..." if len(value) > 4 else "") + "]"
    else:
        text = str(value)
    return text if len(text) <= 90 else f"{text[:87]}..."
