"""HTML and SVG that is well-formed and escaped by construction: elements come from ``tag``, and whatever is not one of them is text."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from gameday.report.words import clean

_VOID = ("meta", "wbr")


class Markup(str):
    """A text that is markup already, and stays as it is."""

    __slots__ = ()


def tag(element: str, /, *children: str, **attributes: str | float | None) -> Markup:
    """An element. Texts among its children are escaped. Of attributes' names underscores become hyphens, one at the end is dropped
    (``class_``); those that are None are left out.
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(clean(_value(value)), quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if element in _VOID:
        return Markup(f"<{element}{told}>")
    return Markup(f"<{element}{told}>{join(children)}</{element}>")


def join(children: Iterable[str]) -> Markup:
    """Elements and texts behind each other."""
    return Markup(
        "".join(each if isinstance(each, Markup) else escape(clean(each), quote=False) for each in children)
    )


def code_spans(text: str) -> Markup:
    """An author's text: what stands between backticks is code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # one backtick is alone, and means itself
        parts[-2:] = [f"{parts[-2]}`{parts[-1]}"]
    return join(tag("code", part) if place % 2 else part for place, part in enumerate(parts) if part)


def _value(value: str | float) -> str:
    """Numbers with one digit after the point at most."""
    if isinstance(value, str):
        return value
    told = f"{value:.1f}".removesuffix(".0")
    return "0" if told == "-0" else told
