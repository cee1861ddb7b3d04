"""A runner that is killed at a moment that is chosen beforehand: after so many calls, notes and lines of its file.

As a program (``python doomed.py ENDPOINT FILE COUNT``) it plays a game and ends itself with SIGKILL; in the same process it is an exception
that nobody catches.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from support.games import desired, fault, injection, scenario

from gameday.book import Book
from gameday.headless import play
from gameday.runner import GameRunner
from gameday.scenario import Action
from labs.control import ControlClient, HttpControl
from labs.endpoint_cloud import EndpointCloud

GAME = scenario(
    injection("slow", fault("wrong_delay", delay="long"), at_s=10),
    injection("bad", fault("bad_image"), at_s=20),
    injection("small", fault("tiny_subnet"), at_s=30),
    injection(
        "dry", Action("capacity", settings={"action": "shortage", "provider": "FARGATE_SPOT"}), at_s=40
    ),
    injection("more", desired(3), at_s=50),
    injection("crowd", Action("traffic", settings={"rps": 9, "path": "/"}), at_s=60),
    traffic={"rps": 2, "path": "/"},
)
"""One injection of each way to take something back."""
PLAYED_MS = 65_000


class Countdown:
    """Calls ``end`` at the given count, once it is armed."""

    def __init__(self, count: int, end: Callable[[], None]) -> None:
        self._left = count
        self._end = end
        self.armed = False

    def __call__(self, *_: Any, **__: Any) -> None:
        if not self.armed:
            return
        self._left -= 1
        if self._left < 0:
            self._end()


class DoomedControl:
    """A control client that counts what it changes."""

    def __init__(self, control: ControlClient, count: Countdown) -> None:
        self._control = control
        self._count = count

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Any:
        return self._control.get(path, query)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        self._count()
        return self._control.post(path, body)


class DoomedCloud(EndpointCloud):
    """A cloud whose clients count their calls."""

    def __init__(self, control: ControlClient, count: Countdown, session: Any = None) -> None:
        super().__init__(DoomedControl(control, count), session)
        self._count = count
        self._heard: list[Any] = []

    def client(self, service: str) -> Any:
        client = super().client(service)
        if client not in self._heard:
            self._heard.append(client)
            client.meta.events.register("before-call.*.*", self._count, unique_id="doomed")
        return client

    def forget(self) -> None:
        """Count no more: in this process clients outlive a killed runner."""
        for client in self._heard:
            client.meta.events.unregister("before-call.*.*", unique_id="doomed")


class DoomedBook(Book):
    """A file whose lines are counted, before and after they are written."""

    def __init__(self, path: Path, count: Countdown) -> None:
        super().__init__(path)
        self._count = count

    def write(self, what: str, **data: Any) -> None:
        self._count()
        super().write(what, **data)
        self._count()


def live(cloud: EndpointCloud, book: Book, count: Countdown) -> None:
    """Play until the end comes."""
    runner = GameRunner(GAME, cloud, book)
    runner.start()
    count.armed = True
    play(runner, until_ms=PLAYED_MS)


def main(endpoint: str, path: str, moment: str) -> None:
    """As a program."""
    count = Countdown(int(moment), lambda: os.kill(os.getpid(), signal.SIGKILL))
    live(DoomedCloud(HttpControl(endpoint), count), DoomedBook(Path(path), count), count)


if __name__ == "__main__":
    main(*sys.argv[1:])
