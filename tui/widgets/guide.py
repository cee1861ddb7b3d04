"""The guide: the lab's steps, the text of the one that is shown, its commands, and what was revealed of it."""

from __future__ import annotations

import textwrap
from typing import Literal

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.getters import query_one
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget
from textual.widgets import Markdown, Static

from tui import text
from tui.session import CheckView, Step
from tui.work import Revealed, Work, tally

Detail = Literal["none", "first", "all"]
"""Of which failing checks the evidence is shown."""

LOCKED = "– opens when the teacher opens it"
HINT_NAMES = ("a nudge", "a direction", "nearly the answer")


class StepStrip(Widget, can_focus=False):
    """All steps in a line (or, with the class -tall, one below the other): passed, shown, to come."""

    DEFAULT_CSS = "StepStrip { height: auto; padding: 0 1; }"
    ALLOW_SELECT = False
    auto_links = False

    marks: reactive[tuple[tuple[str, str], ...]] = reactive((), layout=True)
    """(mark, title) of each step."""
    shown: reactive[int] = reactive(0)

    def render(self) -> Content:
        tall = self.has_class("-tall")
        parts = []
        for index, (mark, title) in enumerate(self.marks):
            name = f"{mark} {index + 1}" + (f"  {text.one_line(title)}" if tall else "")
            if tall:
                name = text.clip(name, max(4, self.size.width))
            style = "$success" if mark == "✓" else "$muted"
            content = Content.styled(name, style)
            if index == self.shown:
                content = Content.styled(name, "bold $primary" if mark != "✓" else "bold $success").stylize(
                    "underline", len(mark) + 1
                )
            parts.append(content.stylize(Style.from_meta({"@click": f"screen.show_step({index})"})))
        return Content("\n" if tall else "  ").join(parts)


class Commands(Widget, can_focus=False):
    """The step's commands as a person would type them; the one that F6 pastes next is marked."""

    DEFAULT_CSS = """
    Commands { height: auto; margin: 0 0 1 0; padding: 0 1; background: $surface; border-left: outer
    $primary 40%; display: none; } Commands.-shown { display: block; }
    """

    commands: reactive[tuple[str, ...]] = reactive((), layout=True)
    pasted: reactive[int] = reactive(0)

    def watch_commands(self, commands: tuple[str, ...]) -> None:
        self.set_class(bool(commands), "-shown")

    def render(self) -> Content:
        upcoming = self.pasted % len(self.commands) if self.commands else 0
        lines: list[Content] = []
        for index, command in enumerate(self.commands):
            sign = ("❯ ", "bold $primary") if index == upcoming else ("· ", "$muted")
            first, *rest = command_rows(command, self.size.width - 2)
            lines.append(Content.assemble(sign, first))
            lines += [Content(f"  {row}") for row in rest]
        return Content("\n").join(lines)


def command_rows(command: str, width: int) -> list[str]:
    """A command's lines; what is too long goes on below, further in."""
    rows: list[str] = []
    for line in text.plain(command).split("\n"):
        inner = " " * (len(line) - len(line.lstrip()) + 4)
        start, rest = _cut(line, max(8, width))
        rows.append(start)
        while rest:
            start, rest = _cut(rest, max(8, width - len(inner)))
            rows.append(inner + start)
    return rows


def _cut(line: str, width: int) -> tuple[str, str]:
    """What of a line fits, and the rest; between words or after a comma where there is one."""
    if len(line) <= width:
        return line, ""
    indent = len(line) - len(line.lstrip())
    at = max(line.rfind(" ", indent, width), line.rfind(",", indent, width - 1)) + 1
    at = at if at > indent + width // 3 else width
    return line[:at].rstrip(), line[at:].lstrip()


class Checks(Widget, can_focus=False):
    """The live state of the step's checks, with as much of the evidence as there is room for."""

    DEFAULT_CSS = "Checks { height: auto; }"

    checks: reactive[tuple[CheckView, ...]] = reactive((), layout=True)
    detail: reactive[Detail] = reactive[Detail]("first", layout=True)

    def render(self) -> Content:
        if not self.checks:
            return Content.styled("not checked yet; F5 checks", "$muted")
        return Content("\n").join(checks_lines(self.checks, self.detail, max(20, self.size.width)))


def checks_lines(checks: tuple[CheckView, ...], detail: Detail, width: int) -> list[Content]:
    """The checks: a line for each, and the evidence of those that fail and are to be shown in detail."""
    lines: list[Content] = []
    shown = False
    for check in checks:
        failed = check.passed is False
        if failed and (detail == "all" or (detail == "first" and not shown)):
            shown = True
            lines += [check_line(check), *evidence(check, width)]
        else:
            aside = f"  {text.one_line(check.observed)}" if check.passed is not None else ""
            lines.append(
                Content.assemble(check_line(check), (aside, "$muted")).truncate(width, ellipsis=True)
            )
    return lines


def check_line(check: CheckView) -> Content:
    """A check's sign and title."""
    sign, style = {True: ("✓", "$success"), False: ("✗", "$error"), None: ("·", "$muted")}[check.passed]
    title = text.one_line(check.title or check.id)
    return Content.assemble((f"{sign} ", f"bold {style}"), (title, "$muted" if check.passed is None else ""))


def evidence(check: CheckView, width: int) -> list[Content]:
    """What should be, what is, and what to do about it."""
    lines: list[Content] = []
    for word, value, style in (
        ("expected", check.expected, ""),
        ("observed", check.observed, ""),
        ("→", check.hint, "italic"),
    ):
        rows = textwrap.wrap(text.one_line(value), max(10, width - 13))
        for index, row in enumerate(rows):
            lines.append(Content.assemble((f"  {word if index == 0 else '':>8} ", "$muted"), (row, style)))
    return lines


class Guide(Vertical):
    """The guide pane. `show` brings it up to date with the work."""

    DEFAULT_CSS = """
    Guide > #page { height: 1fr; padding: 0 2 0 1; scrollbar-size-vertical: 1; }
    Guide #heading { height: auto; margin: 1 0; }
    Guide #question {
        display: none; height: auto; margin: 0 0 1 0; padding: 0 1;
        border-left: outer $accent; background: $surface;
    }
    Guide #question.-shown { display: block; }
    Guide Markdown { margin: 0; padding: 0; }
    Guide > #verdict {
        height: auto; max-height: 45%; padding: 0 1; border-top: solid $border; scrollbar-size-vertical: 1;
    }
    """

    strip = query_one(StepStrip)
    heading = query_one("#heading", Static)
    commands = query_one(Commands)
    question = query_one("#question", Static)
    checks = query_one(Checks)

    def compose(self) -> ComposeResult:
        yield StepStrip(id="steps")
        with VerticalScroll(id="page"):
            yield Static("", id="heading", markup=False)
            yield Markdown("", id="text", open_links=False)
            yield Commands()
            yield Static("", id="question", markup=False)
            yield Markdown("", id="revealed", open_links=False)
        with VerticalScroll(id="verdict", can_focus=False):
            yield Static("", id="tally", markup=False)
            yield Checks()

    def on_mount(self) -> None:
        self._text = ""
        self._revealed = ""

    def on_resize(self, event: events.Resize) -> None:
        self.strip.set_class(event.size.height >= 34, "-tall")
        self.set_class(event.size.height < 34, "-low")

    def wait(self, words: str) -> None:
        """Say what is being waited for."""
        self.heading.update(Content.assemble(("◐ ", "bold $warning"), words))

    def show_commands(self) -> None:
        """Bring the commands into view."""
        self.commands.scroll_visible(animate=False)

    async def show(self, work: Work, *, checking: bool = False, detailed: bool = False) -> None:
        """Show the work as it stands. Only what differs is redrawn.

        `detailed` shows the evidence of every check that fails; otherwise there is only as much as has room.
        """
        step = work.step
        self.strip.marks = tuple((mark(s, s.id in work.passed), s.title) for s in work.lab.steps)
        self.strip.shown = work.index
        if step is None:
            return
        revealed = work.revealed(step.id)
        passed = step.id in work.passed
        self.heading.update(heading(step, work.index, len(work.lab.steps), passed))
        self.commands.commands = step.commands
        self.commands.pasted = work.pasted(step.id)
        self._show_question(step, revealed)
        self.checks.checks = work.checks(step.id)
        self.checks.detail = "all" if detailed else "none" if self.has_class("-low") else "first"
        last = work.index == len(work.lab.steps) - 1
        tally_line = (
            Content.styled(LOCKED, "$warning")
            if step.locked
            else verdict(work.checks(step.id), passed, checking, last=last)
        )
        self.checks.display = not step.locked
        self.query_one("#tally", Static).update(tally_line)
        intro = without_title(work.lab.intro, work.lab.title) if work.index == 0 else ""
        await self._show_texts(intro, step, revealed)

    def _show_question(self, step: Step, revealed: Revealed) -> None:
        question = step.question
        self.question.set_class(question is not None, "-shown")
        if question is None:
            return
        given = revealed.answer[0] if revealed.answer else question.given
        if given is None:
            tail = Content.assemble(("\nA", "bold $primary"), (" answers", "$muted"))
        else:
            tail = Content.styled(f"\nyour answer: {text.one_line(given)}", "$muted")
        self.question.update(Content.assemble(("? Predict first  ", "bold $accent"), question.prompt, tail))

    async def _show_texts(self, intro: str, step: Step, revealed: Revealed) -> None:
        main = "\n\n".join(part for part in (intro, step.guide) if part)
        if main != self._text:
            self._text = main
            await self.query_one("#text", Markdown).update(main)
            self.query_one("#page", VerticalScroll).scroll_home(animate=False)
        shown = revealed_text(revealed, step.hints)
        if shown != self._revealed:
            grown = shown.startswith(self._revealed) and bool(self._revealed or shown)
            self._revealed = shown
            await self.query_one("#revealed", Markdown).update(shown)
            if grown and shown:
                self.query_one("#page", VerticalScroll).scroll_end(animate=False)


def mark(step: Step, passed: bool) -> str:
    """A step's sign in the strip of all steps."""
    return "✓" if passed else "–" if step.locked else "○"


def without_title(intro: str, title: str) -> str:
    """The introduction without a first heading that only repeats the lab's title."""
    first, _, rest = intro.lstrip().partition("\n")
    return rest.lstrip() if first.strip() == f"# {title}" else intro


def heading(step: Step, index: int, count: int, passed: bool) -> Content:
    """A step's title line and goal."""
    mark = Content.styled("  ✓ passed", "bold $success") if passed else Content("")
    title = Content.assemble(
        (f"{index + 1}/{count}  ", "$muted"), (text.one_line(step.title), "bold $primary"), mark
    )
    return (
        Content("\n").join([title, Content.styled(text.one_line(step.goal), "italic")])
        if step.goal
        else title
    )


def verdict(checks: tuple[CheckView, ...], passed: bool, checking: bool, *, last: bool) -> Content:
    """The line over the checks."""
    good, count = tally(checks)
    if checking:
        return Content.styled("◐ checking …", "$warning")
    if passed:
        return Content.assemble(
            ("✓ step passed", "bold $success"), ("   D looks back" if last else "   ] next step", "$muted")
        )
    if not count:
        return Content.styled("Checks", "bold")
    return Content.assemble(
        ("Checks  ", "bold"), (f"{good} of {count} pass", "$muted"), ("   F5 checks in full", "$muted")
    )


def revealed_text(revealed: Revealed, hints: int) -> str:
    """Hints, the verdict on the prediction and the solution, as one Markdown text."""
    parts: list[str] = []
    if revealed.answer is not None:
        _, answer = revealed.answer
        word = "**✓ Right.**" if answer.correct else f"**✗ Not quite:** it is {answer.expected}."
        parts.append(f"{word} {answer.explanation}".strip())
    # What was shown stays, when a teacher gives fewer from now on.
    hints = max(hints, len(revealed.hints))
    for level, hint in enumerate(revealed.hints, start=1):
        name = HINT_NAMES[level - 1] if hints == len(HINT_NAMES) else ""
        parts.append(f"**Hint {level} of {hints}{', ' + name if name else ''}.** {hint}")
    if revealed.solution is not None:
        commands = "\n".join(revealed.solution.commands)
        block = f"\n\n```sh\n{commands}\n```" if commands else ""
        parts.append(f"**Solution.** {revealed.solution.why}{block}")
    return "\n\n".join(parts)
