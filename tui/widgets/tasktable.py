"""The tasks, one line each, drawn straight from the snapshot.

Only the lines in view are ever drawn, and a new snapshot changes nothing but the tuple they are drawn from:
so two hundred tasks cost what twenty do, and the cursor stays on its task whatever happens around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from tui import text
from tui.snapshot import EMPTY, Snapshot, Task


@dataclass(frozen=True, slots=True)
class Column:
    """A column: heading, width, and from which width of the table on it is shown."""

    title: str
    width: int
    from_width: int = 0


COLUMNS = (
    Column("Task", 9),
    Column("State", 16),
    Column("Health", 9, 66),
    Column("Target", 9, 66),
    Column("Capacity", 9, 78),
    Column("Revision", 10),
    Column("AZ", 11, 96),
    Column("Subnet", 12, 110),
    Column("IP", 13),
    Column("Age", 9),
)
"""What is left of the width belongs to the reason for which a task stopped."""


CAPACITY = {"FARGATE": "on demand", "FARGATE_SPOT": "Spot"}
TARGET_STYLES = {"healthy": "$success", "unhealthy": "$error", "initial": "$warning", "draining": "$warning"}


class TaskTable(ScrollView, can_focus=True):
    """The tasks of a world, newest first as the snapshot has them."""

    DEFAULT_CSS = """
    TaskTable {
        height: 1fr; min-height: 2; background: $background; overflow-x: hidden; scrollbar-size-vertical: 1;
    }
    TaskTable > .tasktable--cursor { background: $primary 18%; }
    TaskTable > .tasktable--head { color: $muted; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"tasktable--cursor", "tasktable--head"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor(-1)", "Up", show=False),
        Binding("down,j", "cursor(1)", "Down", show=False),
        Binding("pageup", "cursor(-10)", "Page up", show=False),
        Binding("pagedown", "cursor(10)", "Page down", show=False),
        Binding("home", "cursor(-1000)", "First", show=False),
        Binding("end", "cursor(1000)", "Last", show=False),
        Binding("enter", "choose", "Details", show=False),
    ]

    @dataclass
    class Chosen(Message):
        """A task's details were asked for."""

        task: Task

    world: reactive[Snapshot] = reactive(EMPTY, repaint=False)
    now_ms: reactive[int] = reactive(0, repaint=False)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._cursor = 0
        self._cursor_id = ""
        self._columns: Sequence[Column] = ()

    def watch_world(self, world: Snapshot) -> None:
        index = next((i for i, t in enumerate(world.tasks) if t.id == self._cursor_id), None)
        if index is None:
            index = min(self._cursor, max(0, len(world.tasks) - 1))
        self._place(index)
        self._fit()
        self.refresh()

    def watch_now_ms(self, before: int, now: int) -> None:
        if before // 1000 != now // 1000:
            self.refresh()

    def _on_resize(self, event: events.Resize) -> None:  # noqa: ARG002 - Textual's signature
        self._fit()

    def _fit(self) -> None:
        size = Size(0, len(self.world.tasks) + 1)
        if size != self.virtual_size:
            self.virtual_size = size
        columns = columns_for(self.world, self.scrollable_content_region.width)
        if columns != self._columns:
            self._columns = columns
            # It may have been painted before it was told its size.
            self.refresh()

    def _place(self, index: int) -> None:
        self._cursor = index
        tasks = self.world.tasks
        self._cursor_id = tasks[index].id if tasks else ""

    def action_cursor(self, by: int) -> None:
        if not self.world.tasks:
            return
        self._place(max(0, min(len(self.world.tasks) - 1, self._cursor + by)))
        self.scroll_to_region(Region(0, self._cursor, 1, 2), animate=False)
        self.refresh()

    @property
    def chosen(self) -> Task | None:
        """The task at the cursor."""
        return self.world.tasks[self._cursor] if self.world.tasks else None

    def action_choose(self) -> None:
        if self.world.tasks:
            self.post_message(self.Chosen(self.world.tasks[self._cursor]))

    def on_click(self, event: events.Click) -> None:
        index = event.y + self.scroll_offset.y - 1
        if event.y > 0 and 0 <= index < len(self.world.tasks):
            self._place(index)
            self.refresh()
            if event.chain > 1:
                self.action_choose()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        # The heading stays in place while the lines below it scroll.
        index = y + self.scroll_offset.y - 1
        style = self.visual_style
        tasks = self.world.tasks
        if y == 0:
            line = head(self._columns, width)
            style += self.get_visual_style("tasktable--head")
        elif index < len(tasks):
            line = row(tasks[index], self.world, self.now_ms, self._columns, width)
            if index == self._cursor and self.has_focus:
                style += self.get_visual_style("tasktable--cursor")
        elif not tasks and y == 1:
            line = Content.styled("no tasks yet", "$muted")
        else:
            return Strip.blank(width, style.rich_style)
        strips = Visual.to_strips(self, line, width, 1, style, apply_selection=False, pad=True)
        return strips[0] if strips else Strip.blank(width, style.rich_style)


def columns_for(world: Snapshot, width: int) -> list[Column]:
    """The columns that fit, without health, target or capacity where no task has any."""
    absent = set()
    if not any(task.health in ("HEALTHY", "UNHEALTHY") for task in world.tasks):
        absent.add("Health")
    if not any(task.target for task in world.tasks):
        absent.add("Target")
    if not any(task.provider for task in world.tasks):
        absent.add("Capacity")
    return [c for c in COLUMNS if width >= c.from_width and c.title not in absent]


def head(columns: Sequence[Column], width: int) -> Content:
    """The heading for a table of that width."""
    used = sum(c.width + 1 for c in columns)
    titles = "".join(c.title.ljust(c.width + 1) for c in columns)
    return Content((titles + ("Why it stopped" if width - used >= 14 else ""))[:width])


def row(task: Task, world: Snapshot, now_ms: int, columns: Sequence[Column], width: int) -> Content:
    """One task's line, exactly `width` columns at most."""
    phase = task.phase
    glyph, style = text.sign(task)
    word = task.status or "?"
    if phase == "stopping" and word == "RUNNING":
        word = "RUNNING→STOP"
    health, health_style = text.health(task)
    quiet = "$muted" if phase in ("stopped", "stopping") else ""
    cells = {
        "Task": (task.short_id, quiet),
        "State": (f"{glyph} {word}", style),
        "Health": (health, health_style),
        "Target": (task.target or "–", TARGET_STYLES.get(task.target, quiet)),
        "Capacity": (CAPACITY.get(task.provider, task.provider or "–"), quiet),
        "Revision": (task.task_definition, quiet),
        "AZ": (task.az, quiet),
        "Subnet": (world.subnet_name(task.subnet), quiet),
        "IP": (task.ip or "–", quiet),
        "Age": (text.age(task, now_ms), quiet),
    }
    parts: list[tuple[str, str]] = []
    for column in columns:
        value, value_style = cells[column.title]
        parts.append((text.clip(text.one_line(value), column.width).ljust(column.width + 1), value_style))
    room = width - sum(c.width + 1 for c in columns)
    if room > 8:
        parts.append((text.clip(reason(task), room), "$error" if task.failed else "$muted"))
    return Content.assemble(*parts)


def reason(task: Task) -> str:
    """Why a task stopped, with its exit code when it had one; before that, what its load balancer has against it."""
    if task.target == "unhealthy" and not task.stopped_reason:
        return text.one_line(task.target_description)
    code = f"exit {task.exit_code}: " if task.exit_code is not None else ""
    why = task.container_reason if code and task.container_reason else task.stopped_reason
    return text.one_line(f"{code}{why}" if why or code else "")
