"""The processes that hold the seats' worlds: seat i lives in shard i mod K, each of which has a port of its own for as long as the class is
open. One that ends, or no longer answers, is started again; it goes on with what its seats' recordings hold.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from fargate_lab import files
from fargate_lab.classroom import child, hosts
from fargate_lab.classroom.child import Child
from fargate_lab.classroom.folder import ClassFolder, Seat
from fargate_lab.errors import PortTakenError, SurroundingsError
from labs.control import TOKEN_HEADER

SHARD = (sys.executable, "-m", "fargate_sim.shard")
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
_CALM_SECONDS = 30.0
"""One that ran for so long was no failure to start."""
_ASK_EVERY_SECONDS = 15.0
_ANSWER_SECONDS = 10.0
_MISSED = 3
"""A shard that misses so many questions in a row hangs."""


def described(seat: Seat) -> dict[str, Any]:
    """A seat as its shard must know it (docs/tenancy.md)."""
    keys = seat.keys
    return {
        "seat": seat.id,
        "seed": keys.seed,
        "secret_key": keys.secret_key,
        "token": keys.token,
        "state": str(seat.state),
    }


@dataclass
class _Shard:
    number: int
    seats: list[str]
    port: int
    child: Child | None = None
    trouble: str = ""
    up: asyncio.Event = field(default_factory=asyncio.Event)


class Shards:
    """All of them. `first_port` is the port of the first, the others follow; 0 takes free ones. `inherited` are descriptors that they hold
    until they end.
    """

    def __init__(
        self,
        folder: ClassFolder,
        *,
        count: int,
        bind: str,
        first_port: int = 0,
        allow_hosts: Sequence[str] = (),
        inherited: Sequence[int] = (),
        program: Sequence[str] = SHARD,
    ) -> None:
        self.folder = folder
        self.bind = bind
        self._allow_hosts = tuple(allow_hosts)
        self._inherited = tuple(inherited)
        self._program = tuple(program)
        count = max(1, min(count, len(folder.seats)))
        self._shards = [
            _Shard(k, [seat.id for seat in folder.seats[k::count]], first_port + k if first_port else 0)
            for k in range(count)
        ]
        self._tasks: list[asyncio.Task[None]] = []
        self._place = {seat: shard for shard in self._shards for seat in shard.seats}

    @property
    def trouble(self) -> str:
        """Which of them are not there, and why; empty when all are."""
        return " ".join(shard.trouble for shard in self._shards if shard.trouble)

    @property
    def pids(self) -> list[int]:
        """The processes that run."""
        return [shard.child.pid for shard in self._shards if shard.child is not None]

    def port(self, seat: str) -> int:
        """The port of a seat's AWS endpoint."""
        return self._place[seat].port

    def begin_again(self, seat: str) -> None:
        """End the process that holds a seat's world; another takes its place, and reads anew who sits where."""
        running = self._place[seat].child
        if running is not None:
            running.kill()

    def inner_url(self, seat: str) -> str:
        """Where programs on this machine reach a seat's shard."""
        return f"http://{hosts.inner(self.bind)}:{self.port(seat)}"

    async def start(self) -> None:
        """Start all of them, and keep them. SurroundingsError when one does not come up."""
        launched = await asyncio.gather(*map(self._launch, self._shards), return_exceptions=True)
        for result in launched:
            if isinstance(result, BaseException):
                await self.close()
                raise result
        self._tasks = [asyncio.create_task(self._keep(shard)) for shard in self._shards]

    async def close(self) -> None:
        """End them all."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        running = [shard.child for shard in self._shards if shard.child is not None]
        await asyncio.gather(*(each.stop() for each in running))
        for shard in self._shards:
            shard.child = None
            self._seats_file(shard).unlink(missing_ok=True)

    async def _launch(self, shard: _Shard) -> None:
        self._write_seats(shard)
        argv = [*self._program, "--seats", str(self._seats_file(shard)), "--port", str(shard.port)]
        log = self.folder.root / "logs" / f"shard-{shard.number}.log"
        argv += ["--bind", self.bind, "--exit-with-stdin", "--log", str(log)]
        argv += [word for name in self._allow_hosts for word in ("--allow-host", name)]
        try:
            started = await child.start(argv, log, inherited=self._inherited)
        except SurroundingsError as error:
            if shard.port and "in use" in error.message:
                raise PortTakenError(
                    f"Port {shard.port} is taken; the worlds of a class need {len(self._shards)} ports after that of its pages.",
                    "Choose others with --port.",
                ) from None
            raise SurroundingsError(
                f"A process for the worlds did not start: {error.message}", error.hint
            ) from None
        # The port that was given to it stays its own: it is in the learners' shells.
        shard.port = int(str(started.said["endpoint"]).rpartition(":")[2])
        shard.child = started
        shard.trouble = ""
        shard.up.set()

    async def _keep(self, shard: _Shard) -> None:
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE_SECONDS
        began = loop.time()
        while True:
            if shard.child is not None:
                code = await self._until_it_ends(shard, shard.child)
                shard.child = None
                shard.up.clear()
                shard.trouble = (
                    f"The worlds of every {self._nth(shard)} are being started again (exit code {code})."
                )
                if loop.time() - began > _CALM_SECONDS:
                    pause = FIRST_PAUSE_SECONDS
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            began = loop.time()
            try:
                await self._launch(shard)
            except SurroundingsError as error:
                shard.trouble = error.message

    def _nth(self, shard: _Shard) -> str:
        first, *others = shard.seats
        return "seat" if len(self._shards) == 1 else f"seat of {first}, {', '.join(others[:2])} ..."

    async def _until_it_ends(self, shard: _Shard, running: Child) -> int:
        """Wait, and end it when it no longer answers."""
        end = asyncio.ensure_future(running.ended())
        missed = 0
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ANSWER_SECONDS)) as client:
            try:
                while not end.done():
                    await asyncio.wait([end], timeout=_ASK_EVERY_SECONDS)
                    if end.done():
                        break
                    missed = 0 if await self._answers(client, shard) else missed + 1
                    if missed >= _MISSED:
                        running.kill()
            finally:
                end.cancel()
        return end.result()

    async def _answers(self, client: aiohttp.ClientSession, shard: _Shard) -> bool:
        url = f"http://{hosts.inner(self.bind)}:{shard.port}/_seats/"
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
            async with client.get(url, headers={TOKEN_HEADER: self.folder.host_token}) as answer:
                return answer.status == 200
        return False

    def _seats_file(self, shard: _Shard) -> Any:
        return self.folder.root / "run" / f"shard-{shard.number}.json"

    def _write_seats(self, shard: _Shard) -> None:
        # Looked up anew: a seat that was freed has other keys.
        seats = [described(self.folder.seat(seat)) for seat in shard.seats]
        files.write_json(self._seats_file(shard), {"token": self.folder.host_token, "seats": seats})
