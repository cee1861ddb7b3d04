"""Virtual time and repeatable randomness for moto.

moto asks one module-level ``datetime`` for the time and one shared generator for every id. Both are steered
here. The generator is seeded anew before each call that changes something, from the world's seed and the
number of that call, so ids repeat and reads shift nothing. All of moto is used under one lock, so one set of
module variables is enough for many accounts.
"""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

import datetime as real_datetime
import os as real_os
import time as real_time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock, get_ident
from types import ModuleType
from typing import Any

MOTO_LOCK = RLock()
"""Held during every touch of moto: its backends are not made for several threads, and its generator is
shared.
"""

_now_ms: Callable[[], int] | None = None
_user: int | None = None
"""The thread that uses moto now."""
_account: str | None = None
"""The account that it uses it for."""
_seeds: dict[str, str] = {}
"""The seed of each account that is in use."""


class _VirtualDatetime(real_datetime.datetime):
    @classmethod
    def now(cls, tz: real_datetime.tzinfo | None = None) -> _VirtualDatetime:
        if _now_ms is None:
            return super().now(tz)
        if tz is None:  # in UTC, wherever this machine is: the same world is the same everywhere
            return cls.fromtimestamp(_now_ms() / 1000, real_datetime.UTC).replace(tzinfo=None)
        return cls.fromtimestamp(_now_ms() / 1000, tz)

    @classmethod
    def today(cls) -> _VirtualDatetime:
        return cls.now()


class _Stand(ModuleType):
    """A module that answers for another, but for the names that are set on it."""

    def __init__(self, real: ModuleType) -> None:
        super().__init__(real.__name__)
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def _virtual_time() -> float:
    return real_time.time() if _now_ms is None else _now_ms() / 1000


def _repeatable_bytes(count: int) -> bytes:
    from moto.moto_api._internal import mock_random

    drawn: bytes = mock_random.randbytes(count)
    return drawn


def install(
    datetime_users: list[ModuleType], time_users: list[ModuleType], entropy_users: list[ModuleType]
) -> None:
    """Make modules that use ``datetime.now`` (of the module or of the class) and ``time.time`` see virtual time while ``at`` is in
    force, and those that use ``os.urandom`` draw from the generator that is seeded.
    """
    for module in datetime_users:
        if isinstance(module.__dict__["datetime"], ModuleType):
            stand = _Stand(real_datetime)
            stand.__dict__["datetime"] = _VirtualDatetime
            module.__dict__["datetime"] = stand
        else:
            module.__dict__["datetime"] = _VirtualDatetime
    for module in time_users:
        stand = _Stand(real_time)
        stand.__dict__["time"] = _virtual_time
        module.__dict__["time"] = stand
    for module in entropy_users:
        stand = _Stand(real_os)
        stand.__dict__["urandom"] = _repeatable_bytes
        module.__dict__["os"] = stand


@contextmanager
def at(now_ms: Callable[[], int], account: str) -> Iterator[None]:
    """Use moto, alone, with the clock of one world and for its account."""
    global _now_ms, _user, _account
    with MOTO_LOCK:
        before = (_now_ms, _user, _account)
        _now_ms, _user, _account = now_ms, get_ident(), account
        try:
            yield
        finally:
            _now_ms, _user, _account = before


def in_use_here() -> bool:
    """Whether this thread is within ``at``."""
    return _user == get_ident()


def account() -> str | None:
    """The account that this thread uses moto for; None when it does not."""
    return _account if in_use_here() else None


def reseed(account: str, purpose: str) -> None:
    """Start moto's generator anew for a purpose within an account."""
    from moto.moto_api._internal import mock_random

    # What one account sees of another does not depend on whether that has a world in this process.
    seed = _seeds.get(account, "") if _account in (None, account) else ""
    mock_random.seed(f"{seed}:{account}:{purpose}")


@contextmanager
def kept_randomness() -> Iterator[None]:
    """Leave moto's generator as it was found."""
    from moto.moto_api._internal import mock_random

    state = mock_random.getstate()
    try:
        yield
    finally:
        mock_random.setstate(state)


def claim(account: str, seed: str) -> None:
    """Note the seed of an account; ValueError when another world of this process uses the account."""
    with MOTO_LOCK:
        if account in _seeds:
            raise ValueError(
                f"account {account} is in use by another cloud in this process; "
                "close that one first, or take another account or seed"
            )
        _seeds[account] = seed


def release(account: str) -> None:
    """Forget an account."""
    with MOTO_LOCK:
        _seeds.pop(account, None)
