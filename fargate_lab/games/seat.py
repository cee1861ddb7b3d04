"""One team's world, and the runner that lets the scenario happen in it."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fargate_lab import worlds
from fargate_lab.attempt import aws_trouble
from fargate_lab.errors import PortTakenError
from fargate_lab.games.folder import GameFolder, Team
from gameday.book import Book
from gameday.runner import WATCH_MS, GameRunner, Happening
from labs.endpoint_cloud import EndpointCloud
from labs.errors import LabError

FASTEST = 120.0
"""Virtual seconds per second: above that what is due would come too late."""
DIGEST_MS = 60_000
"""How often the world's checksum is taken, in virtual time: it is what proves a recording."""


class Seat:
    """A team in a running game. Its methods may be called from several threads, one thing at a time."""

    def __init__(self, folder: GameFolder, team: Team, world: worlds.World) -> None:
        self.team = team
        self.world = world
        self.cloud = EndpointCloud(world.endpoint, who="facilitator", token=folder.token)
        self._book = Book(folder.book(team))
        self.runner = GameRunner(folder.scenario, self.cloud, self._book, team.slug)
        self.trouble = ""
        """What went wrong at the last tick, for the console."""
        self._lock = threading.RLock()
        self._digested_ms = 0
        self._driven = self._going = False

    @classmethod
    def open(cls, folder: GameFolder, team: Team, *, bind: str = "127.0.0.1") -> Seat:
        """Start the team's world, paused, or go on with it."""
        start = functools.partial(
            worlds.start,
            f"{folder.name}/{team.name}",
            bind=bind,
            seed=team.seed,
            recording=folder.recording(team),
            registered=False,
            gate=folder.gate(team),
            token=folder.token,
            paused=True,
            starting=folder.start,
        )
        try:
            world = start(port=team.port)
        except PortTakenError:  # by something else meanwhile: the team joins anew
            world = start(port=0)
        try:
            folder.with_port(team, int(world.endpoint.rpartition(":")[2]))
            return cls(folder, team, world)
        except BaseException:
            world.close()
            raise

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """One thing at a time; what the world refuses is a LabError."""
        with self._lock, aws_trouble():
            yield

    def begin(self) -> None:
        """Set the stage, or go on with a game that was begun; the clock stands still."""
        with self.held():
            self.pause()
            if self.runner.started_ms is None:
                self.runner.start()
            else:
                self.runner.resume()

    def tick(self) -> list[Happening]:
        """Let happen what is due. Trouble is kept for the console: the next tick tries again."""
        try:
            with self.held():
                happened = self.runner.tick()
                if any(each.what == "ended" for each in happened):
                    self.pause()  # what was reached is what is looked at
                self.take_digest()
                self.trouble = ""
                return happened
        except LabError as error:
            self.trouble = str(error)
            return []

    def pause(self) -> None:
        """Stop the team's clock."""
        self._going = False
        self._clock(action="pause")

    def run(self) -> None:
        """Let it go on."""
        self._going = True
        if not self._driven:
            self._clock(action="run")

    def speed(self, speed: worlds.Speed) -> None:
        """How fast it goes. At ``max`` the runner moves the clock itself, step by step, so that nothing comes late."""
        if speed != "max" and speed > FASTEST:
            raise LabError(
                f"A game goes at most {FASTEST:g} times as fast as real time, or max.", "Choose less."
            )
        self._driven = speed == "max"
        if self._driven:
            self._clock(action="pause")
        else:
            self._clock(action="speed", speed=speed)
            if self._going:
                self._clock(action="run")

    def drive(self) -> None:
        """At ``max``: move the clock on by a step, if it goes at all and the game is not over."""
        if not (self._driven and self._going) or self.runner.over:
            return
        with self.held():
            due_ms, now_ms = self.runner.next_due_ms(), self.cloud.clock.now_ms
            step_ms = WATCH_MS if due_ms is None else min(WATCH_MS, due_ms - now_ms)
            if step_ms > 0:
                self.cloud.clock.advance(step_ms)

    @property
    def driven(self) -> bool:
        """Whether the runner moves the clock, and it goes."""
        return self._driven and self._going and not self.runner.over

    def advance(self, ms: int) -> None:
        """Jump ahead."""
        self._clock(action="advance", ms=ms)

    def _clock(self, **body: Any) -> None:
        with self.held():
            self.cloud.control.post("/_lab/clock", body)

    def clock(self) -> dict[str, Any]:
        """The team's clock."""
        told = dict(self.cloud.control.get("/_lab/clock"))
        if self._driven:
            told |= {"speed": "max", "mode": "running" if self._going else "paused"}
        return told

    def take_digest(self, *, now: bool = False) -> None:
        """Have the world summed up, once a virtual minute or ``now``: a checksum in its recording proves it later."""
        now_ms = self.cloud.clock.now_ms
        if now or now_ms - self._digested_ms >= DIGEST_MS:
            self.cloud.control.get("/_lab/digest")
            self._digested_ms = now_ms

    def close(self) -> bool:
        """End the world; its recording stays. Whether it is proved by a last checksum: that of a world that has died is not."""
        proved = False
        with contextlib.suppress(LabError), self._lock:
            self.pause()
            self.take_digest(now=True)
            proved = True
        self._book.close()
        self.world.close()
        return proved


def recover(folder: GameFolder, team: Team) -> list[Happening]:
    """Take back what a runner that was killed has left in force in a team's world. Nothing when the game had not begun."""
    if not folder.book(team).exists():
        return []
    seat = Seat.open(folder, team)
    try:
        with seat.held():
            return seat.runner.recover()
    finally:
        # The world has gone on, if only for a moment, so its recording is another one than that which was sealed.
        proved = seat.close()
        folder.seal({team.slug: checksum(folder.recording(team)) if proved else ""})


def checksum(path: Path) -> str:
    """Of a recording as it is now."""
    return hashlib.sha256(recording_bytes(path)).hexdigest()


def recording_bytes(path: Path) -> bytes:
    """The recording as it is now; nothing when there is none."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
