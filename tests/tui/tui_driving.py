"""Driving the screens in tests."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from textual.pilot import Pilot

from tui.screens.lab import LabScreen
from tui.screens.team import TeamScreen


async def settled(pilot: Pilot[None]) -> None:
    """Wait for every worker, and for what the answers set in motion."""
    for _ in range(4):
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()


Opened = Callable[..., AbstractAsyncContextManager[tuple[Pilot[None], LabScreen]]]
"""The fixture `opened`: a session (and a size) to the core lab, open."""

Joined = Callable[..., AbstractAsyncContextManager[tuple[Pilot[None], TeamScreen]]]
"""The fixture `joined`: a door (and a size) to a team's screen."""
