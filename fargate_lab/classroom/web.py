"""The web application of a room, and where it listens."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import textual_serve
from aiohttp import web, web_fileresponse

from fargate_lab.classroom import guard
from fargate_lab.classroom.guard import Door
from fargate_lab.classroom.hosts import Hosts
from fargate_lab.classroom.pages import Pages
from fargate_lab.classroom.taking import Taking

OWN_FILES = Path(__file__).parent / "static"
TAKING = web.AppKey("taking", Taking)
TERMINAL_FILES = Path(textual_serve.__file__).parent / "static"
"""textual-serve's page in the browser: xterm.js and the font, nothing from the net."""


def application(
    pages: Pages, hosts: Hosts, public: str = "", further: Iterable[web.RouteDef] = ()
) -> web.Application:
    """Pages, websockets, and what is served besides: the board's requests."""
    # What asyncio hands over to sendfile(2) cannot be ended: it would leave a task and an open file behind.
    web_fileresponse.__dict__["NOSENDFILE"] = True
    taking = Taking()
    app = web.Application(
        middlewares=[guard.middleware(hosts, public, pages.problem, taking)],
        client_max_size=guard.LARGEST_BODY,
    )
    app[TAKING] = taking
    app.add_routes(pages.routes())
    app.add_routes(further)
    app.add_routes([web.static("/static/terminal", TERMINAL_FILES), web.static("/static", OWN_FILES)])
    app.on_response_prepare.append(guard.dress)
    return app


@asynccontextmanager
async def listening(
    app: web.Application,
    at: socket.socket,
    *,
    head_seconds: float = guard.HEAD_SECONDS,
    most_of_one_address: int = guard.MOST_OF_ONE_ADDRESS,
) -> AsyncIterator[None]:
    """Serve at a socket that listens."""
    runner = web.AppRunner(
        app,
        access_log=None,
        keepalive_timeout=head_seconds,
        # Bytes of the request line, and of a header.
        max_line_size=guard.LARGEST_LINE,
        max_field_size=guard.LARGEST_LINE,
        lingering_time=2.0,
        shutdown_timeout=2.0,
    )
    await runner.setup()
    inner = runner.server
    assert inner is not None  # noqa: S101 - it is set up
    try:
        server = await asyncio.get_running_loop().create_server(
            lambda: Door(inner, most_of_one=most_of_one_address), sock=at
        )
        looking = asyncio.create_task(app[TAKING].look(lambda: inner.connections))
        try:
            yield
        finally:
            looking.cancel()
            server.close()
    finally:
        await runner.cleanup()
