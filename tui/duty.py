"""What somebody on call has to know: how the game stands, how much time is left, and which pages nobody has read yet. Pure.

Parses a `TeamView` (tui/games.py). Times are virtual milliseconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tui import queues, traffic
from tui.games import Page, TeamView
from tui.queues import Queues, parse_queues
from tui.snapshot import EMPTY, Clock, Snapshot, parse_snapshot
from tui.traffic import Report, parse_report

_NO_TIME = Clock()

Standing = Literal["unknown", "waiting", "ready", "playing", "frozen", "over"]
"""How the game stands for a team: "unknown" before the first look, "ready" when it has begun and its clock was not let go yet."""

_SIGNS: dict[str, tuple[str, str, str]] = {
    "alarm": ("✗", "ALARM", "$error"),
    "ok": ("✓", "OK", "$success"),
    "message": ("❯", "MESSAGE", "$accent"),
    "hint": ("◆", "HINT", "$primary"),
    "begun": ("▶", "BEGUN", "$primary"),
    "ended": ("■", "ENDED", "$warning"),
}
_OTHER = ("·", "PAGE", "$primary")
_SAID = ("message", "hint", "ended")
_QUIET = ("ok",)
"""Nobody has to be called for these."""


READY_MS = 1000
"""A clock that stands still so soon after the beginning has not been let go yet."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a team's world."""

    standing: Standing = "unknown"
    clock: Clock = _NO_TIME
    started_ms: int | None = None
    pages: tuple[Page, ...] = ()
    """Newest first."""
    in_alarm: tuple[str, ...] = ()
    world: Snapshot = EMPTY
    report: Report = traffic.NOTHING
    queues: Queues = queues.NOTHING

    @property
    def gone_ms(self) -> int:
        """How long the game has lasted, up to its end; 0 before it begins."""
        if self.started_ms is None:
            return 0
        ended = (page.at_ms for page in self.pages if page.kind == "ended" and self.standing == "over")
        return max(0, next(ended, self.clock.now_ms) - self.started_ms)

    def left_ms(self, length_ms: int) -> int:
        """How much of a game of that length is left, never less than 0."""
        return max(0, length_ms - self.gone_ms)


def look_at(view: TeamView, before: Snapshot = EMPTY) -> Look:
    """A view, parsed; the world `before` is kept where its version has not moved."""
    speed = None if view.speed == "max" else float(view.speed)
    clock = Clock(now_ms=view.now_ms, elapsed_ms=0, paused=view.mode == "paused", speed=speed)
    same = view.snapshot.get("version") == before.version
    world = before if same else parse_snapshot(view.snapshot)
    return Look(
        standing(view),
        clock,
        view.started_ms,
        view.pages,
        view.in_alarm,
        world,
        parse_report(view.traffic),
        parse_queues(view.queue),
    )


def standing(view: TeamView) -> Standing:
    """How the game stands."""
    if view.over:
        return "over"
    if view.started_ms is None:
        return "waiting"
    if view.mode == "running":
        return "playing"
    return "ready" if view.now_ms < view.started_ms + READY_MS else "frozen"


class Inbox:
    """The pages, and which of them are unread: those that came since somebody acknowledged what there was."""

    def __init__(self) -> None:
        self._known: Counter[Page] = Counter()
        self.unread: tuple[Page, ...] = ()
        """Newest first."""

    def take(self, pages: Sequence[Page]) -> tuple[Page, ...]:
        """The pages as they are now, newest first; which of them are new. Pages that are gone (the world was put back) count no more."""
        now = Counter(pages)
        fresh = now - self._known
        # That it has begun is what the briefing is for.
        fresh -= Counter(page for page in pages if page.kind == "begun")
        self._known = now
        waiting = Counter(self.unread) & now
        new = _of(pages, fresh)
        self.unread = _of(pages, waiting + fresh)
        return new

    def acknowledge(self) -> None:
        """Everything that is there was read."""
        self.unread = ()


def _of(pages: Sequence[Page], counted: Counter[Page]) -> tuple[Page, ...]:
    """So many of each page, in the order in which they stand."""
    left, found = Counter(counted), []
    for page in pages:
        if left[page] > 0:
            left[page] -= 1
            found.append(page)
    return tuple(found)


def sign_of(page: Page) -> tuple[str, str, str]:
    """Shape, word and style of a page."""
    return _SIGNS.get(page.kind, _OTHER)


def calls_for_attention(pages: Sequence[Page]) -> bool:
    """Whether one of them is worth a bell."""
    return any(page.kind not in _QUIET for page in pages)


def foremost(unread: Sequence[Page]) -> tuple[Page, ...]:
    """What a banner shows of unread pages (newest first): the newest alarm and the newest that somebody said, else the newest of all."""
    alarm = next((page for page in unread if page.kind == "alarm"), None)
    said = next((page for page in unread if page.kind in _SAID), None)
    found = tuple(page for page in unread if page is alarm or page is said)
    return found or tuple(unread[:1])
