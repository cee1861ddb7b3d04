"""The seats' screens come from the nursery: one process that has read everything they need, and forks."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from fargate_lab.classroom.folder import ClassFolder, Seat
from fargate_lab.classroom.screens import Process, Reached
from fargate_lab.errors import SurroundingsError

if TYPE_CHECKING:
    from fargate_lab.classroom.nursery import Nursery


class NurserySources:
    """Keeps a nursery: one that has died is followed by another when the next screen is asked for."""

    def __init__(self, folder: ClassFolder, board_url: str) -> None:
        self._folder = folder
        self._board_url = board_url
        # The path of a Unix socket has 108 characters at most, and that of a class may have more.
        self._private = Path(tempfile.mkdtemp(prefix="fargate-lab-"))
        self._nursery: Nursery | None = None
        self._starting = asyncio.Lock()
        self.trouble = ""
        self._number = 0

    async def start(self) -> None:
        """Have one ready. When it does not start, `trouble` says so; own shells work all the same, and the next browser tries again."""
        with contextlib.suppress(SurroundingsError):
            await self._ready(None)

    async def seat(self, seat: Seat, reached: Reached, width: int, height: int) -> Process:
        """A seat's screen."""
        from fargate_lab.classroom.nursery import SeatStart  # noqa: PLC0415

        start = SeatStart(
            class_root=str(self._folder.root),
            seat=seat.id,
            shard_url=reached.endpoint_url,
            here_url=reached.here_url,
            env_url=reached.env_url,
        )
        return await self._made(lambda nursery: nursery.screen(start, width, height))

    async def board(self, width: int, height: int) -> Process:
        """The teacher's board."""
        code = self._folder.teacher_code
        log = self._folder.root / "logs" / "board.log"
        return await self._made(lambda nursery: nursery.board(self._board_url, code, width, height, log))

    async def _made(self, make: Callable[[Nursery], Awaitable[Process]]) -> Process:
        """A screen, of another nursery when the one that there is has died."""
        nursery = await self._ready(None)
        try:
            return await make(nursery)
        except SurroundingsError:
            return await make(await self._ready(nursery))

    async def close(self) -> None:
        """End it."""
        async with self._starting:
            if self._nursery is not None:
                await self._nursery.close()
                self._nursery = None
        shutil.rmtree(self._private, ignore_errors=True)

    async def _ready(self, useless: Nursery | None) -> Nursery:
        """The nursery, another than the one that turned out to be of no use."""
        async with self._starting:
            if self._nursery is not None and self._nursery is not useless and self._nursery.alive:
                return self._nursery
            if self._nursery is not None:
                await self._nursery.close()
                self._nursery = None
            self._number += 1
            try:
                from fargate_lab.classroom.nursery import Nursery  # noqa: PLC0415

                self._nursery = await Nursery.start(self._private / str(self._number))
            except (OSError, ImportError, SurroundingsError) as error:
                self.trouble = f"The seats' screens cannot be started: {error}"
                raise SurroundingsError(self.trouble, "The log of the class says more.") from None
            self.trouble = ""
            return self._nursery
