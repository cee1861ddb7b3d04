"""A few clients with keep-alive connections that always have a request in flight, and count what becomes of each.

Lost is a request that was sent and never answered whole. A client ends when its connection is closed in good order: a load balancer
would send its next request to another target. Bounded: four clients, each ends with its connection.
"""

from __future__ import annotations

import contextlib
import http.client
import threading
from dataclasses import asdict, dataclass

CLIENTS = 4
_TIMEOUT_SECONDS = 30.0
"""Never reached but when nothing goes on: a busy machine must not look like a lost request."""


@dataclass(slots=True)
class Requests:
    """How many were sent, answered and lost: ``sent == answered + lost`` once the load has ended."""

    sent: int = 0
    answered: int = 0
    lost: int = 0

    def to_dict(self) -> dict[str, int]:
        """The shape in `pid1 --json`."""
        return asdict(self)


class Load:
    """Runs from `start` until every client's connection has ended."""

    def __init__(self, address: str, port: int) -> None:
        self._where = (address, port)
        self._lock = threading.Lock()
        self._flowing = threading.Semaphore(0)
        self._threads: list[threading.Thread] = []
        self._count = Requests()

    def start(self) -> None:
        """Open the connections; returns once each has had an answer."""
        self._threads = [threading.Thread(target=self._client, daemon=True) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()
        for _ in self._threads:
            self._flowing.acquire(timeout=_TIMEOUT_SECONDS)

    def finish(self) -> Requests:
        """The count, when the server has gone."""
        for thread in self._threads:
            thread.join(_TIMEOUT_SECONDS)
        return self._count

    def _client(self) -> None:
        connection = http.client.HTTPConnection(*self._where, timeout=_TIMEOUT_SECONDS)
        try:
            with contextlib.suppress(OSError):
                connection.connect()
            # auto_open would open a new connection to whoever listens next.
            connection.auto_open = 0
            first = True
            while self._one(connection):
                if first:
                    self._flowing.release()
                    first = False
        finally:
            connection.close()
            self._flowing.release()

    def _one(self, connection: http.client.HTTPConnection) -> bool:
        """One request; whether the connection goes on."""
        if connection.sock is None:
            return False
        with self._lock:
            self._count.sent += 1
        try:
            connection.request("GET", "/")
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            with self._lock:
                self._count.lost += 1
            return False
        with self._lock:
            self._count.answered += 1
        return not answer.will_close
