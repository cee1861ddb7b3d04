"""Classes for tests: folders with people in them, logs with moments of their own choosing, a room of no processes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from fargate_lab.classroom import board_api
from fargate_lab.classroom.folder import ClassFolder, Seat
from fargate_lab.classroom.seatlog import SeatEntry
from fargate_lab.errors import LabError
from tui.classroom import Look

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""When a lesson begins."""


def entry(minutes: float, kind: str, **data: Any) -> SeatEntry:
    """Something that happened so long after nine."""
    return SeatEntry(NINE + timedelta(minutes=minutes), kind, data)


def minutes(count: float) -> datetime:
    """So long after nine."""
    return NINE + timedelta(minutes=count)


def write(seat: Seat, *entries: SeatEntry) -> None:
    """Put entries into a seat's log as they are, whatever the clock says."""
    path: Path = seat.log.path
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as stream:
        for each in entries:
            stream.write(json.dumps({"at": each.at.isoformat(), "kind": each.kind, **each.data}) + "\n")


class FakeRoom:
    """What the board asks for is in `calls`; `fail` names seats that refuse, and how."""

    def __init__(self, folder: ClassFolder) -> None:
        self.folder = folder
        self.address = "http://192.168.1.5:8700"
        self.trouble = ""
        self.shown: dict[str, Look] = {}
        self.calls: list[tuple[Any, ...]] = []
        self.fail: dict[str, LabError] = {}

    def online(self, seat: str) -> bool:
        return seat in self.shown

    async def look(self, seat: str) -> Look | None:
        return self.shown.get(seat)

    async def tell(self, do: Mapping[str, Any], seat: str | None = None) -> None:
        self.calls.append(("tell", dict(do), seat))

    async def ask(self, seat: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        self.calls.append(("ask", seat, path, body))
        if seat in self.fail:
            raise self.fail[seat]
        return {}

    async def begin_anew(self, seat: str) -> None:
        self.calls.append(("begin_anew", seat))
        if seat in self.fail:
            raise self.fail[seat]

    async def free(self, seat: str) -> None:
        self.calls.append(("free", seat))
        self.folder.free(seat)


class Limit:
    """Allows so many wrong codes."""

    def __init__(self, left: int) -> None:
        self.left = left

    def may_try(self, address: str | None) -> bool:
        return self.left > 0

    def was_wrong(self, address: str | None) -> None:
        self.left -= 1


@asynccontextmanager
async def served(room: FakeRoom, wrong_codes: int = 3) -> AsyncIterator[TestServer]:
    """The board's API of a room, over HTTP."""

    @web.middleware
    async def reads(request: web.Request, handler: Any) -> web.StreamResponse:
        # As the guard of the pages does.
        await request.read()
        answer: web.StreamResponse = await handler(request)
        return answer

    app = web.Application(middlewares=[reads])
    app.add_routes(board_api.routes(room, Limit(wrong_codes)))
    async with TestServer(app) as server:
        yield server
