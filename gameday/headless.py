"""Games without anybody at a screen: the clock goes from one happening to the next, as fast as the world can."""

from __future__ import annotations

from collections.abc import Callable

from gameday.runner import WATCH_MS, GameRunner, Happening


def play(
    runner: GameRunner,
    react: Callable[[GameRunner], None] = lambda _runner: None,
    *,
    until_ms: int | None = None,
    step_ms: int = WATCH_MS,
) -> list[Happening]:
    """Play a game that has begun to its end, or for ``until_ms`` from its start; what happened. ``react`` is called after each step (at
    most ``step_ms`` of virtual time), and may do what a team would do.
    """
    happened: list[Happening] = []
    clock = runner.cloud.clock
    while (due_ms := runner.next_due_ms()) is not None and runner.started_ms is not None:
        now_ms = clock.now_ms
        if until_ms is not None and now_ms >= runner.started_ms + until_ms:
            break
        if due_ms > now_ms:
            clock.advance(min(due_ms - now_ms, step_ms))
        happened += runner.tick()
        react(runner)
    return happened
