"""What the lab would have cost on AWS so far, item by item."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.cost import Costs, remarks, summary, table


class CostScreen(ModalScreen[None]):
    """The estimate as it was when it was asked for."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q", "dismiss(None)", "Close")]

    def __init__(self, costs: Costs) -> None:
        super().__init__()
        self._costs = costs

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog -table") as page:
            page.border_subtitle = "Esc closes"
            yield Static(costs_content(self._costs))


def costs_content(costs: Costs) -> Content:
    """Summary, table and remarks."""
    head, *rows = table(costs) or [""]
    lines = [Content.assemble(("On AWS  ", "bold"), (summary(costs), "bold $primary")), Content("")]
    if rows:
        lines += [Content.styled(head, "$muted"), *(Content(row) for row in rows), Content("")]
    lines += [Content.styled(remark, "$muted") for remark in remarks(costs)]
    return Content("\n").join(lines)
