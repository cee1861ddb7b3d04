"""A seat's screen as a process: forked from the nursery, it opens the class's folder, its session and its application."""

# ruff: noqa: PLC0415 - what is imported here is loaded once, in the nursery, after its environment has been set

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fargate_lab.classroom.nursery import SeatStart

if TYPE_CHECKING:
    from fargate_lab.classroom.seat_session import SeatSession
    from tui.seatapp import SeatApp


def preload() -> None:
    """Import what a screen will need, so that a fork has it. Starts no thread."""
    import importlib

    from fargate_lab import arguments, completion
    from fargate_lab.classroom import seat_driver
    from labs import loader
    from labs.endpoint_cloud import warm_up

    for name in ("lab", "scaling", "debrief", "task", "why", "help", "question", "confirm", "cost", "rate"):
        importlib.import_module(f"tui.screens.{name}")
    for name in ("seat_session", "seat_ground"):
        importlib.import_module(f"fargate_lab.classroom.{name}")
    importlib.import_module("fargate_lab.play")
    assert seat_driver  # noqa: S101 - imported for what it imports
    loader.load_all()
    arguments.build_parser()
    completion.services()
    for service in completion.FAVOURITES:
        completion.operations(service)
        completion.waiters(service)
    warm_up()


def run(request: Mapping[str, Any]) -> int:
    """In a child: show the screen until it is left; its exit code."""
    from fargate_lab.classroom import confinement
    from fargate_lab.classroom.folder import ClassFolder
    from fargate_lab.classroom.seat_driver import SeatDriver, fitting

    confinement.limit_screen()
    start = SeatStart(**request["start"])
    size = fitting(request["width"], request["height"])
    # Not by the number alone: what somebody left who sat there before is none of whoever sits there now.
    home = ClassFolder.open(start.class_root).seat(start.seat).home
    os.environ.update(FARGATE_LAB_HOME=str(home), COLUMNS=str(size["width"]), ROWS=str(size["height"]))
    app, session = application(start, Path(str(request["socket"])))
    app.driver_class = SeatDriver
    try:
        app.run()
    finally:
        session.close()
    return app.return_code or 0


def application(start: SeatStart, nursery: Path) -> tuple[SeatApp, SeatSession]:
    """The application of a seat and its session, which is to be closed afterwards."""
    from fargate_lab.classroom.folder import ClassFolder
    from fargate_lab.classroom.seat_driver import SeatDriver
    from fargate_lab.classroom.seat_ground import SeatGround
    from fargate_lab.classroom.seat_session import SeatSession
    from tui.seatapp import SeatApp

    folder = ClassFolder.open(start.class_root)
    place = folder.seat(start.seat)
    ground = SeatGround(
        folder,
        place,
        shard_url=start.shard_url,
        here_url=start.here_url or start.shard_url,
        nursery=nursery,
        own_shell=own_shell(start.env_url),
    )
    session = SeatSession(folder, place, ground)
    app = SeatApp(session)

    def tell(answer: dict[str, object]) -> None:
        driver = app._driver
        if isinstance(driver, SeatDriver):
            driver.tell(answer)

    app.tell = tell
    return app, session


def own_shell(env_url: str) -> str:
    """How a learner gets a shell of their own that reaches this world."""
    if not env_url:
        return "For a shell of your own, on your own machine, see the page of your seat."
    return f'In a shell of your own, on your own machine: eval "$(curl -fsS {env_url})"'
