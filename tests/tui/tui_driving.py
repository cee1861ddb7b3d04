"""Driving the screens in tests."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from textual.pilot import Pilot

from tui.screens.lab import LabScreen


async def settled(pilot: Pilot[None]) -> None:
    """Wait for every worker, and for what the answers set in motion."""
    for _ in range(4):
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()


Opened = Callable[..., AbstractAsyncContextManager[tuple[Pilot[None], LabScreen]]]
"""The fixture `opened`: a session (and a size) to the core lab, open."""
