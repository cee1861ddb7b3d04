"""A scenario in words: when something comes, and what it does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chaos import faults
from gameday.scenario import Action, Call, Condition, Scenario, Slo, Trigger


def when(trigger: Trigger) -> str:
    """``after 3 min``, ``when orders has been broken for 1 min``, ``by hand``."""
    if trigger.at_ms is not None:
        return f"after {duration(trigger.at_ms)}"
    return f"when {condition(trigger.when)}" if trigger.when is not None else "by hand"


def condition(what: Condition) -> str:
    """The rest of a sentence that begins with when."""
    lasting = f" for {duration(what.for_ms)}" if what.for_ms else ""
    if what.slo:
        return f"the SLO {what.slo} has been {what.state}{lasting}"
    later = f", {duration(what.for_ms)} later" if what.for_ms else ""
    if what.after:
        return f"{what.after} has come{later}"
    match = "".join(f", {key} {value}" for key, value in what.match.items())
    return f"{what.happened} has happened{match}{later}"


def action(what: Action) -> list[str]:
    """What an action does, a line for each thing, as the file says it: its ``$NAMES`` stand as they are."""
    match what.kind:
        case "fault":
            settings = "".join(f" {key}={value}" for key, value in what.settings.items())
            return [f"fault {what.fault}{settings}: {faults.find(what.fault).summary}"]
        case "release":
            return [f"release of {what.settings['image']}"]
        case "call":
            return [call(each) for each in what.calls]
    return [f"POST /_lab/{what.kind} {compact(what.settings)}"]


def undo(what: Action) -> list[str]:
    """How it is taken back, likewise."""
    match what.kind:
        case "fault":
            told = faults.find(what.fault).description
            _, found, rest = told.rpartition("Taken back by ")
            return [f"by {rest}" if found else "as the fault says"]
        case "release":
            return ["by deploying the former revision and deregistering ours"]
        case "call":
            return [call(each) for each in what.undo]
        case "capacity":
            taken = {"shortage": ["by ending the shortage"], "weather": ["by ending the weather"]}
            return taken.get(str(what.settings["action"]), [])
    return ["by what clients did before"]


def call(what: Call) -> str:
    """``ecs:UpdateService {"service": "$SERVICE"}``."""
    return f"{what.service}:{what.operation} {compact(what.params)}"


def slo(what: Slo) -> str:
    """``availability at least 0.99, in 95 % of the game``."""
    bound = f"at least {what.at_least:g}" if what.at_least is not None else f"at most {what.at_most:g}"
    return f"{what.indicator} {bound}, {what.objective * 100:g} % of the time"


def compact(params: Mapping[str, Any]) -> str:
    """Parameters in one line."""
    return json.dumps(params, ensure_ascii=False, default=str)


def duration(ms: int) -> str:
    """``3 min``, ``90 s``."""
    return f"{ms // 60_000} min" if ms % 60_000 == 0 else f"{ms / 1000:g} s"


def whole(scenario: Scenario) -> dict[str, Any]:
    """A scenario as ``gameday show --json`` gives it."""
    return {
        **row(scenario),
        "briefing": scenario.briefing,
        "roles": [{"name": role.name, "does": role.does} for role in scenario.roles],
        "steady_state": [
            {"id": each.id, "title": each.title, "says": slo(each)} for each in scenario.steady_state
        ],
        "timeline": [
            {
                "id": each.id,
                "title": each.title,
                "when": when(each.trigger),
                "decoy": each.decoy,
                "does": action(each.action),
                "undo": undo(each.action),
                "tells": each.tells,
                "knobs": list(each.knobs),
            }
            for each in scenario.timeline
        ],
        "knobs": [{"id": each.id, "title": each.title} for each in scenario.knobs],
        "hints": [{"text": each.text, "cost": each.cost} for each in scenario.hints],
        "hint_budget": scenario.hint_budget,
        "debrief": list(scenario.debrief),
    }


def row(scenario: Scenario) -> dict[str, Any]:
    """A scenario as ``gameday list --json`` gives it."""
    return {
        "id": scenario.id,
        "title": scenario.title,
        "minutes": scenario.minutes,
        "summary": scenario.summary,
        "stage": scenario.stage.build,
        "injections": sum(not each.decoy for each in scenario.timeline),
        "decoys": sum(each.decoy for each in scenario.timeline),
    }
