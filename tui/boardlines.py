"""Lines of the teacher's board: the table's, and all about one seat. Pure.

What a colour says, a shape or a word says, too. Everything from people and from the world is one plain line before it is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from tui import text
from tui.boardscene import current
from tui.classroom import BoardView, SeatRow, StepHead, StepState
from tui.gametext import fit, hanging, plural, split

QUIET_S = 15 * 60
"""From this on a seat where nothing happens is said to be quiet."""
STATES: dict[StepState, tuple[str, str]] = {
    "passed": ("✓", "$success"),
    "tried": ("✗", "$error"),
    "open": ("·", "$muted"),
    "locked": ("–", "$muted"),
}
_HERE = ("▸", "bold $primary")
"""The step that a seat is at, not tried yet."""

_FIXED = 30
"""Cells of a row beside name, steps and the note."""
_NOTE = 18
"""Cells that the note should have."""


def minutes(seconds: float) -> str:
    """A length of time that does not change with every second: "<1m", "12m", "1h05m"."""
    whole = int(seconds) // 60
    if whole < 1:
        return "<1m"
    return f"{whole}m" if whole < 60 else f"{whole // 60}h{whole % 60:02d}m"


def name_width(view: BoardView, width: int) -> int:
    """Cells for the names: as many as the longest needs, if the note keeps enough."""
    longest = max((len(text.one_line(row.name)) for row in view.seats), default=0)
    room = width - _FIXED - 2 * len(view.steps) - _NOTE
    return max(6, min(longest, room, 28))


def head_line(view: BoardView, width: int) -> Content:
    """The heads of the columns."""
    numbers = "".join(f"{at:<2}" for at in range(1, len(view.steps) + 1))
    name = fit(Content("name"), name_width(view, width))
    line = Content.assemble("      seat ", name, " ", numbers, "   %  since hint  at")
    return fit(line.stylize("bold $muted"), width)


def row_line(row: SeatRow, view: BoardView, width: int, *, chosen: bool) -> Content:
    """A seat, in the columns."""
    line = Content.assemble(
        ("❯ " if chosen else "  ", "bold $primary"),
        ("! " if row.stuck else "  ", "bold $warning"),
        ("● ", "$success") if row.online else ("○ ", "$muted"),
        (f"{row.id:<4} ", "bold" if row.online else "$muted"),
        fit(Content.styled(text.one_line(row.name), "bold" if row.stuck else ""), name_width(view, width)),
        " ",
        _steps(row, view.lab),
        (f"{row.score:>4}", "$success" if row.score == 100 else ""),
        (f"{minutes(row.on_step_s) if row.step else '':>7}", "bold $warning" if row.stuck else ""),
        (f"{_help(row):>5}  ", "$muted"),
        note(row, view.lab),
    )
    line = fit(line, width)
    return line.stylize("on $primary 18%") if chosen else line


def note(row: SeatRow, lab: str) -> Content:
    """What a seat is at, or what is the matter there."""
    elsewhere = f"{row.lab}: " if row.lab not in ("", lab) else ""
    if not row.lab:
        return Content.styled("no lab open yet", "$muted")
    if not row.step:
        return Content.styled(f"{elsewhere}✓ all steps passed", "$success")
    if row.idle_s is not None and row.idle_s >= QUIET_S:
        return Content.styled(f"{elsewhere}quiet for {minutes(row.idle_s)}", "$muted")
    if row.failing:
        return Content.assemble(elsewhere, (f"✗ {text.one_line(row.failing[0])}", "$error"))
    return Content.assemble(elsewhere, text.one_line(row.step))


def about_lines(row: SeatRow, view: BoardView, width: int) -> list[Content]:
    """All that is known of a seat, what matters most first."""
    here = ("● at the screen", "$success") if row.online else ("○ no screen open", "$muted")
    name = Content.assemble((f"{row.id}  ", "bold $muted"), (text.one_line(row.name), "bold $primary"))
    lines = [split(name, Content.assemble(here), width)]
    lines += _step_lines(row, width)
    lines += hanging(
        Content.assemble(("last command  ", "$muted"), text.one_line(row.last_command) or "none yet"),
        width,
        0,
        2,
    )
    lines.append(
        Content.assemble(("seat's code  ", "$muted"), (row.code, "bold"), ("  brings them back", "$muted"))
    )
    if row.idle_s is not None:
        lines.append(Content.assemble(("last sign of life  ", "$muted"), f"{minutes(row.idle_s)} ago"))
    lines.append(Content(""))
    lines.append(Content.assemble((view.lab, "bold"), (f"  {row.score} %", "$muted")))
    lines += [_step_of(row, view, at, step, width) for at, step in enumerate(view.steps)]
    return lines


def lab_line(view: BoardView) -> Content:
    """What the class works on and may see."""
    policy = view.policy
    steps = "all steps" if policy.steps is None else plural(policy.steps, "step")
    hints = {"all": "all hints", "first": "first hints", "none": "no hints"}[policy.hints]
    solutions = "solutions" if policy.solutions else "no solutions"
    return Content.styled(f"{policy.lab or 'any lab'}: {steps}, {hints}, {solutions}", "$muted")


def _step_lines(row: SeatRow, width: int) -> list[Content]:
    if not row.lab:
        return [Content.styled("No lab is open here yet.", "$muted")]
    if not row.step:
        return [Content.styled(f"✓ All steps of {row.lab} have passed.", "$success")]
    lines = hanging(
        Content.assemble((f"{row.lab}  ", "$muted"), (text.one_line(row.step), "bold")), width, 0, 2
    )
    said = f"for {minutes(row.on_step_s)}"
    if row.tries:
        said += f", {plural(row.tries, 'failed check')}"
    said += f", {_hints_words(row)}"
    sign = ("! stuck ", "bold $warning") if row.stuck else ("", "")
    lines += hanging(Content.assemble(sign, said), width, 0, 2)
    for each in row.failing:
        lines += hanging(Content.assemble(("✗ ", "bold $error"), text.one_line(each)), width, 0, 2)
    return lines


def _hints_words(row: SeatRow) -> str:
    if row.solution:
        return "after its solution"
    return f"after hint {row.hints}" if row.hints else "no hint taken"


def _help(row: SeatRow) -> str:
    return f"{row.hints or ''}{'S' if row.solution else ''}"


def _steps(row: SeatRow, lab: str) -> Content:
    at_step = current(row, lab)
    return Content.assemble(
        *((f"{sign} ", style) for sign, style in _signs(row.steps, at_step, stuck=row.stuck))
    )


def _signs(steps: Sequence[StepState], at_step: int | None, *, stuck: bool) -> list[tuple[str, str]]:
    found = []
    for at, state in enumerate(steps):
        sign, style = STATES[state]
        if at == at_step and state == "open":
            sign, style = _HERE
        if at == at_step and stuck:
            style = "bold $warning"
        found.append((sign, style))
    return found


def _step_of(row: SeatRow, view: BoardView, at: int, step: StepHead, width: int) -> Content:
    signs = _signs(row.steps, current(row, view.lab), stuck=row.stuck)
    sign = signs[at] if at < len(signs) else STATES["open"]
    return fit(Content.assemble(sign, f" {at + 1:>2} ", text.one_line(step.title)), width).rstrip()
