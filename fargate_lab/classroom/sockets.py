"""The websocket between a browser and a screen, in the words of textual-serve's page: ["stdin", text], ["resize", {...}], ["ping", ...],
["focus"], ["blur"]; bytes for the terminal the other way.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import WSMsgType, web

from fargate_lab.classroom.pace import Pace
from fargate_lab.classroom.screens import LARGEST, SMALLEST, TROUBLE, Screen
from fargate_lab.errors import LabError

LARGEST_MESSAGE = 256 * 1024
"""Bytes: more than anybody pastes."""
BYTES_PER_SECOND, BYTES_AT_ONCE = 64_000.0, 512_000.0
EACH_COSTS = 64
"""Bytes that a message counts for besides its own."""
SEND_SECONDS = 20.0
"""A browser that takes nothing for so long is let go."""
HEARTBEAT_SECONDS = 15.0
_LONGEST_REASON = 120
"""Bytes (RFC 6455, 5.5: 125 with the code)."""
NOT_OURS = 1003
"""[C] RFC 6455, 7.4.1: data of a type that is not accepted."""

Enter = Callable[["Viewer", tuple[int, int]], Awaitable[Screen]]
Left = Callable[["Viewer", Screen], Awaitable[None]]


class Viewer:
    """A browser at the other end (`screens.Browser`)."""

    def __init__(self, request: web.Request) -> None:
        self.request = request
        # Frames are small and many, and the net is a classroom's: compressing them costs more than it saves.
        self.socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_SECONDS, compress=False, max_msg_size=LARGEST_MESSAGE, timeout=2.0
        )

    async def show(self, data: bytes | str) -> None:
        """Send it. OSError, or TimeoutError, when nobody takes it any more."""
        try:
            async with asyncio.timeout(SEND_SECONDS):
                if isinstance(data, str):
                    await self.socket.send_str(data)
                else:
                    await self.socket.send_bytes(data)
        except TimeoutError:
            if self.request.transport is not None:
                self.request.transport.abort()
            raise

    async def leave(self, code: int, reason: str) -> None:
        """Close it, and say why."""
        said = reason.encode()[:_LONGEST_REASON].decode("utf-8", "ignore").encode()
        await self.socket.close(code=code, message=said)


async def serve(request: web.Request, enter: Enter, left: Left) -> web.StreamResponse:
    """Join a browser and a screen until one of them ends."""
    viewer = Viewer(request)
    size = believed(request.query.get("width"), request.query.get("height"))
    await viewer.socket.prepare(request)
    try:
        screen = await enter(viewer, size)
    except LabError as error:
        await viewer.leave(TROUBLE, error.message)
        return viewer.socket
    try:
        await _listen(viewer, screen)
    finally:
        await left(viewer, screen)
    return viewer.socket


async def _listen(viewer: Viewer, screen: Screen) -> None:
    pace = Pace(BYTES_PER_SECOND, BYTES_AT_ONCE)
    async for message in viewer.socket:
        if message.type is not WSMsgType.TEXT:
            await viewer.leave(NOT_OURS, "Only text is understood here.")
            return
        await pace.take(EACH_COSTS + len(message.data))
        if screen.browser is not viewer:
            return
        try:
            said = json.loads(message.data)
            await _act(viewer, screen, said[0], said[1] if len(said) > 1 else None)
        except (ValueError, TypeError, KeyError, IndexError, RecursionError):
            await viewer.leave(NOT_OURS, "That is not what a page of ours says.")
            return
        except OSError:
            continue  # a screen that is being started again hears nothing


async def _act(viewer: Viewer, screen: Screen, kind: Any, data: Any) -> None:
    if kind == "stdin":
        # Half a surrogate pair is no character.
        await screen.send_bytes(data.encode("utf-8", "replace") if isinstance(data, str) else b"")
    elif kind == "resize":
        await screen.resize(believed(data["width"], data["height"]))
    elif kind == "ping":
        await viewer.show(json.dumps(["pong", str(data)[:40]]))
    elif kind == "blur":
        await screen.blur()
    elif kind == "focus":
        await screen.focus()


def believed(width: Any, height: Any) -> tuple[int, int]:
    """The size of a terminal, as far as that can be."""
    return (
        _within(width, 80, SMALLEST[0], LARGEST[0]),
        _within(height, 24, SMALLEST[1], LARGEST[1]),
    )


def _within(value: Any, usual: int, least: int, most: int) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:6])
    return min(max(value, least), most) if isinstance(value, int) else usual
