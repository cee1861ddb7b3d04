"""The server of a room as a process: ``python -m fargate_lab.classroom.server --class NAME``.

Prints one JSON line as soon as the pages answer and the worlds' processes run; ends on SIGTERM and when its input ends. Exit codes: 0
ended, 2 a wrong argument, 3 the surroundings do not allow it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fargate_lab import paths
from fargate_lab.classroom import board_api, guard, hosts, web
from fargate_lab.classroom.codes import ROOMS
from fargate_lab.classroom.folder import ClassFolder
from fargate_lab.classroom.guesses import Guesses
from fargate_lab.classroom.hold import ORCHESTRATED_PATIENCE_SECONDS, PATIENCE_SECONDS, held
from fargate_lab.classroom.hosts import Hosts
from fargate_lab.classroom.join import Joining
from fargate_lab.classroom.pages import Pages
from fargate_lab.classroom.room import OpenRoom
from fargate_lab.classroom.screens import GRACE_SECONDS, Screens, Sources
from fargate_lab.classroom.shards import SHARD, Shards
from fargate_lab.errors import ExitCode, LabError, PortTakenError, exit_code
from fargate_sim.sparing_log import Sparing

if TYPE_CHECKING:
    from fargate_lab.classroom.sources import NurserySources

BACKLOG = 256
WANTED_FILES = 8192


@dataclass(frozen=True)
class Options:
    """What a server is told. `public` and `public_endpoint` are the URLs of pages and AWS endpoint behind a proxy."""

    bind: str = "127.0.0.1"
    port: int = 0
    shards: int = 1
    rooms: int = 1
    allow_hosts: Sequence[str] = field(default=())
    public: str = ""
    public_endpoint: str = ""


def main(words: Sequence[str] | None = None) -> int:
    """Serve until told to end; the exit code."""
    parser = argparse.ArgumentParser(prog="fargate_lab.classroom.server", allow_abbrev=False)
    parser.add_argument("--class", dest="name", required=True, help="its name, or its folder")
    parser.add_argument("--bind", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--rooms", type=int, default=1)
    parser.add_argument("--allow-host", dest="allow_hosts", action="append", default=[])
    parser.add_argument("--public", default="")
    parser.add_argument("--public-endpoint", default="")
    chosen = vars(parser.parse_args(words))
    try:
        folder = ClassFolder.open(chosen.pop("name"))
        _log_to(folder)
        _allow_many_files()
        asyncio.run(_serve(folder, Options(**chosen)))
    except LabError as error:
        sys.stderr.write(f"{error.message} {error.hint}".strip() + "\n")
        return exit_code(error)
    return ExitCode.OK


async def _serve(folder: ClassFolder, options: Options) -> None:
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, over.set)
    _watch_input(loop, over)
    patience = ORCHESTRATED_PATIENCE_SECONDS if options.public else PATIENCE_SECONDS
    with held(folder.root, patience=patience) as lock:
        async with opened(folder, options, inherited=(lock,)) as room:
            said = {
                "address": room.address,
                "board": f"{room.address}/board"
                + (f"?room={ROOMS[folder.room - 1]}" if options.rooms > 1 else ""),
                "code": folder.code,
                "teacher_code": folder.teacher_code,
                "pid": os.getpid(),
                "trouble": room.trouble,
            }
            sys.stdout.write(json.dumps(said) + "\n")
            sys.stdout.flush()
            await over.wait()


def _watch_input(loop: asyncio.AbstractEventLoop, over: asyncio.Event) -> None:
    def read() -> None:
        if not os.read(0, 4096):
            loop.remove_reader(0)
            over.set()

    loop.add_reader(0, read)


@asynccontextmanager
async def opened(
    folder: ClassFolder,
    options: Options,
    *,
    inherited: Sequence[int] = (),
    shard: Sequence[str] = SHARD,
    sources: Sources | None = None,
    grace: float = GRACE_SECONDS,
    head_seconds: float = guard.HEAD_SECONDS,
) -> AsyncIterator[OpenRoom]:
    """A room at work. Whoever brings `sources` of their own ends them as well. SurroundingsError when something does not come up."""
    with _listener(options) as listener:
        port = int(listener.getsockname()[1])
        inner = f"http://{hosts.inner(options.bind)}:{port}"
        address = options.public.rstrip("/") or f"http://{hosts.reached_at(options.bind)}:{port}"
        further = [*options.allow_hosts, *(hosts.of_url(each) for each in _urls(options))]
        names = Hosts.of(options.bind, further)
        shards = Shards(
            folder,
            count=options.shards,
            bind=options.bind,
            first_port=options.port and options.port + 1,
            allow_hosts=["*"] if names.wildcard else sorted(names.names),
            inherited=inherited,
            program=shard,
        )
        own = _nursery(folder, inner) if sources is None else None
        screens = Screens(own or sources, grace=grace)  # type: ignore[arg-type]  # one of the two is there
        room = OpenRoom(folder, shards, screens, address)
        guesses = Guesses()
        pages = Pages(
            room,
            Joining(folder, rooms=options.rooms, guesses=guesses),
            public=options.public,
            public_endpoint=options.public_endpoint,
        )
        app = web.application(pages, names, options.public, board_api.routes(room, guesses))
        try:
            await asyncio.gather(shards.start(), *([own.start()] if own else []))
            # Behind a proxy everybody comes from one address.
            most = guard.MOST_CONNECTIONS if options.public else guard.MOST_OF_ONE_ADDRESS
            async with web.listening(app, listener, head_seconds=head_seconds, most_of_one_address=most):
                yield room
                await screens.close()
        finally:
            await screens.close()
            await room.close()
            await asyncio.gather(shards.close(), *([own.close()] if own else []))


def _nursery(folder: ClassFolder, board_url: str) -> NurserySources:
    from fargate_lab.classroom.sources import NurserySources  # noqa: PLC0415 - forks, which is not for every machine

    return NurserySources(folder, board_url)


def _urls(options: Options) -> list[str]:
    return [each for each in (options.public, options.public_endpoint) if each]


def _listener(options: Options) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in options.bind else socket.AF_INET
        return socket.create_server((options.bind, options.port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        sentence = f"Cannot listen on {options.bind}:{options.port}: {reason}."
        raise PortTakenError(sentence, "Choose another --port, or another --bind.") from None


def _log_to(folder: ClassFolder) -> None:
    log = paths.ready(folder.root / "logs" / "server.log")
    logging.basicConfig(
        filename=log, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for handler in logging.getLogger().handlers:
        handler.addFilter(Sparing())


def _allow_many_files() -> None:
    """A websocket and three pipes for each seat; some systems allow 256 files to begin with."""
    import resource  # noqa: PLC0415 - there is none on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = WANTED_FILES if hard == resource.RLIM_INFINITY else min(hard, WANTED_FILES)
    if soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


if __name__ == "__main__":
    sys.exit(main())
