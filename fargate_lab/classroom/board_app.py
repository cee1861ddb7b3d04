"""The teacher's board as a process: forked from the nursery for a browser with the teacher's code. It is a client of the class's own
address, as the board in a terminal is.
"""

# ruff: noqa: PLC0415 - what is imported here is loaded once, in the nursery, after its environment has been set

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any


def preload() -> None:
    """Import what a board will need."""
    import importlib

    for name in ("board", "screens.board_look", "screens.board_join", "screens.board_choice"):
        importlib.import_module(f"tui.{name}")


def run(request: Mapping[str, Any]) -> int:
    """In a child: show the board until it is left; its exit code."""
    from fargate_lab.classroom.board_client import BoardClient
    from fargate_lab.classroom.seat_driver import SeatDriver, fitting
    from tui.board import BrowserBoardApp

    size = fitting(request["width"], request["height"])
    os.environ.update(COLUMNS=str(size["width"]), ROWS=str(size["height"]))
    door = BoardClient(str(request["url"]), str(request["teacher_code"]))
    app = BrowserBoardApp(door)
    app.driver_class = SeatDriver
    try:
        app.run()
    finally:
        door.close()
    return app.return_code or 0
