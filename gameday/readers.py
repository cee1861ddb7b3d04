"""The mappings of a scenario's file, each read exactly: known keys of the right kind, and every name looked up where it is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, cast, get_args

from chaos import faults
from chaos.faults import FaultSetting
from gameday import control_words, names, operations, stages
from gameday.kinds import KINDS
from gameday.scenario import (
    Action,
    ActionKind,
    Call,
    Condition,
    Exercise,
    ExerciseKind,
    Hint,
    Indicator,
    Injection,
    Knob,
    KnobCall,
    Role,
    Slo,
    Stage,
    Trigger,
)
from labs.fields import Fields, complain, free, key_of, members, scalar
from labs.nearest import did_you_mean

KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "a scenario": (
        (
            "id",
            "title",
            "minutes",
            "summary",
            "briefing",
            "roles",
            "stage",
            "steady_state",
            "timeline",
            "knobs",
            "proof",
            "hints",
            "hint_budget",
            "debrief",
        ),
        (),
    ),
    "a role": (("name", "does"), ()),
    "a stage": (("build",), ("settings", "traffic", "queue")),
    "an SLO": (("id", "title", "indicator", "objective"), ("at_least", "at_most")),
    "an injection": (
        ("id", "title", "action", "tells"),
        ("at", "when", "decoy", "knobs", "reads"),
    ),
    "a condition": ((), ("slo", "state", "happened", "match", "after", "for")),
    "an action": ((), ("fault", "settings", "capacity", "calls", "undo", "release", "traffic", "queue")),
    "a call": (("service", "operation"), ("params",)),
    "a knob": (("id", "title", "turned_by"), ("right", "after", "without")),
    "a call that turns it": (("service", "operation"), ("any_of",)),
    "an exercise": (("do", "for"), ()),
    "a hint": (("text", "cost"), ()),
}
"""What each mapping of a scenario must say, and may say."""
_ACTIONS: dict[str, ActionKind] = {
    "fault": "fault",
    "capacity": "capacity",
    "calls": "call",
    "release": "release",
    "traffic": "traffic",
    "queue": "queue",
}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
T = TypeVar("T", bound="Slo | Injection | Knob")


@dataclass(frozen=True, slots=True)
class Reader:
    """What is known while one file is read: the ``$NAMES`` that its calls may use, and those of them that are the stage's own."""

    path: Path
    names: frozenset[str]
    own: frozenset[str]


def read_slo(path: Path, node: Any) -> Slo:
    """An item of ``steady_state``."""
    fields = fields_of(path, node, "an SLO")
    objective = fields.number("objective", 0.0)
    if not 0 < objective <= 1:
        fields.complain("objective", f"'objective' is a share above 0 and at most 1, not {objective}.")
    if ("at_least" in fields) == ("at_most" in fields):
        complain(path, node, "an SLO needs 'at_least' or 'at_most', and not both.")
    return Slo(
        id=fields.identifier("id"),
        title=fields.text("title"),
        indicator=cast(Indicator, fields.choice("indicator", get_args(Indicator))),
        objective=objective,
        at_least=fields.number("at_least", 0.0) if "at_least" in fields else None,
        at_most=fields.number("at_most", 0.0) if "at_most" in fields else None,
    )


def read_role(path: Path, node: Any) -> Role:
    """An item of ``roles``."""
    fields = fields_of(path, node, "a role")
    return Role(fields.text("name"), fields.text("does"))


def read_stage(path: Path, node: Any) -> Stage:
    """The ``stage``."""
    fields = fields_of(path, node, "a stage")
    builder = stages.catalogue()[fields.choice("build", stages.catalogue())]
    known = frozenset({*names.ENVIRONMENT, *builder.names})
    settings = _settings(fields, "settings", f"the stage {builder.name!r}", builder.settings)
    operations.check_names(path, node, known)
    for key, name in (("traffic", "TARGET_GROUP"), ("queue", "QUEUE_URL")):
        if key in fields and name not in builder.names:
            fields.complain(key, f"the stage {builder.name!r} has nothing that takes it.", "Leave it out.")
    return Stage(
        builder.name,
        settings,
        control_words.load(fields, "traffic") if "traffic" in fields else None,
        control_words.load(fields, "queue") if "queue" in fields else None,
    )


def read_injection(reader: Reader, node: Any) -> Injection:
    """An item of ``timeline``."""
    path = reader.path
    fields = fields_of(path, node, "an injection")
    if "at" in fields and "when" in fields:
        fields.complain(
            "when", "an injection comes 'at' a moment or 'when' something is so.", "Keep one of them."
        )
    trigger = Trigger(
        _duration(fields, "at") if "at" in fields else None,
        _condition(reader, fields.at("when")) if "when" in fields else None,
    )
    for text, item in zip(fields.texts("reads"), fields.items("reads"), strict=True):
        operations.check_read(path, item, text)
    return Injection(
        id=fields.identifier("id"),
        title=fields.text("title"),
        trigger=trigger,
        action=_action(reader, fields.at("action")),
        tells=fields.text("tells"),
        decoy=fields.boolean("decoy", default=False),
        knobs=fields.texts("knobs"),
        reads=fields.texts("reads"),
    )


def _condition(reader: Reader, node: Any) -> Condition:
    path = reader.path
    operations.check_names(path, node, reader.names)
    fields = fields_of(path, node, "a condition")
    given = [key for key in ("slo", "happened", "after") if key in fields]
    if len(given) != 1:
        complain(path, node, "a condition needs exactly one of 'slo', 'happened' and 'after'.")
    for key, needs in (("state", "slo"), ("match", "happened")):
        if key in fields and needs not in fields:
            fields.complain(key, f"{key!r} goes with {needs!r}.", "Leave it out.")
    happened = fields.choice("happened", sorted(KINDS)) if "happened" in fields else ""
    state = fields.choice("state", ("broken", "kept")) if "state" in fields else "broken"
    return Condition(
        slo=fields.text("slo", ""),
        state=cast(Literal["broken", "kept"], state),
        happened=happened,
        match=fields.settings("match"),
        after=fields.text("after", ""),
        for_ms=_duration(fields, "for") if "for" in fields else 0,
    )


def _action(reader: Reader, node: Any) -> Action:
    path = reader.path
    fields = fields_of(path, node, "an action")
    given = [key for key in _ACTIONS if key in fields]
    if len(given) != 1:
        complain(path, node, f"an action needs exactly one of {', '.join(map(repr, _ACTIONS))}.")
    (key,) = given
    for other, needs in (("settings", "fault"), ("undo", "calls")):
        if other in fields and key != needs:
            fields.complain(other, f"{other!r} goes with {needs!r}.", "Leave it out.")
    kind = _ACTIONS[key]
    if kind == "fault":
        return _fault(reader, fields)
    if kind == "call":
        calls = tuple(_call(reader, item) for item in fields.items("calls", at_least=1))
        if "undo" not in fields:
            fields.complain(
                "calls", "calls need an 'undo'.", "Say what takes them back; [] when nothing has to."
            )
        return Action(kind, calls=calls, undo=tuple(_call(reader, item) for item in fields.items("undo")))
    if kind == "release":
        image = _fields_of_release(path, fields.at("release")).text("image")
        return Action(kind, settings={"image": image})
    if kind == "capacity":
        return Action(kind, settings=control_words.capacity(fields, "capacity"))
    return Action(kind, settings=control_words.load(fields, key))


def _fields_of_release(path: Path, node: Any) -> Fields:
    return Fields(path, node, "a release", required=("image",))


def _fault(reader: Reader, fields: Fields) -> Action:
    known = {fault.name: fault for fault in faults.catalogue()}
    fault = known[fields.choice("fault", known)]
    settings = _settings(
        fields, "settings", f"the fault {fault.name!r}", fault.settings, given=("cluster", "service")
    )
    if "settings" in fields:
        operations.check_names(reader.path, fields.at("settings"), reader.names)
    return Action("fault", fault=fault.name, settings=settings)


def _settings(
    fields: Fields, key: str, what: str, known: Sequence[FaultSetting], *, given: Sequence[str] = ()
) -> Mapping[str, Any]:
    """Settings of something, each known and of its type, the required ones there but for those that are ``given`` anyway."""
    by_name = {setting.name: setting for setting in known}
    nodes = members(fields.path, fields.at(key), f"{key!r}") if key in fields else {}
    found = {}
    for name, node in nodes.items():
        if name not in by_name:
            where = key_of(fields.at(key), name)
            complain(fields.path, where, f"{what} has no setting {name!r}.", did_you_mean(name, by_name))
        if name in given:
            complain(
                fields.path,
                key_of(fields.at(key), name),
                f"{name!r} is always that of the stage.",
                "Leave it out.",
            )
        found[name] = _setting(fields.path, node, by_name[name])
    missing = [
        name for name, each in by_name.items() if each.required and name not in found and name not in given
    ]
    if missing:
        where = fields.at(key) if key in fields else fields.node
        complain(fields.path, where, f"{what} needs {', '.join(map(repr, missing))}.", f"Add {missing[0]!r}.")
    return found


def _setting(path: Path, node: Any, setting: FaultSetting) -> Any:
    value = scalar(path, node, f"{setting.name!r}")
    if isinstance(value, str) and any(True for _ in names.used(value)):
        return value
    right = {
        "text": isinstance(value, str),
        "a whole number": isinstance(value, int) and not isinstance(value, bool),
        "a number": isinstance(value, int | float) and not isinstance(value, bool),
        "true or false": isinstance(value, bool),
    }
    if not right[setting.type]:
        complain(path, node, f"{setting.name!r} must be {setting.type}, not {value!r}.")
    if setting.choices and value not in setting.choices:
        complain(
            path, node, f"{setting.name!r} cannot be {value!r}.", did_you_mean(str(value), setting.choices)
        )
    return value


def _call(reader: Reader, node: Any) -> Call:
    fields = fields_of(reader.path, node, "a call")
    service, operation = operations.check_operation(fields)
    if operations.is_reading(operation):
        fields.complain("operation", f"{operation} changes nothing.", "Leave it out.")
    params: Mapping[str, Any] = {}
    if "params" in fields:
        node = fields.at("params")
        params = operations.check_params(reader.path, node, service, operation, reader.names)
        if not reader.own.intersection(operations.names_below(node)):
            complain(
                reader.path,
                node,
                "the call names nothing of the stage.",
                "Use names of it, such as $SERVICE or ${SERVICE}.",
            )
    else:
        fields.complain("operation", "the call names nothing of the stage.", "Give it 'params'.")
    return Call(service, operation, params)


def read_knob(reader: Reader, node: Any) -> Knob:
    """An item of ``knobs``."""
    fields = fields_of(reader.path, node, "a knob")
    return Knob(
        id=fields.identifier("id"),
        title=fields.text("title"),
        turned_by=tuple(_turned_by(reader.path, item) for item in fields.items("turned_by", at_least=1)),
        right=tuple(_call(reader, item) for item in fields.items("right")),
        after=fields.text("after", ""),
        without=fields.texts("without"),
    )


def _turned_by(path: Path, node: Any) -> KnobCall:
    fields = fields_of(path, node, "a call that turns it")
    service, operation = operations.check_operation(fields)
    known = operations.members_of(service, operation)
    any_of = fields.texts("any_of")
    for name, item in zip(any_of, fields.items("any_of"), strict=True):
        # Attributes such as deregistration_delay.timeout_seconds are values of a Key.
        if name not in known and not ("Key" in known and "." in name):
            complain(
                path,
                item,
                f"{operation} has no parameter {name!r}, at any depth.",
                did_you_mean(name, sorted(known)),
            )
    return KnobCall(service, operation, any_of)


def read_exercise(path: Path, node: Any) -> Exercise:
    """An item of ``proof``."""
    fields = fields_of(path, node, "an exercise")
    return Exercise(cast(ExerciseKind, fields.choice("do", get_args(ExerciseKind))), _duration(fields, "for"))


def read_hint(path: Path, node: Any) -> Hint:
    """An item of ``hints``."""
    fields = fields_of(path, node, "a hint")
    return Hint(fields.text("text"), fields.integer("cost", minimum=0))


def fields_of(path: Path, node: Any, what: str) -> Fields:
    """A mapping with the keys that it must and may have."""
    required, optional = KEYS[what]
    return Fields(path, node, what, required=required, optional=optional)


def each_of(fields: Fields, key: str, read: Callable[[Any], T], *, at_least: int = 0) -> tuple[T, ...]:
    """The items of a list, each read; no two with one id."""
    found: dict[str, T] = {}
    for node in fields.items(key, at_least=at_least):
        item = read(node)
        if item.id in found:
            complain(
                fields.path, node, f"two items of {key!r} have the id {item.id!r}.", "Rename one of them."
            )
        found[item.id] = item
    return tuple(found.values())


def _duration(fields: Fields, key: str) -> int:
    """``90s``, ``5m``, ``1h30m`` in milliseconds."""
    value = free(fields.path, fields.at(key), f"{key!r}")
    parts = _DURATION.findall(str(value))
    if not parts or "".join(number + unit for number, unit in parts) != value:
        fields.complain(key, f"{key!r} must be a duration, not {value!r}.", "Write 90s, 5m or 1h30m.")
    return round(sum(float(number) * _UNITS_MS[unit] for number, unit in parts))
