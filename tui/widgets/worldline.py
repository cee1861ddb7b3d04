"""The two lines at the top of a lab that are always on screen: where you are and what time it is.

How the service stands, and what it all costs.
"""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui import text
from tui.snapshot import EMPTY, Clock, Cost, Service, Snapshot


class TitleLine(Widget, can_focus=False):
    """Lab and step on the left, virtual clock on the right."""

    DEFAULT_CSS = "TitleLine { height: 1; background: $panel; padding: 0 1; }"
    ALLOW_SELECT = False
    auto_links = False

    title: reactive[str] = reactive("")
    place: reactive[str] = reactive("")
    clock: reactive[Clock] = reactive(Clock())

    def render(self) -> Content:
        width = self.size.width
        clock = clock_content(self.clock)
        left = Content.assemble((text.one_line(self.title), "bold"), "  ", (self.place, "$muted"))
        room = max(0, width - clock.cell_length - 2)
        left = left.truncate(room, ellipsis=True)
        return Content.assemble(left.pad_right(max(0, width - left.cell_length - clock.cell_length)), clock)


def clock_content(clock: Clock) -> Content:
    """The clock as "next in 12s   ▶ 10x  09:04:12"."""
    if not clock.now_ms:
        return Content("")
    sign, style = ("⏸", "bold $warning") if clock.paused else ("▶", "$primary")
    coming: tuple[str, str] = ("", "")
    if clock.next_ms is not None and clock.next_ms > clock.now_ms:
        coming = (f"next in {text.duration(clock.next_ms - clock.now_ms)}   ", "$muted")
    when = text.time_of_day(clock.now_ms)
    return Content.assemble(coming, (f"{sign} {text.speed(clock)}", style), "  ", (when, "bold"))


class WorldLine(Widget, can_focus=False):
    """The service in one line: counts against floor and ceiling, and what it is doing, in words; at the end, where there is room, what
    the world costs.
    """

    DEFAULT_CSS = "WorldLine { height: 1; padding: 0 1; background: $surface; }"
    ALLOW_SELECT = False
    auto_links = False

    world: reactive[Snapshot] = reactive(EMPTY)
    now_ms: reactive[int] = reactive(0)

    def render(self) -> Content:
        service, width = self.world.focus, self.size.width
        if service is None:
            line = Content.styled(_without_service(self.world), "$muted")
        else:
            line = service_content(service, width, len(self.world.services) - 1)
        cost = self.world.cost
        return line if cost is None else with_cost(line, cost, self.now_ms, width)


def with_cost(line: Content, cost: Cost, now_ms: int, width: int) -> Content:
    """A line with what the world costs at its end: the total and the rate, the total alone, or nothing, as there is room."""
    total, rate = text.dollars(cost.by(now_ms)), text.dollars(cost.per_hour)
    for words in (f"about {total}, {rate}/h", f"~{total}"):
        room = width - len(words)
        if line.cell_length + 3 <= room:
            return Content.assemble(line.pad_right(room - line.cell_length), (words, "$muted"))
    return line


def _without_service(world: Snapshot) -> str:
    if not world.clusters:
        return "○ nothing here yet: no cluster, no service"
    names = ", ".join(text.one_line(c.name) for c in world.clusters)
    return f"○ cluster {names}: no service yet"


def service_content(service: Service, width: int, others: int) -> Content:
    """The line for one service, in the wording that fits `width`."""
    state, style = state_of(service)
    name = text.clip(text.one_line(service.name), 24)
    short = service.running < service.floor
    roomy = width >= 100
    gap = "   " if roomy else "  "
    counts = Content.assemble(
        (name, "bold"),
        gap,
        _count("desired", service.desired),
        gap,
        _count("running", service.running, "$error" if short else ""),
        gap,
        _count("pending", service.pending, "$warning" if service.pending else ""),
        gap,
        _count("floor", service.floor),
        (" ▼ below" if short else "", "bold $error"),
        gap,
        _count("ceiling", service.ceiling),
    )
    more = f"{gap}+{others} more" if others else ""
    verdict = Content.assemble((state, style), (more, "$muted"))
    room = width - counts.cell_length - len(gap)
    return Content.assemble(counts, gap, verdict.truncate(max(0, room), ellipsis=True))


def _count(word: str, value: int, style: str = "") -> Content:
    return Content.assemble((f"{word} ", "$muted"), (str(value), f"bold {style}".strip()))


def state_of(service: Service) -> tuple[str, str]:
    """What a service is doing, as (sign and words, style)."""
    if service.status not in ("ACTIVE", ""):
        return (f"◌ {service.status.lower()}", "$muted")
    rolling = service.rolling
    if rolling is not None:
        back = any(d.rollout_state == "FAILED" for d in service.deployments)
        word = "rolling back to" if back else "rolling out"
        return (f"◐ {word} {text.one_line(rolling.task_definition)}", "$warning")
    if service.steady:
        return ("● steady", "$success")
    return ("◐ settling", "$warning")
