"""The control client: what it sends, and what it says when nothing sensible answers."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from labs.control import HttpControl
from labs.errors import ControlError, NoWorldError


class Handler(BaseHTTPRequestHandler):
    """Answers by path; remembers what was asked."""

    seen: list[tuple[str, str, str | None, Any]] = []  # noqa: RUF012

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.seen.append((self.command, self.path, self.headers.get("X-Fargate-Lab"), body))
        status, text = {
            "/_lab/clock": (200, b'{"now_ms": 5}'),
            "/_lab/note": (400, b'{"error": "The kind is wrong.", "hint": "Use lab.<word>."}'),
            "/_lab/status": (502, b"<html>"),
            "/_lab/env": (200, b"<html>"),
        }.get(self.path.partition("?")[0], (204, b""))
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = answer  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def control() -> Iterator[HttpControl]:
    server = HTTPServer(("127.0.0.1", 0), Handler)
    Handler.seen = []
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield HttpControl(f"http://127.0.0.1:{server.server_port}/")
    server.shutdown()
    server.server_close()


def test_requests_carry_the_header_and_bodies_are_json(control: HttpControl) -> None:
    assert control.post("/_lab/clock", {"action": "next"}) == {"now_ms": 5}
    assert control.get("/_lab/snapshot", {"seen": 7}) is None
    assert Handler.seen == [
        ("POST", "/_lab/clock", "1", {"action": "next"}),
        ("GET", "/_lab/snapshot?seen=7", "1", None),
    ]


def test_a_refusal_is_told_in_the_clouds_own_words(control: HttpControl) -> None:
    with pytest.raises(ControlError) as caught:
        control.post("/_lab/note", {"kind": "x", "data": {}})
    assert (caught.value.message, caught.value.hint) == ("The kind is wrong.", "Use lab.<word>.")


def test_a_stranger_on_the_port_is_recognised(control: HttpControl) -> None:
    with pytest.raises(ControlError, match="refused with HTTP 502"):
        control.get("/_lab/status")
    with pytest.raises(NoWorldError, match="is not fargate-lab's offline cloud"):
        control.get("/_lab/env")


def test_no_world_at_all_is_said_plainly() -> None:
    with socket.socket() as closed:  # bound but not listening: nobody else gets the port meanwhile
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        with pytest.raises(NoWorldError, match=f"No offline cloud answers at http://127.0.0.1:{port}"):
            HttpControl(f"http://127.0.0.1:{port}").get("/_lab/clock")
    with pytest.raises(NoWorldError, match="is no address of an offline cloud"):
        HttpControl("localhost:80")


@pytest.mark.parametrize(
    "word",
    [
        "",
        "foo",
        "http://",
        "http://[::1",
        "http://127.0.0.1:x",
        "http://127.0.0.1:99999",
        "http://:1",
        "file:///x",
    ],
)
def test_what_is_no_address_is_refused_at_once(word: str) -> None:
    with pytest.raises(NoWorldError, match="no address of an offline cloud"):
        HttpControl(word)


@pytest.mark.parametrize(
    "said", [b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", b""]
)
def test_what_speaks_no_http_or_stops_in_the_middle_is_no_world(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(said)

        thread = Thread(target=answer, daemon=True)
        thread.start()
        with pytest.raises(NoWorldError):
            HttpControl(f"http://127.0.0.1:{server.getsockname()[1]}").get("/_lab/status")
        thread.join(5)


def test_a_host_that_cannot_be_is_no_world() -> None:
    with pytest.raises(NoWorldError):
        HttpControl("http://a b/").get("/_lab/status")
