"""The proxy of a class of several rooms, as a process, and stand-ins for the rooms: pages that say what reached them, and gated worlds."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
import waitress
from aiohttp import web

from fargate_lab.classroom.codes import Keys, keys_of
from fargate_lab.classroom.keeper import free_ports
from fargate_sim.cloud import Cloud
from fargate_sim.endpoint import Endpoint
from fargate_sim.gate import Gate
from fargate_sim.pacer import Pacer

NGINX = Path("/usr/sbin/nginx")
FOLDER = Path(__file__).parents[2] / "deploy" / "nginx"
NAME = "class.example"
"""What the proxy is called by those who come."""
SECRET = "c1" * 32
START_MS = 1767258000000  # 2026-01-01T09:00:00Z
_UP_SECONDS = 10.0

needs_nginx = pytest.mark.skipif(
    not NGINX.exists(), reason=f"there is no {NGINX}: apt-get install nginx-light"
)


def rooms_conf(*addresses: str, **environ: str) -> str:
    """What `rooms.sh` writes for rooms at these addresses."""
    return subprocess.run(
        ["sh", str(FOLDER / "rooms.sh"), *addresses],
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


class Proxy:
    """nginx with the configuration that we ship; only where it listens and writes is the test's own."""

    def __init__(self, folder: Path, rooms: str) -> None:
        self.port = free_ports("127.0.0.1", 2)
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "access.log"
        self._folder = folder
        text = (FOLDER / "nginx.conf").read_text(encoding="utf-8")
        for ours, tests in (
            ("listen 8080 ", f"listen 127.0.0.1:{self.port} "),
            ("/tmp/nginx", f"{folder}/nginx"),
            ("/dev/stdout", str(self.log)),
            ("/dev/stderr", str(folder / "error.log")),
            ("worker_processes auto;", "worker_processes 1;"),
        ):
            assert ours in text
            text = text.replace(ours, tests)
        (folder / "nginx.conf").write_text(text, encoding="utf-8")
        (folder / "rooms.conf").write_text(rooms, encoding="utf-8")

    def __enter__(self) -> Self:
        errors = (self._folder / "start.log").open("w")
        # Its workers must reach our folder; where it is started as somebody else than root, they are that user's anyway.
        settings = "daemon off;" + (" user root;" if os.getuid() == 0 else "")
        argv = [str(NGINX), "-c", str(self._folder / "nginx.conf"), "-g", settings]
        self._process = subprocess.Popen(argv, stdout=errors, stderr=errors)
        errors.close()
        until = time.monotonic() + _UP_SECONDS
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return self
            if self._process.poll() is not None or time.monotonic() > until:
                raise AssertionError((self._folder / "start.log").read_text(encoding="utf-8"))
            time.sleep(0.02)

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it; its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(how)
        return self._process.wait(30)


class Pages:
    """The pages of a room that only say what they were asked."""

    def __init__(self, letter: str, port: int) -> None:
        self.letter = letter
        self._loop = asyncio.new_event_loop()
        up = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(port, up), daemon=True)
        self._thread.start()
        assert up.wait(_UP_SECONDS)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self, port: int, up: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        app = web.Application()
        app.router.add_get("/ws", self._websocket)
        app.router.add_post("/join", self._join)
        app.router.add_get("/{rest:.*}", self._echo)
        runner = web.AppRunner(app)
        self._loop.run_until_complete(runner.setup())
        self._loop.run_until_complete(web.TCPSite(runner, "127.0.0.1", port).start())
        up.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    async def _echo(self, request: web.Request) -> web.Response:
        return web.json_response(
            {"letter": self.letter, "path": request.raw_path, "headers": dict(request.headers)}
        )

    async def _join(self, request: web.Request) -> web.Response:
        """As a room does: a code of another room is sent on to it."""
        code = str((await request.post())["code"]).upper()
        if code[:1] != self.letter:
            answer = web.Response(status=307, headers={"Location": "/join"})
            answer.set_cookie("room", code[:1], path="/")
            return answer
        return web.json_response({"letter": self.letter, "code": code})

    async def _websocket(self, request: web.Request) -> web.WebSocketResponse:
        socket_ = web.WebSocketResponse()
        await socket_.prepare(request)
        async for message in socket_:
            await socket_.send_str(f"{self.letter}: {message.data}")
        return socket_


class World:
    """The world of a room's first seat, which takes calls that its keys have signed for the name of the proxy."""

    def __init__(self, room: int, port: int, host: str) -> None:
        self.keys: Keys = keys_of(SECRET, room, "01")
        cloud = Cloud(self.keys.seed, start_ms=START_MS)
        pacer = Pacer(cloud.engine, lambda: cloud.settled, speed="max", paused=True)
        gate = Gate("the-facilitator", "the-team", self.keys.secret_key)
        self.endpoint = Endpoint(cloud, pacer, hosts=[host], gate=gate)
        # One thread, as moto is one for the whole process.
        self._server: Any = waitress.create_server(self.endpoint, host="127.0.0.1", port=port, threads=1)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.close()
        self.endpoint.close()


class Room:
    """A stand-in for a room: pages, and a world beside them."""

    def __init__(self, number: int, letter: str, port: int) -> None:
        self.letter = letter
        self.port = port
        self.address = f"127.0.0.1:{port}"
        self.pages = Pages(letter, port)
        self.world = World(number, port + 1, NAME)

    def close(self) -> None:
        self.pages.close()
        self.world.close()


class TwoRooms:
    """Rooms A and B behind a proxy."""

    def __init__(self, folder: Path) -> None:
        self.a = Room(1, "A", free_ports("127.0.0.1", 2))
        self.b = Room(2, "B", free_ports("127.0.0.1", 2))
        self.proxy = Proxy(folder, rooms_conf(self.a.address, self.b.address))

    def __enter__(self) -> Self:
        self.proxy.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.proxy.end()
        self.a.close()
        self.b.close()

    def logged(self) -> list[dict[str, Any]]:
        """What the proxy has written down."""
        return [json.loads(line) for line in self.proxy.log.read_text(encoding="utf-8").splitlines()]
