"""The shard's server and clients that are slow, many or rude: over real sockets, turned by hand."""

from __future__ import annotations

import contextlib
import itertools
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from waitress import wasyncore

from fargate_sim.allowance import CONNECTION, hold
from fargate_sim.limits import Limits
from fargate_sim.slow_clients import RoomServer, room_server

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
GIVEN_UP_S = 30.0


class Turned:
    """A server whose loop is turned by the test, and what has come to its application."""

    def __init__(self, **limits: Any) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answer = b"good"
        self.hold_s = 0.0
        self.limits = Limits(**limits)
        self.server: RoomServer = room_server(
            self.application, bind="127.0.0.1", port=0, seats=1, limits=self.limits
        )
        self.clients: list[socket.socket] = []

    def application(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        self.asked.append(environ | {"body": environ["wsgi.input"].read()})
        hold(environ, self.hold_s)
        start_response("200 OK", [("Content-Length", str(len(self.answer)))])
        return [self.answer]

    def connect(self, **options: int) -> socket.socket:
        client = socket.socket()
        for name, value in options.items():
            client.setsockopt(socket.SOL_SOCKET, getattr(socket, name), value)
        client.connect(("127.0.0.1", int(self.server.effective_port)))
        client.settimeout(0.0)
        self.clients.append(client)
        self.turn()
        return client

    def turn(self, times: int = 5) -> None:
        wasyncore.loop(timeout=0.005, map=self.server._map, use_poll=True, count=times)

    def later(self, seconds: float) -> None:
        """The server looks its connections through so much later."""
        self.server.maintenance(time.time() + seconds)
        self.turn()

    def received(self, client: socket.socket, turns: int | None = None) -> bytes | None:
        """What has come; None when the connection was closed, ``b""`` when nothing came.

        Without ``turns`` it waits for as long as a machine may take that has other work: a turn takes no time
        while a worker writes its answer, so that a number of turns says nothing about what the worker got done.
        """
        end = time.monotonic() + GIVEN_UP_S
        for turn in itertools.count(1):
            self.turn(1)
            with contextlib.suppress(BlockingIOError):
                return client.recv(65536) or None
            if turn == turns or time.monotonic() > end:
                break
        return b""

    def answered(self, client: socket.socket) -> bool:
        """Whether the whole of a good answer comes."""
        whole = b""
        while not whole.endswith(self.answer):
            piece = self.received(client)
            if not piece:
                return False
            whole += piece
        return True

    def end(self) -> None:
        for client in self.clients:
            client.close()
        self.server.task_dispatcher.shutdown()
        wasyncore.close_all(self.server._map)


@pytest.fixture
def make() -> Iterator[Callable[..., Turned]]:
    made: list[Turned] = []

    def start(**limits: Any) -> Turned:
        turned = Turned(**limits)
        made.append(turned)
        return turned

    yield start
    for turned in made:
        turned.end()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST / HTTP/1.1\r\nHost: x\r\nX-Slow:",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n0123456789",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n",
    ],
)
def test_a_request_that_does_not_come_to_an_end(make: Callable[..., Turned], sent: bytes) -> None:
    turned = make(patience_s=15.0)
    slow, good = turned.connect(), turned.connect()
    slow.sendall(sent)
    turned.turn()
    turned.later(14.0)
    assert turned.received(slow, 5) == b""
    for letter in b"abc":  # it dribbles
        if sent:
            slow.sendall(bytes([letter]))
        turned.turn()
    good.sendall(GET)
    assert turned.answered(good)
    turned.later(16.0)
    assert turned.received(slow) is None
    good.sendall(GET)
    assert turned.answered(good)
    assert len(turned.asked) == 2


def test_a_client_that_sends_nothing_more_for_a_while_is_none(make: Callable[..., Turned]) -> None:
    turned = make(patience_s=15.0)
    client = turned.connect()
    for _ in range(2):
        client.sendall(GET)
        assert turned.answered(client)
        turned.later(60.0)
    turned.later(121.0)
    assert turned.received(client) is None


def test_an_answer_that_is_not_taken(make: Callable[..., Turned]) -> None:
    turned = make(taking_s=60.0)
    turned.answer = b"x" * 8_000_000
    client = turned.connect(SO_RCVBUF=65536)
    client.sendall(GET)
    turned.turn(20)
    turned.later(0.0)
    turned.later(59.0)
    assert turned.received(client)
    turned.later(61.0)
    taken = 0
    while (piece := turned.received(client)) is not None and taken < len(turned.answer):
        assert piece
        taken += len(piece)
    assert taken < len(turned.answer)


def test_connections_from_one_address(make: Callable[..., Turned], monkeypatch: pytest.MonkeyPatch) -> None:
    turned = make(connections_per_address=2)
    three = [turned.connect() for _ in range(3)]
    assert [turned.received(each, 5) for each in three] == [b""] * 3  # loopback is not counted
    monkeypatch.setattr("fargate_sim.slow_clients._is_loopback", lambda _address: False)
    for each in three:
        each.close()
    turned.turn()
    first, second, third = (turned.connect() for _ in range(3))
    assert turned.received(third) is None
    assert turned.received(first, 5) == b""
    second.close()
    turned.turn()
    fourth = turned.connect()
    fourth.sendall(GET)
    assert turned.answered(fourth)


def test_each_connection_has_a_number(make: Callable[..., Turned]) -> None:
    turned = make()
    for client in (turned.connect(), turned.connect()):
        for _ in range(2):
            client.sendall(GET)
            assert turned.answered(client)
    numbers = [each[CONNECTION] for each in turned.asked]
    assert numbers[0] == numbers[1] != numbers[2] == numbers[3]


def test_nothing_more_is_read_from_a_connection_that_is_held(
    make: Callable[..., Turned], monkeypatch: pytest.MonkeyPatch
) -> None:
    turned = make()
    turned.hold_s = 3600.0
    client = turned.connect()
    client.sendall(GET)
    assert turned.answered(client)
    client.sendall(GET)
    assert turned.received(client, 10) == b""
    for channel in turned.server.active_channels.values():
        channel.held_until = 0.0
    assert turned.answered(client)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: 1\r\n" * 5000 + b"\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"1" * 40_000 + b"\r\n\r\n", b"431"),
        (b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"431"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", b"501"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnothing\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", b"400"),
    ],
)
def test_requests_that_are_none(make: Callable[..., Turned], sent: bytes, status: bytes) -> None:
    turned = make()
    client = turned.connect()
    with contextlib.suppress(BlockingIOError, ConnectionError):
        client.sendall(sent)
    assert (turned.received(client) or b"")[9:12] == status
    assert turned.asked == []


def test_a_body_in_chunks_is_bounded_like_any_other(make: Callable[..., Turned]) -> None:
    turned = make(body_bytes=1000)
    client = turned.connect()
    client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n0\r\n\r\n")
    assert turned.answered(client)
    assert (turned.asked[0]["body"], turned.asked[0]["CONTENT_LENGTH"]) == (b"01234", "5")
    greedy = turned.connect()
    greedy.settimeout(5.0)
    greedy.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(8):
        with contextlib.suppress(ConnectionError):
            greedy.sendall(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
        turned.turn(5)
    greedy.settimeout(0.0)
    assert (turned.received(greedy) or b"")[9:12] == b"413"
    assert len(turned.asked) == 1
