"""From a file of ``chaos/scenarios`` to a ``Scenario``, or one exact error.

A file there is a scenario: there is no other list. Everything that it names is looked up while it is read: faults and their
settings, stages and theirs, operations and parameters of the AWS API, kinds of journal entries, ``$NAMES``, and its own ids.
Durations are written ``90s``, ``5m`` or ``1h30m``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import chaos
from gameday import names, stages
from gameday.readers import (
    Reader,
    each_of,
    fields_of,
    read_exercise,
    read_hint,
    read_injection,
    read_knob,
    read_role,
    read_slo,
    read_stage,
)
from gameday.scenario import Scenario
from labs.errors import UnknownLabError
from labs.fields import Fields, complain, compose
from labs.nearest import did_you_mean

SCENARIOS_FOLDER = Path(chaos.__file__).parent / "scenarios"
_QUEUE_INDICATORS = {"duplicates", "lost", "oldest_age_s"}


def load_all(root: Path = SCENARIOS_FOLDER) -> tuple[Scenario, ...]:
    """Every scenario of a folder, by id."""
    return tuple(load(path) for path in sorted(root.glob("*.yaml")))


def find(scenario_id: str, root: Path = SCENARIOS_FOLDER) -> Scenario:
    """The scenario of that id; ``UnknownLabError`` naming the nearest otherwise."""
    known = {path.stem.replace("_", "-"): path for path in sorted(root.glob("*.yaml"))}
    if scenario_id not in known:
        raise UnknownLabError(f"There is no scenario {scenario_id!r}.", did_you_mean(scenario_id, known))
    return load(known[scenario_id])


@lru_cache(maxsize=64)
def load(path: Path) -> Scenario:
    """Read one file. Every mistake is a ``LabFileError`` with file, line and column."""
    fields = fields_of(path, compose(path), "a scenario")
    scenario_id = fields.identifier("id")
    expected = path.stem.replace("_", "-")
    if scenario_id != expected:
        fields.complain(
            "id", f"the id is {scenario_id!r}, but the file makes it {expected!r}.", "Rename one of them."
        )
    stage = read_stage(path, fields.at("stage"))
    own = frozenset(stages.catalogue()[stage.build].names)
    reader = Reader(path, own | set(names.ENVIRONMENT), own)
    slos = each_of(fields, "steady_state", lambda node: read_slo(path, node), at_least=1)
    timeline = each_of(fields, "timeline", lambda node: read_injection(reader, node), at_least=1)
    knobs = each_of(fields, "knobs", lambda node: read_knob(reader, node))
    minutes = fields.integer("minutes", minimum=1)
    scenario = Scenario(
        id=scenario_id,
        title=fields.text("title"),
        minutes=minutes,
        summary=fields.text("summary"),
        briefing=fields.text("briefing"),
        roles=tuple(read_role(path, node) for node in fields.items("roles", at_least=1)),
        stage=stage,
        steady_state=slos,
        timeline=timeline,
        knobs=knobs,
        proof=tuple(read_exercise(path, node) for node in fields.items("proof", at_least=1)),
        hints=tuple(read_hint(path, node) for node in fields.items("hints")),
        hint_budget=fields.integer("hint_budget", minimum=0),
        debrief=fields.texts("debrief", at_least=1),
        path=path,
    )
    _check_references(fields, scenario)
    _check_decoys(fields, scenario)
    return scenario


def _check_references(fields: Fields, scenario: Scenario) -> None:
    """Every id that is named is there, and the stage has what the SLOs look at."""
    path = fields.path
    slos = [slo.id for slo in scenario.steady_state]
    injections = [injection.id for injection in scenario.timeline]
    knobs = [knob.id for knob in scenario.knobs]
    coming = {each.action.kind for each in scenario.timeline}
    for slo, node in zip(scenario.steady_state, fields.items("steady_state"), strict=True):
        key = "queue" if slo.indicator in _QUEUE_INDICATORS else "traffic"
        at_start = scenario.stage.queue if key == "queue" else scenario.stage.traffic
        if slo.indicator != "healthy" and at_start is None and key not in coming:
            complain(path, node, f"{slo.id!r} looks at {key}, and there is none.", f"Give the stage {key!r}.")
    for injection, node in zip(scenario.timeline, fields.items("timeline"), strict=True):
        found = fields_of(path, node, "an injection")
        _known(found, "knobs", injection.knobs, knobs, "knob")
        if injection.trigger.at_ms is not None and injection.trigger.at_ms >= scenario.length_ms:
            found.complain(
                "at", f"the game is over after {scenario.minutes} minutes.", "Let it come earlier."
            )
        when = injection.trigger.when
        if when is None:
            continue
        condition = fields_of(path, found.at("when"), "a condition")
        if when.slo:
            _known(condition, "slo", [when.slo], slos, "SLO")
        if when.after:
            _known(condition, "after", [when.after], injections, "injection")
            if when.after == injection.id:
                condition.complain("after", "an injection cannot wait for itself.", "Name another one.")
    for knob, node in zip(scenario.knobs, fields.items("knobs"), strict=True):
        found = fields_of(path, node, "a knob")
        _known(found, "after", [knob.after] if knob.after else [], injections, "injection")
        _known(found, "without", knob.without, injections, "injection")
        if (knob.after or knob.without) and not (knob.right or knob.without):
            found.complain(
                "after", "there is nothing to do after it.", "Say what is 'right', or leave it out."
            )
    _circle(fields, scenario)


def _circle(fields: Fields, scenario: Scenario) -> None:
    """Complain when injections wait for each other."""
    waits = {each.id: each.trigger.when.after for each in scenario.timeline if each.trigger.when}
    for injection, node in zip(scenario.timeline, fields.items("timeline"), strict=True):
        seen, at = {injection.id}, waits.get(injection.id)
        while at and at not in seen:
            seen.add(at)
            at = waits.get(at)
        if at == injection.id:
            complain(
                fields.path,
                node,
                f"{injection.id!r} waits for itself, by way of others.",
                "Break the circle.",
            )


def _check_decoys(fields: Fields, scenario: Scenario) -> None:
    """A decoy has no knob, and whatever hurts has one."""
    for injection, node in zip(scenario.timeline, fields.items("timeline"), strict=True):
        if injection.decoy and injection.knobs:
            complain(
                fields.path,
                node,
                f"the decoy {injection.id!r} has knobs.",
                "A decoy hurts nobody: nothing is to be turned.",
            )
    if all(injection.decoy for injection in scenario.timeline):
        fields.complain("timeline", "everything is a decoy.", "Something must happen.")


def _known(fields: Fields, key: str, given: Sequence[str], known: Sequence[str], what: str) -> None:
    for name in given:
        if name not in known:
            fields.complain(key, f"there is no {what} {name!r}.", did_you_mean(name, known))
