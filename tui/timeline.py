"""The end of a task as a picture: to scale, with every moment on the virtual clock. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from textual.content import Content

from tui import text
from tui.snapshot import Task
from tui.traffic import Cause, Shutdown, Stage, Stretch

# Each stage has its own shade, so that no colour is needed to tell them apart.
_SHADES: dict[Stage, tuple[str, str]] = {
    "in use": ("█", "$success"),
    "draining": ("▓", "$warning"),
    "waiting": ("░", "$muted"),
    "ending": ("▒", "$primary"),
    "gone": ("·", "$muted"),
}
_TALL = 30
"""From this height on the bar has three rows and the explanations stand below it."""

EXPLAINED: dict[Stage, str] = {
    "in use": "The target still gets new requests.",
    "draining": "No new requests; those in flight may go on until the deregistration delay is over.",
    "waiting": "Nobody asks it anything, and it has not been told to end yet.",
    "ending": "The program has its stop signal and may finish; stopTimeout later it is killed.",
    "gone": "The process has ended; the network interface is taken down.",
}


def known(task: Task | None, shutdown: Shutdown | None) -> Shutdown | None:
    """What is known of a task's end: what its clients lived through, else what the task itself says."""
    if shutdown is not None:
        return shutdown
    if task is None or (task.stopping_ms is None and task.stopped_ms is None):
        return None
    return Shutdown(
        task.id,
        stop_requested_ms=task.stopping_ms,
        stopped_ms=task.stopped_ms,
        exit_code=task.exit_code,
        seen=False,
    )


def picture(shutdown: Shutdown, now_ms: int, width: int, height: int) -> Content:
    """The whole picture for a space of that size. It may be higher: losses need the lines they need."""
    stretches = shutdown.stretches(now_ms)
    lines = [headline(shutdown), Content("")]
    if stretches:
        lines += names(stretches, width)
        lines += [bar(stretches, width)] * (3 if height >= _TALL else 1)
        lines += [marks(shutdown, stretches, width), Content("")]
    lines += moments(shutdown)
    if stretches and height >= _TALL:
        lines += [Content(""), *explanations(stretches)]
    lines += [Content(""), *losses(shutdown, width)]
    return Content("\n").join([line.truncate(width, ellipsis=True) for line in lines])


def headline(shutdown: Shutdown) -> Content:
    """The task, how it ended, and what that cost."""
    cost = []
    if shutdown.lost:
        cost.append(f"{shutdown.lost:,} lost")
    if shutdown.unsaved:
        cost.append(f"{shutdown.unsaved:,} never written down")
    kept = "nothing lost" + ("" if shutdown.exited_ms is not None else " so far")
    verdict = f"   ✗ {', '.join(cost)}" if cost else f"   ✓ {kept}" if shutdown.seen else ""
    ended = "" if shutdown.exit_code is None else f"   exit code {shutdown.exit_code}"
    return Content.assemble(
        ("End of task  ", "bold"),
        (text.one_line(shutdown.task[:8]), "bold $primary"),
        (ended, "bold $error" if shutdown.exit_code else "bold"),
        (verdict, "$error" if cost else "$success"),
    )


def shares(stretches: Sequence[Stretch], width: int) -> list[int]:
    """The columns of each stretch: to scale, at least one, together exactly `width` (if that is possible)."""
    total = sum(each.end_ms - each.begin_ms for each in stretches)
    exact = [(each.end_ms - each.begin_ms) / total * width for each in stretches]
    found = [max(1, int(value)) for value in exact]
    while sum(found) < width:
        at = max(range(len(found)), key=lambda i: exact[i] - found[i])
        found[at] += 1
    while sum(found) > width and max(found) > 1:
        at = max((i for i in range(len(found)) if found[i] > 1), key=lambda i: found[i] - exact[i])
        found[at] -= 1
    return found


def style_of(stretch: Stretch) -> tuple[str, str]:
    """The shade and style of a stretch."""
    glyph, style = _SHADES[stretch.stage]
    return glyph, "$error" if stretch.bad else style


def bar(stretches: Sequence[Stretch], width: int) -> Content:
    """The stretches to scale."""
    parts = []
    for stretch, share in zip(stretches, shares(stretches, width), strict=True):
        glyph, style = style_of(stretch)
        parts.append((glyph * share, style))
    return Content.assemble(*parts)


def names(stretches: Sequence[Stretch], width: int) -> list[Content]:
    """Each stretch's name and length above its place in the bar, on as many lines as it takes for none to overlap."""
    rows: list[list[tuple[int, str, str]]] = []
    at = 0
    for stretch, share in zip(stretches, shares(stretches, width), strict=True):
        words = f"{stretch.words} {length(stretch.end_ms - stretch.begin_ms)}"
        begin = max(0, min(at, width - len(words)))
        free = (r for r in rows if r[-1][0] + len(r[-1][1]) + 2 <= begin)
        row = next(free, None)
        if row is None:
            row = []
            rows.append(row)
        row.append((begin, words, style_of(stretch)[1]))
        at += share
    return [_placed(row) for row in reversed(rows)]


def _placed(row: Sequence[tuple[int, str, str]]) -> Content:
    parts: list[tuple[str, str]] = []
    at = 0
    for begin, words, style in row:
        parts += [(" " * (begin - at), ""), (words, style)]
        at = begin + len(words)
    return Content.assemble(*parts)


def marks(shutdown: Shutdown, stretches: Sequence[Stretch], width: int) -> Content:
    """The numbers of the moments below the bar; those that fall together stand side by side while there is room."""
    begin, end = stretches[0].begin_ms, stretches[-1].end_ms
    edges = {stretches[0].begin_ms: 0}
    at = 0
    for stretch, share in zip(stretches, shares(stretches, width), strict=True):
        at += share
        edges[stretch.end_ms] = at
    line = ""
    for number, moment in enumerate(shutdown.moments, start=1):
        place = edges.get(moment.at_ms)
        if place is None:
            place = round((moment.at_ms - begin) / (end - begin) * width)
        place = min(max(place, len(line)), width - 1)
        line = f"{line.ljust(place)}{number}"
    return Content.styled(line, "bold")


def moments(shutdown: Shutdown) -> list[Content]:
    """Every moment: its number in the bar, clock time, time since the first, and what was in flight."""
    found = shutdown.moments
    first = found[0].at_ms if found else 0
    lines = []
    for number, moment in enumerate(found, start=1):
        since = f"+{length(moment.at_ms - first)}"
        lines.append(
            Content.assemble(
                (f"{number} ", "bold"),
                (f"{text.time_of_day(moment.at_ms)}.{moment.at_ms % 1000:03d}  ", "$muted"),
                (f"{since:<9}", ""),
                (moment.words, "$error" if moment.bad else ""),
            )
        )
    if not shutdown.seen:
        words = "Nothing is known of its requests: no target, or no traffic to it."
        lines.append(Content.styled(f"  {words}", "$muted"))
    return lines


def explanations(stretches: Sequence[Stretch]) -> list[Content]:
    """What each stage means, once."""
    found: dict[Stage, Stretch] = {}
    for stretch in stretches:
        found.setdefault(stretch.stage, stretch)
    return [
        Content.assemble(
            (style_of(each)[0] * 2, style_of(each)[1]), f"  {stage:<9}", (EXPLAINED[stage], "$muted")
        )
        for stage, each in found.items()
    ]


def losses(shutdown: Shutdown, width: int) -> list[Content]:
    """What was lost; where somebody says so, why, and the setting to turn."""
    lines: list[Content] = []
    for cause in shutdown.causes:
        lines += cause_lines(cause, width)
    if shutdown.lost and not shutdown.causes:
        lines.append(Content.styled(f"✗ {shutdown.lost:,} requests were lost with this task.", "bold $error"))
    if shutdown.unsaved:
        words = f"{shutdown.unsaved:,} answered, but still in the program's memory when it ended: never written down."
        lines += [Content.styled(line, "$error") for line in textwrap.wrap(words, max(20, width))]
    if not lines and shutdown.seen and shutdown.exited_ms is not None:
        lines.append(Content.styled("No request was lost with this task.", "$success"))
    return lines


def cause_lines(cause: Cause, width: int) -> list[Content]:
    """A cause of failures: count and status, the sentence, the setting to turn."""
    phases = ", ".join(f"{count:,} while {phase}" for phase, count in cause.phases)
    head = Content.assemble(
        (f"✗ {cause.count:,} × {cause.status}", "bold $error"),
        f" from {cause.who}",
        (f"   {phases}" if phases else "", "$muted"),
    )
    said = [Content(f"  {line}") for line in textwrap.wrap(text.one_line(cause.sentence), max(20, width - 2))]
    knob = Content.assemble(("  turn: ", "$muted"), (text.one_line(cause.knob), "bold $accent"))
    return [head.truncate(max(1, width), ellipsis=True), *said, knob.truncate(max(1, width), ellipsis=True)]


def length(ms: int) -> str:
    """A length of time: "0.4s", "10.5s", "1m05s"."""
    return f"{ms / 1000:.3g}s" if ms < 60_000 else text.duration(ms)
