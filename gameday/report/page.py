"""The report as one HTML file: no scripts, nothing from elsewhere, and everything that somebody has chosen a name for escaped."""

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
    Moment,
    Paragraph,
    Prose,
    Questions,
    Section,
    Table,
    Tiles,
    Timeline,
)
from gameday.report.charts import draw
from gameday.report.markup import Markup, code_spans, join, tag
from gameday.report.style import STYLE
from gameday.report.words import clock

_LINES_TO_WRITE_ON = 4
_SHORT = 20
_MEETS = re.compile(r"(?<=[:.=/])(?=\w)|(?<=[a-z])(?=[A-Z])")
_UNITS = re.compile(r"(?<=\d) (?=(?:min|ms|s|h)\b)|(?<=\d) (?=%)|(?<=\bof) (?=\d)")


def to_html(document: Document) -> str:
    """The whole page."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{document.title}: {document.subtitle}"),
        tag("style", Markup(STYLE)),
    )
    links = [tag("li", tag("a", each.title, href=f"#{each.anchor}")) for each in document.sections]
    header = tag(
        "header",
        tag("h1", document.title),
        tag("p", document.subtitle, class_="subtitle"),
        *(tag("p", code_spans(each), class_="lead") for each in document.lead),
    )
    body = tag(
        "body",
        header,
        tag("nav", tag("ul", *links), aria_label="Contents"),
        tag("main", *(_section(each) for each in document.sections)),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _section(section: Section) -> Markup:
    blocks = [_block(each, f"{section.anchor}-{at}") for at, each in enumerate(section.blocks)]
    return tag(
        "section",
        tag("h2", section.title, id=section.anchor),
        *blocks,
        class_="new-page" if section.new_page else None,
        aria_labelledby=section.anchor,
    )


def _block(block: Block, name: str) -> Markup:
    match block:
        case Paragraph():
            return tag("p", block.text)
        case Heading():
            return tag("h3", block.text)
        case Prose():
            return _prose(block.text)
        case Tiles():
            return _tiles(block)
        case Table():
            return _table(block)
        case Timeline():
            return _timeline(block)
        case Figure():
            return _figure(block, name)
        case Questions():
            room = tag(
                "div", *(tag("i") for _ in range(_LINES_TO_WRITE_ON)), class_="room", aria_hidden="true"
            )
            return tag(
                "ol", *(tag("li", code_spans(each), room) for each in block.questions), class_="questions"
            )
        case Actions():
            return _actions(block)


def _prose(text: str) -> Markup:
    parts: list[Markup] = []
    for paragraph in text.strip().split("\n\n"):
        lines = [line for line in paragraph.splitlines() if line.strip()]
        items = [line.strip() for line in lines]
        if items and all(item.startswith("- ") for item in items):
            parts.append(tag("ul", *(tag("li", code_spans(item[2:])) for item in items)))
        elif items:
            parts.append(tag("p", code_spans(" ".join(items))))
    return join(parts)


def _tiles(tiles: Tiles) -> Markup:
    found = []
    for each in tiles.tiles:
        comment = [tag("small", each.comment)] if each.comment else []
        found.append(tag("div", tag("dt", each.label), tag("dd", _kept(each.value), *comment)))
    return tag("dl", *found, class_="tiles")


def _table(table: Table) -> Markup:
    heads = [
        tag("th", _kept(each.title) or _hidden("Letter"), scope="col", class_=_class(each.kind))
        for each in table.columns
    ]
    rows = []
    for at, row in enumerate(table.rows):
        cells = []
        for place, (cell, column) in enumerate(zip(row, table.columns, strict=True)):
            if place == 0:
                cells.append(tag("th", _cell(cell), scope="row", class_=_class(column.kind)))
            else:
                cells.append(tag("td", _cell(cell), class_=_class(column.kind)))
        rows.append(tag("tr", *cells, class_="strong" if at == table.strong else None))
    return _scrolling(
        table.caption,
        tag("table", _caption(table.caption), tag("thead", tag("tr", *heads)), tag("tbody", *rows)),
    )


def _cell(cell: Cell) -> Markup:
    if isinstance(cell, Bar):
        bar = tag(
            "svg",
            tag("rect", width=100.0, height=6.0),
            tag("rect", width=100 * min(1.0, max(0.0, cell.share)), height=6.0),
            class_="bar",
            viewBox="0 0 100 6",
            preserveAspectRatio="none",
            aria_hidden="true",
        )
        return join([_kept(cell.text), bar])
    if isinstance(cell, Code):
        return _code(cell) if cell else Markup("")
    return join([_kept(cell)])


def _code(text: str) -> Markup:
    """A long name may be broken where its words meet."""
    words = _MEETS.split(text) if len(text) > _SHORT and " " not in text else [text]
    return (
        tag("code", *(part for word in words for part in (tag("wbr"), word)))
        if len(words) > 1
        else tag("code", text)
    )


def _kept(text: str) -> str:
    """A number is not parted from its unit, nor from what it is a share of, by the end of a line."""
    return _UNITS.sub("\N{NO-BREAK SPACE}", text)


def _class(kind: str) -> str | None:
    return None if kind == "plain" else kind


def _hidden(text: str) -> Markup:
    return tag("span", text, class_="unseen")


def _caption(text: str) -> Markup:
    """It stays where it is when a wide table is moved."""
    return tag("caption", tag("span", text))


def _scrolling(label: str, inner: Markup) -> Markup:
    """What may be wider than a narrow screen; it can be moved with the keyboard, too."""
    return tag("div", inner, class_="scroll", role="region", aria_label=label, tabindex="0")


def _timeline(timeline: Timeline) -> Markup:
    heads = [tag("th", each, scope="col") for each in ("When", "Kind", "What happened")]
    return _scrolling(
        timeline.caption,
        tag(
            "table",
            _caption(timeline.caption),
            tag("thead", tag("tr", *heads)),
            tag("tbody", *(_moment(each) for each in timeline.moments)),
            class_="timeline",
        ),
    )


def _moment(moment: Moment) -> Markup:
    call = [_code(moment.call)] if moment.call else []
    detail = [tag("small", moment.detail)] if moment.detail else []
    return tag(
        "tr",
        tag("td", clock(moment.at_ms)),
        tag("td", tag("span", moment.kind), class_="kind"),
        tag("td", _kept(moment.text), *call, *detail),
        class_=None if moment.tone == "plain" else moment.tone,
    )


def _figure(figure: Figure, name: str) -> Markup:
    return tag(
        "figure",
        tag("figcaption", figure.caption, *([tag("small", figure.reading)] if figure.reading else [])),
        _scrolling(figure.caption, draw(figure.chart, figure.caption, " ".join(figure.description), name)),
    )


def _actions(actions: Actions) -> Markup:
    heads = [tag("th", each, scope="col") for each in actions.columns]
    rows = [tag("tr", *(tag("td") for _ in actions.columns)) for _ in range(actions.rows)]
    return tag(
        "table",
        _caption(actions.caption),
        tag("thead", tag("tr", *heads)),
        tag("tbody", *rows),
        class_="actions",
    )
