"""Reading YAML with positions: every complaint names file, line and column, and the nearest thing that would
have been right.

``Fields`` wraps one mapping of a document composed by PyYAML (``yaml.compose`` keeps the positions that
``yaml.load`` forgets).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import yaml

from labs.catalogue import Setting
from labs.errors import LabFileError
from labs.nearest import did_you_mean

IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SCALARS = {
    "tag:yaml.org,2002:str": "text",
    "tag:yaml.org,2002:int": "a whole number",
    "tag:yaml.org,2002:float": "a number",
    "tag:yaml.org,2002:bool": "true or false",
    "tag:yaml.org,2002:null": "nothing",
}


def compose(path: Path) -> Any:
    """The document's root node."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=loader)
    except OSError as error:
        raise LabFileError(path, 0, 0, f"cannot be read: {error.strerror}.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        problem = getattr(error, "problem", None) or "this is not YAML"
        raise LabFileError(
            path, line, column, f"{problem}.", "Check the indentation and the quotes here."
        ) from error
    if root is None:
        raise LabFileError(path, 1, 1, "the file is empty.")
    return root


def complain(path: Path, node: Any, message: str, hint: str = "") -> NoReturn:
    """Raise the error that points at ``node``."""
    raise LabFileError(path, node.start_mark.line + 1, node.start_mark.column + 1, message, hint)


def kind_of(node: Any) -> str:
    """What a node is, for people: ``a list``."""
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return _SCALARS.get(node.tag, "a scalar")


def scalar(path: Path, node: Any, what: str) -> Setting:
    """A string, number or boolean."""
    if isinstance(node, yaml.ScalarNode):
        kind = _SCALARS.get(node.tag)
        if kind == "text":
            return str(node.value)
        try:
            if kind == "a whole number":
                return int(node.value.replace("_", ""), 10)
            if kind == "a number":
                return float(node.value)
        except ValueError:
            complain(path, node, f"{what} must be a plain number, not {node.value!r}.")
        if kind == "true or false":
            return str(node.value).lower() in {"true", "yes", "on"}
    complain(path, node, f"{what} must be text or a number, not {kind_of(node)}.")


def free(path: Path, node: Any, what: str) -> Any:
    """Whatever stands there, as plain data: mappings and lists of strings, numbers and booleans."""
    if isinstance(node, yaml.MappingNode):
        return {name: free(path, value, f"{name!r}") for name, value in members(path, node, what).items()}
    if isinstance(node, yaml.SequenceNode):
        return [free(path, item, f"an item of {what}") for item in node.value]
    return scalar(path, node, what)


def members(path: Path, node: Any, what: str) -> dict[str, Any]:
    """The nodes of a mapping by name; no name twice."""
    if not isinstance(node, yaml.MappingNode):
        complain(path, node, f"{what} must be a mapping, not {kind_of(node)}.")
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        name = str(key_node.value)
        if name in found:
            complain(path, key_node, f"{what} says {name!r} twice.", "Keep one of them.")
        found[name] = value_node
    return found


def key_of(node: Any, name: str) -> Any:
    """The node of a key of a mapping, for complaints about the key."""
    return next(key for key, _ in node.value if key.value == name)


class Fields:
    """One mapping: known keys only, each at most once, the required ones present."""

    def __init__(
        self, path: Path, node: Any, what: str, *, required: Iterable[str], optional: Iterable[str] = ()
    ) -> None:
        self.path = path
        self.node = node
        self.what = what
        if not isinstance(node, yaml.MappingNode):
            complain(path, node, f"{what} must be a mapping, not {kind_of(node)}.")
        required = tuple(required)
        known = (*required, *optional)
        self._values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key not in known:
                complain(path, key_node, f"{what} has no key {key!r}.", did_you_mean(key, known))
            if key in self._values:
                complain(path, key_node, f"{what} says {key!r} twice.", "Keep one of them.")
            self._values[key] = value_node
        missing = [key for key in required if key not in self._values]
        if missing:
            complain(
                path, node, f"{what} lacks {', '.join(repr(key) for key in missing)}.", f"Add {missing[0]!r}."
            )

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def at(self, key: str) -> Any:
        """The node of a key that is present."""
        return self._values[key]

    def complain(self, key: str, message: str, hint: str = "") -> NoReturn:
        """Raise the error that points at a key's value."""
        complain(self.path, self._values[key], message, hint)

    def text(self, key: str, default: str | None = None) -> str:
        """Text that is not empty."""
        if key not in self._values and default is not None:
            return default
        node = self._values[key]
        value = scalar(self.path, node, f"{key!r}")
        if not isinstance(value, str) or not value.strip():
            complain(
                self.path, node, f"{key!r} must be text, not {kind_of(node) if value != '' else 'nothing'}."
            )
        return value.strip()

    def identifier(self, key: str) -> str:
        """A short name in lower case with hyphens."""
        value = self.text(key)
        if not IDENTIFIER.fullmatch(value):
            self.complain(
                key, f"{value!r} is not an id.", "Use lower-case letters, digits and single hyphens."
            )
        return value

    def choice(self, key: str, known: Iterable[str]) -> str:
        """One of the known words."""
        words = tuple(known)
        value = self.text(key)
        if value not in words:
            self.complain(key, f"{key!r} cannot be {value!r}.", did_you_mean(value, words))
        return value

    def integer(self, key: str, *, minimum: int) -> int:
        """A whole number of at least ``minimum``."""
        value = scalar(self.path, self._values[key], f"{key!r}")
        if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
            self.complain(key, f"{key!r} must be a whole number, {minimum} or more, not {value!r}.")
        return value

    def number(self, key: str, default: float) -> float:
        """A number."""
        if key not in self._values:
            return default
        value = scalar(self.path, self._values[key], f"{key!r}")
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.complain(key, f"{key!r} must be a number, not {value!r}.")
        return float(value)

    def boolean(self, key: str, default: bool) -> bool:
        """true or false."""
        if key not in self._values:
            return default
        value = scalar(self.path, self._values[key], f"{key!r}")
        if not isinstance(value, bool):
            self.complain(key, f"{key!r} must be true or false, not {value!r}.")
        return value

    def items(self, key: str, *, at_least: int = 0) -> list[Any]:
        """The nodes of a list."""
        if key not in self._values:
            return []
        node = self._values[key]
        if not isinstance(node, yaml.SequenceNode):
            complain(
                self.path, node, f"{key!r} must be a list, not {kind_of(node)}.", "Begin each item with '- '."
            )
        if len(node.value) < at_least:
            complain(self.path, node, f"{key!r} needs at least {at_least}, and has {len(node.value)}.")
        return list(node.value)

    def texts(self, key: str, *, at_least: int = 0) -> tuple[str, ...]:
        """A list of texts, none empty."""
        found = []
        for node in self.items(key, at_least=at_least):
            value = scalar(self.path, node, f"an item of {key!r}")
            if not isinstance(value, str) or not value.strip():
                complain(self.path, node, f"an item of {key!r} must be text, not {kind_of(node)}.")
            found.append(value.strip())
        return tuple(found)

    def settings(self, key: str) -> Mapping[str, Setting]:
        """A free mapping from names to scalars."""
        if key not in self._values:
            return {}
        nodes = members(self.path, self._values[key], f"{key!r}")
        return {name: scalar(self.path, node, f"{name!r}") for name, node in nodes.items()}
