"""The parts of a scenario that are said in the words of the control API (docs/control-api.md): what clients do, and what AWS does with
its capacity. Read exactly, before a world is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labs.fields import Fields, complain, key_of, members, scalar
from labs.nearest import did_you_mean

PATTERNS = ("poisson", "constant", "step", "spike", "ramp", "wave", "daily")
_NUMBER, _WHOLE, _TEXT = "a number", "a whole number", "text"
_DEMAND = {"rps": _NUMBER, "pattern": _TEXT, "to_rps": _NUMBER, "after_ms": _WHOLE, "for_ms": _WHOLE}
_LOADS: Mapping[str, Mapping[str, str]] = {
    "traffic": {
        **_DEMAND,
        "path": _TEXT,
        "long_share": _NUMBER,
        "long_ms": _WHOLE,
        "client_timeout_ms": _WHOLE,
    },
    "queue": _DEMAND,
}
_FILTERS = {"zone": _TEXT}
_CAPACITY: Mapping[str, Mapping[str, str]] = {
    "interrupt": {"count": _WHOLE, "share": _NUMBER, **_FILTERS},
    "shortage": {"provider": _TEXT, **_FILTERS},
    "restore": {"provider": _TEXT, **_FILTERS},
    "weather": {"mean_minutes": _NUMBER},
    "calm": {},
}
PROVIDERS = ("FARGATE", "FARGATE_SPOT")


def load(fields: Fields, key: str) -> dict[str, Any]:
    """The ``traffic`` or the ``queue`` of a mapping; where it goes is the stage's."""
    path, node = fields.path, fields.at(key)
    found = _typed(fields, key, members(path, node, f"{key!r}"), _LOADS[key], f"{key!r}")
    if "rps" not in found:
        complain(path, node, f"{key!r} lacks 'rps'.", "Add how many come in a second.")
    if not found["rps"] > 0:
        complain(path, node, f"'rps' must be above 0, not {found['rps']}.")
    for name in ("after_ms", "for_ms"):
        if found.get(name, 1) < 1:
            complain(path, members(path, node, key)[name], f"{name!r} must be 1 or more, not {found[name]}.")
    if "pattern" in found:
        _one_of(fields, members(path, node, f"{key!r}")["pattern"], "'pattern'", found["pattern"], PATTERNS)
    return found


def capacity(fields: Fields, key: str) -> dict[str, Any]:
    """What AWS does with its capacity: ``action`` and its fields. An interruption is always of the stage's own tasks."""
    path, node = fields.path, fields.at(key)
    nodes = members(path, node, f"{key!r}")
    if "action" not in nodes:
        complain(path, node, f"{key!r} lacks 'action'.", f"Known: {', '.join(_CAPACITY)}.")
    action = scalar(path, nodes["action"], "'action'")
    _one_of(fields, nodes["action"], "'action'", action, tuple(_CAPACITY))
    given = {name: each for name, each in nodes.items() if name != "action"}
    found = _typed(fields, key, given, _CAPACITY[str(action)], f"the action {action!r}")
    if "provider" in found:
        _one_of(fields, nodes["provider"], "'provider'", found["provider"], PROVIDERS)
    if "count" in found and "share" in found:
        complain(
            path, key_of(node, "count"), "'count' and 'share' say the same thing twice.", "Keep one of them."
        )
    return {"action": action, **found}


def _typed(
    fields: Fields, key: str, nodes: Mapping[str, Any], known: Mapping[str, str], what: str
) -> dict[str, Any]:
    found = {}
    for name, node in nodes.items():
        if name not in known:
            hint = did_you_mean(name, known) or "Leave it out."
            complain(fields.path, key_of(fields.at(key), name), f"{what} has no field {name!r}.", hint)
        value = scalar(fields.path, node, f"{name!r}")
        right = {
            _TEXT: isinstance(value, str),
            _WHOLE: isinstance(value, int) and not isinstance(value, bool),
            _NUMBER: isinstance(value, int | float) and not isinstance(value, bool),
        }
        if not right[known[name]]:
            complain(fields.path, node, f"{name!r} of {key!r} must be {known[name]}, not {value!r}.")
        found[name] = value
    return found


def _one_of(fields: Fields, node: Any, what: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        complain(fields.path, node, f"{what} cannot be {value!r}.", did_you_mean(str(value), known))
