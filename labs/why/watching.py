"""What deployment alarms did about a deployment: looked away, watched it, failed it."""

from __future__ import annotations

from labs.history import Entry
from labs.why import origins
from labs.why.chain import Step, listed, time_of_day
from labs.why.facts import Facts, step
from labs.why.rules import ALARM, ALARMS_IGNORED, BAKING, DEPLOYMENT_ALARM

KNOB = "deploymentConfiguration.alarms (alarmNames, enable, rollback), and the alarm itself"


def ignored(facts: Facts, deployment: str) -> list[Step]:
    """That no alarm watched a deployment, since one was in ALARM when it began."""
    found = _last(facts, deployment, "deployment.alarms_ignored")
    if found is None:
        return []
    names = [str(name) for name in found.data["alarms"]]
    fact = f"{_alarms(names)} in ALARM when the deployment begins, so ECS watches no alarm during it."
    return [*_changes(facts, names, found), step(found, fact, ALARMS_IGNORED)]


def failed(facts: Facts, failure: Entry) -> list[Step]:
    """From the alarms' changes to the failure of a deployment."""
    names = _names(failure)
    told = _changes(facts, names, failure)
    when = _before_its_time(facts, failure)
    fact = f"{_alarms(names)} in ALARM, and that fails the deployment." + (f" {when}" if when else "")
    reason = str(failure.data.get("reason") or "")
    return [*told, step(failure, fact, DEPLOYMENT_ALARM, quote=reason, knob=KNOB)]


def why_failed(facts: Facts, failure: Entry) -> str:
    """The same as a sentence for the verdict; empty when it was not an alarm."""
    if failure.data.get("by") != "alarm":
        return ""
    when = _before_its_time(facts, failure)
    return f"{_alarms(_names(failure))} in ALARM." + (f" {when}" if when else "")


def baking(facts: Facts, deployment: str) -> list[Step]:
    """That all of a deployment is in place, and how long it is watched yet."""
    found = _last(facts, deployment, "deployment.baking")
    if found is None:
        return []
    names = [str(name) for name in found.data["alarms"]]
    watched = f", watched by {listed(names)}" if names else ""
    until = time_of_day(int(found.data["until"]))
    return [step(found, f"All of the deployment is in place; it bakes until {until}{watched}.", BAKING)]


def _before_its_time(facts: Facts, failure: Entry) -> str:
    """Whether the alarms saw what was there before a deployment: empty when they saw the deployment itself."""
    deployment = str(failure.data["deployment"])
    running = [each.at_ms for task in facts.tasks_of(deployment) for each in task.all("task.running")]
    seen = [change.data for name in _names(failure) if (change := _change(facts, name, failure))]
    spans = [(data["since"], data["until"]) for data in seen if data.get("until") is not None]
    if not running or not spans:
        return ""
    first_ms = min(running)
    span = (
        f"{time_of_day(min(since for since, _ in spans))} to {time_of_day(max(until for _, until in spans))}"
    )
    ran = f"its first task ran at {time_of_day(first_ms)}"
    if all(until <= first_ms for _, until in spans):
        return f"What the alarm saw, from {span}, was none of this deployment's doing: {ran}."
    if all(since < first_ms for since, _ in spans):
        return f"What the alarm saw, from {span}, is only in part of this deployment's doing: {ran}."
    return ""


def _names(failure: Entry) -> list[str]:
    return [str(name) for name in failure.data.get("alarms") or ()]


def _alarms(names: list[str]) -> str:
    return f"The alarm {names[0]} is" if len(names) == 1 else f"The alarms {listed(names)} are"


def _changes(facts: Facts, names: list[str], before: Entry) -> list[Step]:
    found = [change for name in names if (change := _change(facts, name, before))]
    told = [origins.alarmed(change) for change in found]
    return [Step(each.at_ms, each.fact, each.source, ALARM, each.quote, seq=each.seq) for each in told]


def _change(facts: Facts, name: str, before: Entry) -> Entry | None:
    """The change to ALARM that an entry is about."""
    changes = [e for e in facts.alarms.get(name, ()) if e.data["to"] == "ALARM" and e.seq < before.seq]
    return changes[-1] if changes else None


def _last(facts: Facts, deployment: str, kind: str) -> Entry | None:
    entries = facts.deployments.get(deployment, ())
    return next((e for e in reversed(entries) if e.kind == kind and e.data["deployment"] == deployment), None)
