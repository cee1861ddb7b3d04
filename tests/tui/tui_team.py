"""A `TeamDoor` without a game: one view at a time, recorded calls, answers at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import tui_worlds
from tui_fakes import FakeSession
from tui_queues import queue, queues, with_orders
from tui_traffic import CLEAN, DRAINING, KILLED, loaded, report
from tui_worlds import START_MS

from tui.games import Briefing, Page, Role, TeamView
from tui.session import CommandEvent, Completion, SessionError, ShellCommand

BEGAN_MS = START_MS + 60_000
_EXPLANATIONS = ("causes", "cause", "knob", "seed", "kind", "duplicated")

BRIEFING = Briefing(
    "red",
    "Release night",
    """\
You are on call for `web`, two tasks behind a load balancer. A release goes out **tonight**, and the clients
of the shop do not go to bed.

- No request may be lost.
- Half of the answers must come within 300 ms.

Your pager knows three alarms: `web-errors`, `web-slow` and `web-unhealthy`.
""",
    (
        Role("Incident commander", "Keeps the time, decides what is tried next and what is not."),
        Role("On call", "Has the keyboard. Says aloud what is being looked at."),
        Role("Scribe", "Writes down what was seen, when, and by whom."),
    ),
    40 * 60_000,
)


def page(after_s: int, kind: Any = "alarm", text: str = "web-errors") -> Page:
    """A page so many seconds after the game began."""
    return Page(BEGAN_MS + after_s * 1000, kind, text)


BEGUN = page(0, "begun", "Release night has begun.")
ALARM = page(
    250,
    "alarm",
    "web-errors: Threshold Crossed: 2 out of the last 2 datapoints [31.2 (01/01/26 09:04:00), 12.0 (01/01/26 09:03:00)] "
    "were greater than the threshold (5.0) (minimum 2 datapoints for OK -> ALARM transition).",
)
MESSAGE = page(
    270,
    "message",
    "Customer service: three people on the phone cannot pay. What do we tell them, and until when?",
)
HINT = page(330, "hint", "How long does a task stay registered that is on its way out?")


def unexplained(content: Any) -> Any:
    """An answer of the control API as a team gets it (docs/control-api.md)."""
    if isinstance(content, dict):
        return {name: unexplained(each) for name, each in content.items() if name not in _EXPLANATIONS}
    return [unexplained(each) for each in content] if isinstance(content, list) else content


def view(world: dict[str, Any] | None = None, *pages: Page, **more: Any) -> TeamView:
    """The game five and a half minutes after it began; `pages` newest first."""
    return TeamView(
        **{
            "now_ms": BEGAN_MS + 340_000,
            "mode": "running",
            "speed": 10,
            "started_ms": BEGAN_MS,
            "over": False,
            "pages": pages or (BEGUN,),
            "in_alarm": (),
            "snapshot": world or tui_worlds.steady(),
            "traffic": {"running": False, "target_group": None, "now_ms": 0},
            "queue": {"now_ms": 0, "queues": []},
            **more,
        }
    )


def quiet() -> TeamView:
    """Traffic, and nothing wrong with it."""
    fine = report()
    for bucket in (*fine["seconds"], *fine["minutes"]):
        bucket.update(ok=bucket["sent"], failed=0, errors=[], p50_ms=20.1, p95_ms=51.2, p99_ms=73.0)
    return view(loaded(tui_worlds.steady()), traffic=unexplained(fine))


def paged(*pages: Page, **more: Any) -> TeamView:
    """A rollout that fails and a task that was killed: an alarm, and somebody who asks."""
    return view(
        loaded(tui_worlds.failing()),
        *(pages or (MESSAGE, ALARM, BEGUN)),
        **{
            "in_alarm": ("web-errors",),
            "traffic": unexplained(report(CLEAN, DRAINING, KILLED)),
            **more,
        },
    )


def ready() -> TeamView:
    """The briefing is out, and the clock was not let go yet."""
    return replace(quiet(), mode="paused", now_ms=BEGAN_MS)


def frozen() -> TeamView:
    return paged(HINT, MESSAGE, ALARM, BEGUN, mode="paused")


def over() -> TeamView:
    ended = page(2400, "ended", "The game is over: its time is up.")
    return replace(
        paged(ended, page(400, "ok"), HINT, MESSAGE, ALARM, BEGUN, in_alarm=(), mode="paused", over=True),
        now_ms=BEGAN_MS + 2_400_000,
    )


def waiting() -> TeamView:
    return view(mode="paused", started_ms=None, pages=())


def orders() -> TeamView:
    """Orders that come faster than they are charged."""
    return view(
        with_orders(tui_worlds.steady()),
        page(300, "alarm", "charger-waiting"),
        BEGUN,
        queue=unexplained(queues(queue(again=True))),
        in_alarm=("charger-waiting",),
    )


class FakeDoor:
    """`shown` is what is to be seen now; what was asked is in `calls`, and `fail` says what goes wrong."""

    def __init__(self, shown: TeamView | None = None, briefing: Briefing = BRIEFING) -> None:
        self.shown = shown or quiet()
        self.told = briefing
        self.console = FakeSession()
        self.calls = self.console.calls
        self.fail = self.console.fail
        self.closed = 0

    def _called(self, name: str) -> None:
        self.calls.append((name,))
        if name in self.fail:
            raise self.fail[name]

    def count(self, name: str) -> int:
        return self.console.count(name)

    def briefing(self) -> Briefing:
        self._called("briefing")
        if self.shown.started_ms is None:
            raise SessionError("The game has not begun.")
        return self.told

    def view(self) -> TeamView:
        self._called("view")
        return self.shown

    def history(self) -> list[str]:
        return self.console.history()

    def run_command(self, line: str) -> Iterator[CommandEvent]:
        return self.console.run_command(line)

    def complete(self, line: str, cursor: int) -> Completion:
        return self.console.complete(line, cursor)

    def shell_command(self) -> ShellCommand:
        return self.console.shell_command()

    def cancel(self) -> None:
        self.console.cancel()

    def close(self) -> None:
        self.closed += 1
