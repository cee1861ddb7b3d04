"""A recorded session that can be lived through again, as scores, proofs and counterfactuals need it. Who wires a world in provides it.

Nothing else is used to say what would have been: a session lived through again with something left out, or put in, is what the world
does then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from labs.cloud import Cloud
from labs.history import Entry

Skip = Callable[[int, Mapping[str, Any]], bool]
"""Whether to leave an input of the recording out, by its place and content."""


class Life(Protocol):
    """A session on its way. Moments are virtual milliseconds since the epoch."""

    @property
    def cloud(self) -> Cloud:
        """The world as it is now, for calls that were not made then."""
        ...

    @property
    def now_ms(self) -> int:
        """The virtual now."""
        ...

    def to(self, at_ms: int) -> None:
        """Live on up to a moment."""
        ...

    def to_the_end(self) -> None:
        """Live on to the end of the recording."""
        ...


class Lives(Protocol):
    """One recorded session, as often as it is wanted."""

    @property
    def inputs(self) -> list[dict[str, Any]]:
        """What came from outside, in order: each with its moment ``at``."""
        ...

    def again(self, skip: Skip | None = None) -> AbstractContextManager[Life]:
        """From the beginning, without what ``skip`` leaves out."""
        ...


def places_of_calls(entries: list[Entry], inputs: list[dict[str, Any]]) -> dict[int, int]:
    """Where the changing calls of a history stand among the inputs: ``seq`` of the entry to place. Each such call is one of both."""
    calls = [entry.seq for entry in entries if entry.kind == "call" and not entry.data["reading"]]
    places = [place for place, line in enumerate(inputs) if "call" in line]
    return dict(zip(calls, places, strict=False))


def place_of_the_end(inputs: list[dict[str, Any]]) -> int:
    """Where the end of the last game stands among the inputs; behind all of them when it has none."""
    place = len(inputs)
    for each, line in enumerate(inputs):
        kind = line["note"]["kind"] if "note" in line else ""
        if kind == "game.started":
            place = len(inputs)
        elif kind == "game.ended" and place == len(inputs):
            place = each
    return place
