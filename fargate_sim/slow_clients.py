"""waitress for a room full of people: nobody keeps a connection busy by being slow, or by having many.

A client must send each request whole within a time, however it dribbles, begin with its first one within the same time, and take its
answer within another. From one address that is not loopback come only so many connections. The application may let nothing more be read
from a connection for a while. What a connection is called in a request's environment is `allowance`'s business.
"""

from __future__ import annotations

import ipaddress
import itertools
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher, WSGITask

from fargate_sim.allowance import CONNECTION, HOLD
from fargate_sim.limits import Limits
from fargate_sim.networks import network_of

_LOOK_SECONDS = 1
"""How often connections are looked through, in whole seconds as waitress wants it."""


class _Task(WSGITask):  # type: ignore[misc]
    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ[CONNECTION] = self.channel.number
        environ[HOLD] = self.channel.hold
        return environ


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A connection. Moments are those of waitress, of ``time.time``."""

    task_class = _Task
    numbers = itertools.count(1)

    def __init__(self, server: RoomServer, sock: Any, addr: Any, adj: Any, map: Any = None) -> None:  # noqa: A002 - waitress's name
        super().__init__(server, sock, addr, adj, map=map)
        self.number = next(self.numbers)
        self.begun: float | None = self.creation_time
        """Since when a request is being received; to begin with, one is waited for."""
        self.answering: float | None = None
        """Since when there is something to send."""
        self.held_until = 0.0
        self._gone = False
        if not server.welcome(self):
            self.will_close = True

    def hold(self, seconds: float) -> None:
        """Read nothing for so long."""
        self.held_until = time.time() + seconds

    def readable(self) -> bool:
        return bool(super().readable()) and time.time() >= self.held_until

    def received(self, data: bytes) -> bool:
        if self.request is None and self.begun is None:
            self.begun = time.time()
        taken: bool = super().received(data)
        if self.request is None:
            self.begun = None
        return taken

    def too_slow(self, now: float, limits: Limits) -> bool:
        """Whether the client has taken too long over something."""
        if self.requests and self.begun is not None:
            self.begun = now  # nothing is read meanwhile, so it is not the client that is slow
        if not self.total_outbufs_len:
            self.answering = None
        elif self.answering is None:
            self.answering = now
        sending = self.begun is not None and now - self.begun > limits.patience_s
        return sending or (self.answering is not None and now - self.answering > limits.taking_s)

    def handle_close(self) -> None:
        if not self._gone:
            self._gone = True
            self.server.goodbye(self)
        super().handle_close()


class RoomServer(TcpWSGIServer):  # type: ignore[misc]
    """The server. Its ``channel_class`` is the connection above."""

    channel_class = _Channel

    def __init__(self, application: Any, limits: Limits, **settings: Any) -> None:
        self.limits = limits
        self._from: Counter[str] = Counter()
        adjustments = Adjustments(**settings)
        dispatcher = ThreadedTaskDispatcher()
        super().__init__(
            application, map={}, dispatcher=dispatcher, adj=adjustments, sockinfo=adjustments.listen[0]
        )
        dispatcher.set_thread_count(adjustments.threads)

    def welcome(self, channel: _Channel) -> bool:
        """Whether there is room for another connection from where this one comes."""
        address = network_of(channel.addr[0])
        self._from[address] += 1
        return _is_loopback(address) or self._from[address] <= self.limits.connections_per_address

    def goodbye(self, channel: _Channel) -> None:
        """The connection has gone."""
        address = network_of(channel.addr[0])
        self._from[address] -= 1
        if self._from[address] <= 0:
            del self._from[address]

    def maintenance(self, now: float) -> None:
        """Close what is idle for long, as waitress does, and what is too slow."""
        super().maintenance(now)
        for channel in list(self.active_channels.values()):
            if channel.too_slow(now, self.limits):
                channel.will_close = True


def room_server(
    application: Callable[..., Any], *, bind: str, port: int, seats: int, limits: Limits
) -> RoomServer:
    """A server for so many seats; OSError when its port cannot be had. No seat can keep all of its threads: each has so many requests
    at once, and there are more threads than that.
    """
    threads = limits.calls_at_once + limits.requests_at_once + 4 + 2 * seats
    return RoomServer(
        application,
        limits,
        host=bind,
        port=port,
        threads=threads,
        ident="fargate-lab",
        clear_untrusted_proxy_headers=True,
        max_request_header_size=limits.head_bytes,
        # One more, so that the application can say what is wrong in the words of the call.
        max_request_body_size=limits.body_bytes + 64 * 1024,
        connection_limit=limits.connections,
        cleanup_interval=_LOOK_SECONDS,
        channel_timeout=120,
        asyncore_use_poll=True,
        log_socket_errors=False,
    )


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
