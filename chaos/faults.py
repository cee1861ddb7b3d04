"""The catalogue of faults, read from ``chaos.actions``: names from ``__all__``, settings from signatures,
words from docstrings.

Settings are bound and typed before anything runs, whether they come from a lab's YAML or as text from a
command line.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

from chaos import actions
from chaos.errors import FaultError
from chaos.undo import Clients, Undo

_TYPES: dict[type, str] = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


@dataclass(frozen=True, slots=True)
class FaultSetting:
    """One setting: a required one has no default. ``choices`` are all texts that it can be; empty when there are others."""

    name: str
    type: str
    required: bool
    default: str | int | float | bool | None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault as the command line and the screens list it."""

    name: str
    summary: str
    description: str
    settings: tuple[FaultSetting, ...]

    def to_dict(self) -> dict[str, Any]:
        """For ``faults --json``."""
        return {
            "name": self.name,
            "summary": self.summary,
            "description": self.description,
            "settings": [
                {"name": item.name, "type": item.type, "required": item.required, "default": item.default}
                for item in self.settings
            ],
        }


@lru_cache(maxsize=1)
def catalogue() -> tuple[Fault, ...]:
    """Every fault, by name."""
    return tuple(_describe(name) for name in sorted(actions.__all__))


def find(name: str) -> Fault:
    """The fault of that name (hyphens are fine); FaultError naming the nearest otherwise."""
    wanted = name.replace("-", "_")
    for fault in catalogue():
        if fault.name == wanted:
            return fault
    raise FaultError(f"There is no fault {name!r}.", _nearest(wanted, [fault.name for fault in catalogue()]))


def inject(clients: Clients, name: str, settings: Mapping[str, Any], record: Callable[[Undo], None]) -> Undo:
    """Bind the settings, write down the undo, apply the fault. FaultError before anything has changed when
    something does not fit.
    """
    fault = find(name)
    bound = bind(fault, settings)
    function: Callable[..., Undo] = getattr(actions, fault.name)
    return function(clients, record, **bound)


def bind(fault: Fault, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings by name, each of its own type. Text is converted, so ``--set zones=2`` works."""
    known = {setting.name: setting for setting in fault.settings}
    bound: dict[str, Any] = {}
    for name, value in settings.items():
        wanted = name.replace("-", "_")
        if wanted not in known:
            raise FaultError(
                f"The fault {fault.name} has no setting {name!r}.", _nearest(wanted, list(known))
            )
        bound[wanted] = _convert(fault, known[wanted], value)
    missing = [setting.name for setting in fault.settings if setting.required and setting.name not in bound]
    if missing:
        raise FaultError(
            f"The fault {fault.name} needs {' and '.join(missing)}.", f"Add `--set {missing[0]}=...`."
        )
    return bound


def settings_of(function: Callable[..., Any]) -> tuple[FaultSetting, ...]:
    """The keyword arguments of a function as settings."""
    hints = get_type_hints(function)
    settings = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            continue
        required = parameter.default is inspect.Parameter.empty
        hint = hints[parameter.name]
        choices = get_args(hint) if get_origin(hint) is Literal else ()
        settings.append(
            FaultSetting(
                parameter.name,
                _TYPES[str if choices else hint],
                required,
                None if required else parameter.default,
                choices,
            )
        )
    return tuple(settings)


def _describe(name: str) -> Fault:
    function = getattr(actions, name)
    words = inspect.cleandoc(function.__doc__ or "").replace("``", "`")
    summary, _, description = words.partition("\n\n")
    return Fault(name, summary, " ".join(description.split()), settings_of(function))


def _convert(fault: Fault, setting: FaultSetting, value: Any) -> Any:
    kind = setting.type
    if kind == "text" and isinstance(value, str) and value:
        return value
    if kind == "true or false":
        if isinstance(value, bool):
            return value
        if str(value).lower() in {"true", "false"}:
            return str(value).lower() == "true"
    elif kind != "text" and not isinstance(value, bool):
        try:
            return int(str(value)) if kind == "a whole number" else float(value)
        except (TypeError, ValueError):
            pass
    raise FaultError(f"The setting {setting.name!r} of {fault.name} must be {kind}, not {value!r}.")


def _nearest(word: str, known: list[str]) -> str:
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."
