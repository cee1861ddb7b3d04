"""What a report consists of, before it is HTML or Markdown: sections of paragraphs, tables, timelines, charts and questions.

Plain text everywhere, whatever is in it: each writer escapes it in its own way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gameday.report.series import Chart

Tone = Literal["plain", "bad", "good"]


class Code(str):
    """A text that is a machine's: a call, an id."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Bar:
    """A number in a table with a bar that shows it: ``share`` of 0 to 1 of the bar's length."""

    text: str
    share: float


Cell = str | Bar


@dataclass(frozen=True, slots=True)
class Column:
    """A table's column. ``wide`` ones hold sentences, ``short`` ones are not broken, ``number`` ones neither, and right-aligned."""

    title: str
    kind: Literal["plain", "short", "number", "wide"] = "plain"


@dataclass(frozen=True, slots=True)
class Table:
    """Every row has as many cells as there are columns. ``strong`` is the place of a row to set off, -1 for none."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    strong: int = -1


@dataclass(frozen=True, slots=True)
class Moment:
    """A row of a timeline: milliseconds since the game's start, who or what it was, what happened, more about it, and a call."""

    at_ms: int
    kind: str
    text: str
    detail: str = ""
    call: str = ""
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Timeline:
    """Moments in order."""

    caption: str
    moments: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart: ``description`` says in sentences what can be seen in it, for those who cannot see it and for Markdown; ``reading`` how
    the drawing is read.
    """

    caption: str
    description: tuple[str, ...]
    chart: Chart
    reading: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of the report's own words."""

    text: str


@dataclass(frozen=True, slots=True)
class Prose:
    """What a scenario's author wrote: paragraphs parted by empty lines, lists whose lines begin with ``- ``, code between backticks."""

    text: str


@dataclass(frozen=True, slots=True)
class Tile:
    """One of the few numbers to see first."""

    label: str
    value: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Tiles:
    """Numbers to see first."""

    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Questions:
    """Questions with room for answers."""

    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Actions:
    """An empty table in which to write what is to be done, by whom and until when."""

    caption: str
    columns: tuple[str, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within a section."""

    text: str


Block = Paragraph | Prose | Heading | Tiles | Table | Timeline | Figure | Questions | Actions


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report with a heading; ``anchor`` is unique. On paper a ``new_page`` begins with it."""

    title: str
    anchor: str
    blocks: tuple[Block, ...]
    new_page: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """The report: ``lead`` are the sentences under its title."""

    title: str
    subtitle: str
    lead: tuple[str, ...]
    sections: tuple[Section, ...]
