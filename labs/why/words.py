"""An explanation as lines of text, for a terminal and for a screen: each line with what it is."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

Part = Literal["title", "verdict", "heading", "fact", "source", "plain", "blank"]
_MOMENT = "HH:MM:SS  "
_NARROWEST = 40


class Line(NamedTuple):
    """One line of text and the part that it plays."""

    part: Part
    text: str


def lines(chain: dict[str, Any], width: int) -> Iterator[Line]:
    """``chain`` in its JSON shape, wrapped to ``width`` columns."""
    width = max(_NARROWEST, width)
    yield from _wrapped("title", chain["title"], width)
    yield from _wrapped("verdict", chain["verdict"], width)
    steps = chain["steps"]
    if steps:
        yield Line("blank", "")
    digits = len(str(len(steps)))
    told: set[str] = set()
    for number, step in enumerate(steps, 1):
        moment = "" if step["at"] is None else f"{step['at'][11:19]}  "
        first = f"{number:>{digits}}. {moment:<{len(_MOMENT)}}"
        rest = " " * len(first)
        yield from _wrapped("fact", step["fact"], width, first, rest)
        for text in _notes(step, told):
            yield from _wrapped("source", text, width, rest, f"{rest}  ")
    for heading, texts in (("Look at, or turn", chain["look"]), ("What this cannot tell", chain["unknown"])):
        if texts:
            yield Line("blank", "")
            yield Line("heading", heading)
            for text in texts:
                yield from _wrapped("plain", text, width, "- ", "  ")


def _notes(step: dict[str, Any], told: set[str]) -> Iterator[str]:
    """What stands below a fact; a rule is told once."""
    if step["quote"]:
        yield f"AWS says: {step['quote']}"
    if step["knob"]:
        yield f"what to turn: {step['knob']}"
    yield f"source: {step['source']}"
    if step["rule"]:
        rule = f"rule: {step['rule']['text']} ({step['rule']['page']})"
        if rule not in told:
            yield rule
        told.add(rule)


def _wrapped(part: Part, text: str, width: int, first: str = "", rest: str = "") -> Iterator[Line]:
    clean = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    for line in textwrap.wrap(
        clean, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    ) or [first.rstrip()]:
        yield Line(part, line)
