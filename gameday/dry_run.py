"""What a scenario would do, call by call, without doing it to anybody: it is done to a world that is thrown away.

``rehearse`` sets the stage there, lets every injection come in the order of the timeline, waits after each until the world has
settled, and takes all of them back. Nobody reacts, and no clients come: what they would do is told as the file says it. What is told of
AWS are the calls that were made, with their parameters.
``plan`` needs no world and tells what the file says: it is all that can be told of an account in which nothing may be tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gameday import acts, describing, reversal
from gameday.names import used
from gameday.recording import Made, RecordingCloud, recorded
from gameday.reversal import Step
from gameday.runner import refusals
from gameday.scenario import Action, Injection, Scenario
from gameday.stages import catalogue
from labs.cloud import MINUTE_MS, Cloud

_SETTLE_LIMIT_MS = 15 * MINUTE_MS
"""A release that never ends need not be watched for longer."""
_CLIENTS = ("traffic", "queue")


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One injection: what it did, what of the stage that touched, how it was taken back; or why it was not done. Calls are
    ``service:Operation {parameters}``.
    """

    injection: Injection
    does: tuple[str, ...]
    touches: tuple[str, ...]
    undo: tuple[str, ...]
    refused: str = ""

    def to_dict(self) -> dict[str, Any]:
        """For ``gameday dry-run --json``."""
        return {
            "id": self.injection.id,
            "title": self.injection.title,
            "when": describing.when(self.injection.trigger),
            "decoy": self.injection.decoy,
            "does": list(self.does),
            "touches": list(self.touches),
            "undo": list(self.undo),
            "refused": self.refused or None,
        }


@dataclass(frozen=True, slots=True)
class DryRun:
    """A whole scenario: the calls that set its stage, and its injections."""

    stage: tuple[str, ...]
    injections: tuple[Rehearsed, ...]


def plan(scenario: Scenario) -> DryRun:
    """What the file says, its ``$NAMES`` as they stand there."""
    builder = catalogue()[scenario.stage.build]
    return DryRun(
        (f"stage {builder.name}: {builder.summary} Everything is tagged fargate-lab={scenario.id}.",),
        tuple(
            Rehearsed(
                each,
                tuple(describing.action(each.action)),
                _named(each.action),
                tuple(describing.undo(each.action)),
            )
            for each in scenario.timeline
        ),
    )


def rehearse(scenario: Scenario, cloud: Cloud) -> DryRun:
    """Do it all in a world that is thrown away, and tell."""
    with recorded(cloud) as listened:
        builder = catalogue()[scenario.stage.build]
        names = builder(listened, scenario.id, scenario.stage.settings)
        stage = tuple(_told(made) for made in listened.taken())
        done: list[tuple[Injection, list[Made], list[Step], str]] = []
        for injection in scenario.timeline:
            steps: list[Step] = []
            refused = ""
            try:
                if injection.action.kind not in _CLIENTS:
                    acts.perform(listened, scenario.id, names, injection.action, steps.extend)
            except refusals() as error:
                refused = str(error)
            done.append((injection, listened.taken(), steps, refused))
            cloud.clock.settle(_SETTLE_LIMIT_MS)
        undone = _undone(listened, [(injection.id, steps) for injection, _, steps, _ in done])
        return DryRun(
            stage,
            tuple(
                Rehearsed(
                    injection,
                    (*(_told(each) for each in made), *_beyond_aws(injection.action)),
                    _touched(injection.action, made, names),
                    tuple(undone[injection.id]) or tuple(_beyond_undo(injection.action)),
                    refused,
                )
                for injection, made, _, refused in done
            ),
        )


def _undone(cloud: RecordingCloud, steps_of: Sequence[tuple[str, list[Step]]]) -> dict[str, list[str]]:
    """Everything taken back, latest first: by injection, the calls that were made, and what failed."""
    told: dict[str, list[str]] = {}
    for injection, steps in reversed(steps_of):
        wrong = reversal.take_back(cloud, steps, lambda: cloud.clock.settle(_SETTLE_LIMIT_MS))
        failed = [f"failed: {error}" for error in wrong]
        told[injection] = [*(_told(each) for each in cloud.taken()), *failed]
    return told


def _beyond_aws(action: Action) -> list[str]:
    """What is asked of the control API: no call of AWS does it."""
    return describing.action(action) if action.kind in ("capacity", *_CLIENTS) else []


def _beyond_undo(action: Action) -> list[str]:
    return describing.undo(action) if action.kind in ("capacity", *_CLIENTS) else []


def _told(made: Made) -> str:
    return f"{made.service}:{made.operation} {describing.compact(made.params)}"


def _touched(action: Action, made: Sequence[Made], names: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the stage that an action is about, each with what it stands for."""
    by_value = {value: name for name, value in names.items()}
    found = [by_value[text] for call in made for text in _texts(call.params) if text in by_value]
    beyond = (
        [name.removeprefix("$") for name in _named(action)] if action.kind not in ("fault", "call") else []
    )
    return tuple(f"${name} {names[name]}" for name in dict.fromkeys([*beyond, *found]))


def _named(action: Action) -> tuple[str, ...]:
    """The names of the stage that an action is about, from what the file says."""
    match action.kind:
        case "traffic":
            return ("$TARGET_GROUP",)
        case "queue":
            return ("$QUEUE",)
        case "capacity":
            return ("$SERVICE",) if action.settings["action"] == "interrupt" else ()
        case "call":
            texts = [text for each in action.calls for text in _texts(each.params)]
            return tuple(dict.fromkeys(f"${name}" for text in texts for name in used(text)))
    return ("$CLUSTER", "$SERVICE")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
