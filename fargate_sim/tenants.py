"""Who has a seat in a shard: the file that the class hands to it.

``{"token": host token, "seats": [{"seat": "07", "seed": 123, "secret_key": ..., "token": ..., "state": "/abs/state"}], "limits": {...}}``
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fargate_sim.cloud import account_of
from fargate_sim.limits import Limits
from fargate_sim.model.trail.keys import LONG_TERM, access_key

SHORTEST_SECRET = 16


class TenantsError(Exception):
    """A file that describes no seats; says why."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """A seat: its number, the seed of its worlds, what its AWS calls are signed with, the token of the class's own programs, and the folder
    that its recordings are kept in.
    """

    seat: str
    seed: int
    secret_key: str
    token: str
    state: Path

    @property
    def account(self) -> str:
        """The account of all of its worlds."""
        return account_of(self.seed)

    @property
    def key_id(self) -> str:
        """The id of the account's access key."""
        return access_key(LONG_TERM, self.account)


@dataclass(frozen=True, slots=True)
class Tenants:
    """All seats of a shard, and the token of whoever opens and closes their worlds."""

    token: str
    seats: tuple[Tenant, ...]
    limits: Limits

    @classmethod
    def read(cls, path: Path) -> Tenants:
        """From the file; TenantsError when it describes no seats."""
        try:
            return cls.of(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise TenantsError(f"{path} describes no seats: {what}") from error

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Tenants:
        """From its content; ValueError, KeyError or TypeError when it is none."""
        seats = tuple(_tenant(each) for each in raw["seats"])
        return cls(_secret(raw["token"]), seats, Limits.of(raw.get("limits") or {})).checked()

    def with_seat(self, raw: Mapping[str, Any]) -> Tenants:
        """With another tenant of the seat that is described; errors as for ``of``."""
        tenant = _tenant(raw)
        seats = tuple(tenant if each.seat == tenant.seat else each for each in self.seats)
        return replace(self, seats=seats).checked()

    def checked(self) -> Tenants:
        """These, if no two have anything in common; else ValueError."""
        for what, found in (
            ("seat", [each.seat for each in self.seats]),
            ("account", [each.account for each in self.seats]),
            ("token", [self.token, *(each.token for each in self.seats)]),
            ("state", [str(each.state) for each in self.seats]),
        ):
            if len(set(found)) < len(found):
                raise ValueError(f"two of them have the same {what}")
        return self


def _tenant(raw: Mapping[str, Any]) -> Tenant:
    seat, seed, state = raw["seat"], raw["seed"], Path(raw["state"])
    if not isinstance(seat, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", seat):
        raise ValueError(f"{seat!r} cannot be a seat")
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise ValueError(f"the seed of seat {seat} is no whole number")
    if not state.is_absolute():
        raise ValueError(f"the state of seat {seat} is no absolute path")
    return Tenant(seat, seed, _secret(raw["secret_key"]), _secret(raw["token"]), state)


def _secret(value: object) -> str:
    if not isinstance(value, str) or len(value) < SHORTEST_SECRET:
        raise ValueError(f"a token or key is no text of {SHORTEST_SECRET} characters or more")
    return value
