"""What is always on top of a team's screen: who you are, what is in alarm, and the time; below it how the game stands, if not as usual."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui import text
from tui.duty import Look, Standing
from tui.games import Briefing
from tui.session import SessionError


class TeamLine(Widget, can_focus=False):
    """Team and game on the left; alarms, clock, time gone and time left on the right."""

    DEFAULT_CSS = "TeamLine { height: 1; background: $panel; padding: 0 1; }"
    ALLOW_SELECT = False
    auto_links = False

    briefing: reactive[Briefing | None] = reactive(None)
    look: reactive[Look] = reactive(Look())
    lost: reactive[bool] = reactive(False)

    def render(self) -> Content:
        return line(self.look, self.briefing, self.size.width, lost=self.lost)


def line(look: Look, briefing: Briefing | None, width: int, *, lost: bool = False) -> Content:
    """The line for a width; the title gives way first."""
    if briefing is None:
        left = Content.styled("Game day", "bold")
    else:
        team, title = text.one_line(briefing.team), text.one_line(briefing.title)
        left = Content.assemble((team, "bold $primary"), "  ", (title, "bold"))
    time = clock_content(look, briefing.length_ms if briefing else 0, lost=lost)
    room = max(0, width - time.cell_length - 2)
    alarms = alarm_content(look, max(0, room - min(left.cell_length, 24) - 3))
    left = left.truncate(max(0, room - alarms.cell_length - 3), ellipsis=True)
    space = max(0, width - left.cell_length - alarms.cell_length - time.cell_length - 3)
    return Content.assemble(left, " " * space, alarms, "   ", time).truncate(max(1, width))


def alarm_content(look: Look, width: int) -> Content:
    """What is in alarm, with the names where there is room for all."""
    if not look.in_alarm:
        return Content("")
    names = ", ".join(text.one_line(name) for name in look.in_alarm)
    full = f"✗ ALARM {names}"
    return Content.styled(full if len(full) <= width else f"✗ {len(look.in_alarm)} ALARM", "bold $error")


_SIGNS: dict[Standing, tuple[str, str]] = {
    "waiting": ("◌ waiting", "bold $warning"),
    "ready": ("◌ ready", "bold $warning"),
    "frozen": ("⏸ frozen", "bold $warning"),
    "over": ("■ over", "bold $warning"),
}


def clock_content(look: Look, length_ms: int, *, lost: bool = False) -> Content:
    """The clock as "▶ 10x  12m04s gone, 27m56s left  09:12:04"."""
    if not look.clock.now_ms:
        return Content("")
    sign, style = _SIGNS.get(look.standing, (f"▶ {text.speed(look.clock)}", "$primary"))
    if lost:
        sign, style = "✗ lost", "bold $error"
    parts = [(sign, style), ("  ", "")]
    if look.started_ms is not None:
        parts.append((f"{text.duration(look.gone_ms)} gone", ""))
        if length_ms and look.standing != "over":
            parts.append((f", {text.duration(look.left_ms(length_ms))} left", ""))
        parts.append(("  ", ""))
    parts.append((text.time_of_day(look.clock.now_ms), "bold"))
    return Content.assemble(*parts)


class Notice(Widget, can_focus=False):
    """How the game stands, in a sentence, whenever it does not simply go on; a lost connection before anything else."""

    DEFAULT_CSS = """
    Notice { display: none; height: auto; padding: 0 1; background: $warning 15%; border-left: thick $warning; }
    Notice.-shown { display: block; }
    Notice.-lost { background: $error 15%; border-left: thick $error; }
    """

    standing: reactive[Standing] = reactive[Standing]("unknown", layout=True)
    error: reactive[SessionError | None] = reactive(None, layout=True)

    def watch_standing(self) -> None:
        self._mark()

    def watch_error(self) -> None:
        self._mark()

    def _mark(self) -> None:
        self.set_class(self.error is not None, "-lost")
        self.set_class(self.error is not None or self.standing in _SENTENCES, "-shown")

    def render(self) -> Content:
        if self.error is not None:
            what, hint = text.one_line(self.error.message), text.one_line(self.error.hint)
            return Content.assemble(
                ("✗ CONNECTION LOST  ", "bold $error"),
                (what, "bold"),
                (f"  {hint}" if hint else ""),
                ("  It is tried again all the time; Ctrl+R tries now.", "$muted"),
            )
        if self.standing not in _SENTENCES:
            return Content("")
        word, sentence = _SENTENCES[self.standing]
        return Content.assemble((f"{word}  ", "bold $warning"), sentence)


_SENTENCES: dict[Standing, tuple[str, str]] = {
    "ready": ("◌ READY", "The clock does not run yet. Share out the roles, and look around."),
    "frozen": ("⏸ FROZEN", "Whoever runs the game has stopped the clock. Nothing moves until it goes on."),
    "over": ("■ OVER", "The game has ended. Look around and talk about it; the console still answers."),
}  # fmt: skip
