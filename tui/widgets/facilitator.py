"""The parts of the facilitator's console. All of them are made from a `Scene`; only lines in view are drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui import text
from tui.actions import ACTIONS, key_name
from tui.games import InjectionView, LogLine, TeamCard
from tui.gametext import fit, hanging, log_content, plural, split
from tui.injectionlines import about_lines, head_line, states_line, title_line
from tui.scene import Scene
from tui.teamcard import card_lines, heights
from tui.teampage import team_lines
from tui.widgets.linelist import Line, LineList, ready

DrawInjection = Callable[[InjectionView, Sequence[TeamCard], int], Content]
"""One of the two lines of an injection."""

_LOOKING = "Looking at the game …"
_KEYS = Content("   ").join(
    [
        Content.assemble(
            (key_name(action.letters[0]), "bold $primary"), (f" {action.label.lower()}", "$muted")
        )
        for action in ACTIONS
        if action.scope == "facilitator" and action.group == "The chosen injection"
    ]
)


class GameLine(Widget, can_focus=False):
    """Which game, how many teams in which phase, how long it lasts."""

    DEFAULT_CSS = "GameLine { height: 1; background: $panel; padding: 0 1; }"
    ALLOW_SELECT = False
    auto_links = False

    scene: reactive[Scene] = reactive(Scene())

    def render(self) -> Content:
        view = self.scene.view
        if view is None:
            return Content.styled("fargate-lab", "bold")
        left = Content.assemble(
            (text.one_line(view.title), "bold"), "  ", (text.one_line(view.name), "$muted")
        )
        phases = [team.phase for team in view.teams]
        words = [
            f"{phases.count(phase)} {word}"
            for phase, word in (("ready", "ready"), ("playing", "playing"), ("over", "over"))
            if phase in phases
        ]
        right = f"{plural(len(phases), 'team')}: {', '.join(words)}   {view.length_ms // 60_000} min"
        return split(left, Content.styled(right, "$muted"), self.size.width)


class AimLine(Widget, can_focus=False):
    """Whom the keys act on, which team is selected; what is under way."""

    DEFAULT_CSS = "AimLine { height: 1; padding: 0 1; background: $surface; }"
    ALLOW_SELECT = False
    auto_links = False

    scene: reactive[Scene] = reactive(Scene())
    doing: reactive[tuple[str, ...]] = reactive(())
    """What the door has been asked for and has not done yet, the oldest first."""
    reported: reactive[bool] = reactive(False)
    """Whether the reports are there."""

    def render(self) -> Content:
        scene = self.scene
        if scene.view is None:
            return Content.styled(_LOOKING, "$muted")
        left = Content.assemble(("Keys act on ", "$muted"), (f" {scene.aim_words} ", "bold reverse"))
        if scene.everybody and len(scene.teams) > 1 and scene.selected:
            left = Content.assemble(left, ("  selected: ", "$muted"), text.one_line(scene.selected.name))
        elif len(scene.teams) > 1:
            left = Content.assemble(left, (f"  team {scene.index + 1} of {len(scene.teams)}", "$muted"))
        return split(left, self._right(), self.size.width)

    def _right(self) -> Content:
        if self.doing:
            more = f" and {len(self.doing) - 1} more" if len(self.doing) > 1 else ""
            return Content.styled(f"◐ {self.doing[0]} …{more}", "$warning")
        if self.scene.over:
            return Content.assemble(
                ("R", "bold $primary"),
                (" shows where the reports are" if self.reported else " writes the report", "$muted"),
            )
        if all(team.phase == "ready" for team in self.scene.teams):
            return Content.assemble(("Space", "bold $primary"), (" begins the game", "$muted"))
        return Content("")


class SceneList(LineList):
    """A list that is made from a `Scene`."""

    scene: reactive[Scene] = reactive(Scene(), repaint=False)

    def watch_scene(self, before: Scene, after: Scene) -> None:  # noqa: ARG002 - for heirs
        self.remake()


class WrappedList(SceneList):
    """A list whose lines go on below themselves: while it is not on screen it has no width, and keeps the lines that it had."""

    # A scrollbar that comes and goes would wrap the lines anew.
    DEFAULT_CSS = "WrappedList { scrollbar-gutter: stable; }"

    def remake(self) -> None:
        if self.size.width:
            super().remake()


class Board(SceneList):
    """A card for each team, the selected one marked; up and down select."""

    @dataclass
    class Moved(Message):
        """Another team is to be selected, so many places on."""

        by: int

    @dataclass
    class Opened(Message):
        """The selected team's page is wanted."""

    def watch_scene(self, before: Scene, after: Scene) -> None:
        super().watch_scene(before, after)
        if before.index != after.index or len(before.teams) != len(after.teams):
            self._show_selected()

    def make(self, width: int) -> Sequence[Line]:
        scene = self.scene
        if scene.view is None:
            return [ready(Content.styled(_LOOKING, "$muted"))]
        if not scene.teams:
            return [ready(Content.styled("There is no team in this game.", "$muted"))]
        lines: list[Content] = []
        for index, (team, height) in enumerate(zip(scene.teams, self._heights(), strict=True)):
            lines += card_lines(team, scene.view.length_ms, width, height, chosen=index == scene.index)
        return [ready(line) for line in lines]

    def _heights(self) -> list[int]:
        width = max(20, self.scrollable_content_region.width)
        length_ms = self.scene.view.length_ms if self.scene.view else 0
        return heights(self.scene.teams, self.scene.index, length_ms, width, self.size.height)

    def _show_selected(self) -> None:
        heights = self._heights()
        if heights:
            at = sum(heights[: self.scene.index])
            self.scroll_to_region(Region(0, at, 1, heights[self.scene.index]), animate=False)

    def _on_resize(self, event: events.Resize) -> None:
        super()._on_resize(event)
        self._show_selected()

    def action_cursor(self, by: int) -> None:
        if 0 <= self.scene.index + by < len(self.scene.teams):
            self.post_message(self.Moved(by))

    def action_choose(self) -> None:
        if self.scene.selected:
            self.post_message(self.Opened())

    def on_click(self, event: events.Click) -> None:
        line, start = event.y + self.scroll_offset.y, 0
        for index, height in enumerate(self._heights()):
            if start <= line < start + height:
                self.post_message(self.Moved(index - self.scene.index))
            start += height


class TeamPage(WrappedList):
    """All about the selected team; another team is read from its beginning."""

    def watch_scene(self, before: Scene, after: Scene) -> None:
        super().watch_scene(before, after)
        if before.team != after.team:
            self.scroll_home(animate=False)

    def make(self, width: int) -> Sequence[Line]:
        scene = self.scene
        if scene.view is None or scene.selected is None:
            return [ready(Content.styled(_LOOKING, "$muted"))]
        return [ready(line) for line in team_lines(scene.selected, scene.view.length_ms, width)]


class InjectionList(SceneList):
    """The injections, and how each stands with each team."""

    @dataclass
    class Moved(Message):
        """The cursor may stand on another injection."""

    @dataclass
    class Opened(Message):
        """All about the injection at the cursor is wanted."""

        injection: InjectionView

    @property
    def chosen(self) -> InjectionView | None:
        """The injection at the cursor."""
        return self.scene.injection(self._cursor_id)

    def make(self, width: int) -> Sequence[Line]:
        view = self.scene.view
        if view is None:
            return [ready(Content.styled(_LOOKING, "$muted"))]
        if not view.injections:
            return [ready(Content.styled("This scenario injects nothing.", "$muted"))]
        head = ready(Content.assemble("  ", head_line(view.teams, width - 2)))
        lines = [head]
        for each in view.injections:
            lines.append(Line(partial(self._draw, title_line, each, width), each.id))
            lines.append(Line(partial(self._draw, states_line, each, width)))
        return lines

    def _draw(self, line: DrawInjection, injection: InjectionView, width: int) -> Content:
        chosen = injection.id == self._cursor_id
        mark = "❯ " if chosen and line is title_line else "  "
        drawn = Content.assemble((mark, "bold $primary"), line(injection, self.scene.teams, width - 2))
        return drawn.stylize("on $primary 18%") if chosen else drawn

    def choose(self, key: str) -> None:
        injection = self.scene.injection(key)
        if injection is not None:
            self.post_message(self.Opened(injection))

    def action_cursor(self, by: int) -> None:
        super().action_cursor(by)
        self.post_message(self.Moved())

    def on_click(self, event: events.Click) -> None:
        # Each injection has two lines, and the first of them is what can be chosen.
        line = event.y + self.scroll_offset.y
        if 0 < line < len(self._lines):
            self._cursor_id = self._lines[line - (line - 1) % 2].key
            self.refresh()
            self.post_message(self.Moved())
            if event.chain > 1:
                self.action_choose()
        event.prevent_default()


class InjectionAbout(Widget, can_focus=False):
    """What the chosen injection does and how it stands."""

    DEFAULT_CSS = "InjectionAbout { height: auto; max-height: 65%; border-top: solid $border; }"

    shown: reactive[tuple[Scene, InjectionView | None]] = reactive((Scene(), None), repaint=False)

    def watch_shown(self) -> None:
        self.refresh(layout=True)

    def _lines(self, width: int) -> list[Content]:
        scene, injection = self.shown
        if injection is None:
            return [Content("")]
        return [_KEYS, *about_lines(injection, scene.teams, max(20, width))]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - Textual's
        return len(self._lines(width))

    def render(self) -> Content:
        lines, height = self._lines(self.size.width), self.size.height
        if len(lines) > height > 0:
            lines = [
                *lines[: height - 1],
                fit(Content.styled("… Enter shows all of it", "$muted"), self.size.width),
            ]
        return Content("\n").join(lines)


class GameLog(WrappedList):
    """What has happened, newest first. Who reads further down keeps the place when more comes."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._newest: LogLine | None = None
        self._fresh = 0

    def remake(self) -> None:
        self._fresh = 0
        reading = self.scroll_offset.y > 0
        super().remake()
        if reading and self._fresh:
            self.scroll_relative(y=self._fresh, animate=False)

    def make(self, width: int) -> Sequence[Line]:
        view = self.scene.view
        if view is None:
            return [ready(Content.styled(_LOOKING, "$muted"))]
        if not view.log:
            return [ready(Content.styled("Nothing has happened yet.", "$muted"))]
        lines: list[Content] = []
        seen = False
        for each in view.log:
            if not seen and each == self._newest:
                self._fresh, seen = len(lines), True
            lines += hanging(log_content(each), width, 0, 11)
        self._newest = view.log[0]
        return [ready(line) for line in lines]
