"""Everything known of one task."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui import text
from tui.snapshot import Snapshot, Task

Wanted = Literal["", "end", "why"]


class TaskScreen(ModalScreen[Wanted]):
    """The task as it was when its line was chosen. Returns what more is wanted: its end to scale, or (where somebody
    can say) why it is so.
    """

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss('')", "Close"),
        Binding("e", "dismiss('end')", "Its end, to scale"),
        Binding("y", "why", "Why it is so"),
    ]

    def __init__(self, task: Task, world: Snapshot, *, explained: bool = True) -> None:
        super().__init__()
        self._explained = explained
        self._content = task_content(task, world)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog -large") as page:
            why = "Y explains it · " if self._explained else ""
            page.border_subtitle = f"{why}E shows its end to scale · Esc closes"
            yield Static(self._content)

    def action_why(self) -> None:
        if self._explained:
            self.dismiss("why")


def task_content(task: Task, world: Snapshot) -> Content:
    """A task's fields, one a line; those that have no value are left out."""

    def at(moment: int | None) -> str:
        return text.time_of_day(moment) if moment else ""

    rows = [
        ("cluster", task.cluster),
        ("service", task.service or task.group),
        ("deployment", task.deployment),
        ("revision", task.task_definition),
        ("image", ", ".join(task.images)),
        ("state", f"{text.sign(task)[0]} {task.status}, wanted {task.desired_status}"),
        ("health", task.health),
        ("capacity", task.provider),
        ("zone", task.az),
        ("subnet", f"{world.subnet_name(task.subnet)}  {task.subnet}".strip()),
        ("address", task.ip),
        ("interface", task.eni),
        ("created", at(task.created_ms)),
        ("started", at(task.started_ms)),
        ("stopping", at(task.stopping_ms)),
        ("stopped", at(task.stopped_ms)),
        ("stop code", task.stop_code),
        ("reason", task.stopped_reason),
        ("target", f"{task.target} {task.target_description}".strip()),
        ("exit code", "" if task.exit_code is None else str(task.exit_code)),
        ("container", task.container_reason),
    ]
    lines = [Content.assemble(("Task  ", "bold"), (text.one_line(task.id), "bold $primary")), Content("")]
    lines += [
        Content.assemble((name.ljust(12), "$muted"), text.one_line(value)) for name, value in rows if value
    ]
    return Content("\n").join(lines)
