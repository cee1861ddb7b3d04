"""The seats of a shard, by number and by key; who sits at one may change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fargate_sim.seat import Room, Seat
from fargate_sim.tenants import Tenants


class Seats(Mapping[str, Seat]):
    """By number. ``world_options`` go to each seat's ``SeatWorld``."""

    def __init__(self, tenants: Tenants, room: Room, world_options: Mapping[str, Any]) -> None:
        self._tenants = tenants
        self._room = room
        self._options = world_options
        self._seats = {each.seat: Seat(each, room, world_options) for each in tenants.seats}
        self._by_key = {seat.tenant.key_id: seat for seat in self._seats.values()}

    def __getitem__(self, number: str) -> Seat:
        return self._seats[number]

    def __iter__(self) -> Iterator[str]:
        return iter(self._seats)

    def __len__(self) -> int:
        return len(self._seats)

    def of_key(self, key_id: str) -> Seat | None:
        """The seat whose access key has that id."""
        return self._by_key.get(key_id)

    def renew(self, described: Mapping[str, Any]) -> None:
        """Somebody else sits there from now on, with another account and other keys; the world of whoever did is closed.

        KeyError, TypeError or ValueError when that describes no seat of this shard, or one that has something of another.
        """
        tenants = self._tenants.with_seat(described)
        tenant = next(each for each in tenants.seats if each.seat == described["seat"])
        before = self._seats[tenant.seat]
        if before.tenant == tenant:
            return
        after = Seat(tenant, self._room, self._options)
        # First nobody finds the way to it any more, then it ends: requests that are under way are waited for.
        self._seats = {**self._seats, tenant.seat: after}
        self._by_key = {seat.tenant.key_id: seat for seat in self._seats.values()}
        self._tenants = tenants
        before.leave()
