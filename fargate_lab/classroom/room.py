"""A class at work, from within the server's process: what the pages and the board's requests (`board_api.Room`) ask of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import aiohttp

from fargate_lab.classroom.folder import ClassFolder, Seat
from fargate_lab.classroom.screens import Screens
from fargate_lab.classroom.shards import Shards, described
from fargate_lab.errors import LabError, SurroundingsError
from labs.control import HEADER, TOKEN_HEADER
from labs.errors import ControlError
from tui.classroom import Look

ASK_SECONDS = 60.0


class OpenRoom:
    """The shards and the screens of a class. What goes wrong is a `LabError`."""

    def __init__(self, folder: ClassFolder, shards: Shards, screens: Screens, address: str) -> None:
        self.folder = folder
        self.shards = shards
        self.screens = screens
        self._address = address
        self._client: aiohttp.ClientSession | None = None

    @property
    def address(self) -> str:
        """Where the class's pages are."""
        return self._address

    @property
    def trouble(self) -> str:
        """What does not work, for a person; empty when all is well."""
        return " ".join(each for each in (self.shards.trouble, self.screens.trouble) if each)

    def online(self, seat: str) -> bool:
        """Whether a browser shows the seat's screen."""
        return self.screens.online(seat)

    async def look(self, seat: str) -> Look | None:
        """The seat's screen as it is now; None when there is none, or it does not answer."""
        return await self.screens.look(seat)

    async def tell(self, do: Mapping[str, Any], seat: str | None = None) -> None:
        """Say something to the programs of the screens that are open, one or all."""
        await self.screens.tell(do, seat)

    async def ask(self, seat: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The control API of the seat's world: GET, or POST when there is a body."""
        found = self.folder.seat(seat)
        return await self._send(found, path, body, found.keys.token)

    async def begin_anew(self, seat: str) -> None:
        """A new world for the lab that is open there. Its screen, if there is one, sets the lab up in it; else the next one does."""
        found = self.folder.seat(seat)
        label = await self.label(found) or self.folder.policy.of(seat).lab
        if not label:
            return
        await self._send(
            found, "/_seats/open", {"seat": seat, "label": label, "fresh": True}, self.folder.host_token
        )
        found.log.reset(label, None)
        await self.screens.tell({"do": "reset"}, seat)

    async def free(self, seat: str) -> None:
        """Let somebody else sit there (`ClassFolder.free`). Who sat there sees no more of it, and is not let in with what they have."""
        after = await asyncio.to_thread(self.folder.free, seat)
        await self.screens.free(seat)
        try:
            await self._send(after, "/_seats/renew", described(after), self.folder.host_token)
        except LabError:
            # It may be starting just now, with the keys from before.
            self.shards.begin_again(seat)

    async def label(self, seat: Seat) -> str | None:
        """What is open at a seat: a lab's id."""
        answer = await self._send(seat, "/_seats/", None, self.folder.host_token)
        found = next((each for each in answer["seats"] if each["seat"] == seat.id), None)
        return None if found is None or not found["label"] else str(found["label"])

    async def close(self) -> None:
        """Let go of the connections to the shards."""
        if self._client is not None:
            await self._client.close()

    async def _send(self, seat: Seat, path: str, body: Mapping[str, Any] | None, token: str) -> Any:
        if self._client is None:
            self._client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ASK_SECONDS))
        url = self.shards.inner_url(seat.id) + path
        headers = {**HEADER, TOKEN_HEADER: token}
        try:
            async with self._client.request(
                "GET" if body is None else "POST", url, json=body, headers=headers
            ) as answer:
                text = await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SurroundingsError(
                f"The world of seat {seat.id} does not answer ({type(error).__name__}).",
                "It comes back by itself within seconds.",
            ) from None
        try:
            said: Any = json.loads(text) if text else None
            if answer.status >= 400:
                raise ControlError(str(said["error"]), str(said.get("hint", "")))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ControlError(f"The world of seat {seat.id} answers HTTP {answer.status}.") from None
        return said
