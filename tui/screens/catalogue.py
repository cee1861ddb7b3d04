"""The labs by track: how long each takes, what it teaches, how far you are."""

from __future__ import annotations

import importlib
import textwrap
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui import text
from tui.actions import Scope, bindings
from tui.messages import SessionFailed
from tui.session import LabCard, LabSession, SessionError
from tui.widgets.banner import Banner
from tui.widgets.keybar import KeyBar

_STATUS = {"new": ("○", "$muted"), "started": ("◐", "$warning"), "solved": ("✓", "$success")}


class CatalogueScreen(Screen[object]):
    """The first screen."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("catalogue")]
    SCOPE: ClassVar[Scope] = "catalogue"

    @dataclass
    class Loaded(Message):
        """The catalogue is here."""

        cards: list[LabCard]

    def __init__(self, session: LabSession, *, opening: str | None = None) -> None:
        super().__init__()
        self._session = session
        self._opening = opening
        self._cards: dict[str, LabCard] = {}

    def compose(self) -> ComposeResult:
        yield Static(
            Content.assemble(
                ("fargate-lab", "bold $primary"),
                ("   learn Amazon ECS on Fargate by breaking it", "$muted"),
            ),
            id="title",
        )
        yield Banner()
        with Horizontal(id="labs"):
            yield OptionList(id="list", markup=False)
            with VerticalScroll(id="about", can_focus=False):
                yield About()
        yield KeyBar("catalogue")

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()
        # Threads would compete with the first frame for the interpreter.
        self.call_after_refresh(self.load)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < 100, "-compact")

    def on_screen_resume(self) -> None:
        if self._cards:
            self.load()

    def open_next(self, lab_id: str) -> None:
        """Read the catalogue again and open that lab."""
        self._opening = lab_id
        self.load()

    @work(thread=True, exclusive=True)
    def load(self) -> None:
        """Read the catalogue."""
        try:
            self.post_message(self.Loaded(self._session.catalogue()))
        except SessionError as error:
            self.post_message(SessionFailed(error, "reading the catalogue"))
        # The lab's screen takes a while to import: while the learner reads is a good time.
        importlib.import_module("tui.screens.lab")

    @on(SessionFailed)
    def _on_failed(self, message: SessionFailed) -> None:
        message.stop()
        self.query_one(Banner).error = message.error

    @on(Loaded)
    def _on_loaded(self, message: Loaded) -> None:
        message.stop()
        self.query_one(Banner).error = None
        options = self.query_one(OptionList)
        chosen = options.highlighted_option.id if options.highlighted_option else None
        self._cards = {card.id: card for card in message.cards}
        options.clear_options()
        options.add_options(entries(message.cards))
        if not self._cards:
            self.query_one(About).words = "No labs were found."
            return
        wanted = chosen if chosen in self._cards else first_open(message.cards)
        options.highlighted = options.get_option_index(wanted)
        opening, self._opening = self._opening, None
        if opening is not None:
            self._open(self._cards.get(opening))

    @on(OptionList.OptionHighlighted)
    def _on_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        card = self._cards.get(event.option_id or "")
        if card is not None:
            self.query_one(About).card = card

    @on(OptionList.OptionSelected)
    def _on_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._open(self._cards.get(event.option_id or ""))

    def action_open(self) -> None:
        option = self.query_one(OptionList).highlighted_option
        self._open(self._cards.get(option.id or "") if option else None)

    def _open(self, card: LabCard | None) -> None:
        if card is None:
            return
        from tui.screens.lab import LabScreen  # noqa: PLC0415 - slow, and not wanted before

        self.app.push_screen(LabScreen(self._session, card))

    def action_quit(self) -> None:
        self.app.exit()

    def action_retry(self) -> None:
        self.load()


def first_open(cards: list[LabCard]) -> str:
    """The lab to offer first: one that is begun, else the first that is not solved, else the first."""
    for status in ("started", "new"):
        found = next((c.id for c in cards if c.status == status), None)
        if found is not None:
            return found
    return cards[0].id


def entries(cards: list[LabCard]) -> list[Option | None]:
    """The list: a heading for each track, a line for each lab."""
    found: list[Option | None] = []
    track = None
    for card in cards:
        if card.track != track:
            if track is not None:
                found.append(Option("", disabled=True))
            track = card.track
            found.append(
                Option(Content.styled(text.one_line(track).capitalize(), "bold $secondary"), disabled=True)
            )
        found.append(Option(entry(card), id=card.id))
    return found


def entry(card: LabCard) -> Content:
    """A lab's line."""
    sign, style = _STATUS[card.status]
    return Content.assemble(
        (f" {sign} ", f"bold {style}"),
        text.clip(text.one_line(card.title), 36).ljust(37),
        (f"{card.minutes:>3} min", "$muted"),
    )


def progress(card: LabCard) -> tuple[str, str]:
    """How far you are, in words, with its style."""
    sign, style = _STATUS[card.status]
    words = {
        "new": f"not started, {card.steps_total} steps",
        "started": f"in progress, {card.steps_done} of {card.steps_total} steps",
        "solved": "solved",
    }[card.status]
    return f"{sign} {words}", style


class About(Widget, can_focus=False):
    """What stands beside the list: the lab that is pointed at, or `words`."""

    DEFAULT_CSS = "About { height: auto; }"

    card: reactive[LabCard | None] = reactive(None, layout=True)
    words: reactive[str] = reactive("◐ reading the catalogue …")

    def render(self) -> Content:
        if self.card is None:
            return Content.styled(self.words, "$muted")
        return about(self.card, self.size.width)


def about(card: LabCard, width: int) -> Content:
    """A lab in full, for a column of that width."""
    lines = [
        Content.styled(text.one_line(card.title), "bold"),
        Content.assemble((f"{card.id} · {card.minutes} minutes · ", "$muted"), progress(card)),
        Content(""),
        Content(text.one_line(card.summary)),
    ]
    if card.teaches:
        lines += [Content(""), Content.styled("You will see", "bold")]
        for item in card.teaches:
            first, *rest = textwrap.wrap(text.one_line(item), max(16, width - 4)) or [""]
            lines.append(Content.assemble(("  · ", "$primary"), first))
            lines += [Content(f"    {row}") for row in rest]
    verb = {"new": "starts", "started": "resumes", "solved": "opens it again"}[card.status]
    lines += [Content(""), Content.assemble(("Enter", "bold $primary"), (f" {verb}", "$muted"))]
    return Content("\n").join(lines)
