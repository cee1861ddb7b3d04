"""The parts of the teacher's board. All of them are made from a `BoardScene`; what looks the same is not drawn again."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from textual import events
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui import text
from tui.boardlines import about_lines, head_line, lab_line, row_line
from tui.boardscene import BoardScene
from tui.gametext import plural, split
from tui.widgets.linelist import Line, LineList, ready

_LOOKING = "Looking at the class …"


class ScenePart(Widget, can_focus=False):
    """Lines made from a scene, drawn again only when they have changed."""

    ALLOW_SELECT = False
    auto_links = False

    scene: reactive[BoardScene] = reactive(BoardScene(), repaint=False)
    _content = Content("")

    @abstractmethod
    def make(self, scene: BoardScene, width: int) -> Content:
        """What is shown."""

    def watch_scene(self) -> None:
        self.remake()

    def _on_resize(self, event: events.Resize) -> None:  # noqa: ARG002 - Textual's signature
        self.remake()

    def remake(self) -> None:
        """Make it again."""
        content = self.make(self.scene, max(20, self.size.width))
        if not content.is_same(self._content):
            self._content = content
            self.refresh()

    def render(self) -> Content:
        return self._content


class ClassLine(ScenePart):
    """Which class, how many are there, what the class works on and may see."""

    DEFAULT_CSS = "ClassLine { height: 1; background: $panel; padding: 0 1; }"

    def make(self, scene: BoardScene, width: int) -> Content:
        view = scene.view
        if view is None:
            return Content.styled("fargate-lab", "bold")
        here = sum(row.online for row in view.seats)
        left = Content.assemble(
            (text.one_line(view.name), "bold"),
            (f"  {plural(len(view.seats), 'seat')}, {here} here, {view.free} free", "$muted"),
        )
        return split(left, lab_line(view), width)


class AimLine(ScenePart):
    """Whom the keys act on; how many are stuck; what is under way."""

    DEFAULT_CSS = "AimLine { height: 1; padding: 0 1; background: $surface; }"

    doing: reactive[tuple[str, ...]] = reactive((), repaint=False)
    """What the door has been asked for and has not done yet, the oldest first."""

    def watch_doing(self) -> None:
        self.remake()

    def make(self, scene: BoardScene, width: int) -> Content:
        if scene.view is None:
            return Content.styled(_LOOKING, "$muted")
        left = Content.assemble(("Keys act on ", "$muted"), (f" {scene.aim_words} ", "bold reverse"))
        if scene.everybody and scene.selected and len(scene.rows) > 1:
            left = Content.assemble(left, ("  A: the selected one", "$muted"))
        return split(left, self._right(scene), width)

    def _right(self, scene: BoardScene) -> Content:
        if self.doing:
            more = f" and {len(self.doing) - 1} more" if len(self.doing) > 1 else ""
            return Content.styled(f"◐ {self.doing[0]} …{more}", "$warning")
        stuck = sum(row.stuck for row in scene.rows)
        by = "stuck first" if scene.order == "stuck" else "by number"
        found = (f"! {stuck} stuck", "bold $warning") if stuck else ("nobody is stuck", "$muted")
        return Content.assemble(found, (f"  {by}", "$muted"))


class TroubleLine(ScenePart):
    """What does not work in the class, as long as it does not."""

    DEFAULT_CSS = """
    TroubleLine { display: none; height: 1; padding: 0 1; background: $warning 15%; }
    TroubleLine.-shown { display: block; }
    """

    def make(self, scene: BoardScene, width: int) -> Content:  # noqa: ARG002 - one line, cut by its place
        trouble = text.one_line(scene.view.trouble) if scene.view else ""
        self.set_class(bool(trouble), "-shown")
        return Content.assemble(("! ", "bold $warning"), trouble)


class TableHead(ScenePart):
    """The heads of the table's columns."""

    DEFAULT_CSS = "TableHead { height: 1; padding-right: 1; }"

    def make(self, scene: BoardScene, width: int) -> Content:
        return Content("") if scene.view is None else head_line(scene.view, width)


class SeatTable(LineList):
    """A line for each seat, the selected one marked."""

    DEFAULT_CSS = "SeatTable { scrollbar-gutter: stable; }"

    scene: reactive[BoardScene] = reactive(BoardScene(), repaint=False)

    @dataclass
    class Moved(Message):
        """Another seat is to be selected."""

        seat: str

    @dataclass
    class Opened(Message):
        """All about the selected seat is wanted."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._drawn: list[Content] = []

    def watch_scene(self, before: BoardScene, after: BoardScene) -> None:
        self._cursor_id = after.seat
        self.remake()
        if before.order != after.order or before.seat != after.seat:
            self._show_selected()

    def make(self, width: int) -> Sequence[Line]:  # noqa: ARG002 - drawn for it already
        rows = self.scene.rows
        if not rows:
            return [ready(content) for content in self._drawn]
        return [Line(partial(_as_it_is, each), row.id) for each, row in zip(self._drawn, rows, strict=True)]

    def remake(self) -> None:
        drawn = self._draw(max(20, self.scrollable_content_region.width))
        if len(drawn) == len(self._drawn) and all(map(Content.is_same, drawn, self._drawn)):
            return
        self._drawn = drawn
        super().remake()

    def _draw(self, width: int) -> list[Content]:
        scene = self.scene
        if scene.view is None:
            return [Content.styled(_LOOKING, "$muted")]
        if not scene.rows:
            words = "Nobody has joined yet. W shows the address and the code for all to read."
            return [Content.styled(words, "$muted")]
        return [row_line(row, scene.view, width, chosen=row.id == scene.seat) for row in scene.rows]

    def _show_selected(self) -> None:
        at = next((i for i, row in enumerate(self.scene.rows) if row.id == self.scene.seat), None)
        if at is not None:
            self.scroll_to_region(Region(0, at, 1, 1), animate=False)

    def _on_resize(self, event: events.Resize) -> None:
        super()._on_resize(event)
        self._show_selected()

    def action_cursor(self, by: int) -> None:
        rows = self.scene.rows
        at = next((i for i, row in enumerate(rows) if row.id == self.scene.seat), 0)
        if rows:
            self.post_message(self.Moved(rows[min(len(rows) - 1, max(0, at + by))].id))

    # There is nothing to be read beyond the lines: what would scroll selects.

    def action_scroll_home(self) -> None:
        self.action_cursor(-len(self.scene.rows))

    def action_scroll_end(self) -> None:
        self.action_cursor(len(self.scene.rows))

    def action_page_up(self) -> None:
        self.action_cursor(-self.size.height)

    def action_page_down(self) -> None:
        self.action_cursor(self.size.height)

    def choose(self, key: str) -> None:  # noqa: ARG002 - it is the selected one
        self.post_message(self.Opened())

    def on_click(self, event: events.Click) -> None:
        index = event.y + self.scroll_offset.y
        rows = self.scene.rows
        if 0 <= index < len(rows):
            self.post_message(self.Moved(rows[index].id))
            if event.chain > 1:
                self.post_message(self.Opened())
        event.prevent_default()


def _as_it_is(content: Content) -> Content:
    return content


class SeatAbout(ScenePart):
    """All about the selected seat, as much of it as there is room for."""

    DEFAULT_CSS = "SeatAbout { height: 1fr; padding: 0 1; }"

    def make(self, scene: BoardScene, width: int) -> Content:
        row = scene.selected
        if scene.view is None or row is None:
            return Content("")
        lines, height = about_lines(row, scene.view, width), self.size.height
        if len(lines) > height > 0:
            lines = [*lines[: height - 1], Content.styled("… Enter shows all of it", "$muted")]
        return Content("\n").join(lines)
