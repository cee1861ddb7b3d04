"""Answers that nobody takes: a client that asks for a large file and reads none of it would keep its connection for ever.

aiohttp ends a connection on which nothing is asked, but waits for as long as it likes for one whose answer is not taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol
from weakref import WeakKeyDictionary

from aiohttp import web

ANSWER_SECONDS = 120.0
"""From a request to the end of its answer; whoever asks nothing more is let go long before that. Not for a websocket, which looks after
itself.
"""
LOOK_SECONDS = 5.0


class Connection(Protocol):
    """One of the server's."""

    @property
    def transport(self) -> asyncio.Transport | None:
        """None when it has gone."""
        ...


class Taking:
    """When the last request of each connection came."""

    def __init__(self) -> None:
        self._since: WeakKeyDictionary[asyncio.BaseTransport, float] = WeakKeyDictionary()

    def asked(self, request: web.Request, *, websocket: bool) -> None:
        """A request has come."""
        if request.transport is None:
            return
        if websocket:
            self._since.pop(request.transport, None)
        else:
            self._since[request.transport] = asyncio.get_running_loop().time()

    async def look(self, connections: Callable[[], Iterable[Connection]]) -> None:
        """End connections whose answer is not taken, now and then. Never returns."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            before = asyncio.get_running_loop().time() - ANSWER_SECONDS
            for transport in [each.transport for each in connections()]:
                if transport is not None and self._since.get(transport, before) < before:
                    transport.abort()
