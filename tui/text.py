"""Small pure functions from the world's values to what stands on the screen.

Everything from the world passes through `plain`, so that no control character reaches the terminal; nothing
here (or anywhere in the screens) parses markup. All durations and times are milliseconds.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from tui.snapshot import Clock, Task, TaskPhase

_SIGNS: dict[TaskPhase, tuple[str, str]] = {
    "starting": ("◐", "$warning"),
    "running": ("●", "$success"),
    "stopping": ("◌", "$muted"),
    "stopped": ("○", "$muted"),
}

SPEEDS: tuple[float | None, ...] = (1.0, 10.0, 60.0, None)
"""The speeds that the keys step through; None is as fast as it goes."""

# CSI and OSC sequences (ECMA-48), then every other control character but newline and tab.
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.?")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def plain(text: str) -> str:
    """`text` with terminal escapes and control characters taken out and tabs set to eight columns."""
    if text.isascii() and text.isprintable():
        return text
    text = _ESCAPES.sub("", text.replace("\r\n", "\n"))
    return _CONTROLS.sub("", text).expandtabs(8)


def one_line(text: str) -> str:
    """`plain` text on one line."""
    return " ".join(plain(text).split())


def clip(text: str, width: int) -> str:
    """`text` cut to `width` columns, with an ellipsis when something is missing."""
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"


def duration(ms: int) -> str:
    """A length of time in its two largest units: "42s", "3m05s", "2h10m", "3d04h"."""
    seconds = max(0, ms) // 1000
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m{seconds % 60:02d}s"
    if seconds < 86400:
        return f"{seconds // 3600}h{seconds % 3600 // 60:02d}m"
    return f"{seconds // 86400}d{seconds % 86400 // 3600:02d}h"


def dollars(usd: float) -> str:
    """An amount with two digits that mean something, at least: "$1,234", "$0.43", "$0.0042"."""
    if usd >= 100:
        return f"${usd:,.0f}"
    if usd >= 0.1 or usd < 0.00005:
        return f"${usd:.2f}"
    return f"${usd:.4f}"


def time_of_day(ms: int) -> str:
    """The UTC time of a moment, "09:04:12"."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%H:%M:%S")


def elapsed(ms: int) -> str:
    """Time since the world began, "+00:04:12"."""
    seconds = max(0, ms) // 1000
    return f"+{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"


def speed(clock: Clock) -> str:
    """The clock's state in a word: "paused", "10x", "max"."""
    if clock.paused:
        return "paused"
    return "max" if clock.speed is None else f"{clock.speed:g}x"


def next_speed(current: float | None, step: int) -> float | None:
    """The speed one `step` (+1 faster, -1 slower) from `current`, held at both ends."""
    value = float("inf") if current is None else current
    ladder = [float("inf") if s is None else s for s in SPEEDS]
    faster = (s for s in ladder if s > value)
    slower = (s for s in reversed(ladder) if s < value)
    found = next(faster, ladder[-1]) if step > 0 else next(slower, ladder[0])
    return None if found == float("inf") else found


def bar(value: int, total: int, width: int) -> str:
    """A progress bar of exactly `width` columns. A total of 0 is an empty bar."""
    share = min(1.0, max(0.0, value / total)) if total > 0 else 0.0
    filled = round(share * width)
    if 0 < share < 1:
        filled = min(width - 1, max(1, filled))
    return "━" * filled + "╌" * (width - filled)


def sign(task: Task) -> tuple[str, str]:
    """A shape and a style for a task's state; the shape alone tells it, too."""
    return ("✗", "$error") if task.failed else _SIGNS[task.phase]


def age(task: Task, now_ms: int) -> str:
    """How long a task has been in its present phase's story: since creation, or since it stopped."""
    if task.stopped_ms is not None:
        return f"{duration(now_ms - task.stopped_ms)} ago"
    return duration(now_ms - task.created_ms)


def health(task: Task) -> tuple[str, str]:
    """A task's health as (word, style); a dash where nobody asked for a health check."""
    if task.phase == "stopped":
        return ("–", "$muted")
    return {"HEALTHY": ("healthy", "$success"), "UNHEALTHY": ("UNHEALTHY", "$error")}.get(
        task.health, ("–", "$muted")
    )
