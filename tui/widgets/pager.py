"""The pager: what is in alarm now, every page, and a banner for those that nobody has read yet."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from tui import text
from tui.actions import ACTIONS, key_name
from tui.duty import foremost, sign_of
from tui.games import Page
from tui.widgets.linelist import Line, LineList, ready

ROOMY = 120
"""From this width on the banner shows more than the first line of a page."""


class InAlarm(Widget, can_focus=False):
    """The alarms that are in ALARM now."""

    DEFAULT_CSS = "InAlarm { height: auto; padding: 0 1; }"

    names: reactive[tuple[str, ...]] = reactive((), layout=True)

    def render(self) -> Content:
        if not self.names:
            return Content.styled("✓ no alarm is in ALARM", "$success")
        names = ", ".join(text.one_line(name) for name in self.names)
        return Content.assemble(("✗ in ALARM: ", "bold $error"), (names, "bold"))


class PageList(LineList):
    """Every page, newest first; a mark before those that are unread. Who has scrolled away from the newest stays where he is."""

    DEFAULT_CSS = "PageList { margin: 0 1; }"

    pages: reactive[tuple[Page, ...]] = reactive((), repaint=False)
    unread: reactive[tuple[Page, ...]] = reactive((), repaint=False)

    def watch_pages(self) -> None:
        self._follow()

    def watch_unread(self) -> None:
        self._follow()

    def _follow(self) -> None:
        before, at = self.virtual_size.height, self.scroll_offset.y
        self.remake()
        if at and self.virtual_size.height > before:
            # What is new stands above what is being read.
            self.scroll_to(y=at + self.virtual_size.height - before, animate=False, immediate=True)

    def make(self, width: int) -> Sequence[Line]:
        if not self.pages:
            return [ready(Content.styled("no page yet", "$muted"))]
        left = list(self.unread)
        lines: list[Line] = []
        for page in self.pages:
            new = page in left
            if new:
                left.remove(page)
            lines += [ready(content) for content in page_lines(page, width, new=new)]
        return lines


def page_head(page: Page) -> Content:
    """When a page came and what it is: "09:12:04 ✗ ALARM"."""
    sign, word, style = sign_of(page)
    return Content.assemble(
        (f"{text.time_of_day(page.at_ms)} ", "$muted"), (f"{sign} {word:<8}", f"bold {style}")
    )


def page_lines(page: Page, width: int, *, new: bool = False, most: int = 0) -> list[Content]:
    """A page in whole lines; with `most` no more than that many. The words go on below where they begin."""
    head = Content.assemble(("● " if new else "  ", "bold $warning"), page_head(page))
    indent = head.cell_length if width >= 60 else 4
    first = textwrap.wrap(text.one_line(page.text), max(12, width - head.cell_length)) or [""]
    # The first row has less room than those below it where they begin further left.
    said, rest = first[0], text.one_line(page.text)[len(first[0]) :].strip()
    rows = [said, *textwrap.wrap(rest, max(12, width - indent))]
    if most and len(rows) > most:
        rows = [*rows[: most - 1], text.clip(" ".join(rows[most - 1 :]), max(12, width - head.cell_length))]
    style = "bold" if new else ""
    return [
        head + Content.styled(rows[0], style),
        *(Content.styled(" " * indent + row, style) for row in rows[1:]),
    ]


class PagerPane(Vertical):
    """The whole pager."""

    pages: reactive[tuple[Page, ...]] = reactive((), repaint=False)
    unread: reactive[tuple[Page, ...]] = reactive((), repaint=False)
    in_alarm: reactive[tuple[str, ...]] = reactive((), repaint=False)

    def compose(self) -> ComposeResult:
        yield InAlarm()
        yield PageList(id="pages")

    def watch_pages(self, pages: tuple[Page, ...]) -> None:
        if self.is_mounted:
            self.query_one(PageList).pages = pages

    def watch_unread(self, unread: tuple[Page, ...]) -> None:
        if self.is_mounted:
            self.query_one(PageList).unread = unread

    def watch_in_alarm(self, names: tuple[str, ...]) -> None:
        if self.is_mounted:
            self.query_one(InAlarm).names = names


class PageBanner(Widget, can_focus=False):
    """There while pages are unread: how many, the most important of them, and the key that acknowledges them."""

    DEFAULT_CSS = """
    PageBanner {
        display: none; height: auto; padding: 0 1;
        background: $warning 20%; color: $text; border-left: thick $warning;
    }
    PageBanner.-shown { display: block; }
    PageBanner.-alarm { background: $error 20%; border-left: thick $error; }
    """
    ALLOW_SELECT = False
    auto_links = False

    unread: reactive[tuple[Page, ...]] = reactive((), layout=True)

    def watch_unread(self, unread: tuple[Page, ...]) -> None:
        self.set_class(bool(unread), "-shown")
        self.set_class(any(page.kind == "alarm" for page in unread), "-alarm")

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - Textual's
        return len(self._lines(width))

    def render(self) -> Content:
        return Content("\n").join(self._lines(self.size.width))

    def _lines(self, width: int) -> list[Content]:
        if not self.unread:
            return []
        count = len(self.unread)
        key = next(action.keys[0] for action in ACTIONS if action.name == "acknowledge")
        asked = Content.styled(f"{key_name(key)} acknowledges", "bold underline").stylize(
            Style.from_meta({"@click": "screen.acknowledge"})
        )
        head = Content.assemble(
            (f" {count} NEW {'PAGE' if count == 1 else 'PAGES'} ", "bold reverse"), "  ", asked
        )
        lines = [head]
        for page in foremost(self.unread):
            lines += page_lines(page, width, new=True, most=2 if width >= ROOMY else 1)
        return [line.truncate(max(1, width), ellipsis=True) for line in lines]
