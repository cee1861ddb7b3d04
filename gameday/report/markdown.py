"""The report as Markdown: the same blocks, charts in words."""

from __future__ import annotations

import re

from gameday.report.blocks import (
    Actions,
    Bar,
    Block,
    Cell,
    Code,
    Document,
    Figure,
    Heading,
    Paragraph,
    Prose,
    Questions,
    Section,
    Table,
    Tiles,
    Timeline,
)
from gameday.report.words import clean, clock

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~!&])")


def to_markdown(document: Document) -> str:
    """The whole document, ending in a newline."""
    lines = [f"# {text(document.title)}", "", text(document.subtitle), ""]
    for each in document.lead:
        lines += [_author(each), ""]
    for section in document.sections:
        lines += _section(section)
    return "\n".join(lines).rstrip() + "\n"


def text(value: str) -> str:
    """A text in which nothing means anything to Markdown or HTML, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(clean(value).split()))


def _author(value: str) -> str:
    """What a scenario's author wrote is Markdown, but no HTML."""
    return clean(value).strip().replace("<", "\\<")


def _section(section: Section) -> list[str]:
    lines = [f"## {text(section.title)}", ""]
    for block in section.blocks:
        lines += [*_block(block), ""]
    return lines


def _block(block: Block) -> list[str]:
    match block:
        case Paragraph():
            return [text(block.text)]
        case Heading():
            return [f"### {text(block.text)}"]
        case Prose():
            return [_author(block.text)]
        case Tiles():
            return [
                f"- {text(each.label)}: {text(each.value)}"
                + (f" ({text(each.comment)})" if each.comment else "")
                for each in block.tiles
            ]
        case Table():
            rows = [[_cell(cell) for cell in row] for row in block.rows]
            numbers = [column.kind == "number" for column in block.columns]
            return [
                f"{text(block.caption)}:",
                "",
                *_table([text(each.title) for each in block.columns], rows, numbers),
            ]
        case Timeline():
            moments = [
                [clock(each.at_ms), text(each.kind), _told(each.text, each.call, each.detail)]
                for each in block.moments
            ]
            return [
                f"{text(block.caption)}:",
                "",
                *_table(["When", "Kind", "What happened"], moments, [False] * 3),
            ]
        case Figure():
            return [f"{text(block.caption)}:", "", *(f"- {text(each)}" for each in block.description)]
        case Questions():
            return [f"{at}. {_author(each)}" for at, each in enumerate(block.questions, 1)]
        case Actions():
            empty = [[""] * len(block.columns)] * block.rows
            return [
                f"{text(block.caption)}:",
                "",
                *_table([text(each) for each in block.columns], empty, [False] * len(block.columns)),
            ]


def _told(what: str, call: str, detail: str) -> str:
    parts = [text(what)]
    if call:
        parts.append(_code(call))
    if detail:
        parts.append(text(detail))
    return ". ".join(part.rstrip(".") for part in parts[:1]) + "".join(f": {part}" for part in parts[1:])


def _cell(cell: Cell) -> str:
    if isinstance(cell, Bar):
        return text(cell.text)
    if isinstance(cell, Code):
        return _code(cell) if cell else ""
    return text(cell)


def _code(value: str) -> str:
    """A code span. Within it only a backtick and, in a table, a pipe mean anything."""
    inner = " ".join(clean(value).split()).replace("|", "\\|")
    return f"`` {inner} ``" if "`" in inner else f"`{inner}`"


def _table(heads: list[str], rows: list[list[str]], numbers: list[bool]) -> list[str]:
    marks = ["---:" if number else "---" for number in numbers]
    return [
        _row([head or " " for head in heads]),
        _row(marks),
        *(_row(row) for row in rows),
    ]


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
