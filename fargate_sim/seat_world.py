"""The world of a seat: opened, closed, and after the end of the process gone on with, out of the seat's own folder.

<state>/recordings/<label>.jsonl   everything that came to the world (`recording`)
<state>/open.json                  ``{"label", "speed"}`` of the one that is open, for whoever comes next
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Condition

from fargate_sim import garbage, locks, startup
from fargate_sim.cloud import Cloud
from fargate_sim.effort import Effort
from fargate_sim.endpoint import LARGEST_BODY, Endpoint
from fargate_sim.gate import Doorkeeper
from fargate_sim.labels import plain
from fargate_sim.pace import Pace
from fargate_sim.pacer import DEFAULT_SPEED, Pacer
from fargate_sim.tenants import Tenant

PATIENCE_SECONDS = 5.0
"""How long a shard that was killed may need to end, and to let go of its recordings."""


class NotOpenError(Exception):
    """No world is open at the seat."""


class InUseError(Exception):
    """Another process has the world open; says so."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What is open at a seat."""

    label: str
    speed: float

    @classmethod
    def read(cls, path: Path) -> Opened | None:
        """As it was remembered; None when nothing was."""
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            return cls(str(raw["label"]), float(raw["speed"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, path: Path) -> None:
        """Remember it, in one step."""
        fresh = path.with_name(path.name + ".new")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps({"label": self.label, "speed": self.speed}) + "\n", encoding="utf-8")
        fresh.replace(path)


class SeatWorld:
    """One seat. Its methods may be called from several threads; those that open or close wait until nobody is using the world."""

    def __init__(
        self,
        tenant: Tenant,
        gate: Doorkeeper,
        hosts: list[str],
        *,
        pace: Pace | None = None,
        effort: Effort | None = None,
        largest_body: int = LARGEST_BODY,
        start_ms: Callable[[], int | None] = lambda: None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self.tenant = tenant
        self._gate = gate
        self._hosts = hosts
        self._pace = pace or Pace()
        self._effort = effort
        self._largest_body = largest_body
        self._start_ms = start_ms
        self._patience = patience
        self._turn = Condition()
        self._users = 0
        self._moving = False
        self._endpoint: Endpoint | None = None
        self._held: int | None = None
        self._memory = tenant.state / "open.json"
        self._opened = Opened.read(self._memory)
        self._left = False

    @property
    def label(self) -> str | None:
        """What is open there, or will be at the next request."""
        opened = self._opened
        return opened.label if opened else None

    @property
    def endpoint(self) -> Endpoint | None:
        """The application of the world that is open, to look at while it is used."""
        return self._endpoint

    @contextmanager
    def using(self) -> Iterator[Endpoint]:
        """The world's application, which stays open meanwhile; one that was open when the process ended is lived through again first.
        NotOpenError when none is, CannotServeError and InUseError when there is no going on with it.
        """
        with self._turn:
            self._turn.wait_for(lambda: not self._moving)
            if self._endpoint is not None:
                endpoint = self._endpoint
                self._users += 1
            elif self._opened is None:
                raise NotOpenError
            else:
                endpoint = None
        if endpoint is None:
            with self._alone():
                if self._endpoint is None and self._opened is not None:
                    self._stand_up(self._opened)
                if self._endpoint is None:
                    raise NotOpenError
                endpoint = self._endpoint
                self._users += 1
        try:
            yield endpoint
        finally:
            with self._turn:
                self._users -= 1
                self._turn.notify_all()

    def open(self, label: str, speed: float = DEFAULT_SPEED, *, fresh: bool = False) -> Endpoint:
        """Open a world, or go on with the one of that label, and close what was open; ``fresh`` begins anew. CannotServeError, of which
        RecordingUnusableError is one, and InUseError as for ``using``; then nothing is open.
        """
        with self._alone():
            if self._left:
                raise InUseError("somebody else sits at this seat now")
            speed = float(self._pace.speed(speed))
            opened = self._opened
            if self._endpoint is not None and opened is not None and opened.label == label and not fresh:
                return self._endpoint
            self._shut()
            self._forget()
            if fresh:
                self._recording(label).unlink(missing_ok=True)
            wanted = Opened(label, speed)
            endpoint = self._stand_up(wanted)
            wanted.write(self._memory)
            self._opened = wanted
            return endpoint

    def close(self) -> None:
        """Close what is open; nothing is from now on."""
        with self._alone():
            self._shut()
            self._forget()

    def leave(self) -> None:
        """Close what is open, for good: a request that was on its way here opens nothing any more."""
        with self._alone():
            self._left = True
            self._shut()
            self._forget()

    def shut(self) -> None:
        """Close what is open, to go on with it later: the process ends, so who moves the clock is stopped."""
        if self._effort is not None:
            self._effort.ended = True
        with self._alone():
            self._shut()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._turn:
            self._turn.wait_for(lambda: not self._moving)
            self._moving = True
            self._turn.wait_for(lambda: self._users == 0)
        try:
            yield
        finally:
            with self._turn:
                self._moving = False
                self._turn.notify_all()

    def _recording(self, label: str) -> Path:
        return self.tenant.state / "recordings" / f"{plain(label)}.jsonl"

    def _stand_up(self, opened: Opened) -> Endpoint:
        path = self._recording(opened.label)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            held = locks.hold(path, self._patience)
        except locks.TakenError:
            raise InUseError(f"the world of {opened.label} is open in another program") from None
        except OSError as problem:
            raise startup.CannotServeError(f"{path.parent} cannot be used: {problem}") from problem
        try:
            self._endpoint = startup.endpoint_of(
                lambda _seed, label: self._fresh(label, opened),
                lambda cloud: self._pacer(cloud, opened),
                seed=self.tenant.seed,
                label=opened.label,
                state=path,
                hosts=self._hosts,
                gate=self._gate,
                only_seed=True,
                pace=self._pace,
                largest_body=self._largest_body,
            )
        except BaseException:
            locks.let_go(held)
            raise
        self._held = held
        pacer = self._endpoint.pacer
        if pacer.speed != self._pace.within(pacer.speed):  # it was recorded where more was allowed
            pacer.set_speed(self._pace.within(pacer.speed))
        return self._endpoint

    def _fresh(self, label: str, opened: Opened) -> tuple[Cloud, Pacer]:
        cloud = Cloud(self.tenant.seed, start_ms=self._start_ms(), label=label, warm_at_once=False)
        return cloud, self._pacer(cloud, opened)

    def _pacer(self, cloud: Cloud, opened: Opened) -> Pacer:
        return cloud.pacer(speed=opened.speed, effort=self._effort)

    def _shut(self) -> None:
        if self._endpoint is not None:
            endpoint, self._endpoint = self._endpoint, None
            try:
                endpoint.close()
            finally:
                locks.let_go(self._held)
                self._held = None
                garbage.world_closed()

    def _forget(self) -> None:
        self._opened = None
        self._memory.unlink(missing_ok=True)
