"""A seat of a shard: who it is for, its world, and what it may have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import get_ident
from typing import Any

from fargate_sim.allowance import Allowance
from fargate_sim.effort import Effort
from fargate_sim.limits import AtOnce, Limits, Shares, Strangers
from fargate_sim.precedence import Precedence
from fargate_sim.replays import Replays
from fargate_sim.room_left import full, history_full
from fargate_sim.seat_gate import SeatGate
from fargate_sim.seat_world import SeatWorld
from fargate_sim.tenants import Tenant
from fargate_sim.wire.identify import Call

_LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Room:
    """What the seats of a shard have in common. ``wall`` tells seconds, ``now`` seconds since the epoch, ``used`` the seconds of the
    processor that this thread has used.
    """

    hosts: tuple[str, ...]
    limits: Limits
    shares: Shares
    strangers: Strangers
    precedence: Precedence
    wall: Callable[[], float]
    now: Callable[[], float]
    sleep: Callable[[float], None]
    used: Callable[[], float]


class Seat:
    """One seat of the shard: who it is for, its world, and what it may have."""

    def __init__(self, tenant: Tenant, room: Room, world_options: Mapping[str, Any]) -> None:
        limits = room.limits
        self._room = room
        self.tenant = tenant
        self.world: SeatWorld
        self._long_by: int | None = None
        """The thread that answers a long request."""
        self.allowance = Allowance(
            tenant.seat,
            limits,
            room.shares,
            room.strangers,
            Replays(tenant.state / "signatures.jsonl", room.now()),
            full=self._full,
            wall=room.wall,
            sleep=room.sleep,
            now=room.now,
        )
        self.gate = SeatGate(tenant.token, tenant.secret_key, self.allowance)
        self.world = SeatWorld(
            tenant,
            self.gate,
            list(room.hosts),
            pace=limits.pace,
            effort=Effort(limits.effort_s, room.used, self._history_full, self._give_way),
            largest_body=limits.body_bytes,
            **world_options,
        )
        self.programs = AtOnce(limits.requests_at_once)

    def leave(self) -> None:
        """Nobody comes here any more."""
        self.world.leave()
        self.allowance.replays.close()

    def _give_way(self) -> None:
        self._long_by = get_ident()
        self._room.precedence.give_way(self.tenant.seat)

    def _full(self, call: Call, body: bytes) -> str:
        endpoint = self.world.endpoint
        return full(endpoint, self._room.limits, call, body) if endpoint is not None else ""

    def _history_full(self) -> bool:
        endpoint = self.world.endpoint
        return endpoint is not None and history_full(endpoint, self._room.limits)

    @contextmanager
    def charged(self, proved: Callable[[], bool] = lambda: True) -> Iterator[None]:
        """What this thread uses of the processor meanwhile is used for the seat, if whoever asked proved in the end to be of it: those who
        only name its key use up nothing of it.
        """
        before = self._room.used()
        self._room.precedence.enter(self.tenant.seat)
        try:
            yield
        finally:
            self._room.precedence.leave(self.tenant.seat)
            if self._long_by == get_ident():
                self._long_by = None
                self._room.precedence.short(self.tenant.seat)
            used = self._room.used() - before
            if proved():
                self.allowance.counts.busy_s += used
                self._room.shares.charge(self.tenant.seat, used)

    def wait_for_share(self) -> None:
        """Let other seats have their share of the processor first, but not for ever."""
        until = self._room.wall() + self._room.limits.longest_wait_s
        while self._room.shares.over(self.tenant.seat) and self._room.wall() < until:
            self._room.sleep(_LOOK_SECONDS)
