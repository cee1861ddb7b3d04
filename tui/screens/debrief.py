"""The end of a lab: what happened in this run, in figures, in order, and what it teaches."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Markdown, Static

from tui import text
from tui.actions import Scope, bindings
from tui.messages import SessionFailed
from tui.session import Debrief, Fact, LabSession, SessionError
from tui.widgets.banner import Banner
from tui.widgets.keybar import KeyBar

_TONES = {
    "plain": ("·", "$muted"),
    "good": ("✓", "$success"),
    "bad": ("✗", "$error"),
    "learner": ("❯", "$primary"),
}


class DebriefScreen(Screen[bool]):
    """Dismisses with True to go on to the catalogue, with False to go back to the lab."""

    CSS_PATH = "debrief.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("debrief")]
    SCOPE: ClassVar[Scope] = "debrief"

    @dataclass
    class Ready(Message):
        """The debrief is here."""

        debrief: Debrief

    def __init__(self, session: LabSession, title: str, *, solved: bool) -> None:
        super().__init__()
        self._session = session
        self._title = title
        self._solved = solved

    def compose(self) -> ComposeResult:
        yield Banner()
        with VerticalScroll(id="page"):
            yield Static(headline(self._title, solved=self._solved), id="headline")
            yield Fitted(id="facts")
            yield Fitted(id="costs")
            yield Fitted(id="timeline")
            yield Markdown("", id="lessons", open_links=False)
        yield KeyBar("debrief")

    def on_mount(self) -> None:
        self.query_one("#page").focus()
        self._fetch()

    @work(thread=True, exclusive=True)
    def _fetch(self) -> None:
        try:
            self.post_message(self.Ready(self._session.debrief()))
        except SessionError as error:
            self.post_message(SessionFailed(error, "looking back"))

    @on(SessionFailed)
    def _on_failed(self, message: SessionFailed) -> None:
        message.stop()
        self.query_one(Banner).error = message.error

    @on(Ready)
    async def _on_ready(self, message: Ready) -> None:
        message.stop()
        debrief = message.debrief
        self.query_one("#facts", Fitted).make = partial(facts, debrief)
        self.query_one("#costs", Fitted).make = partial(costs, debrief)
        self.query_one("#costs").display = bool(debrief.costs)
        self.query_one("#timeline", Fitted).make = partial(timeline, debrief)
        await self.query_one("#lessons", Markdown).update(debrief.lessons)

    def action_leave(self) -> None:
        self.dismiss(True)

    def action_back(self) -> None:
        self.dismiss(False)


_NARROW = 24
"""Too few cells for a column of comments."""


def headline(title: str, *, solved: bool) -> Content:
    """The first lines of the page."""
    if not solved:
        return Content.assemble((text.one_line(title), "bold"), ("  so far", "$muted"))
    return Content.assemble(
        ("✓  ", "bold $success"), (text.one_line(title), "bold $success"), ("  solved", "bold")
    )


class Fitted(Widget, can_focus=False):
    """Text made for the width that there is."""

    DEFAULT_CSS = "Fitted { height: auto; }"

    make: reactive[Callable[[int], Content]] = reactive(lambda: nothing, layout=True)

    def render(self) -> Content:
        return self.make(max(40, self.size.width))


def nothing(_width: int) -> Content:
    """An empty text."""
    return Content("")


def facts(debrief: Debrief, width: int) -> Content:
    """The headline of the run and its figures, in columns."""
    lines = [Content(text.one_line(debrief.headline)), Content("")] if debrief.headline else []
    return Content("\n").join(lines + columns(debrief.facts, width))


def costs(debrief: Debrief, width: int) -> Content:
    """What the run would have cost, in columns."""
    if not debrief.costs:
        return Content("")
    lines = [Content.styled("What it would have cost", "bold"), *columns(debrief.costs, width)]
    return Content("\n").join(lines)


def columns(rows: tuple[Fact, ...], width: int) -> list[Content]:
    """Label, value and comment of each, one below the other."""
    label_width = max((len(f.label) for f in rows), default=0) + 2
    value_width = max((len(f.value) for f in rows), default=0) + 2
    if width - label_width - value_width < _NARROW:
        return stacked(rows, width)
    lines: list[Content] = []
    for fact in rows:
        label = text.one_line(fact.label).ljust(label_width)
        value = text.one_line(fact.value).ljust(value_width)
        start = Content.assemble((label, "$muted"), (value, "bold"))
        lines += hanging(start, text.one_line(fact.comment), width, style="$muted")
    return lines


def stacked(rows: tuple[Fact, ...], width: int) -> list[Content]:
    """Label and value of each, and the comment below them: for a page that has no room for three columns."""
    lines: list[Content] = []
    for fact in rows:
        label = Content.styled(text.one_line(fact.label) + "  ", "$muted")
        value = text.one_line(fact.value)
        if label.cell_length + len(value) > width:
            lines += hanging(nothing(width), text.one_line(fact.label), width, style="$muted")
            lines += hanging(Content("  "), value, width, style="bold")
        else:
            lines.append(Content.assemble(label, (value, "bold")))
        if fact.comment:
            lines += hanging(Content("    "), text.one_line(fact.comment), width, style="$muted")
    return lines


def timeline(debrief: Debrief, width: int) -> Content:
    """What happened, in order."""
    if not debrief.timeline:
        return Content("")
    at_width = max(len(moment.at) for moment in debrief.timeline) + 2
    lines = [Content.styled("What happened", "bold")]
    for moment in debrief.timeline:
        sign, style = _TONES[moment.tone]
        start = Content.assemble((moment.at.rjust(at_width) + "  ", "$muted"), (f"{sign} ", f"bold {style}"))
        lines += hanging(start, text.one_line(moment.text), width)
    return Content("\n").join(lines)


def hanging(start: Content, words: str, width: int, *, style: str = "") -> list[Content]:
    """Words behind a start, going on below themselves."""
    indent = start.cell_length
    first, *rest = textwrap.wrap(words, max(20, width - indent)) or [""]
    return [
        Content.assemble(start, (first, style)),
        *(Content.styled(" " * indent + row, style) for row in rest),
    ]
