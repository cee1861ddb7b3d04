"""What a teacher sets, for the class or for one seat: the lab it works on, the steps that are open, the hints that are given.

One small file, read anew by whoever asks, so that what is set holds at once in every process.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from fargate_lab import files
from fargate_lab.errors import UsageError

Hints = Literal["all", "first", "none"]
"""All levels, only the first (a nudge), or none."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for a seat. `lab` is the one that the class works on: a seat opens it at once ("" leaves the choice). `steps` is how many
    steps of a lab are open, from the first (None: all). `solutions` is whether the reference answers are shown.
    """

    lab: str = "core-lab"
    steps: int | None = None
    hints: Hints = "all"
    solutions: bool = True


class PolicyFile:
    """The file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def of(self, seat: str | None = None) -> Policy:
        """What holds for a seat, or (None) for the class."""
        raw = self._read()
        return _with(_with(Policy(), raw.get("class")), raw.get("seats", {}).get(seat) if seat else None)

    def set(self, seat: str | None = None, **changes: Any) -> Policy:
        """Set something for the class, which every seat then follows in it, or for one seat. UsageError when it is nothing that can be
        set.
        """
        changed = _checked(changes)
        raw = self._read()
        seats = {str(name): dict(each) for name, each in raw.get("seats", {}).items()}
        if seat is None:
            raw = {"class": {**raw.get("class", {}), **changed}}
            seats = {
                name: {k: v for k, v in each.items() if k not in changed} for name, each in seats.items()
            }
        else:
            seats[seat] = {**seats.get(seat, {}), **changed}
        files.write_json(self.path, {"class": raw.get("class", {}), "seats": seats})
        return self.of(seat)

    def forget(self, seat: str) -> None:
        """From now on the class's holds for a seat."""
        raw = self._read()
        if seat in raw.get("seats", {}):
            seats = {name: each for name, each in raw["seats"].items() if name != seat}
            files.write_json(self.path, {**raw, "seats": seats})

    def _read(self) -> dict[str, Any]:
        try:
            raw = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return raw if isinstance(raw, dict) else {}


def _with(policy: Policy, changes: Any) -> Policy:
    try:
        return replace(policy, **_checked(changes)) if isinstance(changes, Mapping) else policy
    except UsageError:
        return policy


def _checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    known = asdict(Policy())
    for name, value in changes.items():
        good = (
            (name == "lab" and isinstance(value, str))
            or (
                name == "steps"
                and (value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 1))
            )
            or (name == "hints" and value in get_args(Hints))
            or (name == "solutions" and isinstance(value, bool))
        )
        if not good:
            raise UsageError(f"{name} cannot be {value!r}.", f"What can be set: {', '.join(known)}.")
    return dict(changes)
