"""Why an alarm is in its state, and what its actions came to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labs.history import Entry
from labs.why import origins, watching
from labs.why.chain import Chain, Step, again, in_order, listed, time_of_day
from labs.why.facts import Facts, step
from labs.why.rules import ALARM, TRACKING

_CHANGES = 3


def explain_alarm(facts: Facts, name: str, known: Mapping[str, Any] | None = None) -> Chain:
    """``known`` is what the scaling report says of it, for one that never changed its state."""
    changes = facts.alarms.get(name, [])
    title = f"Alarm {name}"
    if not changes:
        state = str((known or {}).get("state") or "INSUFFICIENT_DATA")
        said = str((known or {}).get("reason") or "")
        now = Step(
            None,
            f"The alarm is in {state} and has never been in another state.",
            "GET /_lab/scaling",
            ALARM,
            said,
        )
        return Chain(
            name,
            title,
            f"The alarm has been in {state} from the beginning: it has had no datapoints that decide.",
            (now,),
        )
    last = changes[-1]
    steps: list[Step] = _made(facts, name, changes[0])
    for change in changes[-_CHANGES:]:
        steps.append(_changed(change))
    acts = [
        e
        for e in facts.entries
        if e.kind in ("scaling.activity", "scaling.held") and e.data.get("alarm") == name and e.seq > last.seq
    ]
    steps += _acts(acts)
    failures = _failures(facts, name, last)
    for failure in failures:
        steps += watching.failed(facts, failure)
    data = last.data
    value = "no datapoint" if data.get("value") is None else f"{data['value']:.4g}"
    verdict = f"The alarm is in {data['to']} since {time_of_day(last.at_ms)}"
    verdict += f": the latest datapoint is {value}, the threshold {data.get('threshold')}."
    done = [e for e in acts if e.kind == "scaling.activity"]
    if done:
        verdict += f" It led to {len(done)} scaling activit{'y' if len(done) == 1 else 'ies'}, the last to {done[-1].data['to']} tasks."
    elif failures:
        verdict += f" It failed {listed(str(e.data['deployment']) for e in failures)}."
    elif acts:
        verdict += f" Nothing was scaled: {acts[-1].data['why']}"
    elif data["to"] == "OK":
        verdict += " An alarm that is OK calls no policy."
    return Chain(name, title, verdict, in_order(steps))


def _made(facts: Facts, name: str, first: Entry) -> list[Step]:
    """The policy to which a target tracking alarm belongs."""
    for entry in reversed(facts.entries):
        if (
            entry.kind == "scaling.policy"
            and entry.seq < first.seq
            and str(entry.data["resource_id"]) in name
        ):
            call = next((e for e in facts.causes(entry) if e.kind == "call"), None)
            params = call.data.get("params") if call else None
            goal = ""
            if isinstance(params, Mapping):
                tracking = params.get("TargetTrackingScalingPolicyConfiguration")
                if isinstance(tracking, Mapping):
                    goal = f" with the target {tracking.get('TargetValue')}"
            return [
                step(
                    call or entry,
                    f"The policy {entry.data['policy']} on {entry.data['resource_id']}{goal} makes the alarm.",
                    TRACKING,
                )
            ]
    return []


def _failures(facts: Facts, name: str, last: Entry) -> list[Entry]:
    """Deployments that failed by it since its last change."""
    return [
        e
        for e in facts.entries
        if e.kind == "deployment.failed" and name in (e.data.get("alarms") or ()) and e.seq > last.seq
    ]


def _changed(entry: Entry) -> Step:
    told = origins.alarmed(entry)
    return Step(told.at_ms, told.fact, told.source, ALARM, told.quote, seq=told.seq)


def _acts(acts: list[Entry]) -> list[Step]:
    steps: list[Step] = []
    held = [e for e in acts if e.kind == "scaling.held"]
    if held:
        last = held[-1]
        more = f" It was held {again(len(held) - 1)} before." if len(held) > 1 else ""
        steps.append(
            step(
                last,
                f"The policy {last.data['policy']} is called to scale {last.data['direction']} and nothing is scaled: "
                f"{last.data['why']}{more}",
                knob=_BOUNDS.get(str(last.data["reason"]), ""),
            )
        )
    for entry in [e for e in acts if e.kind == "scaling.activity"][-_CHANGES:]:
        steps.append(origins.scaled(entry))
    return steps


_BOUNDS = {"at_min": "MinCapacity of the scalable target", "at_max": "MaxCapacity of the scalable target"}
